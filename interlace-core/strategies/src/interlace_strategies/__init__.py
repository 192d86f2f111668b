"""Loading strategies for Interlace: replace, append, none."""
