from __future__ import annotations

import json

from interlace.config.show import layers, masked_values, settings


def test_every_value_is_shown_with_where_it_came_from(load):
    shown = {one.key: (one.value, str(one.origin)) for one in settings(load("run: {threads: 8}\n"))}

    assert (8, "config.yaml:3") == shown["run.threads"]
    assert (False, "default") == shown["run.fail_fast"]
    assert ("data/dev.duckdb", "config.yaml:2") == shown["connections.default.path"]
    assert ("project", "default") == shown["name"]


def test_defaults_of_inner_sections_stand_on_lines_of_their_own_and_durations_as_people_write_them(load):
    shown = {one.key: one.value for one in settings(load("run: {threads: 8}\n"))}

    assert (5, "30s") == (shown["run.circuit.failures"], shown["run.circuit.recovery"])


def test_no_key_is_shown_twice(load):
    keys = [one.key for one in settings(load("name: x\nstate: {retention: {events: 1h}}\nplugins: {disabled: [a]}\n"))]

    assert sorted(set(keys)) == sorted(keys)


def test_secrets_are_masked_in_both_forms(load):
    loaded = load("connections: {default: {type: x, password: hunter2, url: 'pg://u:hunter2@h/d'}}")

    assert "hunter2" not in json.dumps(masked_values(loaded))
    assert "hunter2" not in repr(settings(loaded))


def test_the_json_form_has_defaults_and_durations_as_people_write_them(load):
    values = masked_values(load("state: {retention: {events: 5400}}\n"))

    assert {"type": "sqlite", "retention": {"events": 5400}} == values["state"]
    assert "UTC" == values["timezone"]


def test_the_layers_say_which_files_took_part(load):
    found = layers(
        load(files={"config.dev.yaml": "run: {threads: 2}\n", ".env": "X=1\n"}, environ={"INTERLACE_NAME": "n"})
    )

    assert [
        ("config.yaml", True, 2),
        ("config.dev.yaml", True, 1),
        ("INTERLACE_NAME", True, 1),
        (".env", True, 0),
        (".env.dev", False, 0),
    ] == [(one.name, one.found, one.values) for one in found]
