"""The core can live in one environment with the orchestrators that embed it."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(300)]


@pytest.mark.parametrize("neighbour", ["dagster>=1.13", "apache-airflow>=3.2"])
def test_the_core_resolves_beside(neighbour, dist, root, uv, tmp_path):
    wanted = tmp_path / "requirements.in"
    wanted.write_text(f"interlace-core=={root.version}\n{neighbour}\n")

    resolved = uv(
        "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--python-version", "3.12", "--find-links", dist, wanted
    )  # fmt: skip

    assert f"interlace-core=={root.version}\n" in resolved
    assert f"{neighbour.partition('>')[0]}==" in resolved
