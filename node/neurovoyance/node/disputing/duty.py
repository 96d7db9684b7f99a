"""The duty of disputes: which ones concern this node, and whatever the rules want done in them.

Place: beside the executions, run by the agent. Events say where to look; every sweep reads the
open disputes again, asks ``rules`` and starts one thing at a time in each. What is computed is
fixed in the casebook by ``hearing`` before the rules want it sent. Every step is told in words,
in the log and in the casebook. Never: a rule, or a value that is sent without being fixed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from neurovoyance.chain.events import (
    ChainEvent,
    DisputeOpened,
    RefereesDrawn,
    Rollback,
    SlashBooked,
)
from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.disputing import telling
from neurovoyance.node.disputing.casebook import (
    FINDING,
    HOPELESS,
    NOTHING,
    POINT,
    WITHDRAWN,
    Casebook,
    vote_name,
)
from neurovoyance.node.disputing.court_side import CourtSide
from neurovoyance.node.disputing.forms import Reason
from neurovoyance.node.disputing.rules import is_costly, is_over, wanted
from neurovoyance.node.disputing.slashes import SlashKeeper
from neurovoyance.node.disputing.values import (
    LOCAL,
    Case,
    DisputeAction,
    DisputeView,
    Margins,
    Role,
    Wanted,
)
from neurovoyance.node.logs import log_event
from neurovoyance.protocol.audit import DisputeFacts, DisputePhase
from neurovoyance.protocol.errors import (
    ChainError,
    ContractRevert,
    NeurovoyanceError,
    TransactionError,
)
from neurovoyance.protocol.ids import JobId

REOPEN_S = 3_600
"""How long a dispute that is over is looked at for a reorganisation that undoes its end."""
RETRY_S = 3
DEFECT_RETRY_S = 60
DONE_HOLD_S = 30
"""How long something that took effect is not asked for again: the chain may lag."""
DOUBLINGS_MAX = 5
SWEEP_AT_ONCE = 4


UNREAD = DisputeView(DisputePhase.NONE)


class NotYet(NeurovoyanceError):
    """Work of a dispute cannot be finished now; ``retry_s`` says when to try again."""

    code = "dispute.not_yet"
    retryable = True

    def __init__(self, message: str, *, retry_s: int = 15) -> None:
        super().__init__(message)
        self.retry_s = retry_s


class Hearing(Protocol):
    """The local work of disputes; each method fixes what it finds in the casebook.

    All raise NotYet, or another NeurovoyanceError, where another attempt may help.
    """

    async def trace(self, case: Case, view: DisputeView) -> None:
        """Run the model under C1 and fix the trace, or why there can be none."""
        ...

    async def seek(self, case: Case, view: DisputeView) -> None:
        """Look through the posted trace and fix what to point at, or that there is nothing."""
        ...

    async def judge(self, case: Case, view: DisputeView, want: Wanted) -> None:
        """Judge what was pointed at or claimed; fix the vote of the level, or our own finding."""
        ...

    def inputs_in_use(self) -> frozenset[bytes]:
        """Return the binary CIDs of inputs that are being worked with."""
        ...

    async def release(self, case: Case) -> None:
        """Let go what was kept for a dispute that is over."""
        ...


@dataclass(slots=True)
class Live:
    """One dispute in memory, with what is under way for it; ``done`` maps keys to moments."""

    case: Case
    view: DisputeView = UNREAD
    is_over: bool = False
    changed_s: int = 0
    task: asyncio.Task[None] | None = None
    doing: Wanted | None = None
    failures: int = 0
    not_before_s: int = 0
    done: dict[str, int] = field(default_factory=dict)

    @property
    def is_busy(self) -> bool:
        """Whether something is under way."""
        return self.task is not None and not self.task.done()


class DisputeDuty:
    """Keeps the promises of one node in disputes; a :class:`~neurovoyance.node.duty.Duty`.

    Args:
        court: reads and sends.
        hearing: the local work.
        crash: where a test may kill the process.
        margins: time kept in hand.
    """

    name = "disputes"

    def __init__(
        self, court: CourtSide, hearing: Hearing, crash: CrashPoint, margins: Margins | None = None
    ) -> None:
        self._court = court
        self._hearing = hearing
        self._crash = crash
        self._margins = margins or Margins()
        self._live: dict[bytes, Live] = {}
        self._slashes = SlashKeeper(court, crash)
        self._time_s = 0

    @property
    def book(self) -> Casebook:
        """The casebook, for those who explain."""
        return self._court.book

    # Duty.

    async def handle(self, items: Sequence[ChainEvent | Rollback]) -> None:
        """Take up the disputes and held slashes that concern us."""
        for item in items:
            match item:
                case DisputeOpened():
                    await self._take_up(item.facts, await self._role_in(item.facts))
                case RefereesDrawn() if self._court.owner in item.owners:
                    facts = await self._court.facts_of(item.dispute_id)
                    if facts is not None:
                        await self._take_up(facts, await self._role_in(facts) or Role.BYSTANDER)
                case SlashBooked():
                    await self._slashes.note(item)
                case _:
                    continue

    async def sweep(self, time_s: int) -> None:
        """Read every dispute again and start what is due."""
        self._time_s = time_s
        gate = asyncio.Semaphore(SWEEP_AT_ONCE)

        async def look(live: Live) -> None:
            async with gate:
                await self._look(live)

        results = await asyncio.gather(
            *(look(live) for live in list(self._live.values())), return_exceptions=True
        )
        # Those of a dispute in memory are split by its own rules.
        known = {live.case.facts.job_id for live in self._live.values()}
        await self._slashes.sweep(time_s, frozenset(known))
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            raise failures[0]

    def due(self) -> int:
        """Return how many disputes would cost stake or bond if a deadline passed."""
        return sum(is_costly(live.case, live.view, self._time_s) for live in self._live.values())

    def live(self) -> int:
        """Return how many disputes are not over."""
        return sum(not live.is_over for live in self._live.values())

    def occupied(self) -> int:
        """Return how many disputes are being worked on now."""
        return sum(
            live.is_busy and live.doing is not None and live.doing.action in LOCAL
            for live in self._live.values()
        )

    def inputs_in_use(self) -> frozenset[bytes]:
        """Return the inputs that have to stay on this disk."""
        return self._hearing.inputs_in_use()

    async def restore(self) -> None:
        """Load the disputes of the casebook."""
        self._time_s = await self._court.contracts.client.time_s()
        entries = self.book.unended() + self.book.ended_since(self._time_s - REOPEN_S)
        for entry in entries:
            live = self._add(entry.facts, entry.role)
            live.is_over, live.changed_s = entry.is_over, entry.changed_s

    async def close(self) -> None:
        """End all tasks; the next start asks for the same again."""
        tasks = [live.task for live in self._live.values() if live.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Which ones concern us.

    async def _role_in(self, facts: DisputeFacts) -> Role | None:
        court = self._court
        if facts.provider == court.owner:
            return Role.DEFENDANT
        if facts.challenger in (court.owner, court.wallet.address):
            return Role.CHALLENGER
        was_auditor = facts.is_drawn and await court.contracts.audits.was_drawn(
            JobId(facts.job_id), court.owner
        )
        return Role.BYSTANDER if was_auditor else None

    async def _take_up(self, facts: DisputeFacts, role: Role | None) -> None:
        if role is None or facts.facts_hash() in self._live:
            return
        if self.book.open(facts, role, self._time_s):
            self._tell(facts, telling.taken_up(facts, role))
        self._add(facts, role)

    def _add(self, facts: DisputeFacts, role: Role) -> Live:
        key = facts.facts_hash()
        case = Case(facts, role, self._court.owner, self._court.wallet.address)
        live = self._live[key] = Live(replace(case, fixed=self.book.fixed(key)))
        return live

    # What is to be done in one.

    async def _look(self, live: Live) -> None:
        before = live.view.phase
        live.view = await self._court.view(live.case)
        if live.view.phase is not before:
            self._tell(live.case.facts, telling.phase(live.view))
        if await self._has_ended(live):
            return
        if live.is_busy:
            self._stop_stale(live)
            return
        if self._time_s < live.not_before_s:
            return
        want = self._wanted(live)
        if want is not None and live.done.get(want.key, 0) <= self._time_s:
            live.doing = want
            live.task = asyncio.create_task(self._obey(live, want))

    def _wanted(self, live: Live) -> Wanted | None:
        live.case = replace(live.case, fixed=self.book.fixed(live.case.facts.facts_hash()))
        return wanted(live.case, live.view, self._time_s, self._margins)

    async def _has_ended(self, live: Live) -> bool:
        """Note the end of a dispute; let it go once no reorganisation can bring it back."""
        key, over = live.case.facts.facts_hash(), is_over(live.case, live.view)
        if over is not live.is_over:
            live.is_over, live.changed_s = over, self._time_s
            self.book.set_over(key, over, self._time_s)
        is_settled = over and not live.is_busy and live.changed_s < self._time_s - REOPEN_S
        if is_settled:
            await self._hearing.release(live.case)
            del self._live[key]
        return is_settled

    def _stop_stale(self, live: Live) -> None:
        """End local work that nobody asks for any more; a send is left to itself."""
        doing = live.doing
        if doing is None or doing.action not in LOCAL or live.task is None:
            return
        want = self._wanted(live)
        if want is None or want.action is not doing.action:
            live.task.cancel()

    async def _obey(self, live: Live, want: Wanted) -> None:
        facts, action = live.case.facts, want.action
        self._crash.reach("before", action)
        retry_s: int | None = None
        try:
            if action in LOCAL:
                await self._work(live, want)
            else:
                await self._send(live, want)
        except NotYet as error:
            retry_s = error.retry_s
            self._tell(facts, f"Not yet: {error.message}")
        except NeurovoyanceError as error:
            retry_s = self._failed(live, want, error)
        except Exception:
            # A defect in one dispute must not end the node.
            logging.getLogger(__name__).exception("defect in %s", action.value)
            retry_s = DEFECT_RETRY_S
        self._crash.reach("after", action)
        if retry_s is None:
            live.failures = 0
            live.done[want.key] = self._time_s + DONE_HOLD_S if action not in LOCAL else 0
            self._tell(facts, telling.done(want, live.case, self._reason(live, want)))
        else:
            live.failures += 1
            live.not_before_s = self._time_s + retry_s

    def _reason(self, live: Live, want: Wanted) -> str:
        """Return why; that of a vote only once it is opened, since the log may be seen."""
        names = {
            DisputeAction.TRACE: HOPELESS,
            DisputeAction.SEEK: NOTHING,
            DisputeAction.POINT: POINT,
            DisputeAction.REVEAL_VOTE: vote_name(want.level),
            DisputeAction.APPEAL: FINDING,
        }
        name = names.get(want.action)
        return self.book.reason(live.case.facts.facts_hash(), name) if name else ""

    async def _work(self, live: Live, want: Wanted) -> None:
        match want.action:
            case DisputeAction.TRACE:
                await self._hearing.trace(live.case, live.view)
            case DisputeAction.SEEK:
                await self._hearing.seek(live.case, live.view)
            case _:
                await self._hearing.judge(live.case, live.view, want)

    async def _send(self, live: Live, want: Wanted) -> None:
        key = f"{want.key}:{self.book.serial(want.key)}"
        receipt = await self._court.send(live.case, live.view, want, key)
        log_event(
            logging.INFO,
            "sent",
            action=want.action.value,
            dispute_id=live.case.facts.dispute_id,
            job_id=live.case.facts.job_id,
            tx_hash=receipt.tx_hash,
            gas_used=receipt.gas_used,
        )
        if want.action is DisputeAction.WITHDRAW:
            done = Reason("The bond came back.")
            self.book.fix(live.case.facts.facts_hash(), WITHDRAWN, done)

    def _failed(self, live: Live, want: Wanted, error: NeurovoyanceError) -> int:
        # A revert is the ordinary way to lose a race; other failures are worth a warning.
        is_revert = isinstance(error, ContractRevert)
        level = logging.INFO if is_revert else logging.WARNING
        log_event(
            level,
            "action_failed",
            action=want.action.value,
            dispute_id=live.case.facts.dispute_id,
            job_id=live.case.facts.job_id,
            error=error,
        )
        is_mined = isinstance(error, TransactionError) and "block_number" in error.context
        if is_revert or is_mined:
            self.book.use_up(want.key)
        if not isinstance(error, ChainError):
            self._tell(live.case.facts, f"{telling.failed(want)} {error.message}")
        return RETRY_S << min(live.failures, DOUBLINGS_MAX)

    def _tell(self, facts: DisputeFacts, text: str) -> None:
        """Say a decision in words, in the log and in the casebook."""
        log_event(
            logging.INFO, "dispute", dispute_id=facts.dispute_id, job_id=facts.job_id, text=text
        )
        self.book.note(facts, self._time_s, text)
