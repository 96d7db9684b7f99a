"""Every step of a token holder, looked at before it is signed: is it the time, has one the votes?

Place: between the command line and the governors. A step is prepared from fresh reads; what would
fail is refused here with the reason and the date on which it would not, and nothing is sent. The
words of a step are what its owner is asked to sign.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.governing import Governance
from neurovoyance.chain.governors import ProposalState, Support
from neurovoyance.chain.wallet import Wallet
from neurovoyance.governance.calls import decode_calls
from neurovoyance.governance.drafting import code_hashes
from neurovoyance.governance.pinning import code_digest
from neurovoyance.governance.proposal_file import Draft, id_hex
from neurovoyance.governance.proposals import WORDS, Created, ProposalView, read_proposal
from neurovoyance.governance.refusals import date_of
from neurovoyance.governance.values import format_money
from neurovoyance.protocol.errors import RequestError
from neurovoyance.protocol.ids import ZERO_ADDRESS, parse_address

Send = Callable[[Wallet], Awaitable[Receipt]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A step that would be accepted now.

    Attributes:
        lines: what is signed, one fact a line.
        send: sends it with a wallet.
    """

    lines: tuple[str, ...]
    send: Send


async def prepare_delegate(governance: Governance, holder: str, delegatee: str) -> Prepared:
    """Prepare that an account's votes go to somebody, often to itself.

    Raises:
        RequestError: they go there already.
    """
    to = parse_address(delegatee)
    units_wei = await governance.votes.units_of_wei(holder)
    before = await governance.votes.delegates(holder)
    if before == to:
        raise RequestError(
            f"The votes of {holder} go to {to} already ({format_money(units_wei)}).",
            hint="Nothing to do.",
        )
    who = "itself" if to == holder else to
    lines = [f"VotingPower.delegate: all votes of {holder} go to {who}."]
    lines.append(f"These are {format_money(units_wei)} now: stake, delegated stake, vesting.")
    if before != ZERO_ADDRESS:
        lines.append(f"They went to {before} before.")
    if not units_wei:
        lines.append("The account has none yet; the choice counts from its first stake on.")
    lines.append("They count for proposals whose snapshot comes later, not for running votes.")

    async def send(wallet: Wallet) -> Receipt:
        return await governance.votes.delegate(wallet, to)

    return Prepared(tuple(lines), send)


async def prepare_propose(governance: Governance, draft: Draft, proposer: str) -> Prepared:
    """Prepare a draft as a proposal.

    Raises:
        RequestError: too few votes, made already, or the code of a target changed since.
    """
    governor = governance.governor(draft.is_constitutional)
    number = draft.actions.proposal_id
    if await governor.snapshot_s(number):
        raise RequestError(
            f"This very proposal was made already: {id_hex(number)}.",
            hint="Vote on it, or change the reason of yours.",
        )
    if await code_hashes(governance, draft.actions.targets) != draft.code_hashes:
        raise RequestError(
            "The code of a contract differs from what the draft names.",
            hint="Draft it again and look at what it does.",
        )
    clock_s = await governor.clock_s()
    has_wei = await governance.votes.past_votes_wei(proposer, clock_s - 1)
    needs_wei = await governor.threshold_wei()
    if has_wei < needs_wei:
        raise RequestError(
            f"Proposing needs {format_money(needs_wei)} of votes; {proposer} had "
            f"{format_money(has_wei)} at the end of yesterday (UTC).",
            hint="Stake, delegate the votes to yourself, and wait until the day is over; or let "
            "somebody with more votes propose it.",
            has_wei=str(has_wei),
            needs_wei=str(needs_wei),
        )
    decoded = decode_calls(governance.deployment, draft.actions.targets, draft.actions.calldatas)
    kind = "Constitutional" if draft.is_constitutional else "Standard"
    lines = [f"{kind}Governor.propose {id_hex(number)}:"]
    lines += [f"  {call.words}" for call in decoded]
    lines.append(f"You had {format_money(has_wei)} of votes, {format_money(needs_wei)} are needed.")

    async def send(wallet: Wallet) -> Receipt:
        return await governor.propose(wallet, draft.actions)

    return Prepared(tuple(lines), send)


async def prepare_vote(
    governance: Governance, created: Created, voter: str, support: Support, reason: str = ""
) -> Prepared:
    """Prepare a vote.

    Raises:
        RequestError: not the time, voted already, or no votes at the snapshot.
    """
    view = await read_proposal(governance, created)
    _need(view, ProposalState.ACTIVE, "Voting")
    governor = governance.governor(created.is_constitutional)
    number = created.proposal_id
    if await governor.has_voted(number, voter):
        raise RequestError(
            f"{voter} has voted on this proposal; a vote cannot be changed.", hint="Nothing to do."
        )
    weight_wei = await governor.votes_at_wei(voter, created.snapshot_s)
    if not weight_wei:
        raise RequestError(await _no_votes(governance, voter, created.snapshot_s), hint=_LATER)
    lines = [
        f"Vote {support.name} on {id_hex(number)}",
        f"  with {format_money(weight_wei)} of votes, as they stood on "
        f"{date_of(created.snapshot_s)}.",
        f"Voting ends on {date_of(view.dates.votes_until_s)}; a vote cannot be changed.",
    ]
    if reason:
        lines.append(f"Reason, public for ever: {reason}")

    async def send(wallet: Wallet) -> Receipt:
        if reason:
            return await governor.cast_vote_with_reason(wallet, number, support, reason)
        return await governor.cast_vote(wallet, number, support)

    return Prepared(tuple(lines), send)


