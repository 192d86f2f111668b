"""Data checks: one file for each word that may stand in ``checks:``."""
