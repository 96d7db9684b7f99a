"""Presets have weights and words, and a wrong name is answered with the right ones."""

from __future__ import annotations

import pytest

from neurovoyance.matching.presets import IN_WORDS, WEIGHTS, Preset, preset_of
from neurovoyance.protocol.errors import SpecError


def test_every_preset_has_weights_that_sum_to_a_thousand_and_words() -> None:
    assert set(WEIGHTS) == set(IN_WORDS) == set(Preset)
    assert all(w.price + w.time + w.risk == 1_000 for w in WEIGHTS.values())


def test_names_are_read() -> None:
    assert [preset_of(name) for name in ("cheapest", "FASTEST", "reliable")] == list(Preset)


def test_a_wrong_name_is_refused_with_the_right_ones() -> None:
    with pytest.raises(SpecError, match="'best' is none of cheapest, fastest, reliable") as caught:
        preset_of("best")
    assert "the shortest time" in caught.value.hint
