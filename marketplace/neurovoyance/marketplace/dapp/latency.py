"""How long results take: from the assignment of a job to the reveal of its result, chain time.

Place: under ``overview``; both moments are the times of the blocks that say so. Of settled jobs
alone, the newest ones, so that a question costs the same however long the history is. Never: a
mean; one job that waited for its audit would move it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, select

from neurovoyance.marketplace.indexer.schema import EVENT, JOB
from neurovoyance.protocol.lifecycle import JobState

JOBS_MAX = 1_000
"""Newest settled jobs that are looked at."""
_FROM, _TO = EVENT.alias("assigned"), EVENT.alias("revealed")


def latencies(connection: Connection, model_id: str | None = None) -> dict[str, list[int]]:
    """Return the seconds from assignment to reveal of the newest settled jobs, by model."""
    jobs = select(JOB.c.job_id, JOB.c.model_id).where(JOB.c.state == int(JobState.SETTLED))
    if model_id is not None:
        jobs = jobs.where(JOB.c.model_id == model_id)
    newest = jobs.order_by(JOB.c.born.desc()).limit(JOBS_MAX).subquery()
    wanted = (
        select(newest.c.model_id, _FROM.c.time_s, _TO.c.time_s)
        .join(_FROM, and_(_FROM.c.subject == newest.c.job_id, _FROM.c.name == "JobAssigned"))
        .join(_TO, and_(_TO.c.subject == newest.c.job_id, _TO.c.name == "JobRevealed"))
    )
    found: dict[str, list[int]] = defaultdict(list)
    for model, assigned_s, revealed_s in connection.execute(wanted):
        found[model].append(revealed_s - assigned_s)
    return found


def wire(seconds: Sequence[int]) -> dict[str, Any]:
    """Return median and ninetieth of a hundred of durations, seconds, and of how many jobs."""
    if not seconds:
        return {"latency_s": None, "latency_p90_s": None, "latency_jobs": 0}
    found = sorted(seconds)
    last = len(found) - 1
    return {
        "latency_s": found[last // 2],
        "latency_p90_s": found[last * 9 // 10],
        "latency_jobs": len(found),
    }
