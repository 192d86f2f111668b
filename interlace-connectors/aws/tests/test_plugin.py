from __future__ import annotations

import subprocess
import sys

import interlace_aws.plugin
from interlace_aws.secrets import AwsSecrets


def test_the_provider_leads_to_the_store():
    (provider,) = interlace_aws.plugin.interlace_secret_providers()
    module, _, name = provider.target.partition(":")

    assert ("aws", ()) == (provider.name, provider.aliases)
    assert AwsSecrets is getattr(sys.modules[module], name)


def test_describing_imports_nothing_heavy():
    code = (
        "import sys, interlace_aws.plugin\n"
        "heavy = {'boto3', 'requests', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
