"""Write the pages of ``docs/reference`` that are made from the code: ``python docs/generate.py [--check]``.

With ``--check`` nothing is written: the pages that are not current are named, and the exit code is 1 when there are any.
"""
# ruff: noqa: INP001  a script

from __future__ import annotations

import argparse
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS))

from generator import configuration, connectors, events, hooks, model_keys, plugins, state  # noqa: E402  it lies beside this script

INDEX = "reference/hooks/index.md"


def pages() -> dict[str, str]:
    """Every generated page: its text, by its path below ``docs``."""
    from interlace.cli.reference import reference

    return {
        "reference/cli.md": reference(),
        "reference/configuration.md": configuration.page(),
        "reference/connectors.md": connectors.page(),
        "reference/events.md": events.page(),
        "reference/model-keys.md": model_keys.page(),
        "reference/state.md": state.page(),
        **plugins.pages(),
        **hooks.pages(),
    }


def outdated(made: dict[str, str]) -> list[str]:
    """The pages whose file is missing, differs, or is left over from a hook that is gone."""
    wrong = [name for name, text in made.items() if _read(DOCS / name) != text]
    there = {path.relative_to(DOCS).as_posix() for path in (DOCS / INDEX).parent.glob("*.md")}
    return sorted([*wrong, *(there - made.keys())])


def write(made: dict[str, str]) -> None:
    """Write what differs, and remove the page of a hook that is gone."""
    for name in outdated(made):
        path = DOCS / name
        if name in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[name], encoding="utf-8")
        else:
            path.unlink()
        sys.stdout.write(f"{name}\n")


def main() -> int:
    """Do what the command line says, and give the exit code."""
    parser = argparse.ArgumentParser(description="Write the generated pages of the documentation.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail when a page is not current")
    made = pages()
    if not parser.parse_args().check:
        write(made)
        return 0
    wrong = outdated(made)
    if wrong:
        sys.stderr.write("Not current: " + ", ".join(wrong) + "\nRun: python docs/generate.py\n")
    return 1 if wrong else 0


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    raise SystemExit(main())
