"""Broken on purpose: stage 'import'."""
