"""Broken on purpose: stage 'metadata'."""
