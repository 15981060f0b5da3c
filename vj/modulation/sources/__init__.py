"""Modulation sources, one file each."""
