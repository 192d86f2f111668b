"""Materialisations for Interlace: table, view, ephemeral, none."""
