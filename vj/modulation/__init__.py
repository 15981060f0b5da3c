"""Signals that push parameters without moving the hand's knob."""
