"""The devnet's chain, without HTTP in between."""

from __future__ import annotations

import time
from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.devnet_keys import devnet_wallet
from neurovoyance.chain.devnet_pool import PoolRefusal
from neurovoyance.chain.evm_engine import BASE_FEE_GENESIS_WEI, FUNDED_WEI, GAS_LIMIT, EvmEngine
from neurovoyance.chain.evm_types import CallRequest

ME, OTHER = devnet_wallet(0), devnet_wallet(1)
ME_BYTES, OTHER_BYTES = (bytes.fromhex(w.address[2:]) for w in (ME, OTHER))
# Runs `loop: jump loop` when called.
ENDLESS = bytes.fromhex("600380600b6000396000f3" + "5b5f56")


@pytest.fixture
def engine() -> EvmEngine:
    return EvmEngine(chain_id=31337, funded=[ME_BYTES])


def signed(nonce: int, *, to: str | None = OTHER.address, **changed: Any) -> bytes:
    fields: dict[str, object] = {
        "type": 2,
        "chainId": 31337,
        "nonce": nonce,
        "gas": 21_000,
        "maxFeePerGas": 3 * 10**9,
        "maxPriorityFeePerGas": 10**9,
        "value": 1,
        "data": b"",
        **changed,
    }
    if to is not None:
        fields["to"] = to
    return ME.sign_transaction(fields).raw


def test_a_transaction_is_mined_at_once(engine: EvmEngine) -> None:
    entry = engine.mined(engine.submit(signed(0)))
    assert entry is not None
    assert (entry.block_number, entry.gas_used, entry.is_success) == (1, 21_000, True)
    spent_wei = 1 + entry.gas_used * entry.gas_price_wei
    assert engine.state_at(1).get_balance(ME_BYTES) == FUNDED_WEI - spent_wei
    assert engine.state_at(0).get_balance(ME_BYTES) == FUNDED_WEI
    assert engine.state_at(1).get_balance(OTHER_BYTES) == 1


