from __future__ import annotations

import pytest

from interlace.config.origin import find, plain
from interlace.config.yaml_file import parse_yaml, read_yaml
from interlace.errors import InvalidConfig


def _error(text: str) -> InvalidConfig:
    with pytest.raises(InvalidConfig) as caught:
        parse_yaml(text, "config.yaml")
    return caught.value


def test_every_value_knows_its_line_and_column():
    tree = parse_yaml("name: shop\nrun:\n  threads: 8\n", "config.yaml")

    entry, path = find(tree, ("run", "threads"))

    assert (8, "config.yaml:3", 12, 3, ("run", "threads")) == (
        entry.value,
        str(entry.origin),
        entry.origin.column,
        entry.key_origin.column,
        path,
    )


def test_values_have_the_types_of_yaml():
    tree = parse_yaml("a: 1\nb: 2.5\nc: true\nd: text\ne: null\nf: [1, 2]\n", "config.yaml")

    assert {"a": 1, "b": 2.5, "c": True, "d": "text", "e": None, "f": [1, 2]} == plain(tree)


def test_anchors_and_merge_keys_are_filled_in_and_own_keys_win():
    tree = parse_yaml("base: &b {x: 1, y: 2}\nother: {<<: *b, y: 3}\nagain: {<<: *b}\n", "config.yaml")

    assert {"x": 1, "y": 3} == plain(tree)["other"]
    assert {"x": 1, "y": 2} == plain(tree)["again"]


def test_of_several_merged_mappings_the_first_wins():
    tree = parse_yaml("a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}\n", "config.yaml")

    assert {"x": 1, "y": 2} == plain(tree)["c"]


def test_a_key_that_is_given_twice_names_both_lines():
    error = _error("run: {}\nname: a\nrun: {}\n")

    assert "config.yaml:3:1" in str(error)
    assert "'run' is given twice; the first is in line 1" in str(error)


def test_a_tab_is_pointed_at():
    error = _error("run:\n\tthreads: 1\n")

    assert "config.yaml:2:1: is indented with a tab." in str(error)


def test_broken_yaml_shows_the_line():
    error = _error("a: b: c\n")

    assert str(error).startswith("config.yaml:1:5: is no valid YAML: mapping values are not allowed")
    assert "    a: b: c\n        ^" in str(error)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "must be a mapping of keys to values at its top level, not a list"),
        ("text\n", "not a single value"),
        ("a: 1\n---\nb: 2\n", "more than one YAML document"),
        ("on: 1\n", 'YAML reads on as another type: write "on".'),
        ("1: 2\n", "the key '1' is no text"),
        ("a: &x [*x]\n", "an anchor holds itself"),
        ("a: !!python/name:os.system x\n", "the tag 'python/name:os.system' is not allowed"),
        ("a: 2024-13-45\n", "is no valid value"),
        ("a: \x07\n", "U+0007"),
        ("a: *nope\n", "undefined alias"),
    ],
)
def test_what_yaml_allows_and_a_configuration_does_not_is_said_clearly(text, said):
    assert said in str(_error(text))


def test_a_brace_inside_braces_gets_the_advice_to_quote_it():
    assert "Inside { } a value that holds a brace must be quoted." in str(
        _error("a: {type: duckdb, path: x/{env}.duckdb}\n")
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "null\n"])
def test_a_file_that_says_nothing_is_no_tree(text):
    assert parse_yaml(text, "config.yaml") is None


def test_a_mapping_that_explodes_through_anchors_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]

    assert "more than 100,000 values" in str(_error("\n".join(lines)))


def test_a_file_that_is_not_utf_8_names_the_byte_and_the_line(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_bytes(b"name: x\nowner: caf\xe9\n")

    with pytest.raises(InvalidConfig, match=r"config.yaml:2: is not UTF-8: byte 18 is 0xe9"):
        read_yaml(path, "config.yaml")


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: x\n")

    assert {"name": "x"} == plain(read_yaml(path, "config.yaml"))
