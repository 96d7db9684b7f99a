"""Who repeats a payee's tasks: another payee of ours that does not depend on it.

Place: under :mod:`.tasks`, over :mod:`.task_choice`; the rule is ``matching.independence``. Never:
a payee that shares owner, operator or network with the one that is checked, or one above the bound.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from neurovoyance.client.channels import ChannelClient
from neurovoyance.client.errors import TasksRefused
from neurovoyance.client.session import Session
from neurovoyance.client.task_book import TaskBook
from neurovoyance.client.task_choice import Payee, payees_of
from neurovoyance.matching.candidates import Candidate, Wanted
from neurovoyance.matching.explain import passed_over, refusal
from neurovoyance.matching.independence import choose, ties_of
from neurovoyance.matching.presets import Preset
from neurovoyance.matching.ranking import rank_plainly
from neurovoyance.protocol.job_spec import JobSpec

AUTO = "auto"
"""Asks for an independent payee instead of naming one."""


@dataclass(frozen=True, slots=True)
class Second:
    """Who repeats tasks.

    Attributes:
        address: its owner.
        why: what tells it apart, and who was passed over for what; empty if it was named.
    """

    address: str
    why: str = ""


async def independent_of(
    session: Session,
    channels: ChannelClient,
    book: TaskBook,
    first: Payee,
    spec: JobSpec,
    max_price_wei: int,
) -> Second:
    """Return the cheapest independent payee of our open channels.

    Args:
        session: of the client.
        channels: its channels.
        book: its batches.
        first: whose tasks are repeated.
        spec: of one of them.
        max_price_wei: most that one repetition may cost.

    Raises:
        TasksRefused: there is none; says why each is none.
    """
    asked = await payees_of(
        session,
        channels,
        book,
        provider=None,
        preset=Preset.CHEAPEST,
        max_runtime_s=spec.max_runtime_s,
    )
    known = {item.address: item for item in (*reversed(asked), first)}
    stakes = session.contracts.stakes
    operators = await asyncio.gather(*(stakes.operator_of(address) for address in known))
    others = [item for address, item in known.items() if address != first.address]
    wanted = Wanted.of(spec, max_price_wei)
    return second_of(first, others, dict(zip(known, operators, strict=True)), wanted)


def second_of(
    first: Payee, others: Sequence[Payee], operators: Mapping[str, str], wanted: Wanted
) -> Second:
    """Return who of some payees repeats tasks of another one.

    Args:
        first: whose tasks are repeated.
        others: who could, each once.
        operators: operator of each of them, by owner.
        wanted: one task, and the most that it may cost.

    Raises:
        TasksRefused: none is independent and within the bound.
    """
    payees = [_candidate(item, operators) for item in (first, *others)]
    wanted = replace(wanted, avoid=frozenset({first.address}))
    ranked = rank_plainly(payees, wanted, Preset.CHEAPEST)
    # The first replica exists already, whatever it costs.
    replicas = choose(replace(ranked, order=(0, *ranked.order)), 2)
    words = passed_over(ranked, replicas)
    passed = "; ".join(f"{payees[position].provider} {why}" for position, why in words.items())
    if len(replicas.positions) == 2:
        second = payees[replicas.positions[1]]
        kinds = [what for what in ties_of(second) if what in ties_of(payees[0])]
        why = f"it has another {' and '.join(kinds)} than {first.address}"
        return Second(second.provider, f"{why}; {passed}" if passed else why)
    left_out = "; ".join(
        f"{payees[position].provider} {refusal(cause, payees[position], wanted)}"
        for position, cause in ranked.causes.items()
        if position
    )
    reasons = "; ".join(item for item in (passed, left_out) if item)
    raise TasksRefused(
        f"No payee of your channels can check {first.address} independently"
        + (f": {reasons}." if reasons else "; there is no other one that answers."),
        hint="Let a channel pay another provider, name one with --check-at, or leave --check-at "
        "out to repeat tasks on this machine. Nothing was signed.",
    )


def _candidate(payee: Payee, operators: Mapping[str, str]) -> Candidate:
    """Return a payee as matching sees it; tasks lock no stake."""
    return Candidate(
        provider=payee.address,
        endpoint=payee.node.endpoint,
        operator=operators.get(payee.address, ""),
        base_price_wei=payee.terms.base_price_wei,
        per_second_wei=payee.terms.price_per_second_wei,
        max_runtime_s=payee.terms.max_runtime_s,
        latency_ms=payee.latency_ms,
    )
