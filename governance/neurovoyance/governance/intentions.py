"""What a proposal can want, each as a value that becomes a sentence and a call.

Place: pure; between ``grammar`` (from words), ``calls`` (to and from calldata) and the tables. What
is not here cannot be proposed with these tools, though a governor may allow it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from neurovoyance.governance.values import format_money, format_time, format_value
from neurovoyance.protocol.ids import Address
from neurovoyance.tokenomics.params import PARAMETERS

Fund: TypeAlias = Literal["treasury", "insurance fund"]


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """A parameter is to have another value.

    Attributes:
        key: name as in ``params.json``; a governor moves it.
        value: in the parameter's unit.
        before: what the author believes it to be now; None if not said.
    """

    key: str
    value: int
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """Tokens of the treasury or the insurance fund are to go to somebody."""

    fund: Fund
    to: Address
    amount_wei: int


@dataclass(frozen=True, slots=True)
class GuardianRenewal:
    """A new term of the guardian begins, with this holder."""

    holder: Address


@dataclass(frozen=True, slots=True)
class SlashReduction:
    """A held slash shall be smaller: ``amount_wei`` is what is left of it, perhaps nothing."""

    slash_id: bytes
    amount_wei: int


@dataclass(frozen=True, slots=True)
class CanaryListing:
    """Canaries shall use a model; or no longer, then the numbers are zero."""

    model_id: bytes
    pool: bytes
    batch: int
    max_runtime_s: int
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class ModelSuspension:
    """A model shall take no job any more, for ever; live jobs of it may then be voided."""

    model_id: bytes


@dataclass(frozen=True, slots=True)
class ChallengeRuling:
    """The challenge of a model's certificate is decided: upheld suspends the model."""

    model_id: bytes
    is_upheld: bool


Intention: TypeAlias = (
    ParameterChange
    | Payment
    | GuardianRenewal
    | SlashReduction
    | CanaryListing
    | ModelSuspension
    | ChallengeRuling
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What one sentence says: what is wanted, in order, and why."""

    intentions: tuple[Intention, ...]
    reason: str


def pool_words(pool: bytes) -> str:
    """Return a pool of auditors as the grammar reads it: a name, or 0x and 24 hex digits."""
    name = pool.rstrip(b"\0")
    return name.decode("ascii") if name.isalnum() and name.islower() else "0x" + pool.hex()


def clause_of(intention: Intention) -> str:
    """Return the canonical words of one intention."""
    if isinstance(intention, ParameterChange):
        unit = PARAMETERS[intention.key].unit
        before = "" if intention.before is None else f"from {format_value(intention.before, unit)} "
        return f"set {intention.key} {before}to {format_value(intention.value, unit)}"
    if isinstance(intention, Payment):
        amount = format_money(intention.amount_wei)
        return f"pay {amount} to {intention.to} from the {intention.fund}"
    if isinstance(intention, GuardianRenewal):
        return f"renew the guardian with {intention.holder}"
    if isinstance(intention, SlashReduction):
        amount = format_money(intention.amount_wei)
        return f"reduce slash 0x{intention.slash_id.hex()} to {amount}"
    if isinstance(intention, ModelSuspension):
        return f"suspend model 0x{intention.model_id.hex()}"
    if isinstance(intention, ChallengeRuling):
        verb = "uphold" if intention.is_upheld else "dismiss"
        return f"{verb} the challenge of model 0x{intention.model_id.hex()}"
    if not intention.is_listed:
        return f"unlist canary model 0x{intention.model_id.hex()}"
    return (
        f"list canary model 0x{intention.model_id.hex()} in pool {pool_words(intention.pool)} "
        f"with batch {intention.batch} for {format_time(intention.max_runtime_s)}"
    )


def sentence_of(wish: Wish) -> str:
    """Return the canonical sentence, which the grammar reads back to an equal value."""
    return f"{' and '.join(map(clause_of, wish.intentions))} because {wish.reason}"


def title_of(intentions: tuple[Intention, ...]) -> str:
    """Return a heading: the first clause, and how many follow."""
    first = clause_of(intentions[0])
    more = len(intentions) - 1
    title = first[0].upper() + first[1:]
    return title + (f", and {more} more" if more else "")


def is_constitutional(intention: Intention) -> bool:
    """Return whether only the constitutional governor can do this, whatever the amounts."""
    if isinstance(intention, ParameterChange):
        return PARAMETERS[intention.key].governor == "C"
    if isinstance(intention, Payment):
        return intention.fund == "insurance fund"
    return isinstance(intention, GuardianRenewal)


def is_standard_only(intention: Intention) -> bool:
    """Return whether only the standard governor can do this."""
    return isinstance(intention, SlashReduction | CanaryListing | ModelSuspension | ChallengeRuling)
