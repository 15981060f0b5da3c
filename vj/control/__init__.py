"""Hands: keyboard, and later OSC, MIDI and the web."""
