"""The funded keys of every devnet: public knowledge.

Place: for the devnet, the demo and tests. They come from the mnemonic below, which is printed in
the manuals of all development chains; Anvil and Hardhat fund the same ten accounts. Never: send
them anything on another chain, it is taken within seconds.
"""

from __future__ import annotations

from functools import cache

from eth_account.hdaccount import seed_from_mnemonic
from eth_account.hdaccount.deterministic import HDPath

from neurovoyance.chain.wallet import DEVNET_CHAIN_ID, Wallet

DEVNET_MNEMONIC = "test test test test test test test test test test test junk"
DEVNET_HD_PATH = "m/44'/60'/0'/0"


@cache
def _devnet_key(index: int) -> str:
    seed = seed_from_mnemonic(DEVNET_MNEMONIC, "")
    return "0x" + HDPath(f"{DEVNET_HD_PATH}/{index}").derive(seed).hex()


def devnet_wallet(index: int) -> Wallet:
    """Return a funded devnet key; public knowledge, the same ones that Anvil and Hardhat fund."""
    return Wallet.from_raw_key(_devnet_key(index), chain_id=DEVNET_CHAIN_ID)
