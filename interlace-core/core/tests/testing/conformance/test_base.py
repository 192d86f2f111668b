from __future__ import annotations

from types import SimpleNamespace

import pytest

from interlace.contracts.connection import Capabilities
from interlace.errors import UnsupportedCapability
from interlace.testing.conformance.base import missing_capabilities, needs_of, requires


def session(**capabilities):
    return SimpleNamespace(connection=SimpleNamespace(capabilities=Capabilities(**capabilities)))


@requires("views", "arrow_in")
def refuses(*, session):
    raise UnsupportedCapability("no")


@requires("views", "arrow_in")
def works(*, session):
    session.worked = True


def test_a_scenario_whose_capabilities_are_declared_runs():
    able = session(views=True, arrow_in=True)
    works(session=able)

    assert able.worked


def test_a_declared_capability_may_not_refuse():
    with pytest.raises(UnsupportedCapability):
        refuses(session=session(views=True, arrow_in=True))


def test_an_undeclared_capability_that_refuses_passes():
    refuses(session=session(views=True))


def test_an_undeclared_capability_that_works_all_the_same_fails():
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        works(session=session(views=True))


def test_an_undeclared_capability_that_raises_something_else_fails():
    @requires("views")
    def stumbles(*, session):
        raise AttributeError("create_view")

    with pytest.raises(AttributeError):
        stumbles(session=session())


@pytest.mark.parametrize("name", ["transactional_ddl", "persistent"])
def test_a_property_that_is_not_declared_skips(name):
    @requires(name)
    def scenario(*, connection):
        raise AssertionError("did run")

    with pytest.raises(pytest.skip.Exception, match=f"not declared: {name}"):
        scenario(connection=SimpleNamespace(capabilities=Capabilities(**{name: False})))


def test_a_request_that_is_not_declared_is_refused_whatever_properties_are_missing_beside_it():
    refused = []

    @requires("transactional_ddl", "views")
    def scenario(*, session):
        refused.append(session)
        raise UnsupportedCapability("no")

    scenario(session=session())

    assert 1 == len(refused)


def test_a_scenario_says_what_it_needs():
    assert ("views", "arrow_in") == needs_of(works)
    assert () == needs_of(session)


def test_a_capability_that_does_not_exist_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match=r"no such capability: viewz; known: .*views"):
        requires("views", "viewz")


def test_a_scenario_must_have_a_connection_to_ask():
    with pytest.raises(TypeError, match="`session` or `connection`"):
        works(tmp_path=None)


def test_missing_capabilities_come_in_the_order_of_the_question():
    assert ["views", "ibis"] == missing_capabilities(Capabilities(arrow_in=True), ("views", "arrow_in", "ibis"))
