"""How the owner lends: for pay, or as a volunteer for public projects.

Place: shared by ``offering`` (what a job costs here), ``control`` (the owner's switch) and
``process``. The market knows no price of zero, so a volunteer asks for one wei, the smallest amount
there is. A volunteer works only for clients on the owner's list. Credit is a count of settled jobs:
it can be neither passed on nor spent, and the chain shows every job of it. Never: a decision by
anything but the client's address, or credit that some rule rewards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from neurovoyance.node.execution_values import Outcome
from neurovoyance.node.journal import Entry
from neurovoyance.protocol.ids import Address, JobId

VOLUNTEER_PRICE_WEI = 1
"""The least that the market accepts; see ``JobMarket__ZeroAmount``."""


class Lend(StrEnum):
    """PAID: the price list holds. VOLUNTEER: one wei, for listed clients alone."""

    PAID = "paid"
    VOLUNTEER = "volunteer"


@dataclass(slots=True)
class Lending:
    """What the owner chose; may change while the node runs.

    Attributes:
        mode: see :class:`Lend`.
        public_clients: addresses of clients for whom a volunteer works.
    """

    mode: Lend = Lend.PAID
    public_clients: frozenset[Address] = frozenset()

    @property
    def is_volunteer(self) -> bool:
        """Tell whether jobs are done as a gift."""
        return self.mode is Lend.VOLUNTEER

    def refusal_of(self, client: str) -> str | None:
        """Return in a sentence why nothing is done for a client now, or None."""
        if not self.is_volunteer or client in self.public_clients:
            return None
        return "This node works as a volunteer, for public projects that its owner listed."


@dataclass(frozen=True, slots=True)
class Credit:
    """What was given: settled volunteer jobs, and the seconds that they allowed at most."""

    jobs: tuple[JobId, ...]
    allowed_s: int


def credit_of(entries: Iterable[Entry]) -> Credit:
    """Return the credit in executions that ended; anybody can look up each job on chain."""
    given = [entry for entry in entries if _is_given(entry)]
    allowed_s = sum(entry.job.spec.max_runtime_s for entry in given)
    return Credit(tuple(entry.execution.job_id for entry in given), allowed_s)


def _is_given(entry: Entry) -> bool:
    terms = entry.execution.terms
    price_wei = terms.price_wei if terms else entry.job.max_price_wei
    return entry.execution.outcome is Outcome.SETTLED and price_wei == VOLUNTEER_PRICE_WEI
