"""What is matched: the job wanted, and the providers who might take it.

Place: the values of this package; built by client and services from standing offers, signed offers
and the chain. Amounts in wei, times in ms or s as named. Never: a fact without a unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from neurovoyance.matching.reliability import Record
from neurovoyance.protocol.ids import Address, keccak256
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.standing_offers import UNITS_MAX, StandingOffer
from neurovoyance.protocol.units import UINT96_MAX

FETCH_BYTES_PER_S = 10_000_000
"""Assumed speed at which a model that is not held arrives."""
FETCH_START_MS = 5_000
LOAD_UNKNOWN_MS = 2_000
"""Assumed load time of a held model that was never measured."""
FELT_MS = 1_000
"""Added to every time: stages wait for blocks, so milliseconds are not felt."""


class Cause(StrEnum):
    """Why a provider is not for a job, in the order in which causes count."""

    TRIED = "tried before"
    CLASS = "job class"
    DEVICE = "device"
    MEMORY = "memory"
    TIME = "time"
    PRICE = "price"
    STAKE = "stake"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A job as matching sees it.

    Attributes:
        model_id: 32 bytes.
        max_runtime_s: longest runtime, which prices follow.
        max_price_wei: most that it may cost.
        units: units of work, where the model's price counts them; at most 2^30 - 1.
        memory_bytes: what it needs; 0 if not known.
        model_bytes: size of the model's files, for those who would have to fetch it.
        min_lock_wei: least stake that has to stand behind it.
        device: the kind wanted; empty takes the cheapest of each provider.
        seed: breaks ties; any bytes that belong to this job alone.
        avoid: providers that are not to be asked.
    """

    model_id: bytes
    job_class: JobClass
    max_runtime_s: int
    max_price_wei: int
    units: int = 0
    memory_bytes: int = 0
    model_bytes: int = 0
    min_lock_wei: int = 0
    device: str = ""
    seed: bytes = b""
    avoid: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not 0 <= self.units <= UNITS_MAX:
            raise ValueError(f"units: must be 0 to {UNITS_MAX}")
        if not 0 <= self.max_price_wei <= UINT96_MAX:
            raise ValueError(f"max_price_wei: must be 0 to {UINT96_MAX}")

    @classmethod
    def of(
        cls,
        spec: JobSpec,
        max_price_wei: int,
        *,
        seed: bytes = b"",
        avoid: frozenset[str] = frozenset(),
    ) -> Wanted:
        """Return a spec as matching sees it; the spec's hash breaks ties if no seed is given."""
        return cls(
            model_id=spec.model_id,
            job_class=spec.job_class,
            max_runtime_s=spec.max_runtime_s,
            max_price_wei=max_price_wei,
            seed=seed or spec.spec_hash(),
            avoid=avoid,
        )

    @property
    def seed64(self) -> int:
        """64 bits of the seed's hash."""
        return int.from_bytes(keccak256(self.seed)[:8], "big")

    @property
    def fetch_ms(self) -> int:
        """Assumed time to fetch and load the model where it is not held."""
        return FETCH_START_MS + self.model_bytes * 1_000 // FETCH_BYTES_PER_S + LOAD_UNKNOWN_MS


