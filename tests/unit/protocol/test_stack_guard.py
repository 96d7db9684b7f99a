"""Malformed JSON must not end the process, whichever Ethereum library is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.chains import ROOT

SCRIPT = """
import sys
sys.path.insert(0, {path!r})
{imports}
import json
try:
    json.loads("[" * 1_000_000)
except RecursionError:
    print("refused")
"""


@pytest.mark.parametrize(
    "imports",
    [
        "import neurovoyance.chain",
        "from neurovoyance.chain import Devnet",
        "import neurovoyance.chain.evm_engine",
        "import neurovoyance.protocol.signing",
        "import neurovoyance.protocol.offer_exchange",
    ],
)
def test_a_million_brackets_are_an_error_not_a_crash(imports: str) -> None:
    script = SCRIPT.format(path=str(ROOT / "protocol"), imports=imports)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "refused\n"), done.stderr
