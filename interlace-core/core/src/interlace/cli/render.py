"""Text and JSON for people and programs: nothing is coloured unless a terminal reads it, nothing heavy is imported."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TextIO

__all__ = [
    "Output",
    "Style",
    "age",
    "amount",
    "discard",
    "duration",
    "echo",
    "joined",
    "json_text",
    "name_column",
    "plural",
    "print_json",
    "print_table",
    "rows_text",
    "shortened",
    "table_lines",
    "when",
    "width",
]

Style = Literal["bold", "dim", "red", "green", "yellow", "cyan"]
Align = Literal["<", ">"]

_CODES: dict[Style, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_ASCII = {
    "✓": "+", "✗": "x", "⚠": "!", "↷": "-", "⊘": "#", "→": "->", "·": "-", "…": "...", "─": "-", "│": "|",
    "├": "|", "└": "`", "•": "*", "≤": "<=", "×": "x", "–": "-", "—": "-", "’": "'",
}  # fmt: skip


class Output:
    """One stream that people or programs read.

    A reader that goes away (``| head``) is not an error: what is written afterwards is dropped, and the command goes on.

    Attributes:
        terminal: whether a terminal reads it.
        live: whether a line can be erased and written anew: on a terminal, unless ``TERM=dumb``.
        colour: whether styles become ANSI codes: only where it is live, without ``NO_COLOR``.
        unicode: whether its encoding can take ticks; else they fall back to ASCII.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.terminal = _is_terminal(stream)
        self.live = self.terminal and os.environ.get("TERM") != "dumb"
        self.colour = self.live and not os.environ.get("NO_COLOR")
        self.unicode = _takes(stream, "✓✗⚠─│")
        self.gone = False

    def style(self, text: str, style: Style) -> str:
        """The text in a style, where styles are shown."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.colour else text

    def encodable(self, text: str) -> str:
        """The text with what the encoding cannot take replaced."""
        if self.unicode or text.isascii():
            return text
        plain = "".join(_ASCII.get(c, c) for c in text)
        encoding = getattr(self.stream, "encoding", None) or "ascii"
        return plain.encode(encoding, "replace").decode(encoding)

    def write(self, text: str) -> None:
        """Write and flush in one go."""
        if self.gone:
            return
        try:
            self.stream.write(self.encodable(text))
            self.stream.flush()
        except UnicodeEncodeError:
            encoding = self.stream.encoding
            self.stream.write(text.encode(encoding, "replace").decode(encoding))
            self.stream.flush()
        except BrokenPipeError:
            self.gone = True
            discard(self.stream)

    def line(self, text: str = "") -> None:
        """Write one line."""
        self.write(text + "\n")


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _takes(stream: TextIO, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def discard(stream: TextIO) -> None:
    """Point the stream's descriptor at nothing, so that the interpreter's last flush does not complain."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
    except (OSError, ValueError):
        return


def joined(lines: Iterable[str]) -> str:
    """Lines as one text, each ended: what is written in one go."""
    return "".join(f"{line}\n" for line in lines)


def echo(text: str = "", *, err: bool = False) -> None:
    """Write one line of text to stdout, or with `err` to stderr."""
    Output(sys.stderr if err else sys.stdout).line(text)


def print_json(data: Any) -> None:
    """Write one JSON document to stdout.

    Times are ISO text, bytes hexadecimal, NaN and the infinities null, anything else that JSON has not its ``str``.
    """
    out = Output(sys.stdout)
    out.line(json_text(data, ascii_only=not out.unicode))


def json_text(data: Any, *, ascii_only: bool = False) -> str:
    """One JSON document as text, as `print_json` writes it."""
    try:
        return json.dumps(data, indent=2, default=_jsonable, ensure_ascii=ascii_only, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(data), indent=2, default=_jsonable, ensure_ascii=ascii_only, allow_nan=False)


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if value - value == 0 else None
        case dict():
            return {key: _finite(v) for key, v in value.items()}
        case list() | tuple():
            return [_finite(v) for v in value]
    return value


def _jsonable(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if hasattr(value, "items"):
        return dict(value.items())
    if isinstance(value, Iterable):
        return list(value)
    return str(value)


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, align: str = "") -> None:
    """Write a table to stdout: a header, then one line per row.

    Args:
        align: ``<`` or ``>`` per column; columns that are not named are aligned to the left.
    """
    out = Output(sys.stdout)
    lines = table_lines(headers, rows, align=align, header=lambda text: out.style(text, "bold"))
    out.write(joined(lines))


def table_lines(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    align: str = "",
    header: Callable[[str], str] = str,
) -> list[str]:
    """The lines of a table: columns two spaces apart, no trailing space; None is shown as nothing."""
    cells = [[_cell(value) for value in row] for row in rows]
    sides = align.ljust(len(headers), "<")
    widths = [max([width(h), *(width(row[i]) for row in cells)]) for i, h in enumerate(headers)]

    def joined(row: Sequence[str]) -> str:
        return "  ".join(_pad(text, w, side) for text, w, side in zip(row, widths, sides, strict=True)).rstrip()

    return [header(joined(list(headers))), *(joined(row) for row in cells)]


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, to: int, side: str) -> str:
    space = " " * max(0, to - width(text))
    return space + text if side == ">" else text + space


def shortened(text: str, to: int) -> str:
    """The text, cut with ``…`` where it is wider than `to` columns."""
    if width(text) <= to:
        return text
    kept = ""
    for c in text:
        if width(kept + c) >= to:
            break
        kept += c
    return f"{kept}…" if to > 0 else ""


def amount(n: int) -> str:
    """``12,345``."""
    return f"{n:,}"


def name_column(names: Iterable[str]) -> int:
    """The width of a column of names: that of the longest, but not more than 48."""
    return min(max(map(width, names), default=0), 48)


def plural(n: int, word: str, words: str | None = None) -> str:
    """``1 model``, ``2 models``."""
    return f"{n:,} {word if n == 1 else words or word + 's'}"


def rows_text(rows: int | None) -> str:
    """``1,234 rows``; empty where the engine does not say."""
    return "" if rows is None else plural(rows, "row")


def duration(seconds: float) -> str:
    """``0.12 s``, ``12.3 s``, ``2 min 03 s``, ``1 h 02 min``."""
    if seconds < 9.995:  # noqa: PLR2004  where two decimals would round to 10.00
        return f"{seconds:.2f} s"
    if seconds < 59.95:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def age(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3 h``, ``2 d 4 h``: the two largest units."""
    said: list[str] = []
    rest = max(0, round(seconds))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        n, rest = divmod(rest, size)
        if n and len(said) < 2:  # noqa: PLR2004  more would not be read
            said.append(f"{n:,} {unit}")
        elif said:
            break
    return " ".join(said) or "0 s"


def when(moment: Any) -> str:
    """A time to the second, as UTC: ``2024-05-01 12:00:00 UTC``; ``never`` for None."""
    from datetime import UTC

    return "never" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
