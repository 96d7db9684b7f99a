"""Which models this node holds, and how long each took to load; remembered across starts.

Place: noted by the offer desk (a model was fetched) and the bench (it was loaded), told by
:mod:`.standing`. A claim that only ranks: a model that was dropped since is fetched again. Never:
more entries than an offer may name; the ones noted last stay.
"""

from __future__ import annotations

import json

from neurovoyance.node.journal import Journal
from neurovoyance.protocol.standing_offers import HELD_MAX, HeldModel

_NOTE = "held models"
_LOAD_MAX_MS = 2**32 - 1


class HeldModels:
    """Models by id, the one noted last at the end.

    Args:
        journal: where they are remembered; None forgets them at the end of the process.
    """

    def __init__(self, journal: Journal | None = None) -> None:
        self._journal = journal
        kept = journal.note(_NOTE) if journal else None
        self._load_ms: dict[str, int | None] = json.loads(kept) if kept else {}

    def note(self, model_id: bytes, load_ms: int | None = None) -> None:
        """Remember that a model is held, and its load time in ms if one was measured."""
        before = dict(self._load_ms)
        known = self._load_ms.pop(model_id.hex(), None)
        measured = known if load_ms is None else min(max(load_ms, 0), _LOAD_MAX_MS)
        self._load_ms[model_id.hex()] = measured
        while len(self._load_ms) > HELD_MAX:
            del self._load_ms[next(iter(self._load_ms))]
        if self._journal is not None and self._load_ms != before:
            self._journal.set_note(_NOTE, json.dumps(self._load_ms))

    def listed(self) -> tuple[HeldModel, ...]:
        """Return the models in the order of their ids."""
        return tuple(
            HeldModel(model_id=bytes.fromhex(name), load_ms=load_ms)
            for name, load_ms in sorted(self._load_ms.items())
        )
