"""Exactly what lacks is signed for, once it is told; what the wallet lacks is refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.chain.market import Payment
from neurovoyance.chain.wallet import Permit
from neurovoyance.client.deposits import PERMIT_VALID_S, cover, lacking
from neurovoyance.protocol.errors import InsufficientFunds

NOW_S = 1_000
PERMIT = Permit(77, 27, b"\1" * 32, b"\2" * 32)
wei = st.integers(0, 2**96 - 1)


class Chain:
    """Market, token and clock of an account; keeps what was sent."""

    def __init__(self, free_wei: int, held_wei: int) -> None:
        self.free_wei, self.held_wei = free_wei, held_wei
        self.sent: list[tuple[Any, ...]] = []
        self.session: Any = SimpleNamespace(
            address="0xME",
            wallet="wallet",
            chain=self,
            deployment=SimpleNamespace(market="0xMARKET"),
            contracts=SimpleNamespace(market=self, token=self),
        )

    async def time_s(self) -> int:
        return NOW_S

    async def free_of_wei(self, address: str) -> int:
        return self.free_wei

    async def balance_of_wei(self, address: str) -> int:
        return self.held_wei

    async def sign_permit(self, wallet: str, spender: str, amount_wei: int, until_s: int) -> Any:
        self.sent.append(("permit", spender, amount_wei, until_s))
        return PERMIT

    async def deposit_with_permit(self, wallet: str, amount_wei: int, permit: Any) -> None:
        self.sent.append(("deposit", amount_wei, permit))


@given(wei, wei, wei)
async def test_exactly_what_lacks_is_signed_for(needed: int, free: int, held: int) -> None:
    chain, told, short = Chain(free, held), [], needed - free
    ask = lacking(chain.session, needed, "The job", ".", deadline_s=77, on_deposit=told.append)
    try:
        found = await ask
    except InsufficientFunds as error:
        assert held < short
        assert (chain.sent, told) == ([], [])
        assert error.context["needed_wei"] == str(short)
        return
    assert held >= short or short <= 0
    assert found == (Payment(short, PERMIT) if short > 0 else None)
    assert chain.sent == ([("permit", "0xMARKET", short, 77)] if short > 0 else [])
    assert told == ([short] if short > 0 else [])


@pytest.mark.parametrize("free", [0, 3, 5])
async def test_it_is_deposited_where_nothing_hires_with_it(free: int) -> None:
    chain, short = Chain(free, 9), 5 - free
    await cover(chain.session, 5, "The channel", ".")
    permit = ("permit", "0xMARKET", short, NOW_S + PERMIT_VALID_S)
    assert chain.sent == ([permit, ("deposit", short, PERMIT)] if short else [])


async def test_a_refusal_says_who_needs_it_and_what_else_could_be_done() -> None:
    with pytest.raises(InsufficientFunds, match=r"The channel needs .* Nothing was sent") as caught:
        await cover(Chain(0, 0).session, 5, "The channel", ", or allot less.")
    assert caught.value.hint == "Send NVY to 0xME, or allot less."
