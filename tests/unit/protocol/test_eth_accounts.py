"""eth-account without BLS pairings: who signs does not pay for them, who needs them gets them."""

import subprocess
import sys

import pytest

SIGNS = """
import sys
from neurovoyance.protocol.eth_accounts import Account, encode_defunct
account = Account.from_key(b"\\1" * 32)
signed = account.sign_message(encode_defunct(text="hello"))
assert Account.recover_message(encode_defunct(text="hello"), signature=signed.signature) \\
    == account.address
stored = Account.encrypt(account.key, "a password", iterations=2)
assert Account.decrypt(stored, "a password") == account.key
"""
LIGHT = """
heavy = [name for name in sys.modules if name.startswith("py_ecc.") and "bls" in name]
assert not heavy, heavy
"""
HEAVY = """
from eth_keyfile import keyfile
import py_ecc.bls12_381
from py_ecc.bls import G2ProofOfPossession
assert py_ecc.bls12_381.curve_order == keyfile.curve_order
assert keyfile.bls.SkToPk(5) == G2ProofOfPossession.SkToPk(5)
"""


def run(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nsys.path[:0] = {sys.path}\n{code}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_signing_and_keystores_work_without_pairings_that_are_there_when_used() -> None:
    run(SIGNS + LIGHT + HEAVY)


@pytest.mark.parametrize(
    "module", ["neurovoyance.node.__main__", "neurovoyance.client.client", "neurovoyance.cli.main"]
)
def test_no_program_loads_pairings(module: str) -> None:
    run(f"import {module}\n{LIGHT}")


def test_an_eth_account_that_was_imported_before_is_left_as_it_is() -> None:
    same = "assert sys.modules['py_ecc.bls'] is before"
    run(f"import eth_account, py_ecc.bls as before\n{SIGNS}\n{same}")
