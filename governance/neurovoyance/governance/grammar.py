"""From a plain English sentence to what is wanted; the same words always give the same proposal.

    set burnBps to 4.5 percent because ...
    raise burnBps from 4% to 4.5% and treasuryBps 3% -> 2.5% because ...
    pay 50,000 NVY to 0x... from the treasury because ...
    renew the guardian with 0x... because ...
    reduce slash 0x... to 100 NVY because ...
    list canary model 0x... in pool cpu with batch 4 for 60 seconds because ...
    suspend model 0x... because ...
    uphold the challenge of model 0x... because ...

Place: pure; ``intentions.sentence_of`` writes what this reads. Never: a guess. What could mean two
things is refused, with what to write instead.
"""

from __future__ import annotations

import difflib
import re

from neurovoyance.governance.intentions import (
    CanaryListing,
    ChallengeRuling,
    Fund,
    GuardianRenewal,
    Intention,
    ModelSuspension,
    ParameterChange,
    Payment,
    SlashReduction,
    Wish,
)
from neurovoyance.governance.values import NUMBER, parse_money_wei, parse_time_s, parse_value
from neurovoyance.protocol.certificate import pool_of
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import parse_address
from neurovoyance.tokenomics.params import PARAMETERS, Parameter

REASON_MAX_CHARS = 4_000
INTENTIONS_MAX = 16
_FLAGS = re.IGNORECASE
_SPLIT = re.compile(r"\s*(?:;|,(?=\s+[a-z])|,?\s+and(?=\s))\s+", _FLAGS)
_BECAUSE = re.compile(r"\s*,?\s+because\s+", _FLAGS)
_VERBS = r"(?:set|change|raise|increase|lower|decrease|reduce|cut|move|take)\s+"
_ARROW = r"(?:\s+to\s+|\s*(?:->|→|=>)\s*)"
_CHANGE = re.compile(
    rf"(?P<verb>{_VERBS})?(?:the\s+)?(?P<key>[a-z][a-z _-]*?)(?:\s+from\s+|\s*[:=]\s*|\s+)"
    rf"(?P<before>{NUMBER}[^>→=]*?){_ARROW}(?P<value>.+)",
    _FLAGS,
)
_PLAIN_CHANGE = re.compile(
    rf"(?P<verb>{_VERBS})?(?:the\s+)?(?P<key>[a-z][a-z _-]*?)"
    rf"(?:{_ARROW}|\s*(?::|:?=)\s*)(?P<value>.+)",
    _FLAGS,
)
_BY = re.compile(rf"(?:{_VERBS})(?P<key>[a-z][a-z _-]*?)\s+by\s+.+", _FLAGS)
_PAY = re.compile(
    r"(?:pay|grant|send|give)\s+(?P<amount>.+?)\s+to\s+(?P<to>\S+)"
    r"\s+(?:from|out\s+of)\s+the\s+(?P<fund>treasury|insurance(?:\s+fund)?)",
    _FLAGS,
)
_RENEW = re.compile(r"renew\s+(?:the\s+)?guardian(?:\s+(?:with|as|for|to))?\s+(?P<to>\S+)", _FLAGS)
_SLASH = re.compile(
    r"reduce\s+slash\s+(?P<id>0x[0-9a-f]{64})\s+(?P<how>to|by)\s+(?P<amount>.+)", _FLAGS
)
_LIST = re.compile(
    r"list\s+(?:the\s+)?canary\s+model\s+(?P<id>0x[0-9a-f]{64})\s+in\s+pool\s+(?P<pool>\S+)"
    r"\s+with\s+batch\s+(?P<batch>\d{1,9})\s+for\s+(?P<time>.+)",
    _FLAGS,
)
_UNLIST = re.compile(r"unlist\s+(?:the\s+)?canary\s+model\s+(?P<id>0x[0-9a-f]{64})", _FLAGS)
_SUSPEND = re.compile(r"suspend\s+(?:the\s+)?model\s+(?P<id>0x[0-9a-f]{64})", _FLAGS)
_RULE = re.compile(
    r"(?P<how>uphold|dismiss)\s+(?:the\s+)?challenge\s+(?:of|against)\s+(?:the\s+)?model\s+"
    r"(?P<id>0x[0-9a-f]{64})",
    _FLAGS,
)
_HINT = (
    "Write for example: set burnBps to 4.5 percent because ...; or: pay 50,000 NVY to 0x... from "
    "the treasury because ..."
)
_RISING = ("raise", "increase")
_FALLING = ("lower", "decrease", "reduce", "cut")


def parse_wish(text: str) -> Wish:
    """Return what a sentence asks for.

    Raises:
        SpecError: no reason, no clause of the grammar, an unknown parameter (nearest names are
            given), a value without its unit, or the same thing twice.
    """
    words = " ".join(text.split())
    parts = _BECAUSE.split(words, maxsplit=1)
    if len(parts) != 2 or not parts[1].strip():
        raise SpecError(
            "The sentence gives no reason, and voters will want one.",
            hint="End it with: because ... and say why.",
        )
    reason = parts[1].strip()
    if len(reason) > REASON_MAX_CHARS:
        raise SpecError(
            f"The reason has {len(reason)} characters; {REASON_MAX_CHARS} are allowed.",
            hint="Shorten it and link the longer text.",
        )
    clauses = [clause for clause in _SPLIT.split(parts[0].strip()) if clause]
    if not 0 < len(clauses) <= INTENTIONS_MAX:
        raise SpecError(
            f"A proposal holds 1 to {INTENTIONS_MAX} changes, not {len(clauses)}.", hint=_HINT
        )
    intentions = tuple(map(_parse_clause, clauses))
    _refuse_twice(intentions)
    return Wish(intentions, reason)


