"""A connection type for Interlace: `example`."""
