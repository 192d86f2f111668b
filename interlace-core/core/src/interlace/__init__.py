"""Interlace: Python and SQL models as one graph."""
