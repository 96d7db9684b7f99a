"""Tables of the indexer: what happened, what is now, and what a rollback needs.

Place: the only description of the database. ``event``, ``movement`` and ``price`` only grow, and
lose their newest rows in a rollback. The tables of :data:`ENTITIES` hold one row per thing as it is
now; ``undo`` holds what a batch changed in them. Amounts are decimal text of one width, so that
text order is number order and no database rounds them.

Never: a column that another order of batches could make differ.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

from neurovoyance.protocol.errors import InternalError

VERSION: Final = 4
LOGS_PER_BLOCK: Final = 1 << 20
"""``born`` is ``block * LOGS_PER_BLOCK + log``: one number that orders everything."""
_DIGITS = 40


class Amount(TypeDecorator[int]):
    """A non-negative integer below 10^40, exact and ordered on every database."""

    impl = String(_DIGITS)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return the text of an amount; InternalError when it has no place in the column."""
        if value is None:
            return None
        if not 0 <= value < 10**_DIGITS:
            raise InternalError("An amount is negative or absurd.", value=str(value))
        return f"{value:0{_DIGITS}d}"

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Return the amount of a text."""
        return None if value is None else int(value)


class Whole(TypeDecorator[int]):
    """An integer of a database; what a stranger wrote beyond its range becomes its greatest."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Return the number, or the greatest there is."""
        return None if value is None else min(value, 2**63 - 1)


METADATA: Final = MetaData()


def _amount(name: str) -> Column[int]:
    return Column(name, Amount, nullable=False, default=0)


def _big(name: str) -> Column[int]:
    return Column(name, Whole, nullable=False, default=0)


def _text(name: str, *, index: bool = False) -> Column[str]:
    return Column(name, Text, nullable=False, default="", index=index)


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _times() -> list[Column[int]]:
    """``born``: of the event that made the row; ``changed``: of the newest; times: unix seconds."""
    born = Column("born", BigInteger, nullable=False, index=True)
    return [born, _big("changed"), _big("born_at_s"), _big("changed_at_s")]


