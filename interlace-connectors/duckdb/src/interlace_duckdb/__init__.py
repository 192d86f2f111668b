"""DuckDB connections for Interlace."""
