"""What an environment is called that is thrown away: by the pull request or the commit that it is for."""

from __future__ import annotations

import re
from secrets import token_hex
from typing import TYPE_CHECKING

from interlace.config.environments import THROW_AWAY, check_environment_name
from interlace.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlace.config.loaded import LoadedConfig

__all__ = ["check_throw_away_name", "throw_away_name"]

_COMMIT = ("GITHUB_SHA", "CI_COMMIT_SHA")


def throw_away_name(environ: Mapping[str, str]) -> str:
    """``ci_pr_7`` for a pull request of GitHub, ``ci_mr_7`` for a merge request of GitLab, else ``ci_`` and a commit's hash.

    Where the variables of neither are there, eight random digits.
    """
    pull = re.match(r"refs/pull/(\d+)/", environ.get("GITHUB_REF", ""))
    if pull:
        return f"{THROW_AWAY}pr_{pull[1]}"
    merge = environ.get("CI_MERGE_REQUEST_IID", "")
    if merge.isascii() and merge.isdigit():
        return f"{THROW_AWAY}mr_{merge}"
    for name in _COMMIT:
        commit = re.match("[0-9a-f]{7,}", environ.get(name, ""))
        if commit:
            return f"{THROW_AWAY}{commit[0][:8]}"
    return f"{THROW_AWAY}{token_hex(4)}"


def check_throw_away_name(name: str, config: LoadedConfig) -> None:
    """Refuse the name of an environment that somebody may want to keep.

    Raises:
        UsageError: it does not begin with ``ci_``, is none, or the project declares it.
    """
    if not name.startswith(THROW_AWAY):
        raise UsageError(
            f"--name {name}: the name of an environment that is dropped again begins with {THROW_AWAY!r}.",
            hint=f"--name {THROW_AWAY}{name}",
        )
    wrong = check_environment_name(name)
    if wrong is not None:
        raise UsageError(f"--name {name}: it {wrong}.")
    settings = config.config
    kept = {settings.base_environment, settings.default_environment, config.environment}
    if config.declared:
        kept |= set(config.environments)
    if name.casefold() in {known.casefold() for known in kept}:
        raise UsageError(f"--name {name}: that is an environment of the project, which is not thrown away.")
