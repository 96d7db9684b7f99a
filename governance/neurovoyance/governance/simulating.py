"""What a proposal would do, tried in imagined blocks: every parameter before and after.

Place: one ``eth_simulateV1`` request (Geth, Reth, Nethermind, Anvil, the devnet) in which the
timelock makes the proposal's calls at the second of their execution, and everything is read in the
epoch after. The request changes nothing anywhere, so it may be asked of any chain. Never: a
snapshot, a fork that others see, or a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from neurovoyance.chain import wire
from neurovoyance.chain.abi_codec import Call, contract_abi
from neurovoyance.chain.governing import Governance
from neurovoyance.chain.governors import Actions
from neurovoyance.chain.reverts import decode_revert
from neurovoyance.chain.rpc_errors import RpcRefused
from neurovoyance.governance.calls import decode_calls
from neurovoyance.governance.intentions import Payment
from neurovoyance.governance.timeline import next_epoch_s
from neurovoyance.protocol.errors import RpcError
from neurovoyance.protocol.ids import Address
from neurovoyance.tokenomics.params import WORDS, unpack

_CALL_GAS = 3_000_000
_READ_GAS = 300_000


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a proposal would do.

    Attributes:
        execute_s: second of the imagined execution.
        applies_s: second of the reading after it: the beginning of the next epoch.
        refusals: why a call would fail, by its place in the proposal; empty if all succeed. A
            proposal with one failing call does nothing at all.
        before, after: parameters by key in the next epoch, without and with the proposal.
        balances_wei: (before, after) of the treasury's holdings and of every payee's tokens.
        guardian: (holder, term's end) before and after.
    """

    execute_s: int
    applies_s: int
    refusals: dict[int, str]
    before: dict[str, int]
    after: dict[str, int]
    balances_wei: dict[str, tuple[int, int]]
    guardian: tuple[tuple[str, int], tuple[str, int]]

    @property
    def changed(self) -> dict[str, tuple[int, int]]:
        """Parameters that differ, (before, after)."""
        pairs = ((key, (value, self.after[key])) for key, value in self.before.items())
        return {key: pair for key, pair in pairs if pair[0] != pair[1]}


@dataclass(frozen=True, slots=True)
class _State:
    parameters: dict[str, int]
    balances: tuple[int, ...]
    guardian: tuple[str, int]


async def simulate(
    governance: Governance, actions: Actions, is_constitutional: bool, execute_s: int
) -> Simulation:
    """Return what a proposal would do if it were executed at a second of the future.

    Raises:
        RpcError: the endpoint does not answer, or has no ``eth_simulateV1``.
    """
    deployment = governance.deployment
    timelock = governance.timelock(is_constitutional).address
    calls = [
        {"from": timelock, "to": target, "data": "0x" + data.hex(), "gas": hex(_CALL_GAS)}
        for target, data in zip(actions.targets, actions.calldatas, strict=True)
    ]
    decoded = decode_calls(deployment, actions.targets, actions.calldatas)
    intended = [call.intention for call in decoded]
    payees = sorted({item.to for item in intended if isinstance(item, Payment)})
    head = await governance.client.block()
    execute_s = max(execute_s, head.timestamp_s + 1)
    reads, applies_s = _reads(governance, payees), next_epoch_s(execute_s)
    outcomes, after = await _imagined(governance, calls, reads, execute_s, applies_s)
    refusals = {
        place: _why(outcome) for place, outcome in enumerate(outcomes) if not _is_success(outcome)
    }
    _, before = await _imagined(governance, [], reads, execute_s, applies_s)
    if refusals:
        after = before
    names = ["treasury", *payees]
    pairs = zip(before.balances, after.balances, strict=True)
    return Simulation(
        execute_s,
        applies_s,
        refusals,
        before.parameters,
        after.parameters,
        dict(zip(names, pairs, strict=True)),
        (before.guardian, after.guardian),
    )


def _reads(governance: Governance, payees: Sequence[Address]) -> list[Call]:
    token = contract_abi("ComputeToken")
    address = governance.deployment.token
    return [
        *(governance.params.prepare("word", number) for number in range(len(WORDS))),
        governance.guardian.prepare("holder"),
        governance.guardian.prepare("expiresAt"),
        governance.treasury.prepare("holdings"),
        *(Call(token, address, "balanceOf", (payee,)) for payee in payees),
    ]


async def _imagined(
    governance: Governance,
    calls: list[dict[str, Any]],
    reads: list[Call],
    execute_s: int,
    applies_s: int,
) -> tuple[list[dict[str, Any]], _State]:
    looks = [
        {"to": read.address, "data": "0x" + read.data.hex(), "gas": hex(_READ_GAS)}
        for read in reads
    ]
    options = {
        "blockStateCalls": [
            {"blockOverrides": {"time": hex(execute_s)}, "calls": calls},
            {"blockOverrides": {"time": hex(applies_s)}, "calls": looks},
        ],
        "validation": False,
    }
    try:
        answer = await governance.client.rpc.request("eth_simulateV1", [options, "latest"])
    except RpcRefused as refused:
        raise RpcError(
            f"The endpoint cannot imagine blocks: {refused.rpc_message}.",
            hint="Use an endpoint with eth_simulateV1, or run `anvil --fork-url` on this one and "
            "name it in the network profile.",
        ) from refused
    blocks = wire.sequence(answer, "imagined blocks")
    results = [wire.sequence(block.get("calls"), "imagined calls") for block in blocks]
    if [len(found) for found in results] != [len(calls), len(looks)]:
        raise RpcError("The endpoint answered eth_simulateV1 with other calls than were asked.")
    values = [
        read.abi.decode_result(read.function, wire.data(found.get("returnData"), "a result"))[0]
        for read, found in zip(reads, results[1], strict=True)
    ]
    count = len(WORDS)
    parameters = {
        key: value
        for word, packed in zip(WORDS, values, strict=False)
        for key, value in unpack(word, packed).items()
    }
    guardian = (str(values[count]), int(values[count + 1]))
    balances = tuple(int(value) for value in values[count + 2 :])
    return results[0], _State(parameters, balances, guardian)


def _is_success(outcome: dict[str, Any]) -> bool:
    return wire.quantity(outcome.get("status"), "a status") == 1


def _why(outcome: dict[str, Any]) -> str:
    error = outcome.get("error") or {}
    raw = error.get("data") or outcome.get("returnData") or "0x"
    data = wire.data(raw, "revert data")
    if not data:
        return str(error.get("message") or "it fails without a reason")[:300]
    return decode_revert(data).message