def test_a_later_nonce_waits_for_the_earlier_one(engine: EvmEngine) -> None:
    later = engine.submit(signed(1))
    assert engine.mined(later) is None
    engine.submit(signed(0))
    assert engine.mined(later) is not None
    assert engine.head.number == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"chainId": 1}, "invalid chain id"),
        ({"gas": 20_999}, "intrinsic gas too low"),
        ({"gas": GAS_LIMIT + 1}, "exceeds block gas limit"),
        ({"value": FUNDED_WEI}, "insufficient funds"),
    ],
)
def test_transactions_that_can_never_run_are_refused(
    engine: EvmEngine, changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(PoolRefusal, match=words):
        engine.submit(signed(0, to=OTHER.address, **changed))
    assert engine.head.number == 0


def test_a_used_nonce_and_a_known_transaction_are_refused(engine: EvmEngine) -> None:
    engine.submit(signed(0))
    with pytest.raises(PoolRefusal, match="already known"):
        engine.submit(signed(0))
    with pytest.raises(PoolRefusal, match="nonce too low"):
        engine.submit(signed(0, value=2))


@pytest.mark.parametrize("raw", [b"", b"\x02", b"\xff" * 50, b"\x02\xc0", signed(0)[:-1]])
def test_malformed_bytes_are_refused(engine: EvmEngine, raw: bytes) -> None:
    with pytest.raises(PoolRefusal, match="malformed"):
        engine.submit(raw)


def test_a_fee_below_the_base_fee_waits_until_it_falls(engine: EvmEngine) -> None:
    fee = BASE_FEE_GENESIS_WEI // 2
    waiting = engine.submit(signed(0, maxFeePerGas=fee, maxPriorityFeePerGas=1))
    assert engine.mined(waiting) is None
    for _ in range(12):
        engine.mine()
    assert engine.mined(waiting) is not None


def test_a_transaction_that_runs_out_of_gas_is_mined_as_failed(engine: EvmEngine) -> None:
    created = engine.mined(engine.submit(signed(0, to=None, data=ENDLESS, value=0, gas=200_000)))
    assert created is not None
    assert created.contract_address is not None
    address = str(to_checksum_address(created.contract_address))
    failed = engine.mined(engine.submit(signed(1, to=address, value=0, gas=50_000)))
    assert failed is not None
    assert (failed.is_success, failed.gas_used) == (False, 50_000)
    request = CallRequest(ME_BYTES, created.contract_address, b"", 0, 50_000)
    outcome = engine.call(request, engine.head.number)
    assert outcome.error is not None
    assert not outcome.is_revert


def test_blocks_follow_the_clock_and_its_offset(engine: EvmEngine) -> None:
    before_s = int(time.time())
    first = engine.mine().header.timestamp
    assert before_s <= first <= int(time.time())
    engine.increase_time(5_000)
    assert engine.mine().header.timestamp >= before_s + 5_000
    fixed_s = int(engine.head.header.timestamp) + 77
    engine.set_next_timestamp(fixed_s)
    assert engine.mine().header.timestamp == fixed_s
    assert engine.mine().header.timestamp >= fixed_s
    with pytest.raises(PoolRefusal, match="lower"):
        engine.set_next_timestamp(fixed_s - 1)


def test_a_burst_of_blocks_does_not_run_the_clock_ahead(engine: EvmEngine) -> None:
    for _ in range(50):
        engine.mine()
    assert engine.head.header.timestamp <= int(time.time())


def test_a_snapshot_restores_everything_and_is_used_up(engine: EvmEngine) -> None:
    engine.submit(signed(0))
    taken = engine.snapshot()
    later = engine.snapshot()
    tx_hash = engine.submit(signed(1))
    lost = engine.head.hash
    assert engine.revert(taken)
    assert (engine.head.number, engine.mined(tx_hash)) == (1, None)
    assert engine.block_by_hash(lost) is None
    assert engine.state_at(1).get_nonce(ME_BYTES) == 1
    assert not engine.revert(taken)
    assert not engine.revert(later)
    engine.submit(signed(1))
    assert engine.head.number == 2
    assert engine.head.hash != lost


def test_a_reorganisation_replaces_blocks_at_the_same_height(engine: EvmEngine) -> None:
    engine.mine()
    old = [engine.submit(signed(nonce)) for nonce in range(3)]
    hashes = [b.hash for n in range(5) if (b := engine.block(n))]
    engine.reorganise(3)
    fresh = [b.hash for n in range(5) if (b := engine.block(n))]
    assert fresh[:2] == hashes[:2]
    assert not set(fresh[2:]) & set(hashes[2:])
    assert all(engine.mined(tx_hash) is None for tx_hash in old)
    with pytest.raises(PoolRefusal, match="depth"):
        engine.reorganise(5)


def test_two_devnets_differ_from_their_first_block() -> None:
    engines = [EvmEngine(chain_id=31337, funded=[ME_BYTES]) for _ in range(2)]
    assert engines[0].head.hash != engines[1].head.hash


def test_estimates_suffice_and_are_close(engine: EvmEngine) -> None:
    abi = contract_abi("ComputeToken")
    code = abi.encode_deployment(([ME.address], [10**27]))
    request = CallRequest(ME_BYTES, b"", code, 0)
    estimate = engine.estimate_gas(request, 0).gas_used
    entry = engine.mined(engine.submit(signed(0, to=None, data=code, value=0, gas=estimate)))
    assert entry is not None
    assert entry.is_success
    assert entry.gas_used <= estimate <= entry.gas_used * 11 // 10 + 3_000


def test_a_simulation_leaves_no_trace(engine: EvmEngine) -> None:
    root = engine.head.header.state_root
    engine.call(CallRequest(ME_BYTES, OTHER_BYTES, b"", 10**18), 0)
    assert engine.state_at(0).get_balance(OTHER_BYTES) == 0
    engine.mine()
    assert engine.head.header.state_root == root


def test_imagined_calls_see_each_other_and_leave_nothing(engine: EvmEngine) -> None:
    give = CallRequest(ME_BYTES, OTHER_BYTES, b"", 5)
    back = CallRequest(OTHER_BYTES, ME_BYTES, b"", 5)
    [[first, second]] = engine.simulate([(None, [give, back])], 0)
    assert first.error is None and second.error is None
    assert engine.state_at(0).get_balance(OTHER_BYTES) == 0
    assert engine.head.number == 0
    with pytest.raises(PoolRefusal):
        engine.simulate([(None, [back])], 0)


def test_imagined_blocks_have_their_own_second(engine: EvmEngine) -> None:
    # Returns the timestamp when called.
    clock = bytes.fromhex("600980600b6000396000f3" + "4260005260206000f3")
    entry = engine.mined(engine.submit(signed(0, to=None, value=0, gas=200_000, data=clock)))
    assert entry is not None and entry.contract_address is not None
    look = CallRequest(ME_BYTES, entry.contract_address, b"", 0)
    found = engine.simulate([(2_000_000_000, [look]), (None, [look]), (3_000_000_000, [look])], 1)
    seconds = [int.from_bytes(calls[0].output, "big") for calls in found]
    assert seconds == [2_000_000_000, 2_000_000_000, 3_000_000_000]
