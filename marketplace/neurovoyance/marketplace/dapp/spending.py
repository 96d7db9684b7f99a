"""What an account spent on jobs and chats in the last day and week, from its movements of money.

Place: a query behind ``account_routes``. Free balance, escrow and reserves of channels are one
purse here: what a transaction takes out of it altogether, and does not put into the wallet, was
spent. So a deposit, a withdrawal, a refund and a new escrow are nothing, and a settled job is its
price and what its audits took. Never: money that is still held and may come back, or a bond.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby, takewhile
from typing import Any

from sqlalchemy import Connection, func, select

from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.movements import Pocket
from neurovoyance.marketplace.indexer.schema import EVENT, JOB, MOVEMENT, SIDE
from neurovoyance.protocol.lifecycle import FINAL, JobState

DAY_S = 86_400
WEEK_S = 7 * DAY_S
_HELD = (Pocket.ESCROW, Pocket.CHANNEL)
_LIVE = tuple(int(state) for state in JobState if state not in (*FINAL, JobState.NONE))


def spending_of(database: Database, account: str, now_s: int) -> dict[str, Any]:
    """Return wei spent in the last 24 hours and 7 days, rolling, and what is still under way.

    Args:
        database: of the index.
        account: a checksummed address.
        now_s: chain time.
    """
    with database.reader.connect() as connection:
        spent = list(_spent(connection, account, now_s))
        jobs = select(func.count()).where(JOB.c.client == account, JOB.c.state.in_(_LIVE))
        sides = select(func.count()).where(SIDE.c.client == account, SIDE.c.is_spent.is_(False))
        live_jobs, open_sides = connection.scalar(jobs), connection.scalar(sides)
    return {
        "day_wei": str(sum(wei for time_s, wei in spent if time_s > now_s - DAY_S)),
        "week_wei": str(sum(wei for _, wei in spent)),
        "live_jobs": live_jobs or 0,
        "open_channels": open_sides or 0,
        "time_s": now_s,
    }


def _spent(connection: Connection, account: str, now_s: int) -> Iterator[tuple[int, int]]:
    """Yield time and wei of each transaction of the last week that spent something."""
    wanted = (
        select(EVENT.c.tx_hash, EVENT.c.time_s, MOVEMENT)
        .join(MOVEMENT, EVENT.c.born == MOVEMENT.c.born)
        .where(MOVEMENT.c.account == account)
        .order_by(MOVEMENT.c.born.desc())
    )
    newest = takewhile(lambda row: row.time_s > now_s - WEEK_S, connection.execute(wanted))
    for _, rows in groupby(newest, key=lambda row: row.tx_hash):
        changes: dict[str, int] = defaultdict(int)
        for row in rows:
            changes[row.pocket] += -row.amount_wei if row.is_out else row.amount_wei
            time_s = row.time_s
        if not changes.keys() & _HELD:
            continue
        purse_wei = sum(changes[pocket] for pocket in (Pocket.FREE, *_HELD))
        if (wei := -purse_wei - max(0, changes[Pocket.WALLET])) > 0:
            yield time_s, wei
