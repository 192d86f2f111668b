from __future__ import annotations

import subprocess
import sys

import interlace_vault.plugin
from interlace_vault.secrets import VaultSecrets


def test_the_provider_leads_to_the_store():
    (provider,) = interlace_vault.plugin.interlace_secret_providers()
    module, _, name = provider.target.partition(":")

    assert ("vault", ("openbao",)) == (provider.name, provider.aliases)
    assert VaultSecrets is getattr(sys.modules[module], name)


def test_describing_imports_nothing_heavy():
    code = (
        "import sys, interlace_vault.plugin\n"
        "heavy = {'hvac', 'requests', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
