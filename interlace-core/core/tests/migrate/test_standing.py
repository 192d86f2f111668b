from __future__ import annotations

import pytest

from interlace.errors import InvalidMigration, InvalidProject
from interlace.migrate.ledger import Entry
from interlace.migrate.migration import Migration, Script, Statement
from interlace.migrate.standing import back, compare, forward, gap_notices

SELECT = (Statement("SELECT 1", 1),)


def file(number: int, *, checksum: str = "a", environments=None, down=SELECT, connection: str = "default"):
    name = f"{number:04d}_x"
    return Migration(
        number, name, f"migrations/{name}.sql", checksum, connection, environments, True, Script(SELECT, down)
    )


def entry(number: int, checksum: str = "a", **options):
    facts = {"state": "applied", "at": "2026-03-01T10:00:00+00:00", "run": "r", **options}
    return Entry("", number, f"{number:04d}_x", checksum, **facts)


def stand(files, *entries, environment: str = "dev", foreign=frozenset()):
    return compare(files, {"default": {e.number: e for e in entries}}, environment, foreign)


def refused(act) -> str:
    with pytest.raises(InvalidMigration) as caught:
        act()
    return str(caught.value)


def test_each_stands_as_its_file_and_the_database_say():
    files = [file(1), file(2, checksum="b"), file(4), file(5, environments=("prod",)), file(6)]

    found = stand(files, entry(1), entry(2), entry(3), entry(6, state="up"))

    assert ["applied", "changed", "missing", "pending", "elsewhere", "unfinished"] == [s.how for s in found]


def test_what_another_environment_alone_writes_is_not_for_this_one():
    assert ["elsewhere"] == [s.how for s in compare([file(1)], {}, "dev", frozenset({"default"}))]


def test_forward_is_what_is_pending_in_order_up_to_a_number():
    files = [file(3), file(1), file(2)]

    assert [2, 3] == [m.number for m in forward(stand(files, entry(1)), None)]
    assert [2] == [m.number for m in forward(stand(files, entry(1)), 2)]


def test_back_is_the_last_one_or_all_after_a_number():
    found = stand([file(1), file(2), file(3)], entry(1), entry(2))

    assert [2] == [m.number for m in back(found, None)]
    assert [2, 1] == [m.number for m in back(found, 0)]
    assert [2] == [m.number for m in back(found, 1)]


def test_one_that_comes_before_another_that_was_applied_is_refused():
    found = stand([file(1), file(2)], entry(2))

    said = refused(lambda: forward(found, None))

    assert "0001_x would be applied after 0002_x, which has a higher number and is there already" in said
    assert "--out-of-order" in said
    assert [1] == [m.number for m in forward(found, None, out_of_order=True)]


def test_the_order_is_that_of_each_connection():
    found = compare([file(1, connection="crm"), file(2)], {"default": {2: entry(2)}, "crm": {}}, "dev")

    assert [1] == [m.number for m in forward(found, None)]


@pytest.mark.parametrize("direction", [lambda f: forward(f, None), lambda f: back(f, None)])
@pytest.mark.parametrize(
    ("files", "known", "said"),
    [
        (
            [file(1, checksum="b")],
            entry(1),
            (
                "migrations/0001_x.sql: 0001_x is not what was applied to default on 2026-03-01 10:00:00 UTC\n"
                "Put the file back as it was and write a new migration; or, where only words changed: "
                "interlace migrate resolve 1 --applied"
            ),
        ),
        (
            [],
            entry(1),
            (
                "0001_x was applied to default on 2026-03-01 10:00:00 UTC, and its file is gone\n"
                "Put it back; or, where it is gone for good: interlace migrate resolve 1 --not-applied"
            ),
        ),
        (
            [file(1)],
            entry(1, state="up", done=1, total=3),
            (
                "0001_x went up in default on 2026-03-01 10:00:00 UTC and did not end: 1 of its 3 statements were done, and the "
                "one after that may have been"
            ),
        ),
        ([file(1)], entry(1, state="down"), "did not end: what it did is not known"),
    ],
)
def test_what_was_applied_has_to_be_what_the_files_say(direction, files, known, said):
    assert said in refused(lambda: direction(stand(files, known)))


def test_all_of_that_is_said_at_once():
    with pytest.raises(InvalidProject) as caught:
        forward(stand([file(2, checksum="b")], entry(1), entry(2)), None)

    assert 2 == len(caught.value.errors)


def test_one_that_cannot_be_taken_back_is_refused_before_any_is():
    found = stand([file(1, down=()), file(2)], entry(1), entry(2))

    assert "0001_x does not say how it is taken back, so nothing was" in refused(lambda: back(found, 0))


def test_a_number_that_nothing_has_is_refused():
    said = refused(lambda: forward(stand([file(1), file(2)]), 12))

    assert "there is no migration 12" in said
    assert "Numbers: 1, 2." in said


def test_a_gap_is_a_notice():
    assert ["there is no migration 2: is a file missing?"] == gap_notices(stand([file(1), file(3)]))
    assert [] == gap_notices(stand([file(1), file(2)]))
