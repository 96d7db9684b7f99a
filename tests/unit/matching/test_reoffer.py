"""Whatever fails, and however late transactions land: never are two paid for one slot."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurovoyance.matching.reoffer import (
    Ask,
    Bound,
    Brought,
    Declined,
    Event,
    EventRefused,
    Lapsed,
    NobodyLeft,
    Refunded,
    Send,
    Slot,
    SlotPhase,
    Stop,
    Taken,
    Voided,
    Watch,
    step,
)

PROVIDERS = tuple("abcdef")
VALID_S = 300


@dataclass
class Escrow:
    """A model of the market: an offer can be taken once and in time; a refund frees the escrow.

    Attributes:
        pending: transactions that may still be mined, by provider, with the offer's last second.
    """

    now_s: int = 0
    pending: dict[str, int] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    paid: list[str] = field(default_factory=list)

    def send(self, provider: str, valid_until_s: int) -> None:
        self.pending[provider] = valid_until_s

    def mine(self, provider: str) -> None:
        until_s = self.pending.pop(provider, -1)
        if self.now_s <= until_s and provider not in self.opened:
            self.opened.add(provider)
            self.bound.add(provider)

    def refund(self, provider: str) -> None:
        self.bound.discard(provider)

    def pay(self, provider: str) -> None:
        self.bound.remove(provider)
        self.paid.append(provider)

    def check(self) -> None:
        able = {one for one, until_s in self.pending.items() if self.now_s <= until_s}
        assert len((able - self.opened) | self.bound) + len(self.paid) <= 1


class Driver:
    """Obeys the slot's instructions on the model, with every fault that the data asks for."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.slot = Slot(retries_left=data.draw(st.integers(0, 3)))
        self.escrow = Escrow()
        self.asked: list[str] = []

    def feed(self, event: Event) -> None:
        self.slot, _ = step(self.slot, event)

    def turn(self) -> bool:
        self.escrow.check()
        match self.slot.instruction:
            case Ask(avoid):
                self._ask(avoid)
            case Send(provider):
                self._send(provider)
            case Watch():
                self._watch()
            case Stop():
                return False
        return True

    def _ask(self, avoid: frozenset[str]) -> None:
        assert not self.escrow.bound
        left = [one for one in PROVIDERS if one not in avoid]
        if not left:
            self.feed(NobodyLeft())
        elif self.data.draw(st.booleans(), "declines"):
            self.feed(Declined(left[0]))
        else:
            self.feed(Taken(left[0], self.escrow.now_s + VALID_S))

    def _send(self, provider: str) -> None:
        self.escrow.send(provider, self.slot.valid_until_s)
        fate = self.data.draw(st.sampled_from(["mined", "lost", "slow"]), "transaction")
        if fate == "mined":
            self.escrow.mine(provider)
        self.escrow.now_s += self.data.draw(st.sampled_from([1, VALID_S, VALID_S + 1]), "seconds")
        if fate == "slow":
            self.escrow.mine(provider)
        if provider in self.escrow.bound:
            self.feed(Bound(provider))
        elif self.escrow.now_s > self.slot.valid_until_s:
            self.feed(Lapsed(self.escrow.now_s))
        else:
            with pytest.raises(EventRefused):
                self.feed(Lapsed(self.escrow.now_s))

    def _watch(self) -> None:
        provider = self.slot.provider
        end = self.data.draw(st.sampled_from(["brings", "fails", "voids", "waits"]), "end")
        if end == "brings":
            self.escrow.pay(provider)
            self.feed(Brought())
        elif end == "waits":
            self.escrow.now_s += 1
        else:
            self.escrow.refund(provider)
            self.feed(Refunded(by_provider=end == "fails"))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_never_two_are_paid_and_money_ends_free_or_paid_once(data: st.DataObject) -> None:
    driver = Driver(data)
    for _ in range(60):
        if not driver.turn():
            break
    driver.escrow.check()
    if driver.slot.phase is SlotPhase.ENDED:
        assert not driver.escrow.bound
        assert not driver.escrow.paid
    if driver.slot.phase is SlotPhase.DELIVERED:
        assert driver.escrow.paid == [driver.slot.provider]


EVENTS: list[Event] = [
    Declined("a"),
    Taken("a", 10),
    Bound("a"),
    Lapsed(11),
    Voided(),
    Refunded(),
    Brought(),
    NobodyLeft(),
]
ALLOWED = {
    SlotPhase.ASKING: {Declined, Taken, NobodyLeft},
    SlotPhase.SENT: {Bound, Lapsed, Voided},
    SlotPhase.HELD: {Refunded, Brought},
    SlotPhase.DELIVERED: set(),
    SlotPhase.ENDED: set(),
}


@pytest.mark.parametrize("phase", SlotPhase)
@pytest.mark.parametrize("event", EVENTS)
def test_only_events_of_the_phase_are_taken(phase: SlotPhase, event: Event) -> None:
    provider = "" if phase in (SlotPhase.ASKING, SlotPhase.ENDED) else "a"
    slot = Slot(phase=phase, provider=provider, valid_until_s=10)
    if type(event) in ALLOWED[phase]:
        step(slot, event)
        return
    with pytest.raises(EventRefused, match="does not belong"):
        step(slot, event)


def test_an_offer_that_can_still_be_taken_has_not_lapsed() -> None:
    sent = Slot(phase=SlotPhase.SENT, provider="a", valid_until_s=10)
    with pytest.raises(EventRefused):
        step(sent, Lapsed(10))
    with pytest.raises(EventRefused):
        step(sent, Bound("b"))
    assert step(sent, Lapsed(11))[1] == Ask(frozenset())


def test_who_failed_is_not_asked_again_and_who_declined_is_after_the_next_attempt() -> None:
    slot, asked = step(Slot(), Declined("a"))
    assert asked == Ask(frozenset("a"))
    slot, sent = step(slot, Taken("b", 10))
    assert sent == Send("b")
    slot, _ = step(slot, Bound("b"))
    slot, again = step(slot, Refunded())
    assert again == Ask(frozenset("b"))
    with pytest.raises(EventRefused):
        step(slot, Taken("b", 20))


@pytest.mark.parametrize(
    ("slot", "event", "reason"),
    [
        (Slot(), NobodyLeft(), "nobody is left to ask"),
        (Slot(retries_left=0), Refunded(), "no attempt is left"),
        (Slot(), Refunded(by_provider=False), "the job ended without anybody's fault"),
        (Slot(lapses_left=0), Voided(), "offers lapsed too often"),
    ],
)
def test_the_end_has_a_reason(slot: Slot, event: Event, reason: str) -> None:
    phase = {NobodyLeft: SlotPhase.ASKING, Voided: SlotPhase.SENT}.get(type(event), SlotPhase.HELD)
    slot = replace(slot, phase=phase, provider="a")
    assert step(slot, event)[1] == Stop(reason)
