"""Sound in: sources, playback and the ears."""
