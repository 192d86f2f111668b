from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from interlace.model.cache import Cache
from interlace.model.context import LoadedFile
from interlace.model.definition import CheckUse, ColumnSpec, SeedBody, Source
from interlace.model.loading import LoadingSettings

HEAD = "from interlace.model.decorator import model\n"


@pytest.fixture
def parsed(project, monkeypatch):
    """The files that were read rather than taken from the cache."""
    seen: list[str] = []
    for loader in project.plugins.loaders.values():
        original = loader.load

        def load(self, path, content, context, original=original) -> LoadedFile:
            seen.append(context.file)
            return original(self, path, content, context)

        monkeypatch.setattr(loader, "load", load)
    return seen


def age(project) -> None:
    """Make every file old enough for its time to tell."""
    old = time.time() - 60
    for path in project.root.rglob("*"):
        os.utime(path, (old, old))


def test_a_second_load_takes_everything_from_the_cache(project, parsed):
    project.write(
        "models/a.sql",
        "-- @checks: [{unique: id}]\n-- @export: {csv: x.csv}\n-- @columns: {id: INT}\nSELECT $v AS id, now() FROM b",
    )
    project.write("models/b.py", HEAD + "@model\ndef b(c): return c\n")
    project.write("models/sources.yaml", "c: {relation: x.c, columns: {id: INT}, checks: [{unique: id}]}\n")
    project.write("seeds/s.csv", "id\n1\n")
    first = project.load(cache="cache/models")
    parsed.clear()
    second = project.load(cache="cache/models")

    assert ((), []) == (first.errors, parsed)
    assert (first.models, first.sources) == (second.models, second.sources)


def test_only_an_edited_file_is_read_again(project, parsed):
    for name in "abc":
        project.write(f"models/{name}.sql", f"SELECT '{name}' AS x")
    age(project)
    project.load(cache="c")
    parsed.clear()
    project.write("models/b.sql", "SELECT 'd' AS x")
    loaded = project.load(cache="c")

    assert ["models/b.sql"] == parsed
    assert "SELECT 'd' AS x" == loaded.models[1].body.text


def test_an_edit_in_the_same_instant_is_seen(project, parsed):
    path = project.write("models/a.sql", "SELECT 1")
    stat = path.stat()
    project.load(cache="c")
    path.write_text("SELECT 2")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    loaded = project.load(cache="c")

    assert "SELECT 2" == loaded.models[0].body.text


def test_a_file_that_was_only_touched_is_not_read_again(project, parsed):
    path = project.write("models/a.sql", "SELECT 1")
    project.load(cache="c")
    age(project)
    parsed.clear()
    project.load(cache="c")
    path.touch()
    project.load(cache="c")

    assert [] == parsed


def test_a_changed_helper_reloads_the_models_that_reach_it(project, parsed):
    project.write("helpers.py", "VALUE = 1\n")
    project.write("models/a.py", HEAD + "import helpers\n@model\ndef a(x): return helpers.VALUE\n")
    project.write("models/b.py", HEAD + "@model\ndef b(x): return 1\n")
    age(project)
    before = project.load(cache="c")
    parsed.clear()
    project.write("helpers.py", "VALUE = 22\n")
    after = project.load(cache="c")

    assert ["models/a.py"] == parsed
    assert before.models[0].fingerprint.data != after.models[0].fingerprint.data


@pytest.mark.parametrize("change", ["add", "edit", "remove"])
def test_a_changed_sidecar_reloads_its_model(project, parsed, change):
    project.write("models/a.sql", "SELECT 1 AS id")
    if change != "add":
        project.write("models/a.yaml", "owner: one\n")
    age(project)
    project.load(cache="c")
    parsed.clear()
    if change == "remove":
        (project.root / "models/a.yaml").unlink()
    else:
        project.write("models/a.yaml", "owner: someone\n")
    model = project.load(cache="c").models[0]

    assert (["models/a.sql"], None if change == "remove" else "someone") == (parsed, model.owner)


