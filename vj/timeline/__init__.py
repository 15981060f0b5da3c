"""What happens when: cues and recorded gestures by time."""
