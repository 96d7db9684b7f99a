"""Brings to the market what an escrow, a channel or a bond needs more than is free there.

Place: before every call that takes from the free balance. One permit, for exactly what lacks: a job
is hired with it in one transaction, anything else is preceded by a deposit. Never: an allowance
that stays, or a deposit that the wallet cannot pay.
"""

from __future__ import annotations

from collections.abc import Callable

from neurovoyance.chain.market import Payment
from neurovoyance.client.session import Session
from neurovoyance.protocol.errors import InsufficientFunds
from neurovoyance.protocol.units import format_nvy

PERMIT_VALID_S = 3_600

OnDeposit = Callable[[int], None]
"""Told what is deposited, in wei, before it is sent."""


async def cover(session: Session, needed_wei: int, what: str, hint: str) -> None:
    """Deposit what the free balance lacks; hold ``session.money_lock`` until it is spent.

    Args and errors as :func:`lacking`; or ContractRevert, RpcError: the deposit failed.
    """
    deadline_s = await session.chain.time_s() + PERMIT_VALID_S
    lacks = await lacking(session, needed_wei, what, hint, deadline_s=deadline_s)
    if lacks is not None:
        await session.contracts.market.deposit_with_permit(session.wallet, *lacks)


async def lacking(
    session: Session,
    needed_wei: int,
    what: str,
    hint: str,
    *,
    deadline_s: int,
    on_deposit: OnDeposit | None = None,
) -> Payment | None:
    """Sign a permit for what the free balance lacks; None where it reaches. Sends nothing.

    Args:
        session: of the client.
        needed_wei: what is taken from the free balance next.
        what: what needs it, such as ``The channel``; begins a sentence.
        hint: what else could be done than to send money to the wallet.
        deadline_s: last second of chain time of the permit.
        on_deposit: told the amount before it is signed.

    Raises:
        InsufficientFunds: the wallet does not hold it; nothing was signed.
    """
    market, token = session.contracts.market, session.contracts.token
    short_wei = needed_wei - await market.free_of_wei(session.address)
    if short_wei <= 0:
        return None
    held_wei = await token.balance_of_wei(session.address)
    if held_wei < short_wei:
        raise InsufficientFunds(
            f"{what} needs {format_nvy(needed_wei)} NVY; {format_nvy(short_wei)} more than is free "
            f"in the market, and the wallet holds {format_nvy(held_wei)}. Nothing was sent.",
            hint=f"Send NVY to {session.address}{hint}",
            needed_wei=str(short_wei),
            held_wei=str(held_wei),
        )
    if on_deposit is not None:
        on_deposit(short_wei)
    market_address = session.deployment.market
    permit = await token.sign_permit(session.wallet, market_address, short_wei, deadline_s)
    return Payment(short_wei, permit)
