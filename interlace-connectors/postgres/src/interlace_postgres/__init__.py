"""PostgreSQL connections for Interlace."""
