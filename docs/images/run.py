# ruff: noqa: INP001  a script beside what it draws
"""Makes ``run.svg``, the picture in the README, from what a terminal really shows.

``python docs/images/run.py`` makes a project in a temporary folder, runs the commands below in it, each on a terminal
of its own, and draws what they wrote.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

COLUMNS = 96
INTERLACE = str(Path(sys.executable).with_name("interlace"))
EDIT = "sed -i 's/AS revenue/AS turnover/; s/revenue >= 0/turnover >= 0/' models/marts/daily_revenue.sql"

STORY = [
    ("interlace init shop --template shop", "."),
    ("interlace run", "shop"),
    ("interlace run", "shop"),
    (EDIT, "shop"),
    ("interlace plan", "shop"),
    ("interlace run", "shop"),
]


def shown(command: str, folder: Path) -> str:
    """What a command writes to a terminal, with its colours; the line of what is under way is gone at its end."""
    ours, theirs = pty.openpty()
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("INTERLACE_")},
        "TERM": "xterm-256color",
        "COLUMNS": str(COLUMNS),
        "PATH": f"{Path(INTERLACE).parent}{os.pathsep}{os.environ['PATH']}",
    }
    with subprocess.Popen(  # noqa: S603  our own commands, above
        ["/bin/sh", "-c", command], cwd=folder, env=variables, stdin=theirs, stdout=theirs, stderr=theirs
    ) as child:
        os.close(theirs)
        text = b"".join(iter(lambda: _read(ours), b"")).decode()
    os.close(ours)
    if child.returncode != 0:
        raise SystemExit(f"{command} ended with {child.returncode}:\n{text}")
    return re.sub(r"[^\n]*\r\x1b\[2K", "", text.replace("\r\n", "\n"))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # what a terminal says when its last writer has gone
        return b""


def draw(file: Path) -> None:
    """Play the story and write the picture."""
    with tempfile.TemporaryDirectory() as name, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, color_system="standard")
        for command, folder in STORY:
            console.print(Text("$ ", style="green") + Text(command, style="bold"))
            console.print(Text.from_ansi(shown(command, Path(name) / folder)))
        # Without its web font the picture asks no server for anything.
        form = re.sub(r"\s*@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
        svg = console.export_svg(title="interlace", code_format=form, unique_id="run")
    file.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    draw(Path(__file__).with_name("run.svg"))