_LATER = "For later proposals: stake, then `neurovoyance gov delegate`, before their snapshot."


async def _no_votes(governance: Governance, voter: str, snapshot_s: int) -> str:
    units_wei = await governance.votes.units_of_wei(voter)
    to = await governance.votes.delegates(voter)
    day = date_of(snapshot_s)
    if not units_wei:
        return f"{voter} had no votes on {day}: it has no stake and nothing that vests."
    if to == ZERO_ADDRESS:
        return (
            f"{voter} had no votes on {day}: its {format_money(units_wei)} were delegated to "
            "nobody, not even to itself."
        )
    if to != voter:
        return f"{voter} had no votes on {day}; its {format_money(units_wei)} vote through {to}."
    return f"{voter} had no votes on {day}; what it has now came after this snapshot."


async def prepare_queue(governance: Governance, created: Created) -> Prepared:
    """Prepare that what succeeded goes into the timelock.

    Raises:
        RequestError: it did not succeed, or not yet; or the code of a target changed.
    """
    view = await read_proposal(governance, created)
    _need(view, ProposalState.SUCCEEDED, "Queueing")
    await _need_same_code(governance, view)
    until_s = view.now_s + view.timelock_s
    lines = (
        f"Queue {id_hex(created.proposal_id)}; it can be executed from about {date_of(until_s)}.",
    )

    async def send(wallet: Wallet) -> Receipt:
        return await governance.governor(created.is_constitutional).queue(wallet, created.actions)

    return Prepared(lines, send)


async def prepare_execute(governance: Governance, created: Created) -> Prepared:
    """Prepare that what waited is done.

    Raises:
        RequestError: it is not queued, waits still, or the code of a target changed.
    """
    view = await read_proposal(governance, created)
    _need(view, ProposalState.QUEUED, "Executing")
    if view.now_s < view.eta_s:
        raise RequestError(
            f"The proposal waits in the timelock until {date_of(view.eta_s)}.",
            hint="Execute it then; anybody may.",
            ready_at_s=view.eta_s,
        )
    await _need_same_code(governance, view)
    calls = decode_calls(governance.deployment, created.actions.targets, created.actions.calldatas)
    lines = (f"Execute {id_hex(created.proposal_id)}:", *(f"  {call.words}" for call in calls))

    async def send(wallet: Wallet) -> Receipt:
        governor = governance.governor(created.is_constitutional)
        return await governor.execute(wallet, created.actions)

    return Prepared(lines, send)


async def prepare_cancel(governance: Governance, created: Created, account: str) -> Prepared:
    """Prepare a cancellation, by the proposer before voting begins or by the guardian.

    Raises:
        RequestError: somebody else asks, too late, or the guardian's term is over.
    """
    view = await read_proposal(governance, created)
    number, actions = created.proposal_id, created.actions
    over = (ProposalState.CANCELED, ProposalState.EXECUTED, ProposalState.EXPIRED)
    if view.state in over:
        raise RequestError(f"The proposal {WORDS[view.state]}.", hint="Nothing to cancel.")
    if account == created.proposer and view.state is ProposalState.PENDING:

        async def withdraw(wallet: Wallet) -> Receipt:
            return await governance.governor(created.is_constitutional).cancel(wallet, actions)

        return Prepared((f"Withdraw your proposal {id_hex(number)}.",), withdraw)
    await _need_guardian(governance, created, account, view)

    async def stop(wallet: Wallet) -> Receipt:
        address = governance.governor(created.is_constitutional).address
        digest = actions.description_hash
        return await governance.guardian.cancel(wallet, address, actions, digest)

    return Prepared((f"Cancel {id_hex(number)} as guardian.",), stop)


async def _need_guardian(
    governance: Governance, created: Created, account: str, view: ProposalView
) -> None:
    if account == created.proposer:
        raise RequestError(
            "A proposer may withdraw until voting begins; that was on "
            f"{date_of(view.dates.votes_from_s)}.",
            hint="Vote against it.",
        )
    if account != await governance.guardian.holder():
        raise RequestError(
            f"{account} neither made this proposal nor holds the guardian.", hint="Vote against it."
        )
    expires_s = await governance.guardian.expires_at_s()
    if view.now_s >= expires_s:
        raise RequestError(
            f"The guardian's term ended on {date_of(expires_s)}.",
            hint="A Constitutional vote renews it.",
        )
    if governance.deployment.guardian in created.actions.targets:
        raise RequestError(
            "The guardian cannot cancel a proposal about itself.", hint="Vote against it."
        )


async def _need_same_code(governance: Governance, view: ProposalView) -> None:
    hashes = await code_hashes(governance, view.created.actions.targets)
    if code_digest(hashes) != view.code_digest:
        raise RequestError(
            "The code of a target is not what it was when the proposal was made; the governor "
            "refuses it for ever.",
            hint="Propose it anew.",
        )


def _need(view: ProposalView, needed: ProposalState, what: str) -> None:
    if view.state is needed:
        return
    dates = view.dates
    when = {
        ProposalState.PENDING: f" Voting begins on {date_of(dates.votes_from_s)}.",
        ProposalState.ACTIVE: f" Voting ends on {date_of(dates.votes_until_s)}.",
        ProposalState.SUCCEEDED: " It must be queued first.",
        ProposalState.QUEUED: f" It can be executed from {date_of(dates.executable_s)}.",
    }.get(view.state, "")
    raise RequestError(
        f"{what} is not possible: the proposal {WORDS[view.state]}.{when}",
        hint="`neurovoyance gov show` tells where it stands.",
        state=view.state.name.capitalize(),
        needed=needed.name.capitalize(),
    )
