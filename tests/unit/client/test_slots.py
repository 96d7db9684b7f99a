"""An order's journal, replayed, tells whether and whom to ask next."""

from __future__ import annotations

import pytest

from neurovoyance.client.journal import Attempt, Status
from neurovoyance.client.slots import HANDED_BACK, LAPSES_MAX, slot_of
from neurovoyance.matching.reoffer import Ask, Send, SlotPhase, Stop, Watch
from neurovoyance.protocol.ids import Address, JobId, parse_address
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.signing import Offer

SPEC = JobSpec(model_id=bytes(32), input_cid=b"\x01" * 36)
A, B = parse_address("0x" + "0a" * 20), parse_address("0x" + "0b" * 20)


def attempt(number: int, provider: str | None, status: Status, note: str = "") -> Attempt:
    offer = provider and Offer(
        provider=Address(provider),
        spec_hash=SPEC.spec_hash(),
        price_wei=1,
        lock_wei=5,
        valid_until_s=10,
        nonce=number,
    )
    return Attempt(
        job_id=JobId(bytes([number]) * 32),
        order_id="one",
        number=number,
        spec=SPEC,
        salt=bytes(32),
        price_wei=1,
        lock_wei=5,
        deadline_s=10,
        source="",
        offer=offer or None,
        status=status,
        note=note,
    )


FAILED = attempt(0, A, Status.REFUNDED, "ProviderCommitTimeout")


@pytest.mark.parametrize(
    ("status", "instruction"),
    [
        (Status.PLANNED, Send(A)),
        (Status.HIRED, Watch()),
        (Status.CHECKED, Stop("a result was brought")),
        (Status.SETTLED, Stop("a result was brought")),
        (Status.MISMATCH, Stop("a result was brought")),
        (Status.VOID, Ask(frozenset())),
    ],
)
def test_only_a_void_or_refunded_attempt_makes_room_for_another(
    status: Status, instruction: object
) -> None:
    assert slot_of([attempt(0, A, status)], 1).instruction == instruction


def test_who_handed_back_is_avoided_like_who_failed() -> None:
    back = attempt(0, A, Status.REFUNDED, HANDED_BACK)
    assert slot_of([back], 1).instruction == Ask(frozenset({A}))
    listing = attempt(0, None, Status.REFUNDED, HANDED_BACK)
    assert isinstance(slot_of([listing], 1).instruction, Ask)


def test_who_failed_is_avoided_until_the_retries_are_used_up() -> None:
    assert slot_of([FAILED], 1).instruction == Ask(frozenset({A}))
    assert slot_of([FAILED], 0).instruction == Stop("no attempt is left")
    second = attempt(1, B, Status.REFUNDED, "Rejected")
    assert slot_of([FAILED, second], 2).instruction == Ask(frozenset({A, B}))
    assert slot_of([FAILED, second], 1).phase is SlotPhase.ENDED


@pytest.mark.parametrize("note", ["Unmatched", "Cancelled"])
def test_what_nobody_took_is_not_tried_again(note: str) -> None:
    assert isinstance(slot_of([attempt(0, None, Status.REFUNDED, note)], 5).instruction, Stop)


def test_offers_lapse_only_so_often() -> None:
    lapsed = [attempt(n, A, Status.VOID) for n in range(LAPSES_MAX + 1)]
    assert isinstance(slot_of(lapsed[:-1], 1).instruction, Ask)
    assert slot_of(lapsed, 1).instruction == Stop("offers lapsed too often")


def test_a_listing_may_be_accepted_by_who_failed_before() -> None:
    listings = [attempt(n, None, Status.REFUNDED, "ProviderRevealTimeout") for n in (0, 1)]
    assert isinstance(slot_of(listings, 2).instruction, Ask)
