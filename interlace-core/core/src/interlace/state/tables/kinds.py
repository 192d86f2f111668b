"""The kinds of column, the same on SQLite and PostgreSQL, and the metadata that holds every table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Double, Integer, MetaData, SmallInteger, Text

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

__all__ = ["flag", "json", "metadata", "number", "quantity", "serial", "text", "time"]

metadata = MetaData()

# Compared and sorted by code point on every server, so that identifiers sort by time whatever its locale.
_TEXT: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")


def text(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[Any]:
    """Words, names and identifiers."""
    return Column(name, _TEXT, primary_key=primary_key, nullable=nullable)


def json(name: str) -> Column[Any]:
    """JSON as text; NULL where it would be empty."""
    return Column(name, _TEXT, nullable=True, info={"holds": "json"})


def time(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[Any]:
    """A moment, as microseconds since 1970 in UTC."""
    return Column(
        name, BigInteger(), primary_key=primary_key, nullable=nullable, autoincrement=False, info={"holds": "time"}
    )


def flag(name: str) -> Column[Any]:
    """True or false, as 1 or 0."""
    return Column(name, SmallInteger(), nullable=False, info={"holds": "flag"})


def number(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[Any]:
    """A whole number."""
    return Column(name, BigInteger(), primary_key=primary_key, nullable=nullable, autoincrement=False)


def quantity(name: str) -> Column[Any]:
    """A number with a fraction."""
    return Column(name, Double(), nullable=True)


def serial(name: str) -> Column[Any]:
    """A number that the database counts up."""
    return Column(name, BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)
