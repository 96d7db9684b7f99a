"""Many views in one call: a program of static calls, run as if it were to create a contract.

Place: under :mod:`.evm`. One ``eth_call`` costs milliseconds however little it asks; a test that
compares forty balances after each transaction asks them all at once. Nothing is ever deployed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from neurovoyance.chain.abi_codec import contract_abi

_OUT = 0x400  # answers begin here; what is asked stands below
_WORD = 32
_MSTORE, _STATICCALL, _GAS, _RETURN = b"\x52", b"\xfa", b"\x5a", b"\xf3"


class Query(NamedTuple):
    """One view; its results must be of static types."""

    contract: str
    function: str
    args: tuple[Any, ...] = ()


def _push(value: int) -> bytes:
    return b"\x62" + value.to_bytes(3, "big")


def _words_of(params: Sequence[Mapping[str, Any]]) -> int:
    parts = (_words_of(p["components"]) if p["type"] == "tuple" else 1 for p in params)
    return sum(parts)


def _size_of(query: Query) -> int:
    """Return the bytes of an answer: whether the call succeeded, then the results."""
    outputs = contract_abi(query.contract).function(query.function)["outputs"]
    return _WORD * (1 + _words_of(outputs))


def program_of(queries: Sequence[Query], addresses: Mapping[str, str]) -> bytes:
    """Return init code that returns the answers one behind the other."""
    code, out = b"", _OUT
    for query in queries:
        data = contract_abi(query.contract).encode_call(query.function, query.args)
        assert len(data) <= _OUT, query
        for at in range(0, len(data), _WORD):
            word = data[at : at + _WORD].ljust(_WORD, b"\0")
            code += b"\x7f" + word + _push(at) + _MSTORE
        size = _size_of(query)
        code += _push(size - _WORD) + _push(out + _WORD) + _push(len(data)) + _push(0)
        code += b"\x73" + bytes.fromhex(addresses[query.contract][2:]) + _GAS + _STATICCALL
        code += _push(out) + _MSTORE
        out += size
    return code + _push(out - _OUT) + _push(_OUT) + _RETURN


def results_of(queries: Sequence[Query], raw: bytes) -> list[tuple[Any, ...]]:
    """Return the decoded results of every query, in order."""
    found, at = [], 0
    for query in queries:
        size = _size_of(query)
        answer = raw[at : at + size]
        assert len(answer) == size and int.from_bytes(answer[:_WORD], "big") == 1, query
        abi = contract_abi(query.contract)
        found.append(abi.decode_result(query.function, answer[_WORD:]))
        at += size
    return found
