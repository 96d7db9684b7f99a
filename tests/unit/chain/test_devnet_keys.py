"""The public keys of development chains."""

from __future__ import annotations

from neurovoyance.chain.devnet_keys import DEVNET_MNEMONIC, devnet_wallet
from neurovoyance.chain.wallet import KeyRole


def test_they_are_the_accounts_that_other_development_chains_fund() -> None:
    assert DEVNET_MNEMONIC.split()[-1] == "junk"
    assert devnet_wallet(0).address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    assert devnet_wallet(9).address == "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"


def test_they_have_no_file_and_no_special_role() -> None:
    assert devnet_wallet(0).path is None
    assert devnet_wallet(0).role is KeyRole.CLIENT
