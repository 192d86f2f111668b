"""The pages that people follow are run: each is a story, executed from top to bottom in a folder of its own.

The info string of a fence says what becomes of it:

``bash run``            run by bash, where the block before it left off; ``exit=1`` is the exit code that it must end with
``python run``          run by Python in the present folder
``LANGUAGE file=NAME``  written to that file of the present folder
``text output``         what the block before it printed, to stdout and stderr, as far as people need to see
``LANGUAGE not-run``    shown only

A story's commands are forked from a process that has imported what they need (`tell.py`), but for those of `FRESH`.

An output is compared line by line.  Times, ids and moments may differ, models may end in another order, spaces count as one; ``…`` stands for anything
in a line, a line ``…`` for any number of lines.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

TELL = Path(__file__).with_name("tell.py")
DOCS = Path(__file__).parents[2] / "docs"
STORIES = sorted(
    path.relative_to(DOCS).as_posix()
    for folder in ("tutorial", "how-to", "explanation", "reference")
    for path in (DOCS / folder).rglob("*.md")
)
TOLD = [
    name for name in STORIES if re.search(r"^```\w+ run\b", (DOCS / name).read_text(encoding="utf-8"), re.MULTILINE)
]
FRESH = {"explanation/how-a-run-works.md", "tutorial/first-project.md"}
"""The stories whose commands are started as people start them: one kills what it began, the other is what people do first."""
RUNNABLE = {"bash", "python", "sql", "yaml", "csv", "toml"}
VARYING = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
    (r"\bPlan [0-9a-f]{12}\b", "Plan ID"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? UTC", "MOMENT"),
    (r"\d+(\.\d+)? (s|ms)\b", "TIME"),
    (r"\d+(m|h)\d*s? ", "TIME "),
)


class Teller:
    """Tells one story.

    Args:
        root: an empty folder.
        commands: a folder with commands that are taken before those of this environment.
    """

    def __init__(self, root: Path, commands: Path | None = None) -> None:
        self.root = root
        self.commands = commands
        self.folder = root
        self.said = ""

    def tell(self, fence) -> None:
        words = set(fence.words)
        if "not-run" in words:
            return
        if "output" in words:
            self.compare(fence)
        elif file := fence.value("file"):
            path = self.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(fence.content, encoding="utf-8")
        elif fence.language == "bash" and "run" in words:
            self.bash(fence)
        elif fence.language == "python" and "run" in words:
            self.perform([sys.executable, "-c", fence.content], fence)

    def bash(self, fence) -> None:
        """Run a block; the folder and what is exported are as the block before left them."""
        where, exports = self.root / ".where", self.root / ".exports"
        exports.touch()
        script = f". {exports}\ntrap 'pwd > {where}; export -p > {exports}' EXIT\n{fence.content}"
        self.perform(["bash", "-e", "-o", "pipefail", "-c", script], fence)
        self.folder = Path(where.read_text(encoding="utf-8").strip())

    def perform(self, command: list[str], fence) -> None:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment(self.root, self.commands),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=100,
            check=False,
        )
        self.said = done.stdout
        assert int(fence.value("exit") or 0) == done.returncode, f"line {fence.line}:\n{fence.content}\n{done.stdout}"

    def compare(self, fence) -> None:
        expected, actual = self.lines(fence.content), self.lines(self.said)
        pattern = "".join(r"(?:.*\n)*?" if line == "…" else wildcard(line) + r"\n" for line in expected)
        text = "".join(f"{line}\n" for line in actual)
        assert re.fullmatch(pattern, text), f"line {fence.line}: the page shows\n{fence.content}\nbut was\n{self.said}"

    def lines(self, text: str) -> list[str]:
        text = text.replace(f"{self.root}/", "").replace(str(self.root), "")
        for pattern, word in VARYING:
            text = re.sub(pattern, word, text)
        return in_any_order([" ".join(line.split()) for line in text.splitlines() if line.strip()])


def in_any_order(lines: list[str]) -> list[str]:
    """Models that run side by side end in any order: the lines of each bunch of them are sorted."""
    bunches = [list(bunch) for _, bunch in groupby(lines, key=lambda line: line[:2] in ("✓ ", "✗ ", "· "))]
    return [line for bunch in bunches for line in (sorted(bunch) if bunch[0][:2] in ("✓ ", "✗ ", "· ") else bunch)]


def wildcard(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split("…"))


def environment(home: Path, commands: Path | None = None) -> dict[str, str]:
    """Nobody's settings; those commands first, then those of this environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("INTERLACE_", "PYTEST_", "CI"))}
    folders = [] if commands is None else [str(commands)]
    path = [*folders, str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    return {**kept, "PATH": os.pathsep.join(path), "HOME": str(home), "COLUMNS": "160", "LANG": "C.UTF-8"}


@pytest.fixture(scope="session")
def forking(tmp_path_factory) -> Iterator[Path]:
    """A folder with an ``interlace`` that is forked from a process that has imported what it needs."""
    folder = tmp_path_factory.mktemp("commands")
    variables = {**environment(folder), "ARROW_DEFAULT_MEMORY_POOL": "system"}
    with tempfile.TemporaryDirectory(prefix="tell") as short:  # the path of a socket has some hundred characters
        command = folder / "interlace"
        words = [sys.executable, str(TELL), str(Path(short) / "socket"), str(command)]
        server = subprocess.Popen(words, stdin=subprocess.PIPE, env=variables, start_new_session=True)
        while not command.exists():
            assert server.poll() is None
            time.sleep(0.01)
        yield folder
        server.communicate(timeout=20)


@pytest.fixture
def lake_endpoint(s3_server):
    """The address of a server for S3 with an empty bucket ``lake``."""
    import boto3

    client = boto3.client(
        "s3", endpoint_url=s3_server, region_name="eu-west-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield s3_server
    for found in client.list_objects_v2(Bucket="lake").get("Contents", ()):
        client.delete_object(Bucket="lake", Key=found["Key"])
    client.delete_bucket(Bucket="lake")
    client.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", TOLD)
def test_the_page_happens_as_it_says(name, open_page, tmp_path, request, monkeypatch):
    if "${WAREHOUSE_URL}" in open_page(name).text:
        monkeypatch.setenv("WAREHOUSE_URL", request.getfixturevalue("postgres_url"))
    if "${LAKE_ENDPOINT}" in open_page(name).text:
        monkeypatch.setenv("LAKE_ENDPOINT", request.getfixturevalue("lake_endpoint"))
    teller = Teller(tmp_path, None if name in FRESH else request.getfixturevalue("forking"))
    for fence in open_page(name).fences:
        teller.tell(fence)


@pytest.mark.parametrize("name", STORIES)
def test_every_fence_of_a_page_says_what_becomes_of_it(name, open_page):
    known = {"run", "output", "not-run"}
    silent = [
        f"{name}:{fence.line}"
        for fence in open_page(name).fences
        if fence.language in RUNNABLE and not known & set(fence.words) and fence.value("file") is None
    ]

    assert [] == silent
