"""EmissionController in the bare EVM, amid surroundings that a test sets, beside its twin.

A refusal is compared by name and values, all state to the wei.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.differential.plain_evm import Contract, PlainEvm, account

from neurovoyance.chain.deploy import create_address
from neurovoyance.tokenomics.emission import EPOCH_S, RESERVE_WEI, Emission, Epoch, Weight
from neurovoyance.tokenomics.params import pack
from neurovoyance.tokenomics.reverts import TwinRevert

NVY = 10**18
CAP_WEI = 10**27
START_EPOCH = 6_700
SURROUNDINGS = ("tests/contracts/mocks/EmissionSurroundings.sol", "EmissionSurroundings")
CONTROLLER = ("contracts/rewards/EmissionController.sol", "EmissionController")


class EmissionWorld:
    """Controller, surroundings and token on a chain, with the twin.

    Attributes:
        providers: owners; each has the account behind it as its operator.
        holder: the excluded address.
        seen: granted calls, by function.
    """

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.evm = PlainEvm(START_EPOCH * EPOCH_S + 5)
        self.deployer, self.holder, self.stranger = account(0), account(1), account(2)
        self.providers = [account(number) for number in (3, 4, 5)]
        self.operators = {owner: account(6 + i) for i, owner in enumerate(self.providers)}
        self.world = self.evm.deploy(*SURROUNDINGS)
        self.token = self._deploy_token()
        self.world.send(self.deployer, "setToken", self.token.address)
        world = self.world.address
        parts = (self.token.address, world, world, world, world, world, [self.holder])
        self.emission = self.evm.deploy(*CONTROLLER, parts)
        self.emission.errors |= self.world.errors  # the vault's error comes through
        assert self.token.ask("balanceOf", self.emission.address) == RESERVE_WEI
        for provider, operator in self.operators.items():
            self.world.send(self.deployer, "setOperator", provider, operator)
        self.word = pack("emission")
        self.world.send(self.deployer, "setWord", self.word)
        self.evm.keep()
        self.twin = Emission(first_epoch=START_EPOCH + 1)

    def reset(self) -> None:
        """Go back to the beginning, for another sequence."""
        self.evm.reset()
        self.word = pack("emission")
        self.twin = Emission(first_epoch=START_EPOCH + 1)

    def _deploy_token(self) -> Contract:
        """Mint the cap: the reserve to the controller's future address, the rest to others."""
        controller = create_address(self.deployer, 2)  # the surroundings' nonce was 0
        holders = [controller, self.holder, self.deployer]
        return self.evm.deploy_token(holders, [RESERVE_WEI, 150_000_000 * NVY, 250_000_000 * NVY])

    # --- the clock ---

    def present(self) -> int:
        return self.evm.now_s // EPOCH_S

    def warp(self, epochs: int) -> None:
        """Go to the middle of a later epoch."""
        self.evm.now_s = (self.present() + epochs) * EPOCH_S + EPOCH_S // 2

    # --- both sides ---

    def both(self, act: Any, sender: str, function: str, *args: Any) -> bool:
        """Send a call and do ``act`` on the twin; return whether both granted it."""
        answer = self.emission.send(sender, function, *args)
        try:
            expected = act()
        except TwinRevert as refused:
            assert answer.refusal == (refused.name, refused.values), (function, answer)
            return False
        assert answer.refusal is None, (function, args, answer, expected)
        assert not answer.values or answer.values == _tuple(expected), (function, answer, expected)
        self.seen[function] += 1
        return True

    def compare(self, epochs: list[int]) -> None:
        """Assert that twin and contract hold the same."""
        ask, twin = self.emission.ask, self.twin
        owed_wei = sum(twin.owed_wei.values())
        books = (twin.reserve_wei, twin.reserved_wei, twin.delegated_wei, owed_wei, twin.paid_wei)
        views = ("reserveWei", "reservedWei", "delegatedWei", "vestingOwedWei", "paidWei")
        assert tuple(ask(view) for view in views) == books
        assert sum(books) == RESERVE_WEI
        for party, expected_wei in twin.owed_wei.items():
            assert ask("vestingOwedOf", party) == expected_wei
        balance_wei = self.token.ask("balanceOf", self.emission.address)
        assert balance_wei == RESERVE_WEI - twin.paid_wei
        assert ask("availBps") == twin.avail_bps
        assert ask("baselineWei") == twin.baseline_wei
        assert ask("lastEpoch") == twin.last_epoch
        for epoch in epochs:
            assert Epoch(*ask("epochOf", epoch)) == twin.epochs.get(epoch, Epoch()), epoch
            for provider in self.providers:
                expected = twin.weights.get((epoch, provider), Weight())
                assert Weight(*ask("weightOf", provider, epoch)) == expected


def _tuple(found: Any) -> tuple[Any, ...]:
    return found if isinstance(found, tuple) else (found,)
