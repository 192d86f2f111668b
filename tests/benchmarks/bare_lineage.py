"""Bare sqlglot: each query parsed and qualified once, with the columns of what it reads.  No column is followed yet."""

from __future__ import annotations

import sys
from pathlib import Path

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify import qualify


def main(folder: str) -> None:
    """Qualify the queries of a project, parents first as their names sort."""
    columns: dict[str, dict[str, str]] = {}
    for file in sorted(Path(folder).glob("*.sql")):
        tree = parse_one(file.read_text(encoding="utf-8"), dialect="duckdb")
        reads = {t.name for t in tree.find_all(exp.Table) if t.name in columns}
        found = qualify(tree, dialect="duckdb", schema={name: columns[name] for name in reads})
        assert isinstance(found, exp.Query)
        columns[file.stem] = dict.fromkeys(found.named_selects, "BIGINT")


if __name__ == "__main__":
    main(sys.argv[1])
