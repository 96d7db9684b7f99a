"""One slot of a job and who fills it: when one provider fails, the next is asked. Pure.

Place: under the client's driver. (slot, event) -> (slot, instruction). The rule that money depends
on: another provider is asked only when the one before can no longer take the money, that is it
refused, or its offer is over by chain time and was not taken, or the chain gave the escrow back. So
never are two paid for one slot. An event that does not belong to the phase is refused and changes
nothing. Never: a clock; chain time comes with the event.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from neurovoyance.protocol.errors import InternalError


class SlotPhase(StrEnum):
    """Where a slot stands."""

    ASKING = "asking"
    """Nobody holds an offer of ours; no money is bound."""
    SENT = "sent"
    """An offer was taken or is being taken; the escrow may be bound at any moment until it ends."""
    HELD = "held"
    """The escrow is bound to one provider."""
    DELIVERED = "delivered"
    """The provider brought a result; it is paid by the chain's rules."""
    ENDED = "ended"
    """Nobody is left, or no attempt is; all money is free."""


@dataclass(frozen=True, slots=True)
class Declined:
    """The provider asked refused or did not answer in time."""

    provider: str


@dataclass(frozen=True, slots=True)
class Taken:
    """An offer is about to be taken; it can be up to the last second, ``valid_until_s``."""

    provider: str
    valid_until_s: int


@dataclass(frozen=True, slots=True)
class Bound:
    """The chain assigned the slot's job to the provider."""

    provider: str


@dataclass(frozen=True, slots=True)
class Lapsed:
    """The job is not on chain at chain time ``time_s``."""

    time_s: int


@dataclass(frozen=True, slots=True)
class Voided:
    """The chain refused the offer for good: its nonce is used or it is over."""


@dataclass(frozen=True, slots=True)
class Refunded:
    """The chain gave the escrow back; ``by_provider`` if the provider was at fault."""

    by_provider: bool = True


@dataclass(frozen=True, slots=True)
class Brought:
    """The provider brought a result that was checked."""


@dataclass(frozen=True, slots=True)
class NobodyLeft:
    """The ranking has no further candidate."""


Event: TypeAlias = Declined | Taken | Bound | Lapsed | Voided | Refunded | Brought | NobodyLeft


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the best ranked provider that is not in ``avoid``."""

    avoid: frozenset[str]


@dataclass(frozen=True, slots=True)
class Send:
    """Take the offer of the provider; repeating it is the same."""

    provider: str


@dataclass(frozen=True, slots=True)
class Watch:
    """Wait for the chain; nothing else may be done."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing is left to do, for the reason given."""

    reason: str


Instruction: TypeAlias = Ask | Send | Watch | Stop


@dataclass(frozen=True, slots=True)
class Slot:
    """The state of one slot.

    Attributes:
        provider: who is being hired or is hired; empty while asking.
        valid_until_s: last second of chain time at which its offer can be taken.
        declined: who refused since the last attempt; they may be asked again after the next.
        failed: who lost an attempt; never asked again for this slot.
        retries_left: further attempts after refunds.
        lapses_left: further attempts after offers that were never taken.
    """

    phase: SlotPhase = SlotPhase.ASKING
    provider: str = ""
    valid_until_s: int = 0
    declined: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    retries_left: int = 1
    lapses_left: int = 3
    reason: str = ""

    @property
    def instruction(self) -> Instruction:
        """What is to be done in this state."""
        match self.phase:
            case SlotPhase.ASKING:
                return Ask(self.declined | self.failed)
            case SlotPhase.SENT:
                return Send(self.provider)
            case SlotPhase.HELD:
                return Watch()
        return Stop(self.reason)


class EventRefused(InternalError):
    """An event does not belong to the phase of the slot; nothing was changed."""

    code = "internal.slot_event"


def step(slot: Slot, event: Event) -> tuple[Slot, Instruction]:
    """Return the slot after an event, and what is to be done.

    Raises:
        EventRefused: the event does not belong to the phase, or names another provider.
    """
    after = _after(slot, event)
    if after is None:
        raise EventRefused(
            f"{type(event).__name__} does not belong to a slot that is {slot.phase}.",
            provider=slot.provider,
        )
    return after, after.instruction


def _after(slot: Slot, event: Event) -> Slot | None:
    match slot.phase, event:
        case SlotPhase.ASKING, Declined(provider):
            return replace(slot, declined=slot.declined | {provider})
        case SlotPhase.ASKING, NobodyLeft():
            return _ended(slot, "nobody is left to ask")
        case SlotPhase.ASKING, Taken(provider, until_s) if provider not in slot.failed:
            return replace(slot, phase=SlotPhase.SENT, provider=provider, valid_until_s=until_s)
        case SlotPhase.SENT, Bound(provider) if provider == slot.provider:
            return replace(slot, phase=SlotPhase.HELD)
        case SlotPhase.SENT, Lapsed(time_s) if time_s > slot.valid_until_s:
            return _again_after_lapse(slot)
        case SlotPhase.SENT, Voided():
            return _again_after_lapse(slot)
        case SlotPhase.HELD, Refunded(by_provider):
            return _again_after_refund(slot, by_provider)
        case SlotPhase.HELD, Brought():
            return replace(slot, phase=SlotPhase.DELIVERED, reason="a result was brought")
    return None


def _again_after_lapse(slot: Slot) -> Slot:
    if not slot.lapses_left:
        return _ended(slot, "offers lapsed too often")
    return _asking(replace(slot, lapses_left=slot.lapses_left - 1))


def _again_after_refund(slot: Slot, by_provider: bool) -> Slot:
    failed = slot.failed | {slot.provider}
    if not by_provider:
        return _ended(replace(slot, failed=failed), "the job ended without anybody's fault")
    if not slot.retries_left:
        return _ended(replace(slot, failed=failed), "no attempt is left")
    return _asking(replace(slot, failed=failed, retries_left=slot.retries_left - 1))


def _asking(slot: Slot) -> Slot:
    return replace(slot, phase=SlotPhase.ASKING, provider="", valid_until_s=0, declined=frozenset())


def _ended(slot: Slot, reason: str) -> Slot:
    return replace(slot, phase=SlotPhase.ENDED, provider="", reason=reason)
