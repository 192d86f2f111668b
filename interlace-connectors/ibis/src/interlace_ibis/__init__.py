"""Connections over the backends of ibis, for Interlace."""
