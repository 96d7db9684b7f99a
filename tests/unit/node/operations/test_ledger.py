"""The ledger books what events say, names why, and its incomes equal its pockets to the wei."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neurovoyance.chain import events as chain_events
from neurovoyance.chain.event_base import ChainEvent, LogMeta
from neurovoyance.node.operations.ledger import HANDLED, MOVES_ONLY, Ledger, Pocket, Reason
from neurovoyance.protocol.audit import Outcome
from neurovoyance.protocol.ids import Address, JobId, hex_of

ME, OTHER = Address("0x" + "11" * 20), Address("0x" + "22" * 20)
JOB, SLASH = JobId(b"\x01" * 32), b"\x02" * 32
AMOUNTS = st.integers(1, 10**30)


class Made:
    """Makes events of one transaction after another."""

    def __init__(self) -> None:
        self.number = 0
        self.events: list[ChainEvent] = []

    def tx(self, *made: tuple[str, dict[str, object]]) -> Made:
        self.number += 1
        for index, (name, values) in enumerate(made):
            kind = getattr(chain_events, name)
            meta = LogMeta(OTHER, self.number, "0x" + "00" * 32, f"0x{self.number:064x}", index)
            self.events.append(kind(meta, **values))
        return self

    def ledger(self, *, has_economy: bool = True) -> Ledger:
        ledger = Ledger(ME, has_economy=has_economy)
        ledger.add(self.events)
        return ledger


def settled(paid_wei: int, provider: Address = ME) -> tuple[str, dict[str, object]]:
    return "JobSettled", {"job_id": JOB, "provider": provider, "paid_wei": paid_wei}


def court_paid(amount_wei: int) -> tuple[str, dict[str, object]]:
    values = {"court": OTHER, "to": ME, "amount_wei": amount_wei, "as_earned": True}
    return "CourtPaid", values


def audited(paid_wei: int) -> tuple[str, dict[str, object]]:
    values: dict[str, object] = {
        "job_id": JOB, "slot": 0, "round": 1, "auditor": ME, "outcome": Outcome.PASS, "flags": 0,
        "distance_sq": 0, "norm_sq": 1, "paid_wei": paid_wei,
    }  # fmt: skip
    return "AuditRevealed", values


def refereed(paid_wei: int) -> tuple[str, dict[str, object]]:
    values = {"dispute_id": 7, "level": 1, "referee": ME, "paid_wei": paid_wei, "slashed_wei": 0}
    return "RefereePaid", dict(values)


def fees_split(fees_wei: int, liquid_wei: int, vested_wei: int) -> tuple[str, dict[str, object]]:
    rest_wei = fees_wei - liquid_wei - vested_wei
    values = {
        "provider": ME, "epoch": 3, "fees_wei": fees_wei, "burned_wei": rest_wei,
        "to_treasury_wei": 0, "to_insurance_wei": 0, "to_audits_wei": 0,
        "vested_wei": vested_wei, "liquid_wei": liquid_wei,
    }  # fmt: skip
    return "FeesSplit", dict(values)


def vested(amount_wei: int) -> tuple[str, dict[str, object]]:
    return "VestingDeposited", {"account": ME, "amount_wei": amount_wei, "epochs": 26}


def whole(ledger: Ledger) -> int:
    """Return what all pockets hold less what the owner put in."""
    put_in = sum(
        amount for row in ledger.rows if row.reason is Reason.STAKE
        for amount in row.moves_wei.values()
    )  # fmt: skip
    return sum(ledger.pockets_wei().values()) - put_in


@given(AMOUNTS, AMOUNTS, st.integers(0, 100), st.integers(0, 100))
def test_incomes_equal_the_pockets(job: int, audit: int, liquid: int, part: int) -> None:
    liquid_wei = job * liquid // 200
    vested_wei = job * part // 200
    made = (
        Made()
        .tx(settled(job))
        .tx(audited(audit), court_paid(audit))
        .tx(fees_split(job, liquid_wei, vested_wei), vested(vested_wei))
        .tx(("Harvested", {"provider": ME, "amount_wei": audit}))
        .tx(("Released", {"account": ME, "amount_wei": vested_wei // 2}))
    )
    ledger = made.ledger()
    pockets = ledger.pockets_wei()
    assert sum(ledger.income_wei().values()) == whole(ledger)
    assert pockets[Pocket.FEES] == pockets[Pocket.EARNED] == 0
    assert pockets[Pocket.VESTING] == vested_wei - vested_wei // 2
    assert pockets[Pocket.WALLET] == audit + liquid_wei + vested_wei // 2
    assert ledger.income_wei()[Reason.FEE_SPLIT] == liquid_wei + vested_wei - job


def test_every_payment_of_a_court_has_its_reason() -> None:
    made = Made().tx(court_paid(5), audited(5)).tx(court_paid(9), refereed(9)).tx(court_paid(4))
    rows = made.ledger().rows
    assert [(row.reason, row.subject, row.income_wei) for row in rows] == [
        (Reason.AUDIT, hex_of(JOB), 5),
        (Reason.REFEREE, "dispute 7", 9),
        (Reason.COURT, "", 4),
    ]


def test_a_job_drawn_as_a_canary_is_named_so_and_strangers_are_not_booked() -> None:
    taken = ("CanaryTaken", {"canary_id": 1, "provider": ME, "job_id": JOB})
    ledger = Made().tx(taken).tx(settled(5)).tx(settled(7, OTHER)).ledger()
    assert [(row.reason, row.income_wei) for row in ledger.of_subject(hex_of(JOB))] == [
        (Reason.CANARY, 5)
    ]


def test_without_the_economy_a_redemption_is_booked_once() -> None:
    redeemed = ("RedemptionSettled", {"channel_id": SLASH, "payee": ME, "amount_wei": 5})
    plain = Made().tx(redeemed, court_paid(5)).ledger(has_economy=False)
    assert [(row.reason, row.income_wei) for row in plain.rows] == [(Reason.VOUCHER, 5)]
    assert plain.pockets_wei()[Pocket.EARNED] == 5


def test_slashes_take_own_stake_and_what_vests_but_not_the_delegators_part() -> None:
    made = (
        Made()
        .tx(("Staked", {"provider": ME, "amount_wei": 100, "own_wei": 100}))
        .tx(
            (
                "DelegationSlashed",
                {"provider": ME, "slash_id": SLASH, "from_pool_wei": 3, "from_unbonding_wei": 1},
            ),
            (
                "SlashBooked",
                {"slash_id": SLASH, "job_id": JOB, "provider": ME, "amount_wei": 24,
                 "ready_at_s": 9},
            ),
        )
        .tx(("SlashReduced",
             {"slash_id": SLASH, "amount_wei": 14, "to_own_wei": 8, "to_pool_wei": 2}))
        .tx(("LockSlashed",
             {"owner": ME, "lock_id": JOB, "amount_wei": 10, "burned_wei": 5,
              "to_insurance_wei": 5}))
        .tx(vested(50))
        .tx(("VestingSlashed", {"account": ME, "slash_id": SLASH, "amount_wei": 6}))
    )  # fmt: skip
    ledger = made.ledger()
    assert ledger.pockets_wei()[Pocket.STAKE] == 100 - 20 + 8 - 10
    assert ledger.pockets_wei()[Pocket.VESTING] == 44
    assert ledger.income_wei()[Reason.SLASH] == -20 - 10 - 6
    assert ledger.income_wei()[Reason.SLASH_REDUCED] == 8


def test_emission_and_an_early_exit_are_booked_net() -> None:
    claimed = {
        "provider": ME, "epoch": 3, "work_wei": 60, "avail_wei": 50, "delegated_wei": 10,
        "liquid_wei": 25, "vested_wei": 75,
    }  # fmt: skip
    left = {
        "account": ME, "amount_wei": 40, "penalty_wei": 10, "to_holders_wei": 4, "burned_wei": 3,
        "to_insurance_wei": 3,
    }  # fmt: skip
    ledger = Made().tx(("EmissionClaimed", claimed), vested(75)).tx(("ExitExecuted", left)).ledger()
    assert ledger.income_wei()[Reason.EMISSION] == 100
    assert ledger.income_wei()[Reason.EXIT] == -10
    assert sum(ledger.income_wei().values()) == whole(ledger) == 90
    assert ledger.rows[0].details_wei["to delegators"] == 10


def test_what_could_not_be_vested_at_once_is_owed_until_it_is() -> None:
    owed = ("VestingOwed", {"provider": ME, "amount_wei": 5})
    ledger = Made().tx(settled(9)).tx(fees_split(9, 4, 5), owed).ledger()
    assert ledger.pockets_wei()[Pocket.OWED] == 5
    later = ("OwedVested", {"provider": ME, "amount_wei": 5})
    made = Made().tx(settled(9)).tx(fees_split(9, 4, 5), owed).tx(later, vested(5))
    assert made.ledger().pockets_wei()[Pocket.OWED] == 0
    assert made.ledger().pockets_wei()[Pocket.VESTING] == 5
    owed = ("EmissionVestingOwed", {"account": ME, "amount_wei": 5})
    assert Made().tx(owed).ledger().pockets_wei()[Pocket.OWED] == 5
    later = ("OwedEmissionVested", {"account": ME, "amount_wei": 5})
    assert Made().tx(owed).tx(later).ledger().pockets_wei()[Pocket.OWED] == 0


def test_every_handled_name_is_an_event_of_the_contracts() -> None:
    known = {kind.solidity_name for kind in chain_events.EVENT_CLASSES.values()}
    assert known >= HANDLED
    assert set(Reason) > MOVES_ONLY
