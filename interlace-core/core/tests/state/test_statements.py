from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from interlace.state import request_statements, retention, statements
from interlace.state.store import Store


def all_statements() -> Iterator[tuple[str, str]]:
    for name, value in {**vars(statements), **vars(request_statements)}.items():
        if name.isupper() and not name.startswith("_") and name != "TABLES":
            for given, sql in value.items() if isinstance(value, dict) else [("", value)]:
                yield f"{name} {given}", sql
    for table, where in retention._PAST.items():
        yield f"prune {table}", f"DELETE FROM {table} WHERE {where}"


def explain(store: Store, sql: str) -> Any:
    names = re.findall(r"(?<!:):(\w+)", sql)
    with store._database.writing() as write:
        return write.rows(f"EXPLAIN {sql}", dict.fromkeys(names))


@pytest.mark.parametrize("sql", [pytest.param(sql, id=name) for name, sql in all_statements()])
def test_sqlite_takes_the_statement(store: Store, sql: str) -> None:
    assert explain(store, sql)


def test_postgresql_takes_every_statement(make_server_store: Any) -> None:
    store = make_server_store()
    store.open()
    for _, sql in all_statements():
        assert explain(store, sql)
    store.close()
