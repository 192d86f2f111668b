"""What a Python model returns or yields, as Arrow record batches in bounded chunks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from interlace.errors import InvalidModel, ModelFailed
from interlace.run.arrow_types import arrow_type

if TYPE_CHECKING:
    import pyarrow as pa

    from interlace.run.values import Kind

__all__ = ["CHUNK_ROWS", "arrow_type", "to_batches"]

CHUNK_ROWS: Final = 50_000

ALLOWED: Final = (
    "A model returns or yields rows as dictionaries (one, a list of them), a pyarrow Table, RecordBatch, "
    "RecordBatchReader or Dataset, a pandas DataFrame, a polars DataFrame or LazyFrame, or an ibis table."
)


def to_batches(
    value: object,
    *,
    declared: Mapping[str, str] | None = None,
    chunk_rows: int = CHUNK_ROWS,
    dialect: str = "duckdb",
) -> tuple[Iterator[pa.RecordBatch], pa.Schema | None]:
    """Convert what a model gave, lazily.

    A dictionary is one row.  Rows may differ in shape: a missing key is NULL, a new key is a new column, in the batches
    where it occurs.  pandas' index is dropped, and its missing values are NULL, NaN among them; everywhere else NaN
    stays NaN.  A column of nothing but None has Arrow's type null.  Decimals get 18 or 38 digits.  A generator is pulled
    in the thread that pulls the batches; None is skipped.

    Args:
        value: what the function returned: rows, a table, a frame, an ibis table, or a generator (async too) of these.
        declared: SQL types by column; the values of these columns are cast, a column that is missing is NULL.
        chunk_rows: the greatest number of rows of a batch that is made of dictionaries.
        dialect: of the declared types.

    Returns:
        the batches, and the schema that holds when there is none: that of a table, else the declared columns.

    Raises:
        ModelFailed: here or while iterating: something that cannot be stored, with its column, row and types.
        InvalidModel: a declared type is none.
    """
    conversion = _Conversion(declared or {}, chunk_rows, dialect)
    return conversion.batches(value), conversion.schema(value)


def _declared_type(name: str, text: str, dialect: str) -> pa.DataType:
    try:
        return arrow_type(text, dialect)
    except InvalidModel as error:
        error.message = f"Column {name!r}: {error.message}"
        raise


class _Conversion:
    """One conversion: the declared types, and what the rows so far had."""

    def __init__(self, declared: Mapping[str, str], chunk_rows: int, dialect: str) -> None:
        self._declared = {name: _declared_type(name, text, dialect) for name, text in declared.items()}
        self._spelled = {name.lower(): name for name in self._declared}
        self._chunk_rows = chunk_rows
        self._kinds: dict[str, Kind | None] = {}
        self._done = 0

    def schema(self, value: object) -> pa.Schema | None:
        """The schema of a table or reader as it will be given; else the declared columns; None without any."""
        import pyarrow as pa
        import pyarrow.dataset as ds

        if isinstance(value, pa.Table | pa.RecordBatch | pa.RecordBatchReader | ds.Dataset):
            return self._finished(value.schema.empty_table().to_batches() or [_empty(value.schema)])[0].schema
        if _is(value, "pandas", "DataFrame"):
            return self._finished([_empty(_from_pandas(value).schema)])[0].schema
        if _is(value, "polars", "DataFrame"):
            return self._finished([_empty(_from_polars(value).schema)])[0].schema
        return pa.schema(list(self._declared.items())) if self._declared else None

    # --- what was given ---------------------------------------------------------------------------------------

    def batches(self, value: object) -> Iterator[pa.RecordBatch]:
        """The batches of whatever a model may return."""
        if isinstance(value, list) and value and set(map(type, value)) == {dict}:
            yield from self._rows(value)
        elif (found := _arrow_batches(value)) is not None:
            for batch in found:
                (finished,) = self._finished([batch])
                self._done += batch.num_rows
                yield finished
        elif isinstance(value, Mapping):
            yield from self._rows([value])
        elif isinstance(value, AsyncIterator):
            yield from self._stream(_driven(value))
        elif isinstance(value, list | tuple | Iterator):
            yield from self._stream(value)
        elif value is not None:
            raise ModelFailed(f"The model gave {_article(value)}, which is no rows.", hint=ALLOWED)

    def _stream(self, items: Iterable[object]) -> Iterator[pa.RecordBatch]:
        """The batches of many things; neighbouring rows are gathered into chunks."""
        rows: list[Mapping[str, object]] = []
        for item in items:
            if isinstance(item, Mapping):
                rows.append(item)
            elif isinstance(item, list) and item and set(map(type, item)) == {dict}:
                rows.extend(item)
            else:
                yield from self._rows(rows)
                rows = []
                yield from self._thing(item)
            while len(rows) >= self._chunk_rows:
                yield from self._rows(rows[: self._chunk_rows])
                rows = rows[self._chunk_rows :]
        yield from self._rows(rows)

    def _thing(self, item: object) -> Iterator[pa.RecordBatch]:
        if isinstance(item, tuple | set | frozenset) or _is(item, "numpy", "ndarray"):
            raise ModelFailed(f"Row {self._done + 1:,} is {_article(item)}, no dictionary.", hint=ALLOWED)
        return self.batches(item)

    # --- rows -------------------------------------------------------------------------------------------------

    def _rows(self, rows: Sequence[Mapping[str, object]]) -> Iterator[pa.RecordBatch]:
        for start in range(0, len(rows), self._chunk_rows):
            chunk = rows[start : start + self._chunk_rows]
            yield self._ordered(self._columns(chunk))
            self._done += len(chunk)

    def _columns(self, rows: Sequence[Mapping[str, object]]) -> dict[str, pa.Array]:
        from interlace.run.casting import cast_column
        from interlace.run.values import Place, to_array

        first = self._done + 1
        arrays: dict[str, pa.Array] = {}
        for name, values in _by_column(rows, first):
            place = Place(name, lambda index: first + index)
            array, kind = to_array(values, place)
            kind_known = self._known_kind(name, kind, values, place)
            self._kinds[name] = kind_known
            wanted = self._declared.get(self._spelled.get(name.lower(), name))
            arrays[name] = array if wanted is None else cast_column(array, wanted, place)
        return arrays

    def _known_kind(self, name: str, kind: Kind | None, values: Sequence[object], place: Any) -> Kind | None:
        from interlace.run.values import kind_of

        before = self._kinds.get(name)
        both = kind_of(before, kind)
        if both is None and before is not None and kind is not None:
            index = next(i for i, value in enumerate(values) if value is not None)
            raise place.failed(
                index,
                f"{values[index]!r} is {kind.__name__}, but the rows before have {before.__name__}.",
                "Give all rows one type, or convert the values.",
            )
        return both

    # --- declared columns -------------------------------------------------------------------------------------

    def _finished(self, batches: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
        """Arrow batches with their declared columns cast."""
        if not self._declared:
            return batches
        from interlace.run.casting import cast_column
        from interlace.run.values import Place

        done = []
        for batch in batches:
            arrays = {}
            for name, array in zip(batch.schema.names, batch.columns, strict=True):
                wanted = self._declared.get(self._spelled.get(name.lower(), name))
                place = Place(name, lambda index: self._done + index + 1)
                arrays[name] = array if wanted is None else cast_column(array, wanted, place)
            done.append(self._ordered(arrays))
        return done

    def _ordered(self, arrays: dict[str, pa.Array]) -> pa.RecordBatch:
        """A batch in the declared order where all its columns are declared, else in its own; what is missing is NULL."""
        import pyarrow as pa

        rows = len(next(iter(arrays.values())))
        given = {name.lower(): name for name in arrays}
        for key, name in self._spelled.items():
            if key not in given:
                arrays[name] = pa.nulls(rows, self._declared[name])
                given[key] = name
        keys = self._spelled if given.keys() <= self._spelled.keys() else given
        return pa.RecordBatch.from_arrays(
            [arrays[given[key]] for key in keys], names=[self._spelled.get(key, given[key]) for key in keys]
        )


def _by_column(rows: Sequence[Mapping[str, object]], first: int) -> Iterator[tuple[str, list[object]]]:
    """The columns of rows, each as a list of its values."""
    names = list(rows[0])
    if set(map(len, rows)) == {len(names)}:
        try:
            columns = [list(map(itemgetter(name), rows)) for name in names]
        except KeyError:  # as many keys, but others
            pass
        else:
            _check_names(names, first)
            return zip(names, columns, strict=True)
    found: dict[str, None] = {}
    for keys in dict.fromkeys(map(tuple, rows)):
        found.update(dict.fromkeys(keys))
    _check_names(list(found), first)
    return ((name, [row.get(name) for row in rows]) for name in found)


def _check_names(names: Sequence[object], first: int) -> None:
    if not names:
        raise ModelFailed(f"The rows from row {first:,} on are empty dictionaries: there are no columns.")
    known: dict[str, str] = {}
    for name in names:
        if not isinstance(name, str):
            raise ModelFailed(f"The rows from row {first:,} on have the key {name!r}: names of columns are text.")
        clash = known.setdefault(name.lower(), name)
        if clash != name:
            raise ModelFailed(
                f"The rows from row {first:,} on have the columns {clash!r} and {name!r}, which differ in case only."
            )


# --- tables and frames ------------------------------------------------------------------------------------------------


def _is(value: object, package: str, name: str) -> bool:
    """Whether a value is of a package's class, or of a subclass, without importing the package."""
    return any(c.__name__ == name and c.__module__.split(".")[0] == package for c in type(value).__mro__)


