"""Values of parameters in words: ``4.5 percent``, ``3 days 12 hours``, ``1,000 NVY``; exact.

Place: pure, below the grammar and the tables. Never: a float, a rounded value, or a guess at a unit
that was left out; 4 could mean four percent or four hundredths of one, which is how money is lost.
"""

from __future__ import annotations

import re

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.units import WAD, WEI_PER_NVY
from neurovoyance.tokenomics.params import Parameter

NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_PERCENT = re.compile(rf"({NUMBER})\s*(?:%|per\s?cent)")
_TIMES_S = {
    "week": 604_800,
    "day": 86_400,
    "hour": 3_600,
    "minute": 60,
    "second": 1,
}
_SHORT_TIMES = {"w": "week", "d": "day", "h": "hour", "min": "minute", "s": "second"}
_SHORT_TIMES |= {"sec": "second", "hr": "hour", "m": "minute"}
_SCALES = {"": 1, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_MONEY = re.compile(rf"({NUMBER})\s*(thousand|million|billion|)\s*(nvy|wei)")
_COUNT = re.compile(rf"({NUMBER})\s*([a-z ]*)")
_PLURALS = {"multiple": ("x", "times"), "epochs": ("epochs", "weeks", "epoch")}


def parse_value(text: str, parameter: Parameter) -> int:
    """Return a value in the unit of its parameter.

    Raises:
        SpecError: no value of this kind, no unit, or a fraction that the unit cannot express.
    """
    words = " ".join(text.lower().split())
    unit = parameter.unit
    if unit in ("bps", "wad"):
        found = _parse_part(words, unit)
    elif unit == "s":
        found = parse_time_s(words)
    elif unit == "wei":
        found = parse_money_wei(words)
    else:
        found = _parse_count(words, unit)
    if found is None:
        raise SpecError(
            f"{text[:60]!r} is not a value of {parameter.key}.",
            hint=f"Write it with its unit, for example: {format_value(parameter.default, unit)}.",
            key=parameter.key,
        )
    return found


def format_value(value: int, unit: str) -> str:
    """Return a value with its unit, exactly, as :func:`parse_value` reads it.

    >>> format_value(450, "bps"), format_value(302_400, "s"), format_value(10**21, "wei")
    ('4.5 percent', '3 days 12 hours', '1,000 NVY')
    """
    if unit == "bps":
        return f"{_decimal(value, 2)} percent"
    if unit == "wad":
        return f"{_decimal(value, 16)} percent"
    if unit == "s":
        return format_time(value)
    if unit == "wei":
        return format_money(value)
    return f"{value:,} times" if unit.startswith("multiple") else f"{value:,} {unit}"


def parse_money_wei(text: str) -> int | None:
    """Return an amount in wei, or None if the text is none; ``1.5 million NVY`` is one."""
    found = _MONEY.fullmatch(" ".join(text.lower().split()))
    if found is None:
        return None
    number, scale, unit = found.groups()
    return _scaled(number, _SCALES[scale] * (WEI_PER_NVY if unit == "nvy" else 1))


def format_money(amount_wei: int) -> str:
    """Return an amount with thousands apart: ``50,000 NVY``."""
    return f"{_decimal(amount_wei, 18)} NVY"


def parse_time_s(text: str) -> int | None:
    """Return a length of time in seconds, or None; ``1 day 12 hours`` is ``1.5 days``."""
    total, rest = 0, text.strip().lower()
    if not rest:
        return None
    while rest:
        found = re.match(rf"({NUMBER})\s*([a-z]+)\s*", rest)
        if found is None:
            return None
        name = _SHORT_TIMES.get(found[2], found[2].removesuffix("s"))
        part = _scaled(found[1], _TIMES_S[name]) if name in _TIMES_S else None
        if part is None:
            return None
        total, rest = total + part, rest[found.end() :]
    return total


def format_time(time_s: int) -> str:
    """Return a length of time in days, hours, minutes and seconds.

    >>> format_time(2_419_200), format_time(90)
    ('28 days', '1 minute 30 seconds')
    """
    parts, rest = [], time_s
    for name, length_s in list(_TIMES_S.items())[1:]:
        count, rest = divmod(rest, length_s)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    return " ".join(parts) or "0 seconds"


def _parse_part(words: str, unit: str) -> int | None:
    percent = _PERCENT.fullmatch(words)
    if percent:
        return _scaled(percent[1], 100 if unit == "bps" else WAD // 100)
    plain = re.fullmatch(rf"({NUMBER})\s*{unit}", words)
    return _scaled(plain[1], 1) if plain else None


def _parse_count(words: str, unit: str) -> int | None:
    found = _COUNT.fullmatch(words)
    if found is None:
        return None
    noun = found[2].strip()
    known = {"", unit, *_PLURALS.get(unit.split()[0], ())}
    return _scaled(found[1], 1) if noun in known else None


def _scaled(number: str, factor: int) -> int | None:
    """Return ``number * factor`` if that is a whole number."""
    whole, _, fraction = number.replace(",", "").partition(".")
    scale = 10 ** len(fraction)
    found, rest = divmod(int(whole + fraction) * factor, scale)
    return None if rest else found


def _decimal(value: int, places: int) -> str:
    whole, fraction = divmod(value, 10**places)
    digits = f"{fraction:0{places}d}".rstrip("0")
    return f"{whole:,}.{digits}" if digits else f"{whole:,}"
