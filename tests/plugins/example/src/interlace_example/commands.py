"""A command: look into a SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def tables(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A SQLite file.")]) -> None:
    """List the tables of a SQLite file."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"):
            typer.echo(name)
