"""SQL types as Arrow types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import InvalidModel, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

__all__ = ["arrow_type"]

_ADVICE = {
    "INT128": "Declare DECIMAL(38, 0).",
    "UINT128": "Declare DECIMAL(38, 0).",
    "ENUM": "Declare VARCHAR, and check the values with 'accepted_values'.",
    "TIMESTAMP_S": "Declare TIMESTAMP.",
    "TIMESTAMP_MS": "Declare TIMESTAMP.",
    "TIMETZ": "Declare TIME or TIMESTAMPTZ.",
}


def arrow_type(sql_type: str, dialect: str = "duckdb") -> pa.DataType:
    """The Arrow type for the text of a SQL type, such as ``DECIMAL(18, 2)`` or ``STRUCT(a INT)[]``.

    Raises:
        InvalidModel: the text is no type of the dialect, or rows of a Python model cannot have this type.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse_one(f"CAST(NULL AS {sql_type})", dialect=dialect)
    except SqlglotError as error:
        raise InvalidModel(f"{sql_type!r} is no type of {dialect}.") from error
    if not isinstance(parsed, exp.Cast):
        raise InvalidModel(f"{sql_type!r} is no type of {dialect}.")
    return _translated(parsed.to, sql_type)


def _translated(parsed: exp.DataType, text: str) -> pa.DataType:
    import pyarrow as pa
    from sqlglot import exp

    inner = parsed.expressions
    match parsed.this.value:
        case "DECIMAL":
            return _decimal([int(param.name) for param in inner], text)
        case "ARRAY" | "LIST" if inner:
            size = parsed.args.get("values")
            return pa.list_(_translated(inner[0], text), int(size[0].name) if size else -1)
        case "STRUCT" if inner and all(isinstance(field, exp.ColumnDef) for field in inner):
            return pa.struct([(field.name, _translated(field.kind, text)) for field in inner])
        case "MAP" if len(inner) == 2:  # noqa: PLR2004  a key and a value
            return pa.map_(_translated(inner[0], text), _translated(inner[1], text))
        case word:
            return _plain(word, text)


def _plain(word: str, text: str) -> pa.DataType:
    import pyarrow as pa

    known = {
        "BOOLEAN": pa.bool_(),
        "TINYINT": pa.int8(),
        "SMALLINT": pa.int16(),
        "INT": pa.int32(),
        "BIGINT": pa.int64(),
        "UTINYINT": pa.uint8(),
        "USMALLINT": pa.uint16(),
        "UINT": pa.uint32(),
        "UBIGINT": pa.uint64(),
        "FLOAT": pa.float32(),
        "DOUBLE": pa.float64(),
        "DATE": pa.date32(),
        "TIME": pa.time64("us"),
        "INTERVAL": pa.duration("us"),
        "TIMESTAMP_NS": pa.timestamp("ns"),
        "UUID": pa.uuid(),
        **dict.fromkeys(("TEXT", "VARCHAR", "CHAR", "NVARCHAR", "NCHAR"), pa.string()),
        **dict.fromkeys(("VARBINARY", "BINARY", "BLOB"), pa.binary()),
        **dict.fromkeys(("TIMESTAMP", "TIMESTAMPNTZ", "DATETIME"), pa.timestamp("us")),
        **dict.fromkeys(("TIMESTAMPTZ", "TIMESTAMPLTZ"), pa.timestamp("us", tz="UTC")),
        **dict.fromkeys(("JSON", "JSONB"), pa.json_()),
    }
    found = known.get(word)
    if found is None:
        advice = _ADVICE.get(word) or did_you_mean(text, known) or None
        raise InvalidModel(f"Rows of a Python model cannot have the type {text!r}.", hint=advice)
    return found


def _decimal(params: list[int], text: str) -> pa.DataType:
    import pyarrow as pa

    precision, scale = (*params, 0)[:2] if params else (18, 3)
    if not (1 <= precision <= 38 and 0 <= scale <= precision):  # noqa: PLR2004  the digits that engines store
        raise InvalidModel(f"{text!r}: a decimal has 1 to 38 digits, and no more of them after the point.")
    return pa.decimal128(precision, scale)
