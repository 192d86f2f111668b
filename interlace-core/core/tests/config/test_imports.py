from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from pathlib import Path
from interlace.config import load_config
load_config(Path({root!r}), environ={environ!r})
print(sorted(name for name in {names!r} if name in sys.modules))
"""
HEAVY = ["pydantic_settings", "duckdb", "pyarrow", "sqlglot", "sqlalchemy", "pandas", "ibis", "dotenv", "rich", "typer"]


def _loaded(root, environ, names=HEAVY) -> str:
    script = SCRIPT.format(root=str(root), environ=environ, names=list(names))
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()


@pytest.mark.parametrize("environ", [{}, {"INTERLACE_ENV": "dev", "INTERLACE_PROJECT": "x"}])
def test_a_plain_configuration_imports_nothing_heavy(project, environ):
    assert "[]" == _loaded(project(), environ)


def test_only_a_variable_of_the_configuration_imports_pydantic_settings(project):
    assert "['pydantic_settings']" == _loaded(project(), {"INTERLACE_RUN__THREADS": "2"}, ["pydantic_settings"])


def test_only_an_env_file_imports_dotenv(project):
    assert "['dotenv']" == _loaded(project(**{".env": "A=1\n"}), {})


def test_finding_the_root_imports_no_pydantic(project):
    script = f"import sys; from pathlib import Path; from interlace.config import find_root; find_root(Path({str(project())!r})); print('pydantic' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert "False" == done.stdout.strip()
