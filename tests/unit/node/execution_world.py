"""One job on a small model of the chain, and everything that can happen to it.

Place: under ``test_execution``, whose random worlds these are.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from neurovoyance.node.execution import effective
from neurovoyance.node.execution_values import (
    SENDS,
    Action,
    ActionDone,
    ActionFailed,
    ChainSeen,
    ChainView,
    CheckFailed,
    CheckPassed,
    Event,
    Execution,
    OutputSealed,
    OutputUnsound,
    Phase,
    Restarted,
    SlotGranted,
    Terms,
    Tick,
)
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause

TERMS = Terms(price_wei=100, lock_wei=2_000)
C0 = b"\x0c" * 32
NO = Refusal(cause=RefusalCause.PRICE, message="Too cheap.")
START_S = 1_000


@dataclass
class World:
    """The chain as the market keeps it, for one job; sends succeed only where it allows them."""

    state: JobState = JobState.OPEN
    ours: bool = False
    deadline_s: int = START_S + 500
    round: int = 0
    ready: bool = False
    drawn: bool = False
    lock_open: bool = False
    commits: int = 0
    time_s: int = START_S

    def view(self) -> ChainView:
        return ChainView(
            stored=self.state,
            is_ours=self.ours,
            deadline_s=self.deadline_s,
            round=self.round,
            is_round_over=self.ready,
            seed0=b"\x01" * 32 if self.drawn else None,
            is_lock_open=self.lock_open,
        )

    def to(self, state: JobState, period_s: int) -> None:
        self.state, self.deadline_s = state, self.time_s + period_s

    def send(self, action: Action) -> bool:
        """Apply a transaction; False when the market refuses it."""
        now = effective(self.view(), self.time_s)
        match action, now:
            case Action.ACCEPT, JobState.OPEN:
                self.to(JobState.ASSIGNED, 240)
                self.ours = self.lock_open = True
            case Action.COMMIT, JobState.ASSIGNED:
                self.to(JobState.COMMITTED, 3_600)
                self.round, self.ready, self.commits = 5, False, self.commits + 1
            case Action.DECLARE_INVALID, JobState.ASSIGNED:
                self.state, self.lock_open = JobState.INVALID, False
            case Action.HAND_BACK, JobState.ASSIGNED:
                self.state, self.lock_open = JobState.CANCELLED, False
            case Action.DRAW_AND_REVEAL, JobState.COMMITTED if self.ready and self.round:
                self.to(JobState.REVEALED, 600)
                self.round = 0
            case Action.REVEAL, JobState.COMMITTED if self.drawn:
                self.to(JobState.REVEALED, 600)
            case Action.SETTLE, JobState.ACCEPTED:
                self.state, self.lock_open = JobState.SETTLED, False
            case Action.EXPIRE, JobState.PROVIDER_COMMIT_TIMEOUT | JobState.PROVIDER_REVEAL_TIMEOUT:
                self.state = now
            case Action.CLOSE_LOCK, _ if self.lock_open and self.state.is_final:
                self.lock_open = False
            case _:
                return False
        return True

    def others(self, move: str) -> None:
        now = effective(self.view(), self.time_s)
        if move == "cancel" and now is JobState.OPEN:
            self.state = JobState.CANCELLED
        elif move == "rival" and now is JobState.OPEN:
            self.to(JobState.ASSIGNED, 240)
        elif move == "offer" and now is JobState.OPEN:
            self.to(JobState.ASSIGNED, 240)
            self.ours = self.lock_open = True
        elif move == "beacon" and self.round:
            self.ready = True
        elif move == "draw" and self.round and self.ready and now is JobState.COMMITTED:
            self.to(JobState.COMMITTED, 900)
            self.round, self.drawn = 0, True
        elif move == "confirm" and now is JobState.REVEALED:
            self.state, self.lock_open = JobState.SETTLED, False


def answer(world: World, action: Action, how: int) -> Event:
    """Obey an action in the world and return what the shell would report."""
    if action in SENDS:
        if how == 0:
            return ActionFailed(action)
        if not world.send(action):
            return ActionFailed(action, is_key_used=True)
        return ActionDone(action, world.view())
    if action is Action.CHECK:
        results: list[Event] = [CheckPassed(TERMS), CheckFailed(NO), ActionFailed(action)]
        return [CheckPassed(TERMS), *results][how % 4]
    if action is Action.RUN:
        results = [OutputSealed(C0), OutputSealed(C0), OutputUnsound(), ActionFailed(action)]
        return results[how % 4]
    return ActionDone(action)


MOVES = st.one_of(
    st.tuples(st.just("time"), st.integers(0, 400)),
    st.tuples(st.just("answer"), st.integers(0, 50)),
    st.tuples(st.just("owner"), st.integers(0, 120)),
    st.tuples(st.sampled_from(["see", "slot", "restart", "save", "reorg", "tick"]), st.just(0)),
    st.tuples(
        st.sampled_from(["cancel", "rival", "offer", "beacon", "draw", "confirm"]), st.just(0)
    ),
)


def event_of(
    world: World, saved: World, execution: Execution, name: str, value: int
) -> Event | None:
    if name == "time":
        world.time_s += value
        return Tick()
    if name == "answer":
        waiting = sorted(execution.pending)
        return answer(world, waiting[value % len(waiting)], value) if waiting else None
    if name == "slot":
        return SlotGranted() if execution.phase is Phase.HELD else None
    if name == "reorg":
        time_s = world.time_s
        world.__dict__.update(saved.__dict__)
        world.time_s = time_s
        return ChainSeen(world.view())
    simple: dict[str, Event] = {
        "restart": Restarted(),
        "tick": Tick(),
        "owner": Tick(value),
        "see": ChainSeen(world.view()),
    }
    if name in simple:
        return simple[name]
    world.others(name)
    return None
