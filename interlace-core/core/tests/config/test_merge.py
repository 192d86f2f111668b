from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlace.config.merge import merge
from interlace.config.origin import Entry, Origin, plain

FILE = Origin("file", "config.yaml", 1, 1)
VARIABLE = Origin("variable", "INTERLACE_X")


def _tree(value, origin=FILE):
    match value:
        case dict():
            return Entry({key: _tree(child, origin) for key, child in value.items()}, origin, origin)
        case list():
            return Entry([_tree(child, origin) for child in value], origin, origin)
        case _:
            return Entry(value, origin, origin)


def _merged(base, overlay, origin=FILE):
    return plain(merge(_tree(base), _tree(overlay, origin)))


trees = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        st.integers() | st.none(),
        lambda inner: st.dictionaries(st.sampled_from("abc"), inner) | st.lists(inner, max_size=3),
        max_leaves=8,
    ),
)


@given(trees)
def test_a_tree_over_itself_is_itself(tree):
    assert tree == _merged(tree, tree)


@given(trees)
def test_nothing_over_a_tree_and_a_tree_over_nothing_are_the_tree(tree):
    assert tree == _merged(tree, {}) == _merged({}, tree)


def _mappings_only(tree):
    return all(isinstance(value, dict) and _mappings_only(value) for value in tree.values())


layers = st.recursive(st.just({}), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=12)


@given(layers, layers, layers)
def test_layers_can_be_merged_in_any_grouping(one, two, three):
    assert _merged(_merged(one, two), three) == _merged(one, _merged(two, three))


@given(trees, trees)
def test_every_scalar_of_the_overlay_is_in_effect(base, overlay):
    merged = _merged(base, overlay)

    def holds(part, whole):
        return (
            all(holds(part[key], whole[key]) for key in part)
            if isinstance(part, dict) and part
            else (part in (whole, {}))
        )

    assert holds(overlay, merged)


def test_lists_are_replaced():
    assert {"a": [3]} == _merged({"a": [1, 2]}, {"a": [3]})


def test_a_connection_of_another_type_is_replaced_as_a_whole():
    base = {"connections": {"default": {"type": "duckdb", "path": "x"}}}

    assert {"connections": {"default": {"type": "postgres", "host": "h"}}} == _merged(
        base, {"connections": {"default": {"type": "postgres", "host": "h"}}}
    )
    assert {"connections": {"default": {"type": "duckdb", "path": "x", "threads": 2}}} == _merged(
        base, {"connections": {"default": {"type": "duckdb", "threads": 2}}}
    )


def test_a_declared_variable_keeps_its_type_under_another_value():
    assert {"vars": {"x": {"type": "float", "default": 3}}} == _merged(
        {"vars": {"x": {"type": "float", "default": 1}}}, {"vars": {"x": 3}}
    )


def test_text_from_outside_takes_the_type_of_the_value_below_it():
    assert {"vars": {"x": {"type": "int", "default": "3"}}} == _merged(
        {"vars": {"x": 1}}, {"vars": {"x": "3"}}, VARIABLE
    )
