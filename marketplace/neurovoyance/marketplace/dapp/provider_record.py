"""What the index knows of one provider beyond its row: who delegates to it, how it kept its word.

Place: queries behind ``provider_routes``. Nobody measures whether a node is reachable all day. What
is measured: the deadlines of jobs that it took, and the canaries of a week, which the contracts
count as its score. Never: one of these under the name of an uptime.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from sqlalchemy import select

from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.money import EPOCH_S
from neurovoyance.marketplace.indexer.schema import BOOK, EVENT, JOB
from neurovoyance.protocol.lifecycle import FINAL, JobState
from neurovoyance.tokenomics.delegation import Shares

JOBS_MAX = 20_000
"""Newest jobs of a provider that are counted."""
MISSED = frozenset(
    {
        JobState.PROVIDER_COMMIT_TIMEOUT,
        JobState.PROVIDER_REVEAL_TIMEOUT,
        JobState.PROVIDER_ANSWER_TIMEOUT,
        JobState.PROVIDER_TRACE_TIMEOUT,
        JobState.CANCELLED,
    }
)
"""Ends of a job that its provider did not deliver; cancelled, if it has one, is handed back."""


class ProviderRecord:
    """Queries about single providers of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def delegators(self, provider: str) -> list[dict[str, Any]]:
        """Return who has tokens behind a provider, the largest first; what unbonds apart."""
        wanted = select(BOOK.c.value).where(BOOK.c.entry == f"pool:{provider}")
        with self._database.reader.connect() as connection:
            text = connection.scalar(wanted)
        if text is None:
            return []
        pool = json.loads(text)
        staked, leaving = Shares(**pool["staked"]), Shares(**pool["leaving"])
        rows = [
            (staked.worth(one["shares"]), leaving.worth(one["leaving_shares"]), delegator)
            for delegator, one in pool["delegations"].items()
        ]
        return [
            {"delegator": who, "staked_wei": str(staked_wei), "leaving_wei": str(leaving_wei)}
            for staked_wei, leaving_wei, who in sorted(rows, key=lambda row: (-row[0], row[2]))
            if staked_wei or leaving_wei
        ]

    def weeks(self, provider: str, now_s: int, weeks: int) -> list[dict[str, Any]]:
        """Return, by week, how many jobs that ended kept their deadlines; the oldest first."""
        first_s = (now_s // EPOCH_S - weeks + 1) * EPOCH_S
        counts: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        wanted = select(JOB.c.state, JOB.c.changed_at_s).where(
            JOB.c.provider == provider, JOB.c.changed_at_s >= first_s
        )
        with self._database.reader.connect() as connection:
            newest = wanted.order_by(JOB.c.born.desc()).limit(JOBS_MAX)
            for number, changed_s in connection.execute(newest):
                state = JobState(number)
                if state in FINAL:
                    counts[changed_s // EPOCH_S][state in MISSED] += 1
        return [
            {"week_s": week * EPOCH_S, "kept": counts[week][0], "missed": counts[week][1]}
            for week in range(first_s // EPOCH_S, now_s // EPOCH_S + 1)
        ]

    def score(self, provider: str) -> dict[str, Any] | None:
        """Return the newest score that the contracts counted, canaries passed; None without."""
        wanted = (
            select(EVENT.c.data)
            .where(EVENT.c.subject == provider, EVENT.c.name == "EmissionRegistered")
            .order_by(EVENT.c.born.desc())
            .limit(1)
        )
        with self._database.reader.connect() as connection:
            text = connection.scalar(wanted)
        if text is None:
            return None
        said = json.loads(text)
        return {"epoch": int(said["epoch"]), "score_bps": int(said["score_bps"])}
