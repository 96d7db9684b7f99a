"""Columns of the offers that one listener holds, kept up as offers and records change. Pure.

Place: between :class:`.OfferBook`, which says whose offer changed, and :class:`.Columns`, which
ranks. Ten thousand rows take half a second to make, so rows are made of those alone whose offer or
record is another. Never: two callers at a time, or an order of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from neurovoyance.matching.candidates import Candidate, candidate_of
from neurovoyance.matching.columns import Columns
from neurovoyance.matching.offer_book import Listed
from neurovoyance.matching.reliability import Record

_NO_RECORD = Record()


class LiveColumns:
    """Columns of everybody who is listed, each with the device whose price per second is lowest."""

    def __init__(self) -> None:
        self.columns = Columns(())
        self._listed: dict[str, Listed] = {}
        self._records: Mapping[str, Record] = {}
        self._places: dict[str, int] = {}

    def follow(
        self,
        changes: Mapping[str, Listed | None],
        records: Mapping[str, Record] | None = None,
    ) -> Columns:
        """Take in what changed and return the columns as they are now.

        Args:
            changes: what is listed of providers whose offer changed; None if nothing is any more.
            records: of everybody; None if they are as before.
        """
        stale = set(changes)
        for provider, listed in changes.items():
            if listed is None:
                self._listed.pop(provider, None)
            else:
                self._listed[provider] = listed
        if records is not None:
            before, self._records = self._records, records
            stale.update(
                provider
                for provider in self._listed
                if records.get(provider, _NO_RECORD) != before.get(provider, _NO_RECORD)
            )
        if stale:
            self._remake(sorted(stale))
        return self.columns

    def of_device(self, device: str) -> Columns:
        """Return columns of one kind of device: everybody's row is made, for a rare question."""
        made = (self._candidate(provider, device) for provider in sorted(self._listed))
        return Columns([one for one in made if one is not None])

    def _remake(self, providers: list[str]) -> None:
        changed: dict[int, Candidate | None] = {}
        added: list[Candidate] = []
        for provider in providers:
            one = self._candidate(provider)
            if provider in self._places:
                changed[self._places[provider]] = one
            elif one is not None:
                added.append(one)
        self.columns = self.columns.changed(changed, added)
        if added or None in changed.values():
            self._places = {one.provider: n for n, one in enumerate(self.columns.candidates)}

    def _candidate(self, provider: str, device: str = "") -> Candidate | None:
        listed = self._listed.get(provider)
        if listed is None:
            return None
        return candidate_of(
            listed.signed.offer,
            operator=listed.standing.operator,
            free_stake_wei=listed.standing.free_stake_wei,
            record=self._records.get(provider),
            device=device,
        )
