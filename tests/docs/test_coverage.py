"""Whatever a user can name is documented."""

from __future__ import annotations

import ast
import inspect
import re
from typing import get_args

import pytest

import interlace.errors
import interlace.plan.planner
from interlace.cli.lazy import load_command
from interlace.cli.table import COMMANDS
from interlace.config.json_schema import json_schema
from interlace.config.starter import TEMPLATES
from interlace.contracts.check import Check
from interlace.contracts.connection import Connection
from interlace.contracts.exporter import Exporter
from interlace.contracts.materialiser import Materialiser
from interlace.contracts.secret import SecretProvider
from interlace.contracts.state import StateStore
from interlace.contracts.strategy import Strategy
from interlace.errors import InterlaceError
from interlace.graph.select import METHODS, STATES
from interlace.hookspecs import extension, life_cycle, policy, providers
from interlace.model.keys import KEYS
from interlace.plugins import PluginManager
from interlace.telemetry.events import Event

OFFERED = {
    Check: "reference/checks.md",
    Connection: "reference/configuration.md",
    Exporter: "reference/exporters.md",
    Materialiser: "reference/materialisations.md",
    SecretProvider: "reference/configuration.md",
    StateStore: "reference/configuration.md",
    Strategy: "reference/strategies.md",
}
WORDS = [
    (contract, provider.name)
    for contract in OFFERED
    for provider in PluginManager.discover(safe=True).registry(contract).providers()
]
ERRORS = sorted(
    (
        thing
        for thing in vars(interlace.errors).values()
        if isinstance(thing, type) and issubclass(thing, InterlaceError)
    ),
    key=lambda cls: cls.code,
)
HOOKS = [
    name for file in (providers, life_cycle, policy, extension) for name in vars(file) if name.startswith("interlace_")
]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name, open_page):
    headings = open_page("reference/cli.md").headings
    subcommands = getattr(load_command(name), "commands", {})

    wanted = {f"interlace {name}", *(f"interlace {name} {sub}" for sub in subcommands)}

    assert set() == wanted - set(headings)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_used_on_a_page_that_runs(name, docs, page_at):
    pages = [page_at(path) for folder in ("tutorial", "how-to", "explanation") for path in (docs / folder).glob("*.md")]
    run = [
        fence.content for page in pages for fence in page.fences if fence.language == "bash" and "run" in fence.words
    ]

    assert any(re.search(rf"\binterlace {name}\b", text) for text in run)


def test_every_key_of_the_configuration_is_documented(open_page):
    schema = json_schema()
    sections = [schema, *schema["$defs"].values()]

    text = open_page("reference/configuration.md").text
    missing = [key for section in sections for key in section.get("properties", {}) if f"`{key}`" not in text]

    assert [] == missing


@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.name)
def test_every_key_of_a_model_is_documented_with_its_other_words(key, open_page):
    row = next(r for r in open_page("reference/model-keys.md").text.splitlines() if r.startswith(f"| `{key.name}` |"))

    assert ", ".join(f"`{alias}`" for alias in key.aliases) == row.split("|")[2].strip()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_is_documented_under_its_code(error, open_page):
    page = open_page("reference/errors.md")

    assert error.code in page.headings
    assert f"| [{error.code}](#{error.code.lower()}) | `{error.__name__}` | {error.exit_code} |" in page.text


def test_no_two_errors_share_a_code():
    assert len(ERRORS) == len({error.code for error in ERRORS})


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_page(hook, open_page):
    assert hook == open_page(f"reference/hooks/{hook}.md").headings[0]


@pytest.mark.parametrize(("contract", "word"), WORDS, ids=lambda value: getattr(value, "__name__", value))
def test_every_word_that_a_plugin_offers_is_documented_with_its_options(contract, word, open_page):
    page = open_page(OFFERED[contract])
    config = getattr(PluginManager.discover(safe=True).registry(contract).get(word), "Config", None)
    options = [] if config is None else [field.alias or name for name, field in config.model_fields.items()]

    assert word in {heading.removeprefix("state: ").removeprefix("secrets: ") for heading in page.headings}
    assert [] == [option for option in options if f"`{option}`" not in page.text]


@pytest.mark.parametrize("word", [*(f"{method}:" for method in METHODS), *(f"state:{state}" for state in STATES)])
def test_every_selector_is_documented(word, open_page):
    assert f"| `{word}" in open_page("reference/selectors.md").text


def test_every_event_is_documented(open_page):
    words = [re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower() for cls in get_args(Event)]

    assert [] == [word for word in words if word not in open_page("reference/events.md").headings]


def test_every_reason_of_a_plan_is_documented(open_page):
    calls = [n for n in ast.walk(ast.parse(inspect.getsource(interlace.plan.planner))) if isinstance(n, ast.Call)]
    codes = {c.args[0].value for c in calls if isinstance(c.func, ast.Name) and c.func.id == "Reason"} - {"up_to_date"}

    text = open_page("explanation/how-a-run-works.md").text

    assert [] == sorted(code for code in codes if f"| {code} |" not in text)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_documented(template, open_page):
    assert template in open_page("reference/cli.md").text


def test_every_page_can_be_reached_from_the_index(docs, page_at):
    reached, waiting = set(), [docs / "index.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = [target.partition("#")[0] for target in page_at(page).targets if "://" not in target]
        waiting += [page.parent / link for link in links if link]
    pages = {
        path.resolve()
        for folder in ("tutorial", "how-to", "reference", "explanation")
        for path in (docs / folder).rglob("*.md")
    }

    assert set() == pages - reached
