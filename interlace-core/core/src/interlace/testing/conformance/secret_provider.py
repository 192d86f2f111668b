"""What a store of secrets must do: the suite for `interlace.contracts.secret`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from interlace.errors import SecretUnavailable
from interlace.redaction import Secret

if TYPE_CHECKING:
    from interlace.contracts.secret import SecretProvider

__all__ = ["SecretProviderConformance"]

VALUE = "correct/h@rse 'battery' \"staple\" ünlock"
"""A secret that has to be given back as it is."""


class SecretProviderConformance:
    """All scenarios of a store of secrets.

    Override `make`, `kept` and `kept_keys`, the last with None where the store has no keys.
    """

    @pytest.fixture
    def make(self) -> Callable[[], SecretProvider]:
        """A function that makes a store, a new object for the same secrets with each call."""
        raise NotImplementedError("override the fixture `make`: return a function that makes your store")

    @pytest.fixture
    def kept(self) -> Callable[[str], str]:
        """A function that puts one value into the store and gives its path."""
        raise NotImplementedError("override the fixture `kept`: return a function that keeps a secret")

    @pytest.fixture
    def kept_keys(self) -> Callable[[dict[str, str]], str] | None:
        """A function that puts several values under one path, by key, and gives the path."""
        raise NotImplementedError("override the fixture `kept_keys`: return a function that keeps several, or None")

    @pytest.fixture
    def store(self, make: Callable[[], SecretProvider]) -> Iterator[SecretProvider]:
        """A store."""
        made = make()
        yield made
        made.close()

    def test_a_secret_is_given_as_it_was_kept(self, store: SecretProvider, kept: Callable[[str], str]) -> None:
        found = store.fetch(kept(VALUE), None)

        assert isinstance(found, Secret)
        assert VALUE == found.reveal()

    def test_of_several_values_the_key_says_which(
        self, store: SecretProvider, kept_keys: Callable[[dict[str, str]], str] | None
    ) -> None:
        if kept_keys is None:
            pytest.skip("the store has no keys")
        path = kept_keys({"user": "loader", "password": VALUE})

        assert ("loader", VALUE) == (store.fetch(path, "user").reveal(), store.fetch(path, "password").reveal())

    def test_a_key_that_is_not_there_is_said_without_a_value(
        self, store: SecretProvider, kept_keys: Callable[[dict[str, str]], str] | None
    ) -> None:
        if kept_keys is None:
            pytest.skip("the store has no keys")
        path = kept_keys({"user": "loader", "password": "correct-horse-battery"})

        with pytest.raises(SecretUnavailable) as caught:
            store.fetch(path, "nothing")

        _holds_nothing(caught.value, "correct-horse-battery")
        assert not caught.value.transient

    def test_a_path_that_is_not_there_is_said(self, store: SecretProvider, kept: Callable[[str], str]) -> None:
        path = kept(VALUE)

        with pytest.raises(SecretUnavailable) as caught:
            store.fetch(path + "_not_there", None)

        assert not caught.value.transient

    def test_a_key_of_a_plain_value_is_said_without_it(self, store: SecretProvider, kept: Callable[[str], str]) -> None:
        with pytest.raises(SecretUnavailable) as caught:
            store.fetch(kept("correct-horse-battery"), "nothing")

        _holds_nothing(caught.value, "correct-horse-battery")

    def test_closing_twice_does_nothing_and_it_can_be_used_again(
        self, store: SecretProvider, kept: Callable[[str], str]
    ) -> None:
        path = kept(VALUE)
        store.fetch(path, None)
        store.close()
        store.close()

        assert VALUE == store.fetch(path, None).reveal()

    def test_it_shows_nothing_of_what_it_fetched(self, store: SecretProvider, kept: Callable[[str], str]) -> None:
        store.fetch(kept("correct-horse-battery"), None)

        own = {name: value for name, value in vars(store).items() if name != "environ"}
        assert "correct-horse-battery" not in repr(store) + repr(own)


def _holds_nothing(error: BaseException | None, value: str) -> None:
    while error is not None:
        assert value not in str(error)
        error = error.__cause__ or error.__context__