def resolve_key(text: str) -> Parameter:
    """Return the parameter that somebody names, in any case, with or without its unit.

    Raises:
        SpecError: there is none, or nobody may move it.
    """
    wanted = _bare(text)
    movable = {key: p for key, p in PARAMETERS.items() if p.word}
    names = {_bare(key): p for key, p in movable.items()}
    short: dict[str, Parameter | None] = {}
    for key, parameter in movable.items():
        name = _bare(re.sub(r"(Bps|Wei|Wad|S)$", "", key))
        short[name] = None if name in short else parameter
    found = names.get(wanted) or short.get(wanted)
    if found is not None:
        return found
    fixed = {_bare(key): key for key, p in PARAMETERS.items() if not p.word}
    if wanted in fixed:
        raise SpecError(
            f"{fixed[wanted]} is a constant of the contracts; no vote can change it.",
            hint="`neurovoyance gov params` lists what can be changed.",
            key=fixed[wanted],
        )
    near = nearest_keys(text)
    raise SpecError(
        f"There is no parameter {text.strip()[:60]!r}.",
        hint=(f"Did you mean {' or '.join(near)}? " if near else "")
        + "`neurovoyance gov params` lists all of them.",
        key=text.strip()[:60],
        nearest=near,
    )


def nearest_keys(text: str, count: int = 3) -> list[str]:
    """Return the names of parameters that look most like a text, best first."""
    names = {key.lower(): key for key, p in PARAMETERS.items() if p.word}
    near = difflib.get_close_matches(_bare(text), names, n=count, cutoff=0.5)
    return [names[name] for name in near]


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _parse_clause(clause: str) -> Intention:
    for pattern, build in (
        (_PAY, _payment),
        (_RENEW, _renewal),
        (_SLASH, _slash),
        (_LIST, _listing),
        (_UNLIST, _unlisting),
        (_SUSPEND, _suspension),
        (_RULE, _ruling),
        (_CHANGE, _change),
        (_PLAIN_CHANGE, _change),
    ):
        found = pattern.fullmatch(clause)
        if found:
            return build(found)
    by = _BY.fullmatch(clause)
    if by:
        key = resolve_key(by["key"]).key
        raise SpecError(
            f"By how much is not enough: {key} may have changed before the vote ends.",
            hint=f"Name the new value: set {key} to ...",
        )
    raise SpecError(f"{clause[:80]!r} is nothing that can be proposed in words.", hint=_HINT)


def _change(found: re.Match[str]) -> ParameterChange:
    parameter = resolve_key(found["key"])
    value = parse_value(found["value"], parameter)
    said = found.groupdict().get("before")
    before = None if said is None else parse_value(said, parameter)
    verb = (found["verb"] or "").strip().lower()
    if before is not None and before == value:
        raise SpecError(
            f"The change of {parameter.key} changes nothing.", hint="Name a value that differs."
        )
    if before is not None and (
        (verb in _RISING and value < before) or (verb in _FALLING and value > before)
    ):
        raise SpecError(
            f"{found[0][:80]!r} says {verb}, but the second value is on the other side.",
            hint="Swap the values, or say set.",
        )
    return ParameterChange(parameter.key, value, before)


def _payment(found: re.Match[str]) -> Payment:
    fund: Fund = "treasury" if found["fund"].lower() == "treasury" else "insurance fund"
    return Payment(fund, parse_address(found["to"]), _amount(found["amount"]))


def _renewal(found: re.Match[str]) -> GuardianRenewal:
    return GuardianRenewal(parse_address(found["to"]))


def _slash(found: re.Match[str]) -> SlashReduction:
    if found["how"].lower() == "by":
        raise SpecError(
            "By how much is not enough: the contract takes what shall be left of the slash.",
            hint=f"Write: reduce slash {found['id']} to ..., with the amount that shall be left.",
        )
    none_left = parse_money_wei(found["amount"]) == 0
    left_wei = 0 if none_left else _amount(found["amount"])
    return SlashReduction(bytes.fromhex(found["id"][2:]), left_wei)


def _listing(found: re.Match[str]) -> CanaryListing:
    time_s = parse_time_s(found["time"])
    if time_s is None or not 0 < time_s < 2**32 or not 0 < int(found["batch"]) < 2**32:
        raise SpecError("A canary needs a batch of at least 1 and a running time.", hint=_HINT)
    named = found["pool"]
    is_hex = re.fullmatch(r"0x[0-9a-fA-F]{24}", named)
    pool = bytes.fromhex(named[2:]) if is_hex else pool_of(named)
    return CanaryListing(bytes.fromhex(found["id"][2:]), pool, int(found["batch"]), time_s)


def _unlisting(found: re.Match[str]) -> CanaryListing:
    return CanaryListing(bytes.fromhex(found["id"][2:]), bytes(12), 0, 0, is_listed=False)


def _suspension(found: re.Match[str]) -> ModelSuspension:
    return ModelSuspension(bytes.fromhex(found["id"][2:]))


def _ruling(found: re.Match[str]) -> ChallengeRuling:
    return ChallengeRuling(bytes.fromhex(found["id"][2:]), found["how"].lower() == "uphold")


def _amount(text: str) -> int:
    amount_wei = parse_money_wei(text)
    if not amount_wei:
        raise SpecError(
            f"{text[:60]!r} is not an amount of tokens.", hint="Write for example 50,000 NVY."
        )
    return amount_wei


def _refuse_twice(intentions: tuple[Intention, ...]) -> None:
    keys = [item.key for item in intentions if isinstance(item, ParameterChange)]
    for key in keys:
        if keys.count(key) > 1:
            raise SpecError(
                f"{key} is to change twice in one proposal; it must rest after the first time.",
                hint="Name each parameter once.",
                key=key,
            )
