"""Broken on purpose: stage 'version'."""
