from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from interlace.contracts.relation import Relation, RelationInfo
from interlace.run.swapping import placed

TARGET = Relation("prices", "shop")


@dataclass
class Task:
    relation: Relation | None = TARGET
    replaces: bool = True
    standing: RelationInfo | None = None


@dataclass
class Session:
    said: list = field(default_factory=list)

    def drop(self, relation, kind):
        self.said.append(("drop", relation, kind))

    def swap(self, new, target, kind):
        self.said.append(("swap", new, target, kind))


def test_a_table_is_made_beside_its_place_and_swapped_in():
    session = Session()
    with placed(Task(standing=RelationInfo(TARGET, "view", ())), session) as task:
        new = task.relation
        assert [("drop", new, "table")] == session.said

    assert new != TARGET
    assert (new.schema, new.name[:12]) == (TARGET.schema, "__interlace_")
    assert ("swap", new, TARGET, "view") == session.said[-1]


def test_the_name_beside_is_the_same_each_time_so_that_what_a_crash_left_is_dropped():
    names = []
    for _ in range(2):
        with placed(Task(), Session()) as task:
            names.append(task.relation)

    assert names[0] == names[1]


def test_a_table_that_fails_is_dropped_and_never_swapped_in():
    session = Session()
    with pytest.raises(LookupError), placed(Task(), session) as task:
        raise LookupError

    assert [("drop", task.relation, "table")] * 2 == session.said


@pytest.mark.parametrize("task", [Task(replaces=False), Task(relation=None)], ids=["keeps its rows", "has no relation"])
def test_what_replaces_nothing_is_built_in_its_place(task):
    session = Session()
    with placed(task, session) as given:
        assert given is task

    assert [] == session.said
