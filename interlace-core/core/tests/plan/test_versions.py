"""Data versions: a model that is inlined moves with its definition and with what it reads."""

from __future__ import annotations

from interlace.plan.versions import UNSEEN, Versions, digest

PARENTS = {"a": (), "e": ("a",), "f": ("e", "a"), "b": ("f",)}


def versions(known: dict[str, str], inlined: dict[str, str] | None = None) -> Versions:
    return Versions(known, inlined or {"e": "def-e", "f": "def-f"}, PARENTS.__getitem__)


def test_a_model_reads_through_inlined_ones():
    before = versions({"a": "1"}).read_by("b")

    assert before == versions({"a": "1"}).read_by("b")
    assert before != versions({"a": "2"}).read_by("b")
    assert before != versions({"a": "1"}, {"e": "other", "f": "def-f"}).read_by("b")


def test_what_moves_during_a_run_is_seen_at_once():
    now = versions({"a": "1"})
    before = now.read_by("b")
    now.move("a", "2")

    assert before != now.read_by("b")


def test_what_was_never_published_is_unseen():
    assert UNSEEN == versions({}).of("a")


def test_a_long_chain_of_inlined_models_is_no_recursion():
    chain = {"m0": (), **{f"m{i}": (f"m{i - 1}",) for i in range(1, 5000)}}

    assert Versions({"m0": "1"}, {f"m{i}": "x" for i in range(1, 5000)}, chain.__getitem__).of("m4999")


def test_two_lists_of_texts_never_give_one_digest():
    assert digest("a", "bc") != digest("ab", "c")
