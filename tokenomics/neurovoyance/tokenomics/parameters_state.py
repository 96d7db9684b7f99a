"""The parameters as ``ProtocolParams`` keeps them: values, the waiting change, cool-downs.

Place: a pure model of ``contracts/governance/ProtocolParams.sol``, compared with it by differential
tests. Times are unix seconds, epochs weeks since 1970. The governance tools run the same checks
before they send anything (:mod:`neurovoyance.tokenomics.governing`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from neurovoyance.tokenomics.governing import check_change, cooldown_s
from neurovoyance.tokenomics.params import PARAMETERS, WORDS, default_of, fields_of, pack
from neurovoyance.tokenomics.reverts import TwinRevert

EPOCH_S = 604_800


@dataclass(slots=True)
class _Word:
    """One packed word: the version before and the next, by key."""

    before: dict[str, int]
    next: dict[str, int]
    since_epoch: int = 0

    def at(self, epoch: int) -> dict[str, int]:
        return self.next if self.since_epoch <= epoch else self.before


def _defaults() -> dict[str, _Word]:
    return {name: _Word({}, {key: default_of(key) for key in fields_of(name)}) for name in WORDS}


@dataclass(slots=True)
class ParametersState:
    """All parameters that a governor may move.

    Attributes:
        last_set_s: when each key was set last; keys never set are missing.
    """

    last_set_s: dict[str, int] = field(default_factory=dict)
    _words: dict[str, _Word] = field(default_factory=_defaults)

    def set(self, key: str, value: int, now_s: int, *, by_constitutional: bool) -> int:
        """Change a parameter as a timelock would; return the epoch from which it applies.

        Raises:
            TwinRevert: what the contract refuses, with its name and values; the caller of
                ``__WrongClass`` is left out, and keys are text.
        """
        parameter = PARAMETERS.get(key)
        if parameter is None or not parameter.word:
            raise TwinRevert("ProtocolParams__UnknownKey", key)
        if parameter.governor == "C" and not by_constitutional:
            raise TwinRevert("ProtocolParams__WrongClass", key)
        word = self._words[parameter.word]
        refusal = check_change(key, word.next[key], value, self.last_set_s.get(key), now_s)
        if refusal is not None:
            raise TwinRevert(f"ProtocolParams__{refusal.reason}", *refusal.values)
        since = now_s // EPOCH_S + 1
        if word.since_epoch < since:
            word.before, word.next, word.since_epoch = word.next, dict(word.next), since
        word.next[key] = value
        self.last_set_s[key] = now_s
        return since

    def value_of(self, key: str, now_s: int) -> int:
        """Return a value as it applies at a time; zero for an unknown key."""
        parameter = PARAMETERS.get(key)
        if parameter is None or not parameter.word:
            return 0
        return self._words[parameter.word].at(now_s // EPOCH_S)[key]

    def next_of(self, key: str) -> tuple[int, int]:
        """Return the value set last and the epoch from which its word applies."""
        word = self._words[PARAMETERS[key].word]
        return word.next[key], word.since_epoch

    def word(self, number: int, now_s: int) -> int:
        """Return a packed word as it applies at a time; zero for an unknown id."""
        if not 0 <= number < len(WORDS):
            return 0
        name = WORDS[number]
        return pack(name, self._words[name].at(now_s // EPOCH_S))

    def ready_at_s(self, key: str) -> int:
        """Return when a key may be set again; zero if it was never set."""
        last = self.last_set_s.get(key)
        return 0 if last is None else last + cooldown_s(key)
