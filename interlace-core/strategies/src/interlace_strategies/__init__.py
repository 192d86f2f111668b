"""Loading strategies: one file for each word that may stand after ``strategy:``."""
