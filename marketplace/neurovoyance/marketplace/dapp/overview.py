"""What the index says of the network as a whole: totals, models, days.

Place: queries behind ``overview_routes``; sums are made here from rows, since amounts are text that
no database adds up. Never: an average of prices; medians and bands of what was paid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select

from neurovoyance.marketplace.dapp import latency
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.schema import JOB, PRICE, PROVIDER
from neurovoyance.protocol.lifecycle import FINAL, JobState

DAY_S = 86_400
DAYS_MAX = 90
JOBS_MAX = 50_000
"""Newest jobs that sums are made of; a longer history is cut, and the answer says so."""
MODELS_MAX = 500


@dataclass(frozen=True, slots=True)
class Band:
    """What was paid: tenth, fiftieth and ninetieth of a hundred, wei."""

    p10_wei: int
    median_wei: int
    p90_wei: int


def band_of(prices: Sequence[int]) -> Band | None:
    """Return the band of prices; None without any."""
    if not prices:
        return None
    found = sorted(prices)
    last = len(found) - 1
    return Band(*(found[last * part // 10] for part in (1, 5, 9)))


class Overview:
    """Queries over all jobs of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def totals(self, now_s: int) -> dict[str, Any]:
        """Return counts, money paid and price band of the last day and of all time.

        Args:
            now_s: chain time; the day is rolling.
        """
        with self._database.reader.connect() as connection:
            jobs = connection.scalar(select(func.count()).select_from(JOB)) or 0
            by_state = connection.execute(
                select(JOB.c.state, func.count()).group_by(JOB.c.state)
            ).all()
            settled = select(JOB.c.paid_wei).where(
                JOB.c.state == int(JobState.SETTLED), JOB.c.changed_at_s > now_s - DAY_S
            )
            paid = [int(value) for value in connection.scalars(settled.limit(JOBS_MAX))]
            providers = connection.scalar(select(func.count()).select_from(PROVIDER)) or 0
            took = latency.latencies(connection)
        live = sum(count for state, count in by_state if JobState(state) not in FINAL)
        done = sum(count for state, count in by_state if JobState(state) is JobState.SETTLED)
        return {
            "providers": providers,
            "jobs": jobs,
            "jobs_live": live,
            "jobs_settled": done,
            **latency.wire([seconds for model in took.values() for seconds in model]),
            "day": {"jobs_settled": len(paid), "paid_wei": str(sum(paid)), **_wire(band_of(paid))},
        }

    def models(self) -> list[dict[str, Any]]:
        """Return every model that a job was posted for, the most used first."""
        jobs: dict[str, list[int]] = {}
        prices: dict[str, list[int]] = defaultdict(list)
        settled = case((JOB.c.state == int(JobState.SETTLED), 1), else_=0)
        with self._database.reader.connect() as connection:
            counted = select(
                JOB.c.model_id,
                func.count(),
                func.sum(settled),
                func.max(JOB.c.born_at_s),
                # A job that nobody took has an empty provider.
                func.count(func.nullif(JOB.c.provider, "").distinct()),
            ).group_by(JOB.c.model_id)
            for model_id, *counts in connection.execute(counted):
                jobs[model_id] = [int(value) for value in counts]
            newest = select(PRICE.c.model_id, PRICE.c.price_wei).order_by(PRICE.c.born.desc())
            for model_id, price in connection.execute(newest.limit(JOBS_MAX)):
                prices[model_id].append(int(price))
            took = latency.latencies(connection)
        order = sorted(jobs, key=lambda model_id: (-jobs[model_id][0], model_id))
        return [
            {
                "model_id": model_id,
                "jobs": jobs[model_id][0],
                "jobs_settled": jobs[model_id][1],
                "last_at_s": jobs[model_id][2],
                "providers": jobs[model_id][3],
                **_wire(band_of(prices[model_id])),
                **latency.wire(took.get(model_id, [])),
            }
            for model_id in order[:MODELS_MAX]
        ]

    def days(self, now_s: int, days: int, model_id: str | None = None) -> list[dict[str, Any]]:
        """Return jobs and prices of each of the last days, the oldest first; days are UTC."""
        first_s = (now_s // DAY_S - days + 1) * DAY_S
        posted: dict[int, int] = defaultdict(int)
        paid: dict[int, list[int]] = defaultdict(list)
        wanted = select(JOB.c.born_at_s, JOB.c.changed_at_s, JOB.c.state, JOB.c.paid_wei)
        wanted = wanted.where(JOB.c.born_at_s >= first_s).order_by(JOB.c.born.desc())
        if model_id is not None:
            wanted = wanted.where(JOB.c.model_id == model_id)
        with self._database.reader.connect() as connection:
            for born_s, changed_s, state, paid_wei in connection.execute(wanted.limit(JOBS_MAX)):
                posted[born_s // DAY_S] += 1
                if JobState(state) is JobState.SETTLED:
                    paid[changed_s // DAY_S].append(int(paid_wei))
        return [
            {
                "day_s": day * DAY_S,
                "jobs_posted": posted[day],
                "jobs_settled": len(paid[day]),
                "paid_wei": str(sum(paid[day])),
                **_wire(band_of(paid[day])),
            }
            for day in range(first_s // DAY_S, now_s // DAY_S + 1)
        ]


def _wire(band: Band | None) -> dict[str, Any]:
    if band is None:
        return {"p10_wei": None, "median_wei": None, "p90_wei": None}
    return {
        "p10_wei": str(band.p10_wei),
        "median_wei": str(band.median_wei),
        "p90_wei": str(band.p90_wei),
    }
