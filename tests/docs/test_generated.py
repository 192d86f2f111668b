"""The generated pages are what the code says now."""

from __future__ import annotations

import subprocess
import sys

import pytest


def test_every_generated_page_is_current(docs):
    done = subprocess.run(
        [sys.executable, str(docs / "generate.py"), "--check"], capture_output=True, encoding="utf-8", check=False
    )

    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.slow
def test_a_page_that_is_not_current_is_named(docs, tmp_path):
    import shutil

    copy = tmp_path / "docs"
    shutil.copytree(docs, copy, ignore=shutil.ignore_patterns("examples", "__pycache__"))
    (copy / "reference" / "checks.md").write_text("old")
    (copy / "reference" / "hooks" / "interlace_gone.md").write_text("of a hook that is gone")

    done = subprocess.run(
        [sys.executable, str(copy / "generate.py"), "--check"], capture_output=True, encoding="utf-8", check=False
    )

    assert 1 == done.returncode
    assert "Not current: reference/checks.md, reference/hooks/interlace_gone.md" == done.stderr.splitlines()[0]
