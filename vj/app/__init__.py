"""Builds and wires the parts of a show: the only rooms that know everybody."""
