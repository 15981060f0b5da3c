"""The one tree of everything that can be turned."""
