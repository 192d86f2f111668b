"""Models: their present, one row each, and the history of their data, schemas and documents."""

from __future__ import annotations

from sqlalchemy import Table

from interlace.state.tables.kinds import flag, json, metadata, number, quantity, text, time

__all__ = ["data_versions", "definitions", "documents", "environments", "models", "schema_versions"]

environments = Table(
    "environments",
    metadata,
    text("name", primary_key=True),
    number("revision"),
    sqlite_with_rowid=False,
)

# Clustered by environment, because a snapshot reads all of one.
models = Table(
    "models",
    metadata,
    text("environment", primary_key=True),
    text("name", primary_key=True),
    text("fingerprint_data", nullable=True),
    text("fingerprint_checks", nullable=True),
    text("fingerprint_metadata", nullable=True),
    text("data_version", nullable=True),
    json("parents"),
    json("inputs"),
    text("relation", nullable=True),
    text("kind", nullable=True),
    json("columns"),
    time("published_at", nullable=True),
    number("rows", nullable=True),
    quantity("seconds"),
    json("exports"),
    text("status", nullable=True),
    time("attempted_at", nullable=True),
    text("run", nullable=True),
    text("error", nullable=True),
    flag("checks_failed"),
    json("since"),
    sqlite_with_rowid=False,
)

data_versions = Table(
    "data_versions",
    metadata,
    text("environment", primary_key=True),
    text("model", primary_key=True),
    text("data_version", primary_key=True),
    text("fingerprint_data", nullable=True),
    text("run"),
    text("attempt"),
    time("published_at"),
    number("rows", nullable=True),
    sqlite_with_rowid=False,
)

schema_versions = Table(
    "schema_versions",
    metadata,
    text("environment", primary_key=True),
    text("model", primary_key=True),
    number("version", primary_key=True),
    json("columns"),
    text("attempt"),
    time("recorded_at"),
    sqlite_with_rowid=False,
)

# What each model was last built from; its document is the newest of `documents`.
definitions = Table(
    "definitions",
    metadata,
    text("environment", primary_key=True),
    text("model", primary_key=True),
    text("fingerprint_data"),
    text("fingerprint_checks"),
    text("fingerprint_metadata"),
    text("query", nullable=True),
    text("rest"),
    text("attempt"),
    time("recorded_at"),
    sqlite_with_rowid=False,
)

documents = Table(
    "documents",
    metadata,
    text("environment", primary_key=True),
    text("model", primary_key=True),
    number("version", primary_key=True),
    text("fingerprint_data"),
    text("fingerprint_checks"),
    text("fingerprint_metadata"),
    json("document"),
    text("attempt"),
    time("recorded_at"),
    sqlite_with_rowid=False,
)
