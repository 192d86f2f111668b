"""The conformance kit: what a plugin must do, as tests that its author inherits.

One suite per contract.  Subclass it, override the two or three fixtures that it names, and every scenario runs::

    from interlace.testing.conformance.connection import ConnectionConformance

    class TestAcme(ConnectionConformance):
        @pytest.fixture
        def connect(self, tmp_path):
            return lambda: AcmeConnection("acme", AcmeConnection.Config(path="a.db"), root=tmp_path)

A capability that is declared must pass its scenarios.  One that is not declared runs the same scenarios, and must
raise `UnsupportedCapability` in each of them: a silent fallback fails as surely as a wrong answer.

The kit needs pytest, which is no dependency of ``interlace-core``.
"""

import pytest

# The suites assert in plain words; without this a failure in somebody else's package would only say `AssertionError`.
pytest.register_assert_rewrite(
    *(
        f"{__name__}.{suite}"
        for suite in (
            "base",
            "check",
            "connection",
            "exporter",
            "materialiser",
            "secret_provider",
            "sessions",
            "state_store",
            "stores",
            "strategy",
            "working",
        )
    )
)
