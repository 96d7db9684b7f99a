"""Numbers of the vault that can be checked by hand, and the golden traces of Solidity's test."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vesting_traces import TRACES_PATH, traces

from neurovoyance.tokenomics.reverts import TwinRevert
from neurovoyance.tokenomics.vesting import (
    EPOCH_S,
    NOTICE_S,
    OPEN_S,
    WAD,
    WEEKS,
    Account,
    VestingVault,
    ceil_div,
)

START_S = 2_977 * EPOCH_S + 5
A, B, ROUTER, STAKES = "a", "b", "router", "stakes"


def vault() -> VestingVault:
    return VestingVault(frozenset({ROUTER}), STAKES, {A: "operator"})


def refusal(error: pytest.ExceptionInfo[TwinRevert]) -> tuple[str, tuple[object, ...]]:
    return error.value.name, error.value.values


def test_division_rounds_up() -> None:
    assert [ceil_div(n, 26) for n in (0, 1, 26, 27)] == [0, 1, 1, 2]


def test_a_deposit_vests_in_26_equal_steps_and_the_rest_of_the_division_at_once() -> None:
    twin = vault()
    assert twin.deposit(ROUTER, A, 26 * WAD + 17, START_S) == 26
    for week in range(27):
        account, income_wei = twin.settled(A, START_S + week * EPOCH_S)
        assert (account.releasable_wei, income_wei) == (17 + week * WAD, 0)
    assert twin.schedule_of(A, START_S) == [WAD] * WEEKS
    assert twin.release(A, A, START_S + EPOCH_S) == WAD + 17
    assert twin.release("operator", A, START_S + 99 * EPOCH_S) == 25 * WAD
    assert (twin.total_held_wei, twin.account_of(A).held_wei) == (0, 0)


def test_a_slash_lowers_every_bucket_and_spares_what_vested() -> None:
    twin = vault()
    twin.deposit(ROUTER, A, 26_000 * WAD, START_S)
    now_s = START_S + 6 * EPOCH_S
    assert twin.slash(STAKES, A, 2_000, now_s) == 4_000 * WAD
    account, _ = twin.settled(A, now_s + EPOCH_S)
    assert account.releasable_wei == 6_800 * WAD
    assert twin.slash(STAKES, A, 10_000, now_s) == 16_000 * WAD
    assert twin.account_of(A).unvested_wei == 0


def test_a_scale_that_is_too_coarse_is_renewed() -> None:
    account = Account(last_epoch=9)
    account.held_wei = 0
    account.credit(26_000 * WAD, WEEKS)
    for _ in range(7):
        account.reduce(account.unvested_wei // 2)
    assert account.scale == WAD // 128
    account.reduce(account.unvested_wei * 2 // 3)
    assert account.scale == WAD
    assert account.rate == sum(account.ends.values())
    assert account.week_weight == 26 * account.rate
    assert account.releasable_wei * WAD + account.week_weight * WAD <= account.held_wei * WAD


def test_an_early_exit_costs_sixty_percent_at_first_and_the_leaver_gets_none_back() -> None:
    twin = vault()
    twin.deposit(ROUTER, A, 1_000 * WAD, START_S)
    twin.deposit(ROUTER, B, 9_000 * WAD, START_S)
    ready_s = twin.request_exit(A, 100 * WAD, START_S)
    assert ready_s == START_S + NOTICE_S
    assert twin.allowance_of(A, ready_s) == twin.settled(A, ready_s)[0].unvested_wei
    assert twin.penalty_of(A, 100 * WAD, ready_s) == 60 * WAD
    gone = twin.execute_exit(A, 6_000, ready_s)
    assert (gone.amount_wei, gone.paid_wei, gone.penalty_wei) == (100 * WAD, 40 * WAD, 60 * WAD)
    parts = (gone.to_holders_wei, gone.burned_wei, gone.to_insurance_wei)
    assert parts == (30 * WAD, 15 * WAD, 15 * WAD)
    assert twin.settled(A, ready_s)[1] == 0
    income_wei = twin.settled(B, ready_s)[1]
    assert 30 * WAD - 10**4 <= income_wei <= 30 * WAD == twin.undistributed_wei


def test_refusals_bear_the_contracts_names_and_values() -> None:
    twin = vault()
    with pytest.raises(TwinRevert) as caught:
        twin.deposit("x", A, 1, START_S)
    assert refusal(caught) == ("VestingVault__OnlyDepositor", ("x",))
    with pytest.raises(TwinRevert) as caught:
        twin.release("x", A, START_S)
    assert refusal(caught) == ("VestingVault__NotOwnerNorOperator", (A, "x"))
    with pytest.raises(TwinRevert) as caught:
        twin.request_exit(A, 1, START_S)
    assert refusal(caught) == ("VestingVault__NothingToExit", (A,))
    twin.deposit(ROUTER, A, 10**30 // 10**4, START_S)
    ready_s = twin.request_exit(A, 5, START_S)
    with pytest.raises(TwinRevert) as caught:
        twin.execute_exit(A, 10_000, ready_s - 1)
    assert refusal(caught) == ("VestingVault__NoticeNotOver", (ready_s, ready_s - 1))
    late_s = ready_s + OPEN_S + 1
    with pytest.raises(TwinRevert) as caught:
        twin.execute_exit(A, 10_000, late_s)
    assert refusal(caught) == ("VestingVault__NoticeExpired", (late_s - 1, late_s))
    with pytest.raises(TwinRevert) as caught:
        twin.execute_exit(A, 5_999, ready_s)
    assert refusal(caught) == ("VestingVault__PenaltyTooHigh", (6_000, 5_999))
    twin.pending_slashes.add(A)
    with pytest.raises(TwinRevert) as caught:
        twin.execute_exit(A, 10_000, ready_s)
    assert refusal(caught) == ("VestingVault__SlashPending", (A,))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(1, 10**24), min_size=2, max_size=6),
    st.integers(0, 28),
    st.integers(13, 26),
)
def test_splitting_never_vests_sooner(parts: list[int], weeks: int, epochs: int) -> None:
    twin = vault()
    twin.values["vestEpochs"] = epochs
    for wei in parts:
        twin.deposit(ROUTER, A, wei, START_S)
    twin.deposit(ROUTER, B, sum(parts), START_S)
    now_s = START_S + weeks * EPOCH_S
    split, whole = (twin.settled(who, now_s)[0].releasable_wei for who in (A, B))
    assert split <= whole + 26 * len(parts)


def test_the_golden_traces_are_what_the_twin_does() -> None:
    """``NEUROVOYANCE_WRITE_VECTORS=1`` writes them."""
    made = json.dumps(traces(), indent=1) + "\n"
    path = Path(TRACES_PATH)
    if os.environ.get("NEUROVOYANCE_WRITE_VECTORS"):
        path.write_text(made, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == made
