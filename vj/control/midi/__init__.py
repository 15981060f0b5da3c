"""MIDI: boxes with faders, knobs, pads and lights, bound to parameters by files and by learning."""
