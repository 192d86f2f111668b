"""Materialisations: one file for each word that may stand after ``materialise:``."""
