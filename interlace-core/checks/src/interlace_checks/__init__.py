"""Data checks for Interlace."""
