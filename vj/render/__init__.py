"""OpenGL: effects, compositor, display."""
