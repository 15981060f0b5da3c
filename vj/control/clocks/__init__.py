"""Other clocks: those that vj follows and those that follow vj, each behind the same few words."""
