"""``neurovoyance gov queue``, ``execute`` and ``cancel``: what follows a vote, or prevents it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from neurovoyance.cli.gov_parts import ProposalArgument, SendOption
from neurovoyance.cli.options import HomeOption, JsonOption

if TYPE_CHECKING:
    from neurovoyance.chain.governing import Governance
    from neurovoyance.governance.acting import Prepared
    from neurovoyance.governance.proposals import Created

    Prepare = Callable[[Governance, Created, str], Awaitable[Prepared]]


def queue(
    proposal: ProposalArgument,
    yes: SendOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hand a proposal that succeeded to the timelock; anybody may."""
    from neurovoyance.cli.opened import run
    from neurovoyance.governance.acting import prepare_queue

    run(_step(lambda all_, item, _: prepare_queue(all_, item), proposal, yes, home, as_json))


def execute(
    proposal: ProposalArgument,
    yes: SendOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do what a queued proposal says, once it has waited; anybody may."""
    from neurovoyance.cli.opened import run
    from neurovoyance.governance.acting import prepare_execute

    run(_step(lambda all_, item, _: prepare_execute(all_, item), proposal, yes, home, as_json))


def cancel(
    proposal: ProposalArgument,
    yes: SendOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Withdraw your proposal before voting begins, or cancel one as the guardian."""
    from neurovoyance.cli.opened import run
    from neurovoyance.governance.acting import prepare_cancel

    run(_step(prepare_cancel, proposal, yes, home, as_json))


async def _step(
    prepare: Prepare, proposal: str, yes: bool, home: Path | None, as_json: bool
) -> None:
    from neurovoyance.cli.gov_parts import carry_out, governed, named
    from neurovoyance.governance.proposal_file import id_hex

    async with governed(home) as (governance, wallet):
        created = await named(governance, proposal)
        step = await prepare(governance, created, wallet.address)
        number = id_hex(created.proposal_id)
        await carry_out(step, wallet, yes, as_json, proposal_id=number)
