"""How busy each graphics processor is: a number for every card, zero when it idles.

Place: under ``sample`` and ``neurovoyance doctor``; measured by ``idle.gpu``. A card that cannot be
measured is named with None, not left out. Never: a change of a card.
"""

from __future__ import annotations

from neurovoyance.node.idle.gpu import GpuSource, NvidiaGpus
from neurovoyance.node.idle.readings import Unmeasured


class GpuUse:
    """Reads the utilisation of the cards of this machine.

    Args:
        cards: measures them; those of this machine if None.
    """

    def __init__(self, cards: GpuSource | None = None) -> None:
        self._cards = cards or NvidiaGpus()

    def read(self) -> tuple[tuple[str, float | None], ...]:
        """Return name and use of every card, 0 to 1, ours included; None where nobody can tell."""
        # Use by all but nobody is the use of the whole card.
        return tuple(
            (
                card.device,
                None if isinstance(card.use_by_others, Unmeasured) else card.use_by_others,
            )
            for card in self._cards.read(frozenset())
        )
