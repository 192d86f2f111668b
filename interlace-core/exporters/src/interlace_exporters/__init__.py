"""Export formats for Interlace: CSV, Parquet, JSON."""
