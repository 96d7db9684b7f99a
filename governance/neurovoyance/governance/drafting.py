"""From a sentence to a proposal that the chain would accept today.

Place: joins the pure parts with fresh reads. Nothing is sent here.
"""

from __future__ import annotations

from neurovoyance.chain.governing import Governance
from neurovoyance.governance.calls import call_of
from neurovoyance.governance.grammar import parse_wish
from neurovoyance.governance.intentions import GuardianRenewal, ParameterChange, Wish
from neurovoyance.governance.proposal_file import Draft, draft_of
from neurovoyance.governance.reading import governor_times, read_parameters
from neurovoyance.governance.refusals import check_changes, pick_governor
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import ZERO_ADDRESS, keccak256


async def draft(governance: Governance, sentence: str, proposer: str | None = None) -> Draft:
    """Return the proposal that a sentence asks for.

    Args:
        governance: the contracts.
        sentence: see :mod:`neurovoyance.governance.grammar`.
        proposer: see :func:`~neurovoyance.governance.proposal_file.actions_of`.

    Raises:
        SpecError: not understood, or the contracts would refuse it; it says what they would accept.
        ChainError: the chain cannot be asked.
    """
    return await draft_wish(governance, parse_wish(sentence), proposer)


async def draft_wish(governance: Governance, wish: Wish, proposer: str | None = None) -> Draft:
    """Return the proposal for what is wanted; see :func:`draft`."""
    deployment, treasury = governance.deployment, governance.treasury
    is_constitutional = pick_governor(
        wish.intentions,
        standard_left_wei=await treasury.left_of_wei(deployment.standard_timelock),
        constitutional_left_wei=await treasury.left_of_wei(deployment.constitutional_timelock),
    )
    await check_now(governance, wish, is_constitutional)
    hashes = await code_hashes(governance, wish_targets(governance, wish))
    return draft_of(
        deployment,
        wish,
        is_constitutional=is_constitutional,
        code_hashes=hashes,
        proposer=proposer,
    )


async def check_now(governance: Governance, wish: Wish, is_constitutional: bool) -> None:
    """Refuse what the parameters' rules refuse, for the earliest execution; see ``refusals``."""
    for item in wish.intentions:
        if isinstance(item, GuardianRenewal) and item.holder == ZERO_ADDRESS:
            raise SpecError("Nobody cannot hold the guardian.", hint="Name a wallet.")
    keys = [item.key for item in wish.intentions if isinstance(item, ParameterChange)]
    if keys:
        check_changes(
            wish.intentions,
            await read_parameters(governance, keys),
            await governor_times(governance, is_constitutional),
            await governance.client.time_s(),
        )


def wish_targets(governance: Governance, wish: Wish) -> tuple[str, ...]:
    """Return the contracts that a wish calls, in order."""
    return tuple(
        call_of(governance.deployment, item, wish.reason).address for item in wish.intentions
    )


async def code_hashes(governance: Governance, targets: tuple[str, ...]) -> tuple[str, ...]:
    """Return keccak256 of the code at every target, ``0x`` hex."""
    found = {target: await governance.client.code(target) for target in set(targets)}
    return tuple("0x" + keccak256(found[target]).hex() for target in targets)
