"""eth-account, loaded without the BLS pairings that nothing here computes.

Place: L0; whoever signs or recovers takes ``Account`` and its kin from here. eth-account reads
keystores with eth-keyfile, which knows the consensus layer's as well (EIP-2335). For their BLS keys
it imports py_ecc, and py_ecc computes tables of pairings while it is imported: more than half a
second of processor time in every process. So while eth-keyfile is loaded, two modules of py_ecc are
stood in for. A stand-in loads the real module when it is used, and is gone once eth-keyfile is
loaded: what else imports py_ecc, py-evm for one, gets the real one.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from neurovoyance.protocol.stack_guard import restore_recursion_limit

# The order of BLS12-381's subgroup (EIP-2333); eth-keyfile compares the keys of EIP-2335 with it.
_BLS_CURVE_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001


class _Later:
    """Stands for py_ecc's BLS signatures until somebody uses them."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module("py_ecc.bls").G2ProofOfPossession, name)


def _load_keyfile() -> None:
    """Import eth-keyfile, unless it or py_ecc's pairings were imported before."""
    values: dict[str, dict[str, object]] = {
        "py_ecc.bls": {"G2ProofOfPossession": _Later()},
        "py_ecc.bls12_381": {"curve_order": _BLS_CURVE_ORDER},
    }
    if sys.modules.keys() & {"eth_keyfile", *values}:
        return
    for name, attributes in values.items():
        stand_in = ModuleType(name)
        vars(stand_in).update(attributes)
        sys.modules[name] = stand_in
    try:
        importlib.import_module("eth_keyfile")
    finally:
        for name in values:
            del sys.modules[name]


_load_keyfile()

from eth_account import Account as Account  # noqa: E402 - eth-keyfile has to be loaded by then
from eth_account.messages import (  # noqa: E402
    SignableMessage as SignableMessage,
)
from eth_account.messages import (  # noqa: E402
    encode_defunct as encode_defunct,
)
from eth_account.messages import (  # noqa: E402
    encode_typed_data as encode_typed_data,
)
from eth_account.signers.local import LocalAccount as LocalAccount  # noqa: E402

restore_recursion_limit()