EVENT: Final = Table(
    "event",
    METADATA,
    Column("born", BigInteger, primary_key=True, autoincrement=False),
    Column("block_number", BigInteger, nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("block_hash", String(66), nullable=False),
    Column("tx_hash", String(66), nullable=False),
    Column("time_s", BigInteger, nullable=False),
    Column("address", String(42), nullable=False),
    Column("name", Text, nullable=False),
    _text("subject"),
    Column("data", Text, nullable=False),
    Index("event_of_subject", "subject", "born"),
)
MOVEMENT: Final = Table(
    "movement",
    METADATA,
    Column("account", String(42), primary_key=True),
    Column("born", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("pocket", String(16), primary_key=True),
    _amount("amount_wei"),
    Column("is_out", Boolean, nullable=False),
)
"""What an event, named by ``born``, moved into or out of a place where an account has money; see
``movements``."""
PRICE: Final = Table(
    "price",
    METADATA,
    Column("born", BigInteger, primary_key=True, autoincrement=False),
    Column("block_number", BigInteger, nullable=False),
    Column("time_s", BigInteger, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("model_id", Text, nullable=False),
    Column("provider", Text, nullable=False, index=True),
    Column("batch", Whole, nullable=False),
    _amount("price_wei"),
    Index("price_of_model", "model_id", "born"),
)

JOB: Final = Table(
    "job",
    METADATA,
    _key("job_id"),
    _text("client", index=True),
    _text("provider", index=True),
    Column("state", Integer, nullable=False, default=0, index=True),
    _text("model_id", index=True),
    Column("job_class", Integer, nullable=False, default=0),
    _big("batch"),
    _amount("max_price_wei"),
    _amount("price_wei"),
    _amount("lock_wei"),
    _amount("paid_wei"),
    _amount("refunded_wei"),
    _big("deadline_s"),
    Column("is_audited", Boolean, nullable=False, default=False),
    _text("spec_json"),
    *_times(),
)
CHANNEL: Final = Table(
    "channel",
    METADATA,
    _key("channel_id"),
    _text("client", index=True),
    _big("window_s"),
    _big("closes_at_s"),
    *_times(),
)
"""``closes_at_s``: its end, 0 where no notice was given."""
SIDE: Final = Table(
    "channel_side",
    METADATA,
    _key("side_id"),
    _text("channel_id"),
    _text("client", index=True),
    _text("payee", index=True),
    _amount("allotment_wei"),
    _amount("redeemed_wei"),
    _amount("settled_wei"),
    _big("due_at_s"),
    Column("is_closed", Boolean, nullable=False, default=False),
    Column("is_spent", Boolean, nullable=False, default=True),
    *_times(),
)
"""What a channel reserves for one payee; ``settled_wei`` of what it redeemed was paid. Of a spent
one nothing is left."""
PROVIDER: Final = Table(
    "provider",
    METADATA,
    _key("provider"),
    _text("operator"),
    _text("endpoint"),
    Column("commission_bps", Integer, nullable=False, default=0),
    _big("jobs_taken"),
    _big("jobs_settled"),
    _big("jobs_failed"),
    _big("jobs_missed"),
    _big("slashes"),
    *_times(),
)
AUDIT: Final = Table(
    "audit",
    METADATA,
    _key("audit_id"),
    _text("job_id", index=True),
    Column("slot", Integer, nullable=False, default=0),
    Column("round", BigInteger, nullable=False, default=0),
    _text("auditor", index=True),
    Column("outcome", Integer, nullable=False, default=0),
    Column("is_late", Boolean, nullable=False, default=False),
    _amount("paid_wei"),
    *_times(),
)
DISPUTE: Final = Table(
    "dispute",
    METADATA,
    _key("dispute_id"),
    _text("job_id", index=True),
    _text("challenger"),
    _text("provider"),
    Column("kind", Integer, nullable=False, default=0),
    Column("phase", Integer, nullable=False, default=0),
    Column("verdict", Integer, nullable=False, default=0),
    Column("level", Integer, nullable=False, default=0),
    _amount("bond_wei"),
    _big("deadline_s"),
    *_times(),
)
VESTING: Final = Table(
    "vesting",
    METADATA,
    _key("account"),
    _amount("deposited_wei"),
    _amount("released_wei"),
    _amount("exited_wei"),
    _amount("slashed_wei"),
    _amount("income_wei"),
    *_times(),
)
REWARD: Final = Table(
    "reward",
    METADATA,
    _key("reward_id"),
    _text("provider", index=True),
    _big("epoch"),
    _amount("fees_wei"),
    _amount("burned_wei"),
    _amount("fees_vested_wei"),
    _amount("fees_liquid_wei"),
    _amount("work_wei"),
    _amount("avail_wei"),
    _amount("emission_liquid_wei"),
    _amount("emission_vested_wei"),
    *_times(),
)
PROPOSAL: Final = Table(
    "proposal",
    METADATA,
    _key("proposal_id"),
    _text("governor"),
    _text("proposer"),
    _text("description"),
    _big("vote_start_s"),
    _big("vote_end_s"),
    _big("eta_s"),
    _amount("for_wei"),
    _amount("against_wei"),
    _amount("abstain_wei"),
    _text("ended_in"),
    *_times(),
)
VOTE: Final = Table(
    "vote",
    METADATA,
    _key("vote_id"),
    _text("proposal_id", index=True),
    _text("voter", index=True),
    Column("support", Integer, nullable=False, default=0),
    _amount("weight_wei"),
    _text("reason"),
    *_times(),
)
DELEGATION: Final = Table(
    "delegation",
    METADATA,
    _key("delegator"),
    _text("delegate", index=True),
    *_times(),
)
"""Who casts an account's votes; the zero address for nobody."""
PARAMETER: Final = Table(
    "parameter",
    METADATA,
    _key("name"),
    _text("before"),
    _text("value"),
    _big("since_epoch"),
    *_times(),
)
BALANCE: Final = Table(
    "balance",
    METADATA,
    _key("party"),
    *(
        _amount(f"{name}_wei")
        for name in ("free", "escrow", "earned", "fees", "harvested", "own", "locked", "unbonding")
    ),
    *_times(),
)
"""Wei of a party: in JobMarket free, in escrow and earned; fees that it has not split yet; taken
home; in StakeManager own, locked (a part of own) and unbonding."""
BOOK: Final = Table("book", METADATA, _key("entry"), Column("value", Text, nullable=False))
"""What the books keep besides balances: jobs, locks, pools, held slashes, totals; see ``money``."""

UNDO: Final = Table(
    "undo",
    METADATA,
    Column("at_block", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("before", Text),
)
CHECKPOINT: Final = Table(
    "checkpoint",
    METADATA,
    Column("block_number", BigInteger, primary_key=True, autoincrement=False),
    Column("block_hash", String(66), nullable=False),
)
REORG: Final = Table(
    "reorg",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("to_block", BigInteger, nullable=False),
)
ORIGIN: Final = Table("origin", METADATA, _key("name"), Column("value", Text, nullable=False))
"""Which chain, which contracts and which version of these tables."""

GROWING: Final = (EVENT, MOVEMENT, PRICE)
FORMER: Final = ("block",)
"""Tables of older versions, which a new index leaves no trace of."""
ENTITIES: Final = (
    JOB, CHANNEL, SIDE, PROVIDER, AUDIT, DISPUTE, VESTING, REWARD, PROPOSAL, VOTE, DELEGATION,
    PARAMETER, BALANCE, BOOK,
)  # fmt: skip
