"""Every card has a number: zero when it idles, none only where nobody can tell."""

from __future__ import annotations

from neurovoyance.node.idle.readings import GpuReading, Unmeasured
from neurovoyance.node.operations.gpus import GpuUse

NOBODY = Unmeasured("no tool answers")


class Cards:
    def read(self, own: frozenset[int]) -> tuple[GpuReading, ...]:
        assert own == frozenset(), "our own work counts as use here"
        return (
            GpuReading("gpu0", 0.0, 0.1, 40.0),
            GpuReading("gpu1", 0.75, 0.5, 70.0),
            GpuReading("gpu2", NOBODY, NOBODY, NOBODY),
        )


def test_an_idle_card_reads_zero_and_a_silent_one_nothing() -> None:
    assert GpuUse(Cards()).read() == (("gpu0", 0.0), ("gpu1", 0.75), ("gpu2", None))


def test_this_machine_can_be_asked() -> None:
    assert all(use is None or 0 <= use <= 1 for _, use in GpuUse().read())
