"""Broken on purpose: stage 'resolve'."""
