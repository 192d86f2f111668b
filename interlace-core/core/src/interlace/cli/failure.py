"""What a command says when it cannot go on: text for people, JSON for programs, and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from interlace.errors import InterlaceError, InvalidProject, PlanMoved
from interlace.redaction import redacted

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["error_data", "error_text", "report", "report_defect"]


def report(error: InterlaceError, *, as_json: bool) -> int:
    """Say what went wrong, on stderr as text or on stdout as JSON, and give the exit code."""
    from interlace.cli.render import Output, print_json

    if as_json:
        print_json({"error": error_data(error)})
    else:
        out = Output(sys.stderr)
        out.write(error_text(error, out) + "\n")
    return error.exit_code


def error_text(error: InterlaceError, out: Any) -> str:
    """``error[ILC-210] models/a.sql:3:5: message``, the excerpt and the hint; several errors one after another."""
    if isinstance(error, InvalidProject) and error.errors:
        texts = [error_text(e, out) for e in error.errors]
        if len(texts) > 1:
            texts.append(f"{len(texts)} errors.")
        return "\n\n".join(texts)
    return f"{out.style(f'error[{error.code}]', 'red')} {error}"


def error_data(error: InterlaceError) -> dict[str, Any]:
    """An error as plain JSON values: ``code, message, where, hint, model``, and ``errors`` where it holds several.

    Of a plan that is refused also ``moved``, a sentence for each thing that moved.
    """
    where = error.where
    data: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "where": None
        if where is None
        else {"path": str(where.path), "line": where.line, "column": where.column, "excerpt": where.excerpt},
        "hint": error.hint,
        "model": error.model,
    }
    if isinstance(error, PlanMoved):
        data["moved"] = list(error.moved)
    if isinstance(error, InvalidProject):
        data["errors"] = [error_data(e) for e in error.errors]
    return data


def report_defect(error: BaseException, *, as_json: bool) -> int:
    """Say that Interlace itself is wrong, where the traceback is, and give exit code 1.

    The traceback goes to a file in ``.interlace/logs`` of the project, or the temporary folder; with
    ``INTERLACE_DEBUG=1`` to stderr.
    """
    import traceback

    from interlace.errors import Defect

    text = redacted("".join(traceback.format_exception(error)))
    if os.environ.get("INTERLACE_DEBUG", "") not in {"", "0"}:
        sys.stderr.write(text)
        hint = "Please report it with the traceback above."
    else:
        hint = f"The traceback is in {_keep(text)}; please report it. INTERLACE_DEBUG=1 prints it."
    said = str(error).strip().splitlines()
    summary = f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
    return report(Defect(f"This is a defect of Interlace: {summary}", hint=hint), as_json=as_json)


def _keep(text: str) -> str:
    """Write the traceback to a file and say which."""
    import time
    from pathlib import Path
    from tempfile import gettempdir

    name = f"defect-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    for folder in (_logs(Path.cwd()), Path(gettempdir())):
        if folder is None:
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        except OSError:
            continue
        return str(folder / name)
    return "no file (no folder could be written)"


def _logs(start: Path) -> Path | None:
    """The folder for logs of the project at or above `start`; looked up by hand, for a defect may sit anywhere."""
    for folder in (start, *start.parents):
        if (folder / "config.yaml").is_file() and (folder / "models").is_dir():
            return folder / ".interlace" / "logs"
    return None
