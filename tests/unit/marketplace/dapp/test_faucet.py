"""Coins arrive once an hour, and a failure costs nobody their hour."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.marketplace.dapp.conftest import FAUCET
from tests.unit.marketplace.market_events import address

from neurovoyance.chain import Contracts
from neurovoyance.marketplace.dapp.faucet import GRANT_GAS_WEI, GRANT_WEI, Faucet
from neurovoyance.marketplace.errors import FaucetEmpty
from neurovoyance.protocol.errors import ConfigError, RateLimited, RpcError, SpecError
from neurovoyance.protocol.ids import ZERO_ADDRESS


async def test_coins_arrive_until_there_are_none(contracts: Contracts) -> None:
    faucet = Faucet(contracts, FAUCET, per_host_per_hour=10)
    who = address(0xABCD)
    given = await faucet.grant(who, "here")
    assert (given.gas_wei, given.amount_wei) == (GRANT_GAS_WEI, GRANT_WEI)
    assert await contracts.token.balance_of_wei(who) == GRANT_WEI
    assert await contracts.client.balance_wei(who) == GRANT_GAS_WEI
    assert given.block == (await contracts.client.receipt(given.tx_hash)).block_number  # type: ignore[union-attr]
    with pytest.raises(RateLimited) as caught:
        await faucet.grant(who, "elsewhere")
    assert caught.value.context["retry_after_s"] > 3_500
    await faucet.grant(address(0xABCE), "here")
    # Who holds gas already is given none.
    again = await Faucet(contracts, FAUCET, per_host_per_hour=1).grant(who, "here")
    assert (again.gas_wei, again.gas_tx_hash) == (0, None)
    with pytest.raises(FaucetEmpty):
        await faucet.grant(address(0xABCF), "here")


class Broken:
    """Contracts whose token does not answer."""

    def __init__(self, chain_id: int = 31337) -> None:
        self.client = SimpleNamespace(chain_id=chain_id)
        self.token = self
        self.asked = 0

    async def balance_of_wei(self, _: str) -> int:
        self.asked += 1
        raise RpcError("It is away.")


def faucet_of(contracts: Any, hosts: int = 5) -> Faucet:
    return Faucet(contracts, FAUCET, per_host_per_hour=hosts)


async def test_a_failure_does_not_cost_the_hour_but_counts_for_the_machine() -> None:
    broken = Broken()
    faucet = faucet_of(broken, hosts=2)
    for _ in range(2):
        with pytest.raises(RpcError):
            await faucet.grant(address(1), "here")
    with pytest.raises(RateLimited):
        await faucet.grant(address(1), "here")
    with pytest.raises(RpcError):
        await faucet.grant(address(1), "elsewhere")
    assert broken.asked == 3


async def test_coins_for_nobody_are_refused() -> None:
    for nobody in (ZERO_ADDRESS, FAUCET.address):
        with pytest.raises(SpecError, match="address"):
            await faucet_of(Broken()).grant(nobody, "here")


def test_another_chain_has_no_faucet() -> None:
    with pytest.raises(ConfigError, match="31337"):
        faucet_of(Broken(chain_id=1))
