"""Recordings and takes."""
