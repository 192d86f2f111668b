"""What a plugin offers.

Every hook here takes no arguments and returns `interlace.plugin.Provider` values: a word, where the class lives, and
one line for people.  Nothing is imported to describe: the target of a provider is imported when a project first uses
its word, and must then be a subclass of the contract that its hook names.

An answer that is not made of `Provider` values counts as a failure of the plugin, and nothing of it is used.  A word
that two distributions offer is an error that names both, raised where the word is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from interlace.plugin import hookspec

if TYPE_CHECKING:
    from typer import Typer

    from interlace.contracts.check import Check
    from interlace.contracts.connection import Connection
    from interlace.contracts.exporter import Exporter
    from interlace.contracts.materialiser import Materialiser
    from interlace.contracts.model_loader import ModelLoader
    from interlace.contracts.secret import SecretProvider
    from interlace.contracts.state import StateStore
    from interlace.contracts.strategy import Strategy
    from interlace.plugin import Provider


@hookspec
def interlace_connections() -> Iterable[Provider[Connection]]:  # type: ignore[empty-body]
    """Offer types of connections: the words allowed after ``type:`` under ``connections:`` in ``config.yaml``.

    The class takes what the user wrote beside ``type:``, validated by its ``Config``, and the project's folder.  It is
    made when the first model that uses the connection is planned; a connection that nothing uses is never made, so its
    driver may be missing.  Its suite is ``interlace.testing.conformance.connection``; that of a place with files, a
    ``FileConnection``, is ``interlace.testing.conformance.files``.
    """


@hookspec
def interlace_strategies() -> Iterable[Provider[Strategy]]:  # type: ignore[empty-body]
    """Offer loading strategies: the words allowed after ``strategy:``.

    The class is made without arguments, once per project, when the first model that names it is validated.  What the
    user wrote beside ``name:`` is validated by its ``Config``.  Its suite is ``interlace.testing.conformance.strategy``.
    """


@hookspec
def interlace_materialisers() -> Iterable[Provider[Materialiser]]:  # type: ignore[empty-body]
    """Offer materialisations: the words allowed after ``materialise:``.

    The class is made without arguments, once per project, when the first model that names it is validated; several
    threads use the one object, each with a session of its own.  Its suite is
    ``interlace.testing.conformance.materialiser``.
    """


@hookspec
def interlace_exporters() -> Iterable[Provider[Exporter]]:  # type: ignore[empty-body]
    """Offer export formats: the words allowed after ``format:`` under ``export:``.

    The class is made without arguments.  It runs after publication, and leaves the old file or the new one, never a
    part.  Its suite is ``interlace.testing.conformance.exporter``.
    """


@hookspec
def interlace_checks() -> Iterable[Provider[Check]]:  # type: ignore[empty-body]
    """Offer checks: the words allowed under ``checks:``.

    The class is made without arguments.  It compiles to an expression that is asked together with those of all other
    checks of the relation, before publication, and judges the answer.  Its suite is
    ``interlace.testing.conformance.check``.
    """


@hookspec
def interlace_state_stores() -> Iterable[Provider[StateStore]]:  # type: ignore[empty-body]
    """Offer state stores: the words allowed after ``type:`` under ``state:``.

    The class takes its validated ``Config`` and, by keyword, ``root``, the project's folder.  One object per project;
    its methods are called from any thread.
    """


@hookspec
def interlace_model_loaders() -> Iterable[Provider[ModelLoader]]:  # type: ignore[empty-body]
    """Offer loaders of model files, under the suffix that they load, such as ``.sql``; aliases are further suffixes.

    The class is made without arguments, once per project, when the first file of its suffix is found under ``models/``.
    Files of a suffix that nobody offers are left alone.
    """


@hookspec
def interlace_secret_providers() -> Iterable[Provider[SecretProvider]]:  # type: ignore[empty-body]
    """Offer stores of secrets: the words allowed after ``type:`` under ``secrets:``.

    The class takes its name, its validated ``Config`` and, by keyword, ``root``, the project's folder, and ``environ``,
    the variables that the project sees.  It is made when the first ``${secret:NAME:path#key}`` is resolved, which is when
    a connection that uses one is opened; a store that nothing uses may be out of reach, its driver missing.  What it
    raises holds no secret, nor anything that was read on the way to one.  Its suite is
    ``interlace.testing.conformance.secret_provider``.
    """


@hookspec
def interlace_commands() -> Iterable[Provider[Typer]]:  # type: ignore[empty-body]
    """Offer commands: the first word after ``interlace``.

    The target is no class but a ``typer.Typer``, as ``module:app``; `Provider.summary` is its line in ``--help``.  It
    is imported when the command is used.  Asked for by ``interlace --help`` and for words that no built-in command
    answers to; a built-in command is never replaced.
    """
