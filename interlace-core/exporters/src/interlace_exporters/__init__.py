"""Export formats: one file for each format that ``export:`` may name."""
