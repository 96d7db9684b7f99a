"""What the economy paid and burned, by week of the economy; sums of the index's rows.

Place: under ``overview_routes``. A week is an epoch of the contracts, ``time // 604,800``. Amounts
belong to the week that they were earned in and are counted when they are claimed or split, so the
newest weeks still grow. Never: an estimate of what nobody has claimed yet.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import select

from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.indexer.money import EPOCH_S
from neurovoyance.marketplace.indexer.schema import REWARD

WEEKS_MAX = 104
_COLUMNS = (REWARD.c.work_wei, REWARD.c.avail_wei, REWARD.c.fees_wei, REWARD.c.burned_wei)


def weeks_of(database: Database, now_s: int, weeks: int) -> dict[str, Any]:
    """Return the sums of the last weeks, the oldest first, and of all time.

    Args:
        database: of the index.
        now_s: chain time.
        weeks: how many, the present one included.
    """
    sums: dict[int, list[int]] = defaultdict(lambda: [0] * len(_COLUMNS))
    with database.reader.connect() as connection:
        for epoch, *amounts in connection.execute(select(REWARD.c.epoch, *_COLUMNS)):
            sums[epoch] = [a + int(b) for a, b in zip(sums[epoch], amounts, strict=True)]
    last = now_s // EPOCH_S
    return {
        "emission_wei": str(sum(work + avail for work, avail, *_ in sums.values())),
        "items": [
            {
                "epoch": epoch,
                "start_s": epoch * EPOCH_S,
                **_wire(sums.get(epoch, [0] * len(_COLUMNS))),
            }
            for epoch in range(max(0, last - weeks + 1), last + 1)
        ],
    }


def _wire(amounts: list[int]) -> dict[str, str]:
    work_wei, avail_wei, fees_wei, burned_wei = amounts
    return {
        "emission_wei": str(work_wei + avail_wei),
        "work_wei": str(work_wei),
        "avail_wei": str(avail_wei),
        "fees_wei": str(fees_wei),
        "burned_wei": str(burned_wei),
    }
