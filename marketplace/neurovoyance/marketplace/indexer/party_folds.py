"""What events of providers, rewards and governance make of their rows.

Place: pure folds under ``folding``. Texts that anybody can write lose NUL characters, which no
PostgreSQL column holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurovoyance.chain import events as on_chain
from neurovoyance.marketplace.indexer.encoding import key_text
from neurovoyance.marketplace.indexer.schema import (
    DELEGATION,
    PARAMETER,
    PROPOSAL,
    PROVIDER,
    REWARD,
    VESTING,
    VOTE,
)

if TYPE_CHECKING:
    from neurovoyance.marketplace.indexer.rows import Row, Rows

_TALLIES = {0: "against_wei", 1: "for_wei", 2: "abstain_wei"}


def clean(text: str) -> str:
    """Return a text without NUL characters."""
    return text.replace("\0", "")


def registered(rows: Rows, event: on_chain.ProviderRegistered) -> None:
    """A provider registered."""
    rows.change(PROVIDER, event.provider, operator=event.operator)


def operator_changed(rows: Rows, event: on_chain.OperatorChanged) -> None:
    """Another hot key works for it."""
    rows.change(PROVIDER, event.provider, operator=event.operator)


def endpoint_changed(rows: Rows, event: on_chain.EndpointChanged) -> None:
    """Its node is elsewhere."""
    rows.change(PROVIDER, event.provider, endpoint=clean(event.endpoint))


def commission_changed(rows: Rows, event: on_chain.CommissionChanged) -> None:
    """It takes another part of what delegators earn."""
    rows.change(PROVIDER, event.provider, commission_bps=event.bps)


def slashed(rows: Rows, event: on_chain.Slashed | on_chain.SlashBooked) -> None:
    """It lost stake."""
    row = rows.change(PROVIDER, event.provider)
    row["slashes"] += 1


def _add(row: Row, column: str, amount_wei: int) -> None:
    row[column] += amount_wei


def deposited(rows: Rows, event: on_chain.VestingDeposited) -> None:
    """Rewards began to vest."""
    _add(rows.change(VESTING, event.account), "deposited_wei", event.amount_wei)


def released(rows: Rows, event: on_chain.Released) -> None:
    """What vested was paid."""
    _add(rows.change(VESTING, event.account), "released_wei", event.amount_wei)


def exited(rows: Rows, event: on_chain.ExitExecuted) -> None:
    """Somebody left early."""
    _add(rows.change(VESTING, event.account), "exited_wei", event.amount_wei)


def vesting_slashed(rows: Rows, event: on_chain.VestingSlashed) -> None:
    """A verdict took what was vesting."""
    _add(rows.change(VESTING, event.account), "slashed_wei", event.amount_wei)


def income(rows: Rows, event: on_chain.IncomeCredited) -> None:
    """A part of others' penalties."""
    _add(rows.change(VESTING, event.account), "income_wei", event.amount_wei)


def _reward(rows: Rows, provider: str, epoch: int) -> Row:
    return rows.change(REWARD, f"{provider}:{epoch}", provider=provider, epoch=epoch)


def fees_split(rows: Rows, event: on_chain.FeesSplit) -> None:
    """The fees of an epoch were split."""
    row = _reward(rows, event.provider, event.epoch)
    _add(row, "fees_wei", event.fees_wei)
    _add(row, "burned_wei", event.burned_wei)
    _add(row, "fees_vested_wei", event.vested_wei)
    _add(row, "fees_liquid_wei", event.liquid_wei)


def emission_claimed(rows: Rows, event: on_chain.EmissionClaimed) -> None:
    """The emission of an epoch was claimed."""
    row = _reward(rows, event.provider, event.epoch)
    _add(row, "work_wei", event.work_wei)
    _add(row, "avail_wei", event.avail_wei)
    _add(row, "emission_liquid_wei", event.liquid_wei)
    _add(row, "emission_vested_wei", event.vested_wei)


def proposed(rows: Rows, event: on_chain.ProposalCreated) -> None:
    """Somebody proposed."""
    rows.change(
        PROPOSAL,
        str(event.proposal_id),
        governor=event.meta.address,
        proposer=event.proposer,
        description=clean(event.description),
        vote_start_s=event.vote_start,
        vote_end_s=event.vote_end,
    )


def extended(rows: Rows, event: on_chain.ProposalExtended) -> None:
    """A late quorum gave the vote more time."""
    rows.change(PROPOSAL, str(event.proposal_id), vote_end_s=event.extended_deadline)


def queued(rows: Rows, event: on_chain.ProposalQueued) -> None:
    """It waits in the timelock."""
    rows.change(PROPOSAL, str(event.proposal_id), eta_s=event.eta_seconds)


def executed(rows: Rows, event: on_chain.ProposalExecuted) -> None:
    """It took effect."""
    rows.change(PROPOSAL, str(event.proposal_id), ended_in="executed")


def canceled(rows: Rows, event: on_chain.ProposalCanceled) -> None:
    """It was withdrawn."""
    rows.change(PROPOSAL, str(event.proposal_id), ended_in="canceled")


def voted(rows: Rows, event: on_chain.VoteCast | on_chain.VoteCastWithParams) -> None:
    """Somebody voted."""
    proposal_id = str(event.proposal_id)
    rows.change(
        VOTE,
        f"{proposal_id}:{event.voter}",
        proposal_id=proposal_id,
        voter=event.voter,
        support=event.support,
        weight_wei=event.weight,
        reason=clean(event.reason),
    )
    if event.support in _TALLIES:
        _add(rows.change(PROPOSAL, proposal_id), _TALLIES[event.support], event.weight)


def votes_delegated(rows: Rows, event: on_chain.DelegateChanged) -> None:
    """Somebody else casts an account's votes, or nobody."""
    rows.change(DELEGATION, event.delegator, delegate=event.to_delegate)


def parameter_set(rows: Rows, event: on_chain.ParameterSet) -> None:
    """A parameter has another value from the next epoch on."""
    rows.change(
        PARAMETER,
        key_text(event.key),
        before=str(event.before),
        value=str(event.value_wei),
        since_epoch=event.since_epoch,
    )


FOLDS: dict[type[Any], Any] = {
    on_chain.ProviderRegistered: registered,
    on_chain.OperatorChanged: operator_changed,
    on_chain.EndpointChanged: endpoint_changed,
    on_chain.CommissionChanged: commission_changed,
    on_chain.Slashed: slashed,
    on_chain.SlashBooked: slashed,
    on_chain.VestingDeposited: deposited,
    on_chain.Released: released,
    on_chain.ExitExecuted: exited,
    on_chain.VestingSlashed: vesting_slashed,
    on_chain.IncomeCredited: income,
    on_chain.FeesSplit: fees_split,
    on_chain.EmissionClaimed: emission_claimed,
    on_chain.ProposalCreated: proposed,
    on_chain.ProposalExtended: extended,
    on_chain.ProposalQueued: queued,
    on_chain.ProposalExecuted: executed,
    on_chain.ProposalCanceled: canceled,
    on_chain.VoteCast: voted,
    on_chain.VoteCastWithParams: voted,
    on_chain.DelegateChanged: votes_delegated,
    on_chain.ParameterSet: parameter_set,
}
