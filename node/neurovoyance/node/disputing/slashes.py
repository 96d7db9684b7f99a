"""Held slashes of jobs that this node was part of: split after the hold, so all get their share.

Place: beside ``duty``; slashes of audits end up here as well as those of disputes. Anybody may
split one, so a race that was lost is no failure. Never: a split before the hold is over.
"""

from __future__ import annotations

import logging

from neurovoyance.chain.events import SlashBooked
from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.disputing.court_side import CourtSide
from neurovoyance.node.disputing.rules import wanted_of_slash
from neurovoyance.node.disputing.values import HeldSlash, SlashState, Wanted
from neurovoyance.node.logs import log_event
from neurovoyance.protocol.errors import ContractRevert

RETRY_S = 60


class SlashKeeper:
    """Watches held slashes of one owner's jobs."""

    def __init__(self, court: CourtSide, crash: CrashPoint) -> None:
        self._court = court
        self._crash = crash
        self._not_before_s: dict[bytes, int] = {}

    async def note(self, event: SlashBooked) -> None:
        """Remember a slash if its job concerns us.

        Raises:
            ChainError: the chain could not be read.
        """
        court = self._court
        concerns_us = (
            bool(court.book.of_job(event.job_id))
            or event.provider == court.owner
            or await court.contracts.audits.was_drawn(event.job_id, court.owner)
        )
        if concerns_us:
            court.book.hold(HeldSlash(event.slash_id, event.job_id, event.ready_at_s))

    async def sweep(self, time_s: int, elsewhere: frozenset[bytes]) -> None:
        """Split what is due.

        Args:
            time_s: chain time.
            elsewhere: jobs whose slash somebody else of this node splits.

        Raises:
            ChainError: the chain could not be read, or did not take the call.
        """
        for slash in self._court.book.held_slashes():
            want = wanted_of_slash(slash, time_s)
            is_waiting = time_s < self._not_before_s.get(slash.slash_id, 0)
            if want is None or is_waiting or slash.job_id in elsewhere:
                continue
            self._not_before_s[slash.slash_id] = time_s + RETRY_S
            await self._split(slash, want)

    async def _split(self, slash: HeldSlash, want: Wanted) -> None:
        court = self._court
        state, _ = await court.slash_of(slash.slash_id)
        if state is SlashState.SPLIT:
            court.book.split(slash.slash_id)
        if state is not SlashState.HELD:
            return
        self._crash.reach("before", want.action)
        try:
            key = f"{want.key}:{court.book.serial(want.key)}"
            await court.finalize_slash(slash.slash_id, key)
        except ContractRevert as error:
            court.book.use_up(want.key)
            log_event(logging.INFO, "split_skipped", job_id=slash.job_id, error=error)
            return
        self._crash.reach("after", want.action)
        log_event(logging.INFO, "slash_split", job_id=slash.job_id)
