"""Open Sound Control: every parameter at its path, both ways."""
