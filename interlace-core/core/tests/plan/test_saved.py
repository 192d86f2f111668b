"""Plans as files: what is written is what is read, and nothing else is taken for a plan."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from interlace.errors import InvalidPlan, UsageError
from interlace.plan import saved
from interlace.plan.incremental import Asked
from interlace.plan.saved import CORE, KEPT, Arguments, SavedPlan, find_plan, plan_id
from interlace.plan.windows import Size


def plan(project: str = "shop", **more) -> SavedPlan:
    core = {part: [] for part in CORE} | {"project": project, "environment": "dev", "arguments": Arguments().data()}
    return SavedPlan({"interlace_plan": 1, "id": plan_id(core), "interlace": "1.0", **core, **more})


def test_a_plan_that_is_written_is_read_again(tmp_path):
    plan("müller").write(tmp_path / "plan.json")

    found = SavedPlan.read(tmp_path / "plan.json")

    assert (plan("müller").id, "dev", Arguments()) == (found.id, found.environment, found.arguments)
    assert [tmp_path / "plan.json"] == list(tmp_path.iterdir())


def test_the_id_is_that_of_what_is_approved():
    assert plan().id == plan(made_at="now", notices=["one"]).id != plan("other").id
    assert 12 == len(plan().id)


def test_arguments_come_back_as_they_were():
    asked = Asked(datetime(2026, 1, 1, tzinfo=UTC), None, Size(2, "week"), "missing", backfill=True)
    given = Arguments(("a+",), ("b",), True, asked, True, "prod", {"day": "2026-01-01", "n": [1, 2]}, ("token",))

    assert given == Arguments.of(json.loads(json.dumps(given.data())))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"interlace_plan": "1"}', '{"interlace_plan": true}', "\ufeff{"])
def test_a_file_that_is_no_plan_is_refused(tmp_path, text):
    (tmp_path / "plan.json").write_text(text, encoding="utf-8")

    with pytest.raises(InvalidPlan, match="is no plan"):
        SavedPlan.read(tmp_path / "plan.json")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "plan.json").write_bytes(b"\xff\x00")

    with pytest.raises(InvalidPlan, match="cannot be read as a plan"):
        SavedPlan.read(tmp_path / "plan.json")


def test_a_newer_format_is_refused_with_who_made_it(tmp_path):
    (tmp_path / "plan.json").write_text('{"interlace_plan": 2, "interlace": "9.0"}')

    with pytest.raises(InvalidPlan, match=r"a plan of format 2, made by Interlace 9\.0; this one reads 1"):
        SavedPlan.read(tmp_path / "plan.json")


def _retold(file: Path, **changes) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


@pytest.mark.parametrize("changes", [{"environment": "prod"}, {"id": "0123456789ab"}, {"more": 1}, {"checksum": None}])
def test_a_plan_that_was_edited_is_refused(tmp_path, changes):
    file = tmp_path / "plan.json"
    plan().write(file)
    _retold(file, **changes)

    with pytest.raises(InvalidPlan, match="its id does not fit what it says"):
        SavedPlan.read(file)


def test_a_plan_with_a_part_missing_is_refused_though_its_checksum_fits(tmp_path):
    document = {name: value for name, value in plan().document.items() if name != "steps"}
    SavedPlan(document).write(tmp_path / "plan.json")

    with pytest.raises(InvalidPlan, match="its id does not fit what it says"):
        SavedPlan.read(tmp_path / "plan.json")


def test_a_missing_file_is_a_mistake_of_the_command(tmp_path):
    with pytest.raises(UsageError, match=r"there is no file .*gone\.json"):
        find_plan("gone.json", tmp_path, tmp_path)


def test_a_kept_plan_is_found_by_how_its_id_begins(tmp_path):
    plan().keep(tmp_path)

    assert plan().id == find_plan(plan().id[:3], tmp_path, tmp_path).id == find_plan(plan().id, tmp_path, tmp_path).id


def test_a_beginning_that_several_ids_have_is_refused(tmp_path):
    folder = tmp_path / ".interlace" / "plans"
    folder.mkdir(parents=True)
    for name in ("ab1", "ab2", "ab"):
        (folder / f"{name}.json").write_text("{}")

    with pytest.raises(UsageError, match="3 plans begin with 'a'"):
        find_plan("a", tmp_path, tmp_path)
    with pytest.raises(InvalidPlan, match=r"ab\.json is no plan"):
        find_plan("ab", tmp_path, tmp_path)


@pytest.mark.parametrize("word", ["1a2b", "", "*"])
def test_an_unknown_id_is_refused(tmp_path, word):
    plan().keep(tmp_path)

    with pytest.raises(UsageError, match="there is no plan"):
        find_plan(word, tmp_path, tmp_path)


def test_a_file_is_found_from_where_the_command_is_given(tmp_path):
    plan().write(tmp_path / "approved")
    (tmp_path / "project").mkdir()

    assert plan().id == find_plan("approved", tmp_path / "project", tmp_path).id
    assert plan().id == find_plan("../approved", tmp_path / "project", tmp_path / "project").id


def test_only_the_newest_plans_are_kept(tmp_path):
    for number in range(KEPT + 3):
        one = plan(f"p{number}")
        one.keep(tmp_path)
        os.utime(tmp_path / ".interlace" / "plans" / f"{one.id}.json", (number, number))
    plan("last").keep(tmp_path)

    left = {file.stem for file in (tmp_path / ".interlace" / "plans").iterdir()}
    assert {plan("last").id, *(plan(f"p{n}").id for n in range(4, KEPT + 3))} == left


def test_the_newest_plan_is_kept_however_large_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(saved, "ROOM", 10)
    plan("first").keep(tmp_path)
    plan("second").keep(tmp_path)

    assert [f"{plan('second').id}.json"] == [file.name for file in (tmp_path / ".interlace" / "plans").iterdir()]
