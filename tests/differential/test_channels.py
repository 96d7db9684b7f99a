"""Twin and compiled PaymentChannels under the same random calls: the same to the wei."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

from eth_account.signers.local import LocalAccount
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.differential.channel_world import NVY, ChannelWorld
from tests.differential.plain_evm import CHAIN_ID, Answer

from neurovoyance.protocol.signing import digest_of
from neurovoyance.protocol.vouchers import Delegation, Voucher, voucher_message
from neurovoyance.tokenomics.channels import Allotment, PaymentChannels
from neurovoyance.tokenomics.reverts import TwinRevert
from neurovoyance.tokenomics.staking import Stake

EXAMPLES = int(os.environ.get("NEUROVOYANCE_TEST_SEEDS", "3")) * 10
STEPS = 40
WHO = st.integers(0, 1)
SALT = st.integers(0, 2)
WEI = st.one_of(st.integers(1, 90 * NVY), st.sampled_from([0, 1, 200 * NVY, 2**96 - 1]))
WORLDS: list[ChannelWorld] = []
SEEN: Counter[str] = Counter()


def world_of() -> ChannelWorld:
    """Return the one chain of this process, back at its beginning."""
    if not WORLDS:
        WORLDS.append(ChannelWorld())
    WORLDS[0].evm.reset()
    return WORLDS[0]


class ChannelMachine(RuleBasedStateMachine):
    """Clients open and close, payees redeem, in any order and often wrongly."""

    @initialize()
    def begin(self) -> None:
        self.world = world_of()
        self.twin = PaymentChannels(self.world.money())
        self.ids: list[bytes] = [bytes(32)]
        # One that works, so that even the shortest walk comes to vouchers.
        self.open(0, 0, [(0, 150 * NVY, 20), (1, 90 * NVY, 5)])

    # --- both sides ---

    def both(self, function: str, answer: Answer, act: Callable[[], Any]) -> None:
        """Hold a call of the contract to what the twin does."""
        refusal: tuple[str, tuple[Any, ...]] | None = None
        try:
            act()
        except TwinRevert as error:
            refusal = (error.name, error.values)
        SEEN[refusal[0] if refusal else function] += 1
        if refusal and refusal[0] == "PaymentChannels__BadSignature":
            assert answer.refusal and answer.refusal[0] == refusal[0]  # the twin has no digest
            return
        assert answer.refusal == refusal

    @property
    def now_s(self) -> int:
        return self.world.evm.now_s

    def channel(self, pick: int) -> bytes:
        """Return one of the latest ids, at times one of no channel."""
        return self.ids[-1 - pick % min(len(self.ids), 3)]

    def client_of(self, channel_id: bytes) -> int:
        known = self.twin.channels.get(channel_id)
        return self.world.clients.index(known.client) if known else 0

    def caller(self, owner: str, operator: str, pick: int) -> str:
        return [operator, owner, operator, self.world.clients[0]][pick % 4]

    # --- the client ---

    def _allotments(self, items: list[tuple[int, int, int]]) -> list[Allotment]:
        return [Allotment(self.world.providers[who], wei, times) for who, wei, times in items]

    LISTS = st.lists(st.tuples(WHO, WEI, st.sampled_from([20, 20, 20, 5, 4])), max_size=3)

    @rule(who=WHO, salt=SALT, items=LISTS)
    def open(self, who: int, salt: int, items: list[tuple[int, int, int]]) -> None:
        client, raw = self.world.clients[who], bytes([salt]) * 32
        allotments, channel_id = self._allotments(items), self.world.channel_id(client, raw)
        abi = [(a.payee, a.amount_wei, a.lock_multiple) for a in allotments]
        answer = self.world.call(client, "open", raw, abi)
        self.both("open", answer, lambda: self.twin.open(client, channel_id, allotments))
        if answer.refusal is None:
            assert answer.values == (channel_id,)
            self.ids.append(channel_id)

    @rule(pick=SALT, stranger=st.integers(0, 5), items=LISTS)
    def top_up(self, pick: int, stranger: int, items: list[tuple[int, int, int]]) -> None:
        channel_id, allotments = self.channel(pick), self._allotments(items)
        client = self.world.clients[self.client_of(channel_id) ^ (stranger == 0)]
        abi = [(a.payee, a.amount_wei, a.lock_multiple) for a in allotments]
        answer = self.world.call(client, "topUp", channel_id, abi)
        self.both("topUp", answer, lambda: self.twin.top_up(client, channel_id, allotments))

    @rule(pick=SALT, chance=st.integers(0, 3))
    def request_close(self, pick: int, chance: int) -> None:
        if chance:  # rarely, or nothing is ever redeemed
            return
        channel_id = self.channel(pick)
        client = self.world.clients[self.client_of(channel_id)]
        answer = self.world.call(client, "requestClose", channel_id)
        self.both(
            "requestClose",
            answer,
            lambda: self.twin.request_close(client, channel_id, self.now_s),
        )

    @rule(pick=SALT, who=st.lists(WHO, max_size=3))
    def reclaim(self, pick: int, who: list[int]) -> None:
        channel_id, payees = self.channel(pick), [self.world.providers[w] for w in who]
        answer = self.world.call(self.world.operators[0], "reclaim", channel_id, payees)
        returned: list[int] = []
        self.both(
            "reclaim",
            answer,
            lambda: returned.append(self.twin.reclaim(channel_id, payees, self.now_s)),
        )
        assert list(answer.values) == returned

    # --- the payee ---

    def _voucher(self, channel_id: bytes, who: int, extra_wei: int, valid_s: int) -> Voucher:
        payee = self.world.providers[who]
        redeemed_wei = self.twin.sides[channel_id, payee].redeemed_wei
        return Voucher(
            channel_id=channel_id,
            payee=payee,
            cumulative_wei=max(0, redeemed_wei + extra_wei),
            receipts_root=extra_wei.to_bytes(32, "big", signed=True),
            max_leaf_wei=abs(extra_wei),
            expiry_s=self.now_s + valid_s,
        )

    EXTRA = st.one_of(st.integers(-1, 3), st.integers(1, 150 * NVY))
    VALID = st.sampled_from([-1, 0, 600, 600, 600])

    @rule(pick=SALT, who=WHO, extra=EXTRA, valid=VALID, by=st.integers(0, 7))
    def redeem(self, pick: int, who: int, extra: int, valid: int, by: int) -> None:
        channel_id = self.channel(pick)
        voucher = self._voucher(channel_id, who, extra, valid)
        key = self._signer(channel_id, by == 0)
        caller = self.caller(self.world.providers[who], self.world.operators[who], by)
        signature = self.world.sign(voucher, key)
        answer = self.world.call(caller, "redeem", voucher.as_abi(), signature)
        self.both(
            "redeem",
            answer,
            lambda: self.twin.redeem(caller, voucher, key.address, self.now_s),
        )

    @rule(pick=SALT, who=WHO, extra=EXTRA, cap=WEI, valid=VALID, by=st.integers(0, 7))
    def redeem_delegated(
        self, pick: int, who: int, extra: int, cap: int, valid: int, by: int
    ) -> None:
        channel_id = self.channel(pick)
        voucher = self._voucher(channel_id, who, extra, 600)
        delegation = Delegation(
            channel_id=channel_id,
            delegate=self.world.delegate,
            cap_wei=cap,
            expiry_s=self.now_s + valid,
        )
        key = self.world.keys[2] if by else self.world.keys[0]
        permitting = self._signer(channel_id, by == 1)
        caller = self.world.operators[who]
        answer = self.world.call(
            caller,
            "redeemDelegated",
            voucher.as_abi(),
            self.world.sign(voucher, key),
            delegation.as_abi(),
            self.world.permit(delegation, permitting),
        )
        self.both(
            "redeemDelegated",
            answer,
            lambda: self.twin.redeem_delegated(
                caller, voucher, key.address, delegation, permitting.address, self.now_s
            ),
        )

    def _signer(self, channel_id: bytes, is_wrong: bool) -> LocalAccount:
        return self.world.keys[self.client_of(channel_id) ^ is_wrong]

    @rule(pick=SALT, who=WHO, by=st.integers(0, 12))
    def close_side(self, pick: int, who: int, by: int) -> None:
        if by > 3:
            return
        channel_id, payee = self.channel(pick), self.world.providers[who]
        caller = self.caller(payee, self.world.operators[who], by)
        answer = self.world.call(caller, "closeSide", channel_id, payee)
        self.both("closeSide", answer, lambda: self.twin.close_side(caller, channel_id, payee))

    # --- anyone, time, stake ---

    @rule(pick=SALT, who=WHO, patient=st.booleans())
    def settle(self, pick: int, who: int, patient: bool) -> None:
        channel_id, payee = self.channel(pick), self.world.providers[who]
        waiting = [key for key, last in self.twin.redemptions.items() if last.amount_wei]
        if patient and waiting:  # rare else
            channel_id, payee = waiting[pick % len(waiting)]
            self.world.evm.now_s += 1_801
        answer = self.world.call(self.world.clients[1], "settle", channel_id, payee)
        self.both("settle", answer, lambda: self.twin.settle(channel_id, payee, self.now_s))

    @rule(picks=st.lists(SALT, max_size=4), who=WHO)
    def settle_batch(self, picks: list[int], who: int) -> None:
        ids, payee = [self.channel(pick) for pick in picks], self.world.providers[who]
        answer = self.world.call(self.world.clients[1], "settleBatch", ids, payee)
        paid: list[int] = []
        self.both(
            "settleBatch",
            answer,
            lambda: paid.append(self.twin.settle_batch(ids, payee, self.now_s)),
        )
        assert list(answer.values) == paid

    @rule(seconds=st.sampled_from([1, 600, 1_800, 1_801, 86_400]))
    def wait(self, seconds: int) -> None:
        self.world.evm.now_s += seconds

    @rule(who=WHO, amount=st.integers(1, 3_000 * NVY))
    def unbond(self, who: int, amount: int) -> None:
        provider = self.world.providers[who]
        answer = self.world.stakes.send(provider, "requestUnbonding", amount)
        stake = self.twin.money.stakes[provider]
        assert (answer.refusal is None) == (amount <= stake.free_wei)
        if answer.refusal is None:
            self.twin.money.stakes[provider] = Stake(stake.own_wei - amount, stake.locked_wei)

    # --- everything agrees ---

    @invariant()
    def the_same_to_the_wei(self) -> None:
        world, twin = self.world, self.twin
        free = world.market.ask
        assert free("freeOf", world.channels.address) == twin.reserve_wei
        for client in world.clients:
            assert free("freeOf", client) == twin.money.free[client]
        for provider in world.providers:
            assert free("earnedOf", provider) == twin.money.earned[provider]
            locked_wei = world.stakes.ask("stakeOf", provider)[1]
            assert locked_wei == twin.money.stakes[provider].locked_wei
        for channel_id in self.ids[1:]:
            self._compare(channel_id)

    def _compare(self, channel_id: bytes) -> None:
        ask, twin = self.world.channels.ask, self.twin
        known = twin.channels[channel_id]
        client, *rest = ask("channelOf", channel_id)
        assert (client.lower(), *rest) == (known.client.lower(), known.window_s, known.closes_at_s)
        for payee in self.world.providers:
            side, last = twin.sides[channel_id, payee], twin.redemptions[channel_id, payee]
            assert ask("sideOf", channel_id, payee) == (
                side.allotment_wei,
                side.redeemed_wei,
                side.p_econ_bps,
                side.lock_multiple,
                side.is_closed,
            )
            signed = last.voucher and ask("voucherHashOf", last.voucher.as_abi())
            assert ask("redemptionOf", channel_id, payee) == (
                last.amount_wei,
                last.due_wei,
                last.due_at_s,
                signed or bytes(32),
            )

    @invariant()
    def the_reserve_is_what_is_owed(self) -> None:
        owed_wei = sum(
            side.rest_wei + self.twin.redemptions[key].amount_wei
            for key, side in self.twin.sides.items()
        ) + sum(waits.due_wei for waits in self.twin.redemptions.values())
        assert self.twin.reserve_wei == owed_wei
        assert all(side.rest_wei >= 0 for side in self.twin.sides.values())


ChannelMachine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestChannels = ChannelMachine.TestCase


def test_the_walks_met_what_matters() -> None:
    """Runs after the machine: a walk that only met refusals would show nothing."""
    calls = (
        *("open", "topUp", "redeem", "redeemDelegated", "settle", "settleBatch"),
        *("closeSide", "requestClose"),
    )
    assert [name for name in calls if not SEEN[name]] == []


def test_the_digest_is_the_contracts() -> None:
    world = world_of()
    voucher = Voucher(
        channel_id=b"\7" * 32,
        payee=world.providers[0],
        cumulative_wei=2**96 - 1,
        receipts_root=b"\xff" * 32,
        max_leaf_wei=3,
        expiry_s=2**64 - 1,
    )
    message = voucher_message(voucher, chain_id=CHAIN_ID, channels=world.channels.address)
    assert world.channels.ask("voucherHashOf", voucher.as_abi()) == digest_of(message)
