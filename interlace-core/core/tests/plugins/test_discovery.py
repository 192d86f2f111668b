from __future__ import annotations

import itertools
import sys

import pytest

from interlace.plugins import Origin
from interlace.plugins.discovery import find_plugins


def found():
    """What is found beside Interlace's own plugins."""
    origins, failures = find_plugins()
    return [o for o in origins if not o.distribution.startswith("interlace-")], failures


def test_the_core_registers_itself_through_the_same_door():
    origins, _ = find_plugins()

    assert "interlace.plugins.builtin" in [o.module for o in origins if o.distribution == "interlace-core"]


def test_an_entry_point_of_the_group_is_a_plugin(install):
    install(
        "Acme_Data.Tools",
        "[console_scripts]\nacme = a:b\n\n[interlace]\n# ours\nacme = acme.plugin\n\n[other]\nx = y\n",
        version="2.1",
    )

    assert ([Origin("acme-data-tools", "acme", "acme.plugin", "2.1")], []) == found()


def test_a_distribution_without_entry_points_of_the_group_is_none(install):
    install("other", "[console_scripts]\ninterlace = other:main\n[interlaced]\nx = y\n")

    assert ([], []) == found()


@pytest.mark.parametrize(
    "line", ["acme", "acme = ", "acme = not a module", "acme = acme:plugin", "= acme", "acme = acme..x"]
)
def test_an_entry_point_that_cannot_be_read_is_a_failure_and_the_others_are_found(install, line):
    install("acme", f"[interlace]\n{line}\nfine = acme_fine\n")
    install("zebra", "[interlace]\nzebra = zebra\n")
    origins, failures = found()

    assert ["fine", "zebra"] == [o.name for o in origins]
    assert [("acme", "metadata", "acme", "1.0")] == [(f.plugin, f.stage, f.distribution, f.version) for f in failures]
    assert f"entry point {line.strip()!r} does not read 'name = package.module'" == failures[0].message


def test_a_distribution_that_is_there_twice_counts_once_the_first_on_the_path(install):
    install("acme", "[interlace]\nacme = acme_old\n", version="1.0", folder="old")
    install("acme", "[interlace]\nacme = acme_new\n", version="2.0", folder="new")

    assert [Origin("acme", "acme", "acme_new", "2.0")] == found()[0]


def test_the_order_does_not_depend_on_the_path(install, monkeypatch):
    folders = [
        str(install("b", "[interlace]\ny = m\nx = m\n", folder="one")),
        str(install("a", "[interlace]\nz = m\n", folder="two")),
        str(install("c", "[interlace]\na = m\n", folder="three")),
    ]
    rest = [entry for entry in sys.path if entry not in folders]
    orders = set()
    for order in itertools.permutations(folders):
        monkeypatch.setattr(sys, "path", [*order, *rest])
        orders.add(tuple(f"{o.distribution}:{o.name}" for o in found()[0]))

    assert {("a:z", "b:x", "b:y", "c:a")} == orders


def test_metadata_without_a_name_still_says_where_it_is(install, tmp_path):
    site = install("acme", "[interlace]\nacme = acme\n")
    (site / "acme-1.0.dist-info" / "METADATA").write_text("")
    [origin] = found()[0]

    assert str(tmp_path).lower().replace("_", "-") in origin.distribution
    assert "unknown" == origin.version
