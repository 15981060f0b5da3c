"""Beats heard, predicted and announced ahead of time."""
