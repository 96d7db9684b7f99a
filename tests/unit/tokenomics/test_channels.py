"""Rules of the twin that need no chain; differential tests hold it to the contract."""

import pytest

from neurovoyance.protocol.vouchers import Voucher
from neurovoyance.tokenomics.channels import (
    CLOSE_NOTICE_S,
    Allotment,
    Money,
    PaymentChannels,
    notice_of,
)
from neurovoyance.tokenomics.reverts import TwinRevert
from neurovoyance.tokenomics.staking import Stake

PAYEE = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
CLIENT, OPERATOR, CHANNEL = "client", "operator", b"\1" * 32
NOW_S = 1_800_000_000


def twin() -> PaymentChannels:
    money = Money()
    money.free[CLIENT] = 1_000
    money.stakes[PAYEE] = Stake(2_000)
    money.operators[PAYEE] = OPERATOR
    made = PaymentChannels(money)
    made.open(CLIENT, CHANNEL, [Allotment(PAYEE, 100, 20)])
    return made


def voucher(cumulative_wei: int) -> Voucher:
    return Voucher(
        channel_id=CHANNEL,
        payee=PAYEE,
        cumulative_wei=cumulative_wei,
        receipts_root=bytes(32),
        max_leaf_wei=1,
        expiry_s=NOW_S + 86_400,
    )


def test_a_payment_moves_from_the_reserve_to_the_payee() -> None:
    made = twin()
    assert made.reserve_wei == 100
    assert made.sides[CHANNEL, PAYEE].p_econ_bps == 627  # ceil(1e8 / (21 * 7600))
    made.redeem(OPERATOR, voucher(30), CLIENT, NOW_S)
    assert made.money.stakes[PAYEE].locked_wei == 600
    made.settle(CHANNEL, PAYEE, NOW_S + 1_801)
    assert (made.reserve_wei, made.money.earned[PAYEE]) == (70, 30)
    assert made.money.stakes[PAYEE].locked_wei == 0


def test_what_waited_is_paid_with_what_follows_and_its_lock_serves_on() -> None:
    made = twin()
    made.redeem(OPERATOR, voucher(30), CLIENT, NOW_S)
    made.redeem(OPERATOR, voucher(40), CLIENT, NOW_S + 1_801)
    assert (made.reserve_wei, made.money.earned[PAYEE]) == (100, 0)
    assert made.money.stakes[PAYEE].locked_wei == 200
    made.settle(CHANNEL, PAYEE, NOW_S + 1_801)  # the second one still waits
    assert (made.reserve_wei, made.money.earned[PAYEE]) == (70, 30)
    with pytest.raises(TwinRevert, match="RedemptionPending"):
        made.settle(CHANNEL, PAYEE, NOW_S + 3_601)
    assert made.settle_batch([CHANNEL, bytes(32)], PAYEE, NOW_S + 3_602) == 10
    assert made.money.stakes[PAYEE].locked_wei == 0
    with pytest.raises(TwinRevert, match="NothingPending"):
        made.settle(CHANNEL, PAYEE, NOW_S + 3_602)


def test_a_refused_redemption_changes_nothing() -> None:
    made = twin()
    made.redeem(OPERATOR, voucher(30), CLIENT, NOW_S)
    made.money.stakes[PAYEE] = Stake(700, 600)
    with pytest.raises(TwinRevert) as caught:
        made.redeem(OPERATOR, voucher(100), CLIENT, NOW_S + 1_801)
    assert caught.value.name == "StakeManager__InsufficientFree"
    assert caught.value.values == (PAYEE, 100, 800)
    assert made.redemptions[CHANNEL, PAYEE].amount_wei == 30


def test_the_rest_comes_back_after_the_notice() -> None:
    made = twin()
    made.request_close(CLIENT, CHANNEL, NOW_S)
    with pytest.raises(TwinRevert, match="NotClosed"):
        made.reclaim(CHANNEL, [PAYEE], NOW_S + CLOSE_NOTICE_S)
    assert made.reclaim(CHANNEL, [PAYEE], NOW_S + CLOSE_NOTICE_S + 1) == 100
    assert made.money.free[CLIENT] == 1_000


@pytest.mark.parametrize(
    ("window_s", "notice_s"), [(600, 86_400), (43_200, 86_400), (86_400, 172_800)]
)
def test_a_notice_leaves_a_payee_half_of_its_time(window_s: int, notice_s: int) -> None:
    assert notice_of(window_s) == notice_s
