"""What a client may want most: the weights of the ranking formula.

Place: read by :mod:`.ranking` and :mod:`.columns`. The formula is the weighted product model
(Bridgman, Dimensional Analysis, 1922; Miller and Starr, Executive Decisions and Operations
Research, 1969) in logarithms, lower is better::

    score = price_weight * L(price) + time_weight * L(time) + risk_weight * L(risk)

with L = log2 in steps of 1/1024, price in wei, time in ms, and risk the odds against delivery by
the lower bound of reliability, in thousandths. A weight says how much a factor of two counts: with
100, 700 and 200, half the time is worth 2^7 times the price. Units drop out, and whether A beats B
never depends on a third offer, so nobody can change the order of others with a decoy, as it could
where columns are scaled to their best value. Time and risk count in quarters of an octave, since
smaller differences are noise. Never: a
weight outside this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from neurovoyance.protocol.errors import SpecError


class Preset(StrEnum):
    """What counts most."""

    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    RELIABLE = "reliable"


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights in thousandths; see the formula above.

    Attributes:
        is_price_first: the price in wei decides alone, the score only between equal prices.
    """

    price: int
    time: int
    risk: int
    is_price_first: bool = False


WEIGHTS = {
    Preset.CHEAPEST: Weights(price=0, time=400, risk=600, is_price_first=True),
    Preset.FASTEST: Weights(price=100, time=700, risk=200),
    Preset.RELIABLE: Weights(price=100, time=100, risk=800),
}
IN_WORDS = {
    Preset.CHEAPEST: "the lowest price; between equal prices reliability, then time",
    Preset.FASTEST: "the shortest time until the result; price and reliability count little",
    Preset.RELIABLE: "the surest delivery; price and time count little",
}


def preset_of(text: str) -> Preset:
    """Return the preset of a name.

    Raises:
        SpecError: there is none of that name.
    """
    try:
        return Preset(text.lower())
    except ValueError as error:
        names = ", ".join(Preset)
        raise SpecError(
            f"preset: {text[:20]!r} is none of {names}; nothing was sent.",
            hint="; ".join(f"{preset}: {IN_WORDS[preset]}" for preset in Preset) + ".",
        ) from error
