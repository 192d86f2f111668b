"""Broken on purpose: stage 'register'."""
