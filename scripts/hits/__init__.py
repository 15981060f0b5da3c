"""Lessons for the net that tells kick, snare and hat apart: drums, pieces made of them, and the teaching."""
