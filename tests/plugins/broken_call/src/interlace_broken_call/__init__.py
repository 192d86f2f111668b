"""Broken on purpose: stage 'call'."""
