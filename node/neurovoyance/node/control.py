"""The owner's hand on the node: pause, snooze, resume, lend for pay or as a volunteer.

Place: between ``control_api`` and what obeys: ``idle.gate``, ``lending``. Every word is on disk
before it is answered. Why the machine rests, and what was given, is told to the owner alone. Never:
a promise broken by a switch: what was taken is finished as it was taken.
"""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from neurovoyance.node.idle.book import IdleBook
from neurovoyance.node.idle.gate import Gate
from neurovoyance.node.idle.policy import Hold, presence
from neurovoyance.node.journal import Journal
from neurovoyance.node.lending import Credit, Lend, Lending, credit_of
from neurovoyance.node.watch import Watch
from neurovoyance.protocol.errors import ConfigError
from neurovoyance.protocol.ids import hex_of

SNOOZE_MAX_S = 30 * 86_400
_PAUSES_SHOWN = 10
_LEND = "lend"


class Wish(BaseModel):
    """What the owner wants changed; fields left out stay as they are.

    Attributes:
        rest: True to pause, False to resume.
        rest_s: seconds after which a pause ends by itself.
        lend: how to lend from now on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rest: bool | None = None
    rest_s: Annotated[int, Field(ge=1, le=SNOOZE_MAX_S)] | None = None
    lend: Lend | None = None


class Control:
    """Obeys and answers the owner of one node.

    Args:
        gate: stops and lets go.
        lending: how the node lends; changed here alone.
        book: keeps the owner's words.
        watch: looks at listings again after a change.
        journal: what was done.
        file_lend: what the settings file says; a change of it outdoes an older switch.
    """

    def __init__(
        self,
        gate: Gate,
        lending: Lending,
        book: IdleBook,
        watch: Watch,
        journal: Journal,
        file_lend: Lend,
    ) -> None:
        self._gate = gate
        self._lending = lending
        self._book = book
        self._watch = watch
        self._journal = journal
        self._file_lend = file_lend
        lending.mode = _restored(book, file_lend)

    def obey(self, wish: Wish) -> None:
        """Do what the owner wants; whatever computes has stopped when this returns.

        Raises:
            ConfigError: a volunteer without clients; nothing was changed.
        """
        if wish.lend is Lend.VOLUNTEER:
            require_clients(self._lending)
        if wish.lend is not None:
            self._switch(wish.lend)
        if wish.rest_s is not None and wish.rest is not False:
            self._gate.set_hold(Hold(True, int(time.time()) + wish.rest_s))
        elif wish.rest is not None:
            self._gate.set_hold(Hold(wish.rest))

    def _switch(self, lend: Lend) -> None:
        words = {"lend": lend.value, "file": self._file_lend.value}
        self._book.set_choice(_LEND, json.dumps(words))
        self._lending.mode = lend
        self._watch.look_again = True

    def state(self) -> dict[str, Any]:
        """Return what the owner may know, as JSON: who is here, what rests and why, the credit."""
        credit = credit_of(self._journal.settled())
        sensors = self._gate.sensors
        return {
            "mode": self._gate.mode.value,
            "presence": presence(sensors) if sensors else "The node has not looked yet.",
            "hold": {"is_held": (hold := self._book.hold()).is_held, "until_s": hold.until_s},
            "devices": self._devices(),
            "pauses": [
                {
                    "device": pause.device,
                    "began_s": pause.began_s,
                    "ended_s": pause.ended_s,
                    "reasons": list(pause.reasons),
                }
                for pause in self._book.pauses(_PAUSES_SHOWN)
            ],
            "lend": self._lending.mode.value,
            "public_clients": sorted(self._lending.public_clients),
            "credit": _public(credit),
        }

    def _devices(self) -> list[dict[str, Any]]:
        return [
            {
                "device": verdict.device,
                "may_run": verdict.may_run,
                "until_s": verdict.until_s,
                "reasons": [
                    {"cause": reason.cause.value, "message": reason.message}
                    for reason in verdict.reasons
                ],
            }
            for verdict in self._gate.decision.verdicts
        ]


def require_clients(lending: Lending) -> None:
    """Refuse to volunteer for nobody.

    Raises:
        ConfigError: no client is listed.
    """
    if not lending.public_clients:
        raise ConfigError(
            "A volunteer works for listed clients alone, and no client is listed.",
            hint="Name their addresses as public_clients in node.toml and start the node again.",
            faults=["public_clients: empty"],
        )


def _restored(book: IdleBook, file_lend: Lend) -> Lend:
    """Return the last switch, unless the settings file was changed after it."""
    text = book.choice(_LEND)
    if text is None:
        return file_lend
    words = json.loads(text)
    return Lend(words["lend"]) if words["file"] == file_lend.value else file_lend


def _public(credit: Credit) -> dict[str, Any]:
    return {
        "jobs": len(credit.jobs),
        "allowed_s": credit.allowed_s,
        "job_ids": [hex_of(job_id) for job_id in credit.jobs[-100:]],
    }
