"""Every wei by party: the books of ``tokenomics.books``, kept in rows instead of in memory.

Place: fed by ``folding`` with every event. The books see dictionaries that read and write the
tables ``balance`` and ``book``, so a rollback of rows is a rollback of the books. An event that
contradicts the books is noted as a fault at its place; the books stop there, the index goes on,
and whoever asks for money is told.

Never: a balance that the books did not compute.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import asdict
from typing import Any, Final, cast

from neurovoyance.chain.event_base import ChainEvent
from neurovoyance.chain.events import FeesSplit, JobSettled, ParameterSet, RedemptionSettled
from neurovoyance.marketplace.indexer.encoding import key_text
from neurovoyance.marketplace.indexer.rows import Row, Rows
from neurovoyance.marketplace.indexer.schema import BALANCE, BOOK
from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.tokenomics.books import Books
from neurovoyance.tokenomics.delegation import Delegation, Pool, Shares
from neurovoyance.tokenomics.entries import HeldSlash, JobEntry
from neurovoyance.tokenomics.staking import SlashRates, Stake

TOTALS: Final = "totals"
EPOCH_S: Final = 7 * 86_400
Note = Callable[[str, str, int], None]
"""Hears of every change of a balance: party, column of ``balance``, wei."""
_JSON = json.JSONEncoder(separators=(",", ":"))
_MONEY_COLUMNS = tuple(c.name for c in BALANCE.columns if c.name.endswith("_wei"))


class _Column(MutableMapping[str, int]):
    """One column of ``balance`` as a dictionary of amounts by party, zero by default."""

    def __init__(self, rows: Rows, column: str, note: Note) -> None:
        self._rows, self._column, self._note = rows, column, note

    def __getitem__(self, party: str) -> int:
        row = self._rows.get(BALANCE, party)
        return 0 if row is None else int(row[self._column])

    def __setitem__(self, party: str, amount_wei: int) -> None:
        if change_wei := amount_wei - self[party]:
            self._rows.change(BALANCE, party)[self._column] = amount_wei
            self._note(party, self._column, change_wei)

    def __delitem__(self, party: str) -> None:
        self[party] = 0

    def __iter__(self) -> Iterator[str]:
        raise InternalError("Balances are not walked through here.")

    def __len__(self) -> int:
        raise InternalError("Balances are not counted here.")


class _Stakes(MutableMapping[str, Stake]):
    """Three columns of ``balance`` as stakes by provider."""

    def __init__(self, rows: Rows, note: Note) -> None:
        self._rows, self._note = rows, note

    def __getitem__(self, party: str) -> Stake:
        row = self._rows.get(BALANCE, party)
        if row is None:
            raise KeyError(party)
        return Stake(row["own_wei"], row["locked_wei"], row["unbonding_wei"])

    def __setitem__(self, party: str, stake: Stake) -> None:
        row = self._rows.change(BALANCE, party)
        for name, amount_wei in asdict(stake).items():
            if change_wei := amount_wei - row[name]:
                row[name] = amount_wei
                self._note(party, name, change_wei)

    def __delitem__(self, party: str) -> None:
        self[party] = Stake()

    def __iter__(self) -> Iterator[str]:
        raise InternalError("Stakes are not walked through here.")

    def __len__(self) -> int:
        raise InternalError("Stakes are not counted here.")


class _Entries(MutableMapping[Any, Any]):
    """One kind of entry of ``book``; what was touched is written when the batch ends."""

    def __init__(self, rows: Rows, kind: str, default: Any = None) -> None:
        self._rows, self._kind, self._default = rows, kind, default
        self._live: dict[Any, Any] = {}

    def place(self, key: Any) -> str:
        """Return the key of an entry's row."""
        parts = key if isinstance(key, tuple) else (key,)
        texts = [hex_of(part) if isinstance(part, bytes) else str(part) for part in parts]
        return ":".join([self._kind, *texts])

    def __getitem__(self, key: Any) -> Any:
        if key not in self._live:
            row = self._rows.get(BOOK, self.place(key))
            if row is None and self._default is None:
                raise KeyError(key)
            self._live[key] = self._default if row is None else _DECODE[self._kind](row["value"])
        return self._live[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._live[key] = value

    def __delitem__(self, key: Any) -> None:
        self._live.pop(key, None)
        if self._rows.get(BOOK, self.place(key)) is not None:
            self._rows.remove(BOOK, self.place(key))

    def __iter__(self) -> Iterator[Any]:
        raise InternalError("Entries are not walked through here.")

    def __len__(self) -> int:
        raise InternalError("Entries are not counted here.")

    def write(self) -> None:
        """Hand everything that was touched to the rows."""
        for key, value in self._live.items():
            place, text = self.place(key), _encode(value)
            row = self._rows.get(BOOK, place)
            if self._default is not None and value == self._default:
                if row is not None:
                    self._rows.remove(BOOK, place)
            elif row is None or row["value"] != text:
                self._rows.change(BOOK, place, value=text)
        self._live.clear()


class Money:
    """The books over rows; one for the life of an index.

    Args:
        rows: where balances and entries are.
        note: hears of every change of a balance.
        audit_court, fee_router: addresses as :class:`.Books` wants them; empty where there is none.
    """

    def __init__(
        self,
        rows: Rows,
        note: Note = lambda *_: None,
        *,
        audit_court: str = "",
        fee_router: str = "",
    ) -> None:
        self._rows = rows
        self._fees = _Column(rows, "fees_wei", note)
        self._escrows = _Column(rows, "escrow_wei", note)
        self._kinds = {
            "job": _Entries(rows, "job"),
            "lock": _Entries(rows, "lock", 0),
            "pool": _Entries(rows, "pool"),
            "held": _Entries(rows, "held"),
            "vested": _Entries(rows, "vested", 0),
        }
        # The books only ever look up, set and remove; these mappings do that.
        self.books = Books(
            audit_court=audit_court,
            fee_router=fee_router,
            free_wei=cast(Any, _Column(rows, "free_wei", note)),
            earned_wei=cast(Any, _Column(rows, "earned_wei", note)),
            harvested_wei=cast(Any, _Column(rows, "harvested_wei", note)),
            stakes=cast(Any, _Stakes(rows, note)),
            jobs=cast(Any, self._kinds["job"]),
            locks_wei=cast(Any, self._kinds["lock"]),
            pools=cast(Any, self._kinds["pool"]),
            held=cast(Any, self._kinds["held"]),
            vested_wei=cast(Any, self._kinds["vested"]),
        )
        self._totals: Row | None = None

    def forget(self) -> None:
        """Drop what is in memory: the rows were rolled back."""
        self._totals = None
        self._settle_transient()
        for entries in self._kinds.values():
            entries._live.clear()

    def apply(self, event: ChainEvent) -> None:
        """Book one event; a contradiction becomes a fault at this place."""
        totals = self._known()
        if totals["fault"]:
            return
        if isinstance(event, ParameterSet):
            name = key_text(event.key)
            totals["pending"][name] = [event.since_epoch, event.value_wei]
        self._set_rates(totals)
        job_id = getattr(event, "job_id", None)
        before_wei = self._escrow(job_id)
        try:
            self.books.apply(event.solidity_name, event)
            self._move_escrow(job_id, self._escrow(job_id) - before_wei)
            if self.books.fee_router:
                self._count_fees(event)
        except (InternalError, KeyError) as error:
            where = f"block {event.meta.block_number}, log {event.meta.log_index}"
            totals["fault"] = f"{event.solidity_name} in {where}: {error}"[:500]

    def finish(self) -> None:
        """Hand the batch's changes to the rows; a negative balance is a fault."""
        totals = self._known()
        for row in self._rows.changed(BALANCE):
            low = [name for name in _MONEY_COLUMNS if row[name] < 0]
            for name in low:
                totals["fault"] = totals["fault"] or f"{name} of {row['party']} fell under zero"
                row[name] = 0
        totals["insurance_wei"] = self.books.insurance_wei
        totals["burned_wei"] = self.books.burned_wei
        for entries in self._kinds.values():
            entries.write()
        text = json.dumps(totals, sort_keys=True)
        row_now = self._rows.get(BOOK, TOTALS)
        if row_now is None or row_now["value"] != text:
            self._rows.change(BOOK, TOTALS, value=text)
        self._settle_transient()

    def _settle_transient(self) -> None:
        """Forget what only has a meaning within one transaction."""
        self.books._freed.clear()
        self.books._from_pools.clear()

    def _known(self) -> Row:
        if self._totals is None:
            row = self._rows.get(BOOK, TOTALS)
            blank: Row = {
                "insurance_wei": 0,
                "burned_wei": 0,
                "fault": "",
                "values": {},
                "pending": {},
            }
            self._totals = blank if row is None else dict(json.loads(row["value"]))
            self.books.insurance_wei = self._totals["insurance_wei"]
            self.books.burned_wei = self._totals["burned_wei"]
            self.books.rates = SlashRates.of(self._totals["values"])
        return self._totals

    def _set_rates(self, totals: Row) -> None:
        """Let votes on parameters take effect when their epoch comes."""
        if not totals["pending"]:
            return
        epoch = self._rows.time_s // EPOCH_S
        due = [name for name, (since, _) in totals["pending"].items() if since <= epoch]
        for name in due:
            totals["values"][name] = totals["pending"].pop(name)[1]
        if due:
            self.books.rates = SlashRates.of(totals["values"])

    def _count_fees(self, event: ChainEvent) -> None:
        """Keep what the fee router holds for each provider; the books know the sum alone."""
        fees = self._fees
        if isinstance(event, JobSettled):
            fees[event.provider] += event.paid_wei
        elif isinstance(event, RedemptionSettled):
            fees[event.payee] += event.amount_wei
        elif isinstance(event, FeesSplit):
            fees[event.provider] -= event.fees_wei

    def _escrow(self, job_id: bytes | None) -> int:
        job = None if job_id is None else self.books.jobs.get(job_id)
        return 0 if job is None else job.escrow_wei

    def _move_escrow(self, job_id: bytes | None, change_wei: int) -> None:
        if change_wei and job_id is not None:
            self._escrows[self.books.jobs[job_id].client] += change_wei


def _encode(value: Any) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Pool):
        document = asdict(value)
    else:
        document = {name: getattr(value, name) for name in value.__slots__}
    if isinstance(value, HeldSlash):
        document["job_id"] = hex_of(value.job_id)
    return _JSON.encode(document)


def _job(text: str) -> JobEntry:
    document = json.loads(text)
    ended = document.pop("ended_in")
    return JobEntry(**document, ended_in=None if ended is None else JobState(ended))


def _held(text: str) -> HeldSlash:
    document = json.loads(text)
    return HeldSlash(**{**document, "job_id": bytes.fromhex(document["job_id"][2:])})


def _pool(text: str) -> Pool:
    document = json.loads(text)
    for name in ("staked", "leaving"):
        document[name] = Shares(**document[name])
    found = document["delegations"]
    document["delegations"] = {party: Delegation(**item) for party, item in found.items()}
    return Pool(**document)


_DECODE: dict[str, Any] = {"job": _job, "held": _held, "pool": _pool, "lock": int, "vested": int}
