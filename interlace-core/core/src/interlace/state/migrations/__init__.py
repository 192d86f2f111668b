"""Alembic's migrations of the state's tables; `interlace.state.migrate` runs them."""