@dataclass(frozen=True, slots=True)
class Candidate:
    """One provider with one kind of device, and all that is known of it.

    Attributes:
        operator: its hot key; empty if not known.
        base_price_wei, per_second_wei, per_unit_wei: as in a standing offer.
        lock_multiple, min_lock_wei: ``lock = max(multiple * price, minimum, the job's minimum)``.
        free_stake_wei: own stake not tied to jobs.
        memory_bytes: most memory of one execution; 0 if not known, which fits.
        job_classes: kinds of checking it takes.
        slots, occupied: executions at once; taken of them, more than ``slots`` if some wait.
        held: load time in ms of each model on its disk.
        latency_ms: measured time to ask it something.
        record: of its jobs.
    """

    provider: str
    endpoint: str = ""
    operator: str = ""
    device: str = "cpu"
    base_price_wei: int = 0
    per_second_wei: int = 0
    per_unit_wei: int = 0
    lock_multiple: int = 0
    min_lock_wei: int = 0
    free_stake_wei: int = 2**96 - 1
    memory_bytes: int = 0
    max_runtime_s: int = 14_400
    job_classes: frozenset[JobClass] = frozenset(JobClass)
    slots: int = 1
    occupied: int = 0
    held: Mapping[bytes, int] = field(default_factory=dict)
    latency_ms: int = 0
    record: Record = field(default_factory=Record)

    def price_wei(self, wanted: Wanted) -> int:
        """Return ``base + per_second * max_runtime + per_unit * units``, wei."""
        return (
            self.base_price_wei
            + self.per_second_wei * wanted.max_runtime_s
            + self.per_unit_wei * wanted.units
        )

    def lock_wei(self, wanted: Wanted) -> int:
        """Return the stake that it would put behind the job, wei."""
        lock_wei = self.lock_multiple * self.price_wei(wanted)
        return max(lock_wei, self.min_lock_wei, wanted.min_lock_wei)

    def load_ms(self, wanted: Wanted) -> int:
        """Return the time until the model is ready: measured if held, assumed if not."""
        return self.held.get(wanted.model_id, wanted.fetch_ms)

    def queue_ms(self, wanted: Wanted) -> int:
        """Return the expected wait for a slot: half of a longest runtime for each job ahead."""
        return self.occupied * wanted.max_runtime_s * 500 // self.slots

    def time_ms(self, wanted: Wanted) -> int:
        """Return what the time until the result starts with: answer, wait and loading."""
        return FELT_MS + self.latency_ms + self.queue_ms(wanted) + self.load_ms(wanted)

    @property
    def risk_milli(self) -> int:
        """Odds against delivery, thousandths: ``(1 - l) / l`` of the lower bound l of reliability.

        At least 10 (1 %): no record proves more. Odds tell apart both ends, 0.02 from 0.05 as
        well as 0.98 from 0.95.
        """
        lower_ppm = max(1, self.record.lower_ppm)
        return max(10, (1_000_000 - lower_ppm) * 1_000 // lower_ppm)

    @property
    def tie64(self) -> int:
        """64 bits of the provider's hash."""
        return int.from_bytes(keccak256(self.provider.encode())[:8], "big")


def candidate_of(
    offer: StandingOffer,
    *,
    operator: str = "",
    free_stake_wei: int,
    latency_ms: int = 0,
    record: Record | None = None,
    device: str = "",
    wanted: Wanted | None = None,
) -> Candidate | None:
    """Return a standing offer as a candidate; None if it has no such device.

    Without a device the one whose price for the job is lowest counts, or per second if no job is
    given; at equal prices the first in the alphabet.
    """
    seconds, units = (wanted.max_runtime_s, wanted.units) if wanted else (1, 0)
    kinds = [item for item in offer.devices if device in ("", item.device)]
    if not kinds:
        return None
    kind = min(
        kinds,
        key=lambda item: (item.per_second_wei * seconds + item.per_unit_wei * units, item.device),
    )
    return Candidate(
        provider=Address(offer.provider),
        endpoint=offer.endpoint,
        operator=operator,
        device=kind.device,
        base_price_wei=offer.base_price_wei,
        per_second_wei=kind.per_second_wei,
        per_unit_wei=kind.per_unit_wei,
        lock_multiple=offer.lock_multiple,
        min_lock_wei=offer.min_lock_wei,
        free_stake_wei=free_stake_wei,
        memory_bytes=offer.memory_bytes,
        max_runtime_s=offer.max_runtime_s,
        job_classes=frozenset(offer.job_classes),
        slots=offer.slots,
        occupied=offer.occupied,
        held={
            item.model_id: LOAD_UNKNOWN_MS if item.load_ms is None else item.load_ms
            for item in offer.held
        },
        latency_ms=latency_ms,
        record=record or Record(),
    )
