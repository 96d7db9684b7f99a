"""What a job costs here, and the signed offer for it.

Place: stage 3, after ``intake``. Integers only; every price is in wei::

    price = base_price_wei + price_per_second_wei * max_runtime_s
    lock  = max(lock_multiple * price, min_lock_wei, the client's min_lock_wei)

The price follows the longest time that the client allows, not the time used, so that it is known
before anything runs. A lock of 20 times the price keeps the audit probability near its floor
(verification section 6). Live offers are promises of stake and of time: all of them may be taken
in the same second, so their sum is bounded by both. Never: a float, or a promise that is not in
the journal.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from neurovoyance.node.execution_values import Terms
from neurovoyance.node.journal import Journal, OfferRecord
from neurovoyance.node.lending import VOLUNTEER_PRICE_WEI, Lending
from neurovoyance.protocol.eth_accounts import LocalAccount
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause
from neurovoyance.protocol.signing import Offer, sign_offer
from neurovoyance.protocol.units import UINT96_MAX, format_nvy
from neurovoyance.tokenomics.params import default_of

OFFER_VALID_S = 300
SUPPORTED_CLASSES = frozenset({JobClass.EXACT, JobClass.TENSOR})
QUEUE_DEPTH = 2
"""Jobs per slot that may be promised: the commit deadline is twice the longest runtime."""


@dataclass(frozen=True, slots=True)
class PricePolicy:
    """The owner's price list; amounts in wei, ``max_runtime_s`` the longest job taken.

    ``lending`` may change while the node runs: a volunteer asks one wei in place of the price.
    """

    base_price_wei: int
    price_per_second_wei: int
    lock_multiple: int
    min_lock_wei: int
    max_runtime_s: int
    lending: Lending = field(default_factory=Lending, compare=False)

    def terms(self, spec: JobSpec, min_lock_wei: int = 0) -> Terms:
        """Return price and lock for a spec; see the formula above."""
        price_wei = self.base_price_wei + self.price_per_second_wei * spec.max_runtime_s
        if self.lending.is_volunteer:
            price_wei = VOLUNTEER_PRICE_WEI
        lock_wei = max(self.lock_multiple * price_wei, self.min_lock_wei, min_lock_wei)
        return Terms(price_wei, lock_wei)


@dataclass(frozen=True, slots=True)
class Room:
    """What is free for one more job.

    Attributes:
        slots: executions that may compute at once.
        occupied: executions accepted or running.
        promised: live offers.
        own_stake_wei: own stake, locked part included.
        free_stake_wei: own stake not tied to jobs.
        promised_wei: locks of live offers and of acceptances under way.
    """

    slots: int
    occupied: int
    promised: int
    own_stake_wei: int
    free_stake_wei: int
    promised_wei: int


def quote(
    policy: PricePolicy,
    spec: JobSpec,
    max_price_wei: int,
    min_lock_wei: int,
    client: str = ZERO_ADDRESS,
) -> Terms | Refusal:
    """Return the terms for a job, or why it is not for this node; costs nothing to ask."""
    not_for = policy.lending.refusal_of(client)
    if not_for is not None:
        return _refuse(RefusalCause.CLIENT, not_for)
    if spec.job_class not in SUPPORTED_CLASSES:
        return _refuse(
            RefusalCause.CLASS, f"Jobs of class {spec.job_class.name} are not run by this node."
        )
    if spec.max_runtime_s > policy.max_runtime_s:
        return _refuse(
            RefusalCause.TIME,
            f"The job may run for {spec.max_runtime_s:,} s; this node takes jobs of at most "
            f"{policy.max_runtime_s:,} s.",
        )
    terms = policy.terms(spec, min_lock_wei)
    if terms.price_wei > max_price_wei:
        return _refuse(
            RefusalCause.PRICE,
            f"The price is {format_nvy(terms.price_wei)} NVY; at most "
            f"{format_nvy(max_price_wei)} NVY is offered.",
        )
    if max(terms.price_wei, terms.lock_wei) > UINT96_MAX:
        return _refuse(RefusalCause.STAKE, "The amounts are larger than the market can record.")
    return terms


def refusal_for_stake(lock_wei: int, room: Room) -> Refusal | None:
    """Return why the stake does not cover one more lock, or None if it does."""
    least_wei = default_of("minSelfStakeWei")
    if room.own_stake_wei < least_wei:
        return _refuse(
            RefusalCause.STAKE,
            f"The own stake of this node is {format_nvy(room.own_stake_wei)} NVY; taking jobs "
            f"needs {format_nvy(least_wei)} NVY.",
        )
    left_wei = room.free_stake_wei - room.promised_wei
    if lock_wei > left_wei:
        return _refuse(
            RefusalCause.STAKE,
            f"The job needs a lock of {format_nvy(lock_wei)} NVY; "
            f"{format_nvy(max(left_wei, 0))} NVY of stake is free and not promised.",
        )
    return None


def refusal_for_offer(lock_wei: int, room: Room) -> Refusal | None:
    """Return why no offer can be made now, or None if one can."""
    if room.occupied + room.promised >= QUEUE_DEPTH * room.slots:
        return _refuse(
            RefusalCause.BUSY,
            f"{room.occupied} jobs run and {room.promised} are promised; this node computes "
            f"{room.slots} at once.",
        )
    return refusal_for_stake(lock_wei, room)


def has_room_to_accept(lock_wei: int, room: Room) -> bool:
    """Tell whether a listing may be accepted now: a free slot, nothing overbooked, and stake."""
    return (
        room.occupied < room.slots
        and room.occupied + room.promised < QUEUE_DEPTH * room.slots
        and refusal_for_stake(lock_wei, room) is None
    )


@dataclass(frozen=True, slots=True)
class OfferSigner:
    """Signs offers of one provider for one market with the operator key."""

    provider: Address
    account: LocalAccount
    chain_id: int
    market: str
    journal: Journal

    def sign(
        self,
        spec: JobSpec,
        client: Address,
        terms: Terms,
        time_s: int,
        again: OfferRecord | None = None,
    ) -> tuple[Offer, bytes]:
        """Return an offer valid for five minutes of chain time, and its signature.

        The offer is in the journal before the signature exists, so a promise cannot be forgotten.

        Args:
            again: an offer of the same terms that is still live; it is signed once more instead.
        """
        record = again or OfferRecord(
            nonce=secrets.randbits(256),
            client=client,
            spec_hash=spec.spec_hash(),
            price_wei=terms.price_wei,
            lock_wei=terms.lock_wei,
            valid_until_s=time_s + OFFER_VALID_S,
        )
        offer = Offer(
            provider=self.provider,
            client=Address(record.client),
            spec_hash=record.spec_hash,
            price_wei=record.price_wei,
            lock_wei=record.lock_wei,
            valid_until_s=record.valid_until_s,
            nonce=record.nonce,
        )
        if again is None:
            self.journal.add_offer(record)
        signature = sign_offer(offer, self.account, chain_id=self.chain_id, market=self.market)
        return offer, signature


def _refuse(cause: RefusalCause, message: str) -> Refusal:
    return Refusal(cause=cause, message=message)
