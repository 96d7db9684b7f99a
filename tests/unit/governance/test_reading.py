"""Parameters are read from the chain, in one block."""

from __future__ import annotations

from tests.governed import DAY_S, Visit

from neurovoyance.governance.reading import governor_times, read_many, read_parameters

from .wishes import MOVABLE


async def test_all_parameters_stand_at_their_defaults(visit: Visit) -> None:
    readings = await read_parameters(visit.governance)
    assert list(readings) == list(MOVABLE)
    for key, reading in readings.items():
        assert reading.value == reading.next_value == MOVABLE[key].default
        assert (reading.since_s, reading.ready_at_s, reading.last_set_s) == (0, 0, None)
        lowest, highest = reading.range_of_one_step
        assert MOVABLE[key].min <= lowest <= reading.value <= highest <= MOVABLE[key].max


async def test_some_can_be_asked_for(visit: Visit) -> None:
    assert list(await read_parameters(visit.governance, ["unbondingS", "burnBps"])) == [
        "unbondingS",
        "burnBps",
    ]


async def test_only_the_changed_one_of_a_word_waits(visit: Visit) -> None:
    await visit.pass_it("set burnBps to 4.5 percent because its neighbours stay")
    readings = await read_parameters(visit.governance, ["burnBps", "treasuryBps"])
    assert readings["burnBps"].since_s > await visit.chain.time_s()
    assert readings["treasuryBps"].since_s == 0
    assert readings["treasuryBps"].ready_at_s == 0


async def test_delays_are_those_of_the_governors(visit: Visit) -> None:
    standard = await governor_times(visit.governance, False)
    assert (standard.delay_s, standard.period_s, standard.timelock_s) == (
        *(2 * DAY_S, 5 * DAY_S, 3 * DAY_S),
    )
    assert (await governor_times(visit.governance, True)).timelock_s == 28 * DAY_S


async def test_many_reads_come_back_in_order(visit: Visit) -> None:
    params = visit.governance.params
    calls = [params.prepare("word", number % 3) for number in range(70)]
    block = await visit.chain.block_number()
    found = await read_many(visit.chain, calls, block)
    assert [value for (value,) in found[:3]] == [await params.word(number) for number in range(3)]
    assert found[69] == found[0] and len(found) == 70
