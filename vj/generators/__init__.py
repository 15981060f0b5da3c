"""Generators of pictures, one file each, run in a process of their own."""
