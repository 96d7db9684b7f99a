"""What a look at a node means, in words: its state, why, and what to do: pure.

Place: between ``status_facts`` and ``status_screen``; also in the JSON of ``node status``. Never:
I/O, or an idle node without a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neurovoyance.cli.output import nvy, when
from neurovoyance.cli.status_facts import Facts, Money

LAG_MOST_S = 120
STEPS = ("seen", "held", "accepting", "running", "sealed", "committed", "revealed", "ended")
"""The way of an ordinary job; audits and disputes stand between its last steps."""
_STEP_OF = {
    "unsound": "sealed",
    "stranded": "running",
    "selected": "committed",
    "audited": "committed",
    "failed": "committed",
    "drawn": "committed",
    "disputed": "revealed",
    "accepted": "revealed",
    "overdue": "revealed",
}
_COMPUTING = ("accepting", "running", "sealed", "unsound", "failed")


@dataclass(frozen=True, slots=True)
class State:
    """The state of a node: one word, why, and what its owner could do."""

    word: str
    why: str
    advice: str = ""


def state_of(facts: Facts) -> State:
    """Return the state; whatever stands in the way of work comes first."""
    answer = facts.answer
    if answer["is_draining"]:
        return State("stopping", "It takes nothing new and finishes what stake depends on.")
    if answer.get("is_paused"):
        return _paused(facts)
    working = [item for item in answer["executions"] if item["phase"] in _COMPUTING]
    if working:
        count = "a job" if len(working) == 1 else f"{len(working)} jobs"
        return State("running", f"It works on {count}.")
    if answer["duties"]["occupied"]:
        return State("running", "It audits or judges the work of others.")
    return _idle(facts)


def _paused(facts: Facts) -> State:
    if facts.owner is None:
        return State("paused", "Its owner uses the machine; nobody else is told more.")
    reasons = [
        f"{device['device']}: {reason['message']}"
        for device in facts.owner["devices"]
        if not device["may_run"]
        for reason in device["reasons"]
    ]
    until = [device["until_s"] for device in facts.owner["devices"] if device["until_s"]]
    words = " ".join(reasons) or "It rests."
    if until:
        words += f" Until {when(min(until))} at least."
    advice = ""
    if facts.owner["hold"]["is_held"]:
        advice = "`neurovoyance node resume` lets it go on."
    return State("paused", words, advice)


def _idle(facts: Facts) -> State:
    """Say why there is nothing to do: what stands in the way, or what clients said no to."""
    answer, money = facts.answer, facts.money
    if money is not None and money.lag_s > LAG_MOST_S:
        return State(
            "idle",
            f"The newest block is {money.lag_s:,} s old, so it sees no new jobs.",
            "`neurovoyance doctor` tells whether clock, endpoint or chain is at fault.",
        )
    own_wei, locked_wei = int(answer["stake"]["own_wei"]), int(answer["stake"]["locked_wei"])
    needed_wei = smallest_lock_wei(answer["prices"])
    if own_wei - locked_wei < needed_wei:
        return State(
            "idle",
            f"Its free stake, {nvy(own_wei - locked_wei)}, backs no job: the smallest needs "
            f"{nvy(needed_wei)}.",
            "Add some with `neurovoyance stake add`.",
        )
    if answer.get("lend") == "volunteer":
        return State("idle", "It works as a volunteer, and none of its clients asked.")
    refused = {cause: int(count) for cause, count in (answer.get("refused") or {}).items()}
    if refused:
        counts = ", ".join(f"{count} {cause}" for cause, count in _most_first(refused))
        return State(
            "idle",
            f"Nothing that was listed fits: {counts}.",
            _ADVICE.get(_most_first(refused)[0][0], "The log tells each refusal."),
        )
    waiting = [item for item in answer["executions"] if item["phase"] in ("seen", "held")]
    if waiting:
        return State("idle", f"{len(waiting)} listed jobs were checked and wait for a free slot.")
    if answer["jobs"]["promised"]:
        return State("idle", "Offers are out, and no client has taken one yet.")
    return State(
        "idle",
        "Nobody listed a job that it could take since it started.",
        "Clients rank by price, speed and record; a lower price is seen at once.",
    )


_ADVICE = {
    "price": "Clients pay less than its price; lower it with `neurovoyance node init`.",
    "memory": "The models need more memory than it may give; see memory_bytes in node.toml.",
    "disk": "Raise storage_bytes in node.toml, or free some room.",
    "stake": "Add stake with `neurovoyance stake add`.",
    "time": "Raise max_runtime_s in node.toml if longer jobs are welcome.",
    "runtime": "`neurovoyance doctor` shows what models this machine can run.",
}


def _most_first(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def smallest_lock_wei(prices: dict[str, Any]) -> int:
    """Return what the smallest job locks by a price list: a multiple of the base price."""
    by_price_wei = int(prices["base_price_wei"]) * int(prices["lock_multiple"])
    return max(by_price_wei, int(prices["min_lock_wei"]))


def progress_of(phase: str) -> tuple[int, int]:
    """Return the number of the step that a job is at, and how many there are."""
    return STEPS.index(_STEP_OF.get(phase, phase)) + 1, len(STEPS)


def earned_words(item: dict[str, Any], money: Money | None) -> str:
    """Return what one job brought and why, or why nothing, or when it will."""
    rows = money.of_job.get(item["job_id"], []) if money else []
    if rows:
        return ", ".join(f"{nvy(wei)} for the {reason}" for reason, wei in rows)
    outcome = item["outcome"]
    if outcome == "settled":
        return f"{nvy(int(item['price_wei']))} for the job"
    if outcome:
        return f"nothing: {outcome}"
    if item.get("refusal"):
        return f"nothing: {item['refusal'].get('message', 'refused')}"
    if item["phase"] == "revealed":
        return (
            f"{nvy(int(item['price_wei']))} on {when(int(item['deadline_s']))}, unless challenged"
        )
    if item["phase"] in ("seen", "held"):
        return f"{nvy(int(item['price_wei']))} at most, if it gets the job"
    return f"{nvy(int(item['price_wei']))} when it is done"


def health_of(facts: Facts) -> list[tuple[bool, str]]:
    """Return what is well and what is not, in words."""
    answer, money = facts.answer, facts.money
    found = [(not answer["failed_turns"], f"{answer['failed_turns']} failed turns since the start")]
    due = answer["duties"]["due"]
    if due:
        is_well = not answer.get("is_paused")
        found.append((is_well, f"{due} duties must not be missed"))
    if money is not None:
        is_fresh = money.lag_s <= LAG_MOST_S
        found.append((is_fresh, f"newest block {max(0, money.lag_s):,} s old"))
        slashed_wei = -money.income_wei.get("slash", 0)
        if slashed_wei:
            found.append((False, f"{nvy(slashed_wei)} of stake lost since ever"))
    found += [(False, words) for words in facts.missing]
    return found
