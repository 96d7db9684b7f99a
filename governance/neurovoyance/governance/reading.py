"""What the chain says now: every parameter, a proposal, and the rules it runs under.

Place: the package's reads, all of one block where they belong together. Nothing is kept between
two commands: what was true a minute ago is no ground to sign anything. Amounts are wei, times unix
seconds of the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from neurovoyance.chain import wire
from neurovoyance.chain.abi_codec import Call
from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.governing import Governance, ParameterBounds, key_bytes
from neurovoyance.governance.timeline import EPOCH_S, GovernorTimes
from neurovoyance.tokenomics.governing import COOLDOWN_S, reach
from neurovoyance.tokenomics.params import PARAMETERS, WORDS, Parameter, unpack

_BATCH = 50


@dataclass(frozen=True, slots=True)
class ParameterReading:
    """A parameter as it stands on chain.

    Attributes:
        parameter: key, unit, bounds, class and meaning.
        value: what applies now.
        next_value: what was set last; equals ``value`` unless a change waits.
        since_s: when ``next_value`` applies, if it waits; else 0.
        ready_at_s: when the parameter may move again; 0 if it never moved.
    """

    parameter: Parameter
    value: int
    next_value: int
    since_s: int
    ready_at_s: int

    @property
    def last_set_s(self) -> int | None:
        """When it was set last; None if never."""
        cooldown_s = COOLDOWN_S[self.parameter.governor]
        return self.ready_at_s - cooldown_s if self.ready_at_s else None

    @property
    def range_of_one_step(self) -> tuple[int, int]:
        """Lowest and highest value that one proposal can set."""
        return reach(self.parameter, self.next_value)


async def read_many(client: ChainClient, calls: Sequence[Call], block: int) -> list[Any]:
    """Return the decoded results of many reads in the state of one block, each as a tuple.

    Raises:
        RpcError: an endpoint does not answer, or one of the calls fails.
    """
    results: list[Any] = []
    for start in range(0, len(calls), _BATCH):
        part = calls[start : start + _BATCH]
        requests = [
            ("eth_call", [{"to": call.address, "data": "0x" + call.data.hex()}, hex(block)])
            for call in part
        ]
        answers = await client.rpc.request_all(requests)
        results += [
            call.abi.decode_result(call.function, wire.data(answer, "a call result"))
            for call, answer in zip(part, answers, strict=True)
        ]
    return results


async def read_parameters(
    governance: Governance, keys: Sequence[str] | None = None
) -> dict[str, ParameterReading]:
    """Return parameters by key, in the order of ``params.json``; all that can move if None."""
    wanted = [key for key, p in PARAMETERS.items() if p.word and (keys is None or key in keys)]
    words = [word for word in WORDS if any(PARAMETERS[key].word == word for key in wanted)]
    client, params = governance.client, governance.params
    head = await client.block()
    calls = [params.prepare("word", WORDS.index(word)) for word in words]
    calls += [params.prepare("nextOf", key_bytes(key)) for key in wanted]
    calls += [params.prepare("boundsOf", key_bytes(key)) for key in wanted]
    found = await read_many(client, calls, head.number)
    values = {
        key: value
        for word, (packed,) in zip(words, found, strict=False)
        for key, value in unpack(word, packed).items()
    }
    nexts, bounds = found[len(words) : len(words) + len(wanted)], found[-len(wanted) :]
    return {
        key: _reading(PARAMETERS[key], values[key], nexts[place], bounds[place], head.timestamp_s)
        for place, key in enumerate(wanted)
    }


def _reading(
    parameter: Parameter, value: int, following: Any, bounds: Any, now_s: int
) -> ParameterReading:
    next_value, since_epoch = following
    waits = since_epoch > now_s // EPOCH_S and next_value != value
    since_s = since_epoch * EPOCH_S if waits else 0
    return ParameterReading(
        parameter, value, next_value, since_s, ParameterBounds(*bounds).ready_at_s
    )


async def governor_times(governance: Governance, is_constitutional: bool) -> GovernorTimes:
    """Return the delays that a proposal made now would meet."""
    governor = governance.governor(is_constitutional)
    timelock = governance.timelock(is_constitutional)
    return GovernorTimes(
        await governor.voting_delay_s(),
        await governor.voting_period_s(),
        await timelock.min_delay_s(),
    )