def _arrow_batches(value: Any) -> Iterator[pa.RecordBatch] | None:
    """The batches of a table or frame; None for anything else."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    batches: Iterator[pa.RecordBatch]
    if isinstance(value, pa.RecordBatch):
        batches = iter([value])
    elif isinstance(value, pa.Table):
        batches = iter(_table_batches(value))
    elif isinstance(value, pa.RecordBatchReader):
        batches = iter(value)
    elif isinstance(value, ds.Dataset | ds.Scanner):
        batches = iter(value.to_batches())
    else:
        return next((read(value) for name, read in _FRAMES.items() if _is(value, *name)), None)
    return batches


def _table_batches(table: pa.Table) -> list[pa.RecordBatch]:
    names = table.column_names
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ModelFailed(f"The table has two columns {twice!r}.")
    batches: list[pa.RecordBatch] = table.to_batches()
    if not batches and len(table.schema):
        return [_empty(table.schema)]
    return batches


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)


def _from_pandas(frame: Any) -> pa.Table:
    import pyarrow as pa

    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        said = ". ".join(str(part) for part in error.args) or type(error).__name__
        raise ModelFailed(f"The pandas DataFrame cannot be converted: {said}.") from error
    return table.replace_schema_metadata(None)


def _from_polars(frame: Any) -> pa.Table:
    for name, kind in frame.schema.items():
        if str(kind) == "Object":
            raise ModelFailed(f"Column {name!r} of the polars DataFrame holds Python objects, which cannot be stored.")
    table: pa.Table = frame.to_arrow()
    return table


def _from_lazy(frame: Any) -> Iterator[pa.RecordBatch]:
    for part in frame.collect_batches():
        yield from _table_batches(_from_polars(part))


_FRAMES: Final[Mapping[tuple[str, str], Callable[[Any], Iterator[Any]]]] = {
    ("pandas", "DataFrame"): lambda frame: iter(_table_batches(_from_pandas(frame))),
    ("polars", "DataFrame"): lambda frame: iter(_table_batches(_from_polars(frame))),
    ("polars", "LazyFrame"): _from_lazy,
    ("ibis", "Table"): lambda table: iter(table.to_pyarrow_batches()),
}


# --- generators -------------------------------------------------------------------------------------------------------


def _driven(items: AsyncIterator[object]) -> Iterator[object]:
    """The items of an async generator, on an event loop of its own in this thread."""
    import asyncio

    with asyncio.Runner() as runner:
        try:
            while True:
                try:
                    item = runner.run(_next(items))
                except StopAsyncIteration:
                    return
                yield item
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                runner.run(close())


async def _next(items: AsyncIterator[object]) -> object:
    return await anext(items)


def _article(value: object) -> str:
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