def test_other_settings_or_plugins_make_an_empty_cache(project, parsed):
    project.write("models/a.sql", "SELECT 1 AS id")
    project.load(cache="c")
    project.plugins.version = "2"
    project.load(cache="c")
    project.settings = replace(project.settings, defaults={".": {"owner": "me"}})
    loaded = project.load(cache="c")

    assert (3, "me") == (len(parsed), loaded.models[0].owner)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\xfb\x00", b"("])
def test_a_broken_cache_is_rebuilt(project, content):
    project.write("models/a.sql", "SELECT 1 AS id")
    (project.root / "c").write_bytes(content)
    loaded = project.load(cache="c")

    assert (1, ()) == (len(loaded.models), loaded.errors)
    assert content != (project.root / "c").read_bytes()


def test_a_cache_with_broken_records_is_rebuilt(project):
    import marshal

    path = project.write("models/a.sql", "SELECT 1 AS id")
    project.load(cache="c")
    head, records = marshal.loads((project.root / "c").read_bytes())
    records[str(path)] = (1, 2)
    (project.root / "c").write_bytes(marshal.dumps((head, records)))

    assert ["a"] == [m.name for m in project.load(cache="c").models]


def test_the_cache_is_written_when_something_changed_only(project):
    project.write("models/a.sql", "SELECT 1 AS id")
    age(project)
    project.load(cache="c")
    before = (project.root / "c").stat().st_ino
    project.load(cache="c")
    unchanged = (project.root / "c").stat().st_ino
    (project.root / "models/a.sql").unlink()
    project.load(cache="c")

    assert before == unchanged
    assert before != (project.root / "c").stat().st_ino


def test_a_cache_that_cannot_be_written_is_no_error(project):
    project.write("models/a.sql", "SELECT 1 AS id")
    project.write("occupied", "a file, where the folder should be")

    assert () == project.load(cache="occupied/c").errors


def test_a_model_that_is_no_plain_data_is_left_out_of_the_cache(project):
    cache = Cache(project.root / "c", "token")
    cache.open([])
    cache._new = {"a": ((), (), (object(),), ()), "b": ((), (), (), ())}
    cache.changed = True
    cache.close()
    again = Cache(project.root / "c", "token")
    again.open([])

    assert ["b"] == list(again._old)


def test_a_second_load_imports_no_parser(project):
    project.write("models/a.sql", "-- @checks: [{unique: id}]\n-- @columns:\n--   id: INT\nSELECT 1 AS id")
    project.write("models/b.py", HEAD + "@model\ndef b(a): return a\n")
    project.write("models/a.yaml", "owner: me\n")
    project.load(cache="c")
    code = f"""
import sys
from pathlib import Path
from types import SimpleNamespace
from interlace.model.loading import LoadingSettings, load_models
registry = SimpleNamespace(names=lambda: [".py", ".sql"])
core = SimpleNamespace(name="core", distribution="interlace-core", version="1")
plugins = SimpleNamespace(registry=lambda _: registry, plugins=lambda: [core])
loaded = load_models(Path({str(project.root)!r}), LoadingSettings(), plugins, cache=Path({str(project.root / "c")!r}))
heavy = {{"sqlglot", "pydantic", "yaml", "interlace.model.python_file"}} & sys.modules.keys()
print(len(loaded.models), len(loaded.errors), sorted(heavy))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)

    assert "2 0 []" == result.stdout.strip()


def test_the_stamps_name_every_file_and_folder_that_was_looked_at(project):
    project.write("helpers.py", "VALUE = 1\n")
    project.write("models/sub/a.sql", "SELECT 1")
    project.write("models/sub/a.yaml", "owner: me\n")
    project.write("models/b.py", HEAD + "import helpers\n@model\ndef b(a): return helpers.VALUE\n")
    project.write("seeds/s.csv", "id\n1\n")
    expected = {
        "helpers.py", "models", "models/b.py", "models/sub", "models/sub/a.sql", "models/sub/a.yaml", "seeds", "seeds/s.csv",
    }  # fmt: skip

    for _ in range(2):
        assert expected == {os.path.relpath(s.path, project.root) for s in project.load(cache="c").stamps}


def test_errors_of_all_files_are_collected_and_the_rest_is_loaded(project):
    project.write("models/a.sql", "SELECT FROM WHERE")
    project.write("models/b.sql", "SELECT 1")
    project.write("models/c.py", "@model\ndef c(: pass\n")
    project.write("models/sources.yaml", "x: {conection: y}\n")
    loaded = project.load(cache="c")

    assert ["b"] == [m.name for m in loaded.models]
    assert ["models/a.sql", "models/c.py", "models/sources.yaml"] == [str(e.where.path) for e in loaded.errors]
    assert [str(e) for e in loaded.errors] == [str(e) for e in project.load(cache="c").errors]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"models/a.sql": b"SELECT '\xe9'"}, "models/a.sql:1: the file is not UTF-8: byte 0xe9 at offset 8"),
        ({"models/a.py": b"x = 1\n# model \xff"}, "models/a.py:2: the file is not UTF-8: byte 0xff at offset 14"),
        ({"models/a.yaml": b"owner: me"}, "models/a.yaml: the file belongs to no model\nA sidecar stands beside a.py or a.sql"),
        ({"models/a.sql": b"SELECT 1", "models/a.yaml": b"owner: me", "models/a.yml": b"owner: me"}, "'a.yaml' describes the same"),
        ({"models/a.sql": b"SELECT 1", "models/a.yaml": b"owner: [a"}, "models/a.yaml:1: broken YAML"),
        ({"models/a.sql": b"SELECT 1", "models/a.yaml": b"ownr: me"}, "models/a.yaml:1: a model has no key 'ownr'"),
        ({"models/a.sql": b"SELECT 1", "models/a.yaml": b"- a"}, "models/a.yaml:1: must be a mapping"),
        ({"models/a.sql": b"-- @owner: me\nSELECT 1", "models/a.yaml": b"owner: me"}, "models/a.sql:1: 'owner' is given twice, first at models/a.yaml:1"),
        ({"models/a.sql": b"SELECT 1", "models/a.yaml": b"models: {b: {owner: me}}"}, "models/a.sql defines no model 'b'"),
        ({"models/a.sql": b"SELECT 1", "models/b/a.sql": b"SELECT 2"}, "the name 'a' is given to two: models/a.sql:1 and models/b/a.sql:1"),
        ({"models/a.sql": b"SELECT 1", "models/A2/A.sql": b"SELECT 2"}, "the names 'A' and 'a' differ only in case: models/A2/A.sql:1 and models/a.sql:1"),
        ({"models/a.sql": b"SELECT 1", "models/sources.yaml": b"a:"}, "the name 'a' is given to two"),
        ({"models/sources.yaml": b"a: 3"}, "models/sources.yaml:1: the source 'a' must be a mapping"),
        ({"models/sources.yaml": b"a: {relation: x..y}"}, "models/sources.yaml:1: 'a.relation' must be a name"),
        ({"models/sources.yaml": b"a:\n  freshness: 1d"}, "models/sources.yaml:2: 'a.freshness' must be {column:"),
        ({"models/sources.yaml": b"a:\n  connection: dfault"}, "the project has no connection 'dfault'\nDid you mean 'default'?"),
        ({"seeds/a.csv": b"id\n", "seeds/a.yaml": b"inputs: x"}, "'inputs' means nothing here"),
        ({"seeds/a.csv": b"id\n", "seeds/a.yaml": b"options: {delimeter: x}"}, "a csv seed has no option 'delimeter'\nDid you mean 'delimiter'?"),
        ({"seeds/a.yaml": b"key: x"}, "seeds/a.yaml: the file belongs to no model"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_with_its_place(project, files, message):
    for file, content in files.items():
        project.write(file, content)

    assert message in "\n".join(project.errors())


def test_other_files_and_hidden_ones_are_left_alone(project):
    for file in (
        "models/readme.md",
        "models/.hidden.sql",
        "models/__pycache__/x.py",
        "models/.git/y.sql",
        "seeds/notes.txt",
    ):
        project.write(file, "no model")

    assert ({}, []) == (project.models(), project.errors())


def test_an_empty_project_has_no_models(project):
    assert ((), (), ()) == (project.load().models, project.load().sources, project.load().errors)


def test_a_folder_that_links_to_itself_is_read_once(project):
    project.write("models/a.sql", "SELECT 1")
    (project.root / "models/again").symlink_to(project.root / "models")

    assert ["a"] == list(project.models())


@pytest.mark.parametrize("name", ["my orders", 'a"b', "select", "Ünïcode", "a+b, c", "日本"])
def test_names_may_be_anything_that_can_be_quoted(project, name):
    assert [name] == [project.model(f"models/{name}.sql", "SELECT 1").name]


def test_sources_are_declared_in_files_and_in_the_configuration(project):
    project.settings = LoadingSettings(
        dialects={"default": "duckdb", "shop": "postgres"}, sources={"b": {"connection": "shop", "schema": "raw"}}
    )
    project.write(
        "models/raw/sources.yaml",
        """
        sources:
          a:
            relation: lake.raw.orders
            columns: {id: {type: BIGINT, checks: [unique]}}
            freshness: {column: at, max_age: 1d}
            owner: me
        """,
    )
    a, b = project.load().sources

    assert (
        Source(
            "a", "models/raw/sources.yaml", 2, relation=("lake", "raw", "orders"), owner="me",
            columns=(ColumnSpec("id", "BIGINT"),), checks=(CheckUse("unique", {"columns": ["id"]}),),
            freshness=86400.0, freshness_column="at",
        )
        == a
    )  # fmt: skip
    assert ("b", "shop", "raw", "config.yaml") == (b.name, b.connection, b.schema, b.file)


def test_a_seed_is_a_model_of_its_content(project):
    project.write("seeds/countries.csv", "id;name\n1;a\n")
    project.write("seeds/countries.yaml", "columns: {id: BIGINT}\noptions: {delimiter: ';'}\nkey: id\nowner: me\n")
    before = project.models()["countries"]
    project.write("seeds/countries.csv", "id;name\n2;b\n")
    after = project.models()["countries"]

    assert SeedBody("seeds/countries.csv", "csv", {"delimiter": ";"}) == before.body
    assert (("id",), "me", "seed") == (before.key, before.owner, before.kind)
    assert before.fingerprint.data != after.fingerprint.data


def test_defaults_hold_for_the_models_of_a_folder_and_deeper_ones_win(project):
    project.settings = LoadingSettings(
        defaults={
            ".": {"owner": "all", "strategy": "append"},
            "staging": {"materialise": "view", "schema": "staging"},
            "staging/raw": {"materialize": "table"},
        }
    )
    for file in ("a.sql", "staging/b.sql", "staging/raw/c.sql"):
        project.write(f"models/{file}", "SELECT 1")
    project.write("models/staging/d.sql", "-- @schema: own\nSELECT 1")
    found = {n: (m.owner, m.materialise, m.schema, m.strategy and m.strategy.name) for n, m in project.models().items()}

    assert {
        "a": ("all", "table", None, "append"),
        "b": ("all", "view", "staging", None),
        "c": ("all", "table", "staging", "append"),
        "d": ("all", "view", "own", None),
    } == found


@pytest.mark.parametrize(
    ("defaults", "message"),
    [
        ({"stagin": {}}, "'models' gives defaults for 'stagin', but there is no such folder\nDid you mean 'staging'?"),
        ({"staging": {"ownr": "x"}}, "the key 'ownr', which cannot be a default\nDid you mean 'owner'?"),
        ({"staging": {"name": "x"}}, "the key 'name', which cannot be a default"),
        ({"staging": {"timeout": "soon"}}, "config.yaml: 'timeout' must be a duration"),
    ],
)
def test_wrong_defaults_name_the_configuration(project, defaults, message):
    project.settings = LoadingSettings(defaults=defaults)

    assert message in project.error("models/staging/a.sql", "SELECT 1")


def test_the_fingerprint_is_in_three_parts(fingerprint):
    def parts(text):
        found = fingerprint(text)
        return found.data, found.checks, found.metadata

    plain = parts("SELECT 1 AS id")

    def moved(header):
        return [
            name
            for name, a, b in zip(
                ("data", "checks", "metadata"), plain, parts(header + "\nSELECT 1 AS id"), strict=True
            )
            if a != b
        ]

    assert ["data"] == moved("-- @strategy: append")
    assert ["data"] == moved("-- @key: id")
    assert ["data"] == moved("-- @schema: x")
    assert ["checks"] == moved("-- @checks: [{unique: id}]")
    assert ["checks", "metadata"] == moved("-- @columns: {id: {type: INT, contract: true}}")
    assert ["metadata"] == moved("-- @columns: {id: INT}")
    assert ["metadata"] == moved("-- @description: text")
    assert ["metadata"] == moved("-- @tags: [a]")
    assert ["metadata"] == moved("-- @cache: {ttl: 1h}")
    assert [] == moved("-- @export: {csv: x.csv}")
    assert [] == moved("-- @materialise: table")
    assert [] == moved("-- @strategy: replace")
    assert [] == moved("-- @enabled: true")


def test_types_are_data_where_they_make_the_rows(project):
    project.write("seeds/a.csv", "id\n1\n")
    before = project.models()["a"].fingerprint
    project.write("seeds/a.yaml", "columns: {id: BIGINT}\n")
    after = project.models()["a"].fingerprint

    assert before.data != after.data
    assert before.metadata != after.metadata


def test_windows_line_ends_and_the_name_of_the_file_are_no_part_of_the_fingerprint(project):
    one = project.model("models/a.sql", "-- @owner: me\nSELECT '\n' AS id")
    (project.root / "models/a.sql").unlink()
    project.write("models/b.sql", b"\xef\xbb\xbf-- @owner: me\r\n\r\nSELECT '\r\n' AS id\r\n")
    (other,) = project.models().values()

    assert one.fingerprint == other.fingerprint
