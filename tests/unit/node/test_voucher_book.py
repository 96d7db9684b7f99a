from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from neurovoyance.chain.channels import ChannelRecord, RedemptionRecord, SideRecord
from neurovoyance.node.voucher_book import (
    LIFE_MIN_S,
    SAFETY_S,
    Standing,
    VoucherBook,
    ends_at,
    gain_of,
    is_over,
    is_possible,
    is_worthwhile,
    must_redeem,
    must_settle,
)
from neurovoyance.protocol.errors import ConfigError, SpecError
from neurovoyance.protocol.vouchers import (
    Delegation,
    SignedVoucher,
    Voucher,
    sign_delegation,
    sign_voucher,
)

CHANNELS = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
HERE: dict[str, Any] = {"chain_id": 31337, "channels": CHANNELS}
CLIENT = Account.from_key("0x" + "42" * 32)
DELEGATE = Account.from_key("0x" + "43" * 32)
PAYEE = Account.from_key("0x" + "44" * 32).address
CHANNEL = b"\1" * 32
NOW_S, WINDOW_S = 1_800_000_000, 1_800
WEEK_S = 7 * 86_400
IDENTITY = {"chain_id": "31337"}


def voucher(cumulative_wei: int, **changes: Any) -> SignedVoucher:
    terms: dict[str, Any] = {
        "channel_id": CHANNEL,
        "payee": PAYEE,
        "cumulative_wei": cumulative_wei,
        "receipts_root": bytes(32),
        "max_leaf_wei": 1,
        "expiry_s": NOW_S + WEEK_S,
    }
    made = Voucher.model_validate(terms | changes)
    return SignedVoucher(voucher=made, signature=sign_voucher(made, CLIENT, **HERE))


def delegated(expiry_s: int) -> SignedVoucher:
    made = voucher(10).voucher
    delegation = Delegation(
        channel_id=CHANNEL, delegate=DELEGATE.address, cap_wei=10, expiry_s=expiry_s
    )
    return SignedVoucher(
        voucher=made,
        signature=sign_voucher(made, DELEGATE, **HERE),
        delegation=delegation,
        permission=sign_delegation(delegation, CLIENT, **HERE),
    )


def standing(
    *,
    redeemed_wei: int = 0,
    pending_wei: int = 0,
    due_wei: int = 0,
    due_at_s: int = 0,
    closes_at_s: int = 0,
    is_closed: bool = False,
    time_s: int = NOW_S,
    client: str = CLIENT.address,
) -> Standing:
    return Standing(
        ChannelRecord(client, WINDOW_S, closes_at_s),  # type: ignore[arg-type]
        SideRecord(100, redeemed_wei, 627, 20, is_closed),
        RedemptionRecord(pending_wei, due_wei, due_at_s, bytes(32)),
        time_s,
    )


@pytest.fixture
def book(tmp_path: Path) -> Iterator[VoucherBook]:
    made = VoucherBook(tmp_path / "vouchers.sqlite", IDENTITY, payee=PAYEE, **HERE)
    yield made
    made.close()


# --- taking -------------------------------------------------------------------------------------


def test_the_best_voucher_is_kept_over_a_restart(book: VoucherBook) -> None:
    assert book.take(voucher(10), standing(), owed_wei=10) == 10
    assert book.take(voucher(25), standing(), owed_wei=0) == 15
    book.close()
    again = VoucherBook(book.path, IDENTITY, payee=PAYEE, **HERE)
    assert again.best(CHANNEL) == voucher(25)
    assert again.all() == [voucher(25)]
    again.forget(CHANNEL)
    assert again.best(CHANNEL) is None
    again.close()


def test_what_was_redeemed_is_not_added_again(book: VoucherBook) -> None:
    assert book.take(voucher(10), standing(redeemed_wei=4), owed_wei=0) == 6


def test_a_renewed_voucher_replaces_one_that_ends_earlier(book: VoucherBook) -> None:
    book.take(voucher(10), standing(), owed_wei=0)
    longer = voucher(10, expiry_s=NOW_S + 2 * WEEK_S)
    assert book.take(longer, standing(), owed_wei=0) == 0
    assert book.best(CHANNEL) == longer


def test_a_delegates_voucher_is_the_clients(book: VoucherBook) -> None:
    assert book.take(delegated(NOW_S + WEEK_S), standing(), owed_wei=0) == 10


