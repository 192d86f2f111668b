"""What is committed says nothing about the machine it was written on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SETTINGS = {".cfg", ".ini", ".json", ".lock", ".npmrc", ".toml", ".txt", ".yaml", ".yml", ""}
PACKAGE_HOST = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.org|index-url|extra-index|find-links", re.IGNORECASE)


@pytest.fixture(scope="module")
def tracked(checkout) -> dict[str, str]:
    """Every text file that git tracks or would add, by its path."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("the checkout is no git repository")
    files = {name: checkout / name for name in listed.stdout.split("\0") if name and (checkout / name).is_file()}
    texts = {}
    for name, file in files.items():
        try:
            texts[name] = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return texts


def test_no_file_holds_a_path_of_this_machine(tracked, checkout):
    places = {f"{place}/" for place in (checkout, Path.home(), Path(sys.prefix), Path(sys.base_prefix))} - {"//"}
    local = {place for place in places if place not in ("/usr/", "/usr/local/")}

    assert [] == [(name, place) for name, text in tracked.items() for place in local if place in text]


def test_locks_and_settings_name_no_package_host(tracked):
    settings = {name: text for name, text in tracked.items() if Path(name).suffix in SETTINGS}

    assert [] == [name for name, text in settings.items() if PACKAGE_HOST.search(text)]


def test_the_lock_of_uv_is_not_committed(checkout):
    listed = subprocess.run(
        ["git", "ls-files", "--", "uv.lock"], cwd=checkout, capture_output=True, text=True, check=False
    )

    assert "" == listed.stdout


def test_constraints_are_exact_versions_of_published_packages(checkout):
    lines = (checkout / "constraints.txt").read_text().splitlines()

    assert [] == [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==[\w.+!]+( ; .+)?", line)]
    assert [] == [line for line in lines if line.startswith("interlace")]
