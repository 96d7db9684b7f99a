"""What the books keep of one job, and of one slash by verdict.

Place: values of :mod:`.books`, which alone changes them.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurovoyance.protocol.lifecycle import JobState


@dataclass(slots=True)
class JobEntry:
    """The money of one job, wei.

    Attributes:
        client: who pays.
        provider: who earns; empty while nobody took the job.
        price_wei: agreed price; the maximum price while the job is open.
        held_wei: escrowed for audits beside the price.
        escrow_wei: still held for the job, for price and audits.
        agreed_lock_wei: the provider's stake behind the job.
        lock_wei: the part of it that is still tied.
        paid_wei: credited to the provider.
        refunded_wei: credited back to the client, an unused part of the maximum price included.
        pool_wei: paid into the audit pool.
        slash_share_wei: the client's part of slashes.
        ended_in: final state, or None while the job lives.
    """

    client: str
    price_wei: int
    escrow_wei: int
    held_wei: int = 0
    provider: str = ""
    agreed_lock_wei: int = 0
    lock_wei: int = 0
    paid_wei: int = 0
    refunded_wei: int = 0
    pool_wei: int = 0
    slash_share_wei: int = 0
    ended_in: JobState | None = None

    @property
    def put_in_wei(self) -> int:
        """What the client put in, of which every wei has to be somewhere."""
        return self.escrow_wei + self.paid_wei + self.refunded_wei + self.pool_wei


@dataclass(slots=True)
class HeldSlash:
    """A slash by verdict that waits to be split, wei.

    Attributes:
        job_id: what the verdict was about.
        provider: who lost it.
        amount_wei: all that is held.
        delegated_wei: of it, what came from delegators.
    """

    job_id: bytes
    provider: str
    amount_wei: int
    delegated_wei: int = 0