@pytest.mark.parametrize(
    ("signed", "at", "why"),
    [
        (voucher(10, payee=CLIENT.address), standing(), "another payee"),
        (voucher(10), standing(client=PAYEE), "not signed by"),
        (voucher(10), standing(client="0x" + "00" * 20), "no such channel"),
        (voucher(101), standing(), "allots 100"),
        (voucher(4), standing(), "are owed"),
        (voucher(10), standing(redeemed_wei=10), "redeemed already"),
        (voucher(10), standing(closes_at_s=NOW_S + 86_400), "gave notice"),
        (voucher(10, expiry_s=NOW_S + LIFE_MIN_S), standing(), "too soon"),
        (delegated(NOW_S + LIFE_MIN_S), standing(), "too soon"),
    ],
)
def test_a_voucher_that_may_not_pay_is_refused(
    book: VoucherBook, signed: SignedVoucher, at: Standing, why: str
) -> None:
    with pytest.raises(SpecError, match=why):
        book.take(signed, at, owed_wei=5)
    assert book.best(CHANNEL) is None


@pytest.mark.parametrize("cumulative_wei", [9, 10])
def test_a_voucher_that_adds_nothing_is_refused(book: VoucherBook, cumulative_wei: int) -> None:
    book.take(voucher(10), standing(), owed_wei=0)
    with pytest.raises(SpecError, match="adds nothing"):
        book.take(voucher(cumulative_wei), standing(), owed_wei=0)
    assert book.best(CHANNEL) == voucher(10)


def test_a_book_of_another_chain_is_refused(book: VoucherBook) -> None:
    with pytest.raises(ConfigError):
        VoucherBook(book.path, {"chain_id": "1"}, payee=PAYEE, **HERE)


# --- redeeming ----------------------------------------------------------------------------------


def test_it_is_redeemed_once_enough_is_due() -> None:
    assert not is_worthwhile(voucher(10), standing(), min_gain_wei=11)
    assert is_worthwhile(voucher(10), standing(), min_gain_wei=10)
    assert gain_of(voucher(10), standing(redeemed_wei=4)) == 6
    assert not is_worthwhile(voucher(10), standing(redeemed_wei=10), min_gain_wei=0)


def test_a_little_is_redeemed_before_it_is_lost() -> None:
    last_s = NOW_S + WEEK_S - WINDOW_S - SAFETY_S
    assert not must_redeem(voucher(10), standing(time_s=last_s))
    assert must_redeem(voucher(10), standing(time_s=last_s + 1))
    assert is_worthwhile(voucher(10), standing(time_s=last_s + 1), min_gain_wei=99)


def test_a_notice_and_a_delegates_end_count_too() -> None:
    assert must_redeem(voucher(10), standing(closes_at_s=NOW_S + SAFETY_S))
    assert ends_at(delegated(NOW_S + 5)) == NOW_S + 5
    assert must_redeem(delegated(NOW_S + SAFETY_S), standing())


@pytest.mark.parametrize(
    ("at", "possible"),
    [
        (standing(pending_wei=1, due_at_s=NOW_S), False),
        (standing(pending_wei=1, due_at_s=NOW_S - 1), True),
        (standing(closes_at_s=NOW_S), True),
        (standing(closes_at_s=NOW_S - 1), False),
        (standing(time_s=NOW_S + WEEK_S), True),
        (standing(time_s=NOW_S + WEEK_S + 1), False),
    ],
)
def test_it_is_redeemed_when_the_contract_allows_it(at: Standing, possible: bool) -> None:
    assert is_possible(voucher(10), at) is possible


def test_a_voucher_above_a_closed_side_is_not_sent() -> None:
    assert not is_possible(voucher(101), standing())


def test_a_spent_or_late_voucher_is_over() -> None:
    assert not is_over(voucher(10), standing())
    assert is_over(voucher(10), standing(redeemed_wei=10, is_closed=True))
    assert not is_over(voucher(10), standing(redeemed_wei=10, is_closed=True, pending_wei=1))
    assert not is_over(voucher(10), standing(redeemed_wei=10, is_closed=True, due_wei=1))
    assert is_over(voucher(10), standing(time_s=NOW_S + WEEK_S + 1))
    assert is_over(voucher(10), standing(closes_at_s=NOW_S - 1))


@pytest.mark.parametrize(
    ("at", "settles"),
    [
        (standing(pending_wei=9, due_at_s=NOW_S), False),  # it still waits
        (standing(pending_wei=9, due_at_s=NOW_S - 1), True),  # nine of seven least gains
        (standing(pending_wei=6, due_at_s=NOW_S - 1), False),  # more may follow
        (standing(pending_wei=6, due_at_s=NOW_S - 86_401), True),  # nothing followed for a day
        (standing(pending_wei=6, due_wei=7, due_at_s=NOW_S), True),
        (standing(pending_wei=1, due_at_s=NOW_S - 1, closes_at_s=NOW_S + 9), True),
        (standing(pending_wei=1, due_at_s=NOW_S - 1, is_closed=True), True),
        (standing(due_at_s=NOW_S - 86_401, is_closed=True), False),
    ],
)
def test_a_settlement_serves_many_redemptions(at: Standing, settles: bool) -> None:
    assert must_settle(at, min_gain_wei=1) is settles
