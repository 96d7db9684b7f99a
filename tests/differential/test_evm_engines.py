"""The EVM in Rust and py-evm do the same."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from tests.differential.evm_engines import Engine, Moment, Outcome, PyEvmEngine, RevmEngine
from tests.differential.plain_evm import account

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.deploy import create_address
from neurovoyance.protocol.ids import ZERO_ADDRESS

pytest.importorskip("pyrevm", reason="The Rust EVM has no wheel for this Python.")

NOW = Moment(1_700_000_000, 300, keccak(b"mixed"))
GAS = 2_000_000
OWNER, OTHER = account(1), account(2)


def token_of(engine: Engine) -> str:
    code = contract_abi("ComputeToken").encode_deployment(
        ([OWNER, OTHER], [7 * 10**26, 3 * 10**26])
    )
    created = engine.create(account(0), code, 20_000_000, NOW)
    return str(to_checksum_address(created.output))


def call(engine: Engine, token: str, sender: str, function: str, *args: Any) -> Outcome:
    return engine.call(
        sender, token, contract_abi("ComputeToken").encode_call(function, args), GAS, NOW
    )


def story(engine: Engine) -> list[Outcome | str | int]:
    """Return all that can be seen of a token's life."""
    token = token_of(engine)
    engine.keep()
    seen: list[Outcome | str | int] = [token]
    for _ in range(2):
        seen.append(call(engine, token, OWNER, "transfer", OTHER, 5))
        seen.append(call(engine, token, account(3), "transfer", OTHER, 5))
        seen.append(call(engine, token, OWNER, "approve", token, 9))
        seen.append(call(engine, token, token, "transferFrom", OWNER, OTHER, 4))  # it speaks itself
        seen.append(call(engine, token, token, "transferFrom", OWNER, OTHER, 9))
        seen.append(call(engine, token, OWNER, "balanceOf", OTHER))
        seen += [engine.storage(token, slot) for slot in range(4)]
        engine.reset()
    return seen


def test_both_engines_tell_the_same_story() -> None:
    told = story(RevmEngine())
    assert told == story(PyEvmEngine())
    assert told[0] == create_address(account(0), 0)


def test_what_was_reset_never_happened() -> None:
    for engine in (RevmEngine(), PyEvmEngine()):
        seen = story(engine)
        assert seen[1:11] == seen[11:]


def test_both_engines_know_the_same_block() -> None:
    # The timestamp, the number, the randomness and the hash of the third block before this one.
    code = bytes.fromhex("425f524360205244604052600343034060605260805ff3")
    answers = [engine.ask_program(code, GAS, NOW) for engine in (RevmEngine(), PyEvmEngine())]
    assert answers[0] == answers[1]
    assert answers[0][:96] == encode(["uint256", "uint256"], [NOW.now_s, NOW.number]) + NOW.mixed
    assert answers[0][96:] == keccak(b"297")


def test_a_failure_without_words_has_no_output() -> None:
    for engine in (RevmEngine(), PyEvmEngine()):
        created = engine.create(account(0), bytes.fromhex("60fe5f5360015ff3"), GAS, NOW)  # INVALID
        address = str(to_checksum_address(created.output))
        assert engine.call(OWNER, address, b"", GAS, NOW) == Outcome(False, b"", ())
        assert engine.create(account(0), bytes.fromhex("fe"), GAS, NOW).is_success is False


def test_nobody_has_a_contract() -> None:
    for engine in (RevmEngine(), PyEvmEngine()):
        assert engine.call(OWNER, ZERO_ADDRESS, b"", GAS, NOW).output == b""
