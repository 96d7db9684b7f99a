"""Twins and compiled ProtocolParams, VotingPower and Treasury under the same random calls."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.differential.plain_evm import Answer, Contract, PlainEvm, account

from neurovoyance.tokenomics.parameters_state import EPOCH_S, ParametersState
from neurovoyance.tokenomics.params import PARAMETERS, WORDS
from neurovoyance.tokenomics.reverts import TwinRevert
from neurovoyance.tokenomics.treasury import DAY_S, Payer, TreasuryState
from neurovoyance.tokenomics.votes import TICK_S, VotesState, clock_at

EXAMPLES = 2 * int(os.environ.get("NEUROVOYANCE_TEST_SEEDS", "20"))
START_S = 2_977 * EPOCH_S + 5
CAP_WEI = 10**27
STANDARD, CONSTITUTIONAL, STAKES, BANK, PAYEE = (account(number) for number in range(1, 6))
PAYERS: dict[Payer, str] = {"standard": STANDARD, "constitutional": CONSTITUTIONAL}
VOTERS = [account(number) for number in range(11, 15)]
MOVABLE = [key for key, parameter in PARAMETERS.items() if parameter.word]
FEW_KEYS = ["burnBps", "treasuryBps", "treasuryStandardBps", "unbondingS", "taxBps"]
SEEN: Counter[str] = Counter()
often = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@cache
def _chain() -> tuple[PlainEvm, Contract, Contract, Contract]:
    """Return an EVM, to be reset, with parameters, votes and a treasury of half the supply."""
    evm = PlainEvm(START_S)
    token = evm.deploy_token([BANK], [CAP_WEI])
    nobody = account(99)
    timelocks = (STANDARD, CONSTITUTIONAL)
    params = evm.deploy(
        "contracts/governance/ProtocolParams.sol",
        "ProtocolParams",
        (*timelocks, nobody, STAKES, nobody),
    )
    votes = evm.deploy("contracts/governance/VotingPower.sol", "VotingPower", (STAKES, nobody))
    treasury = evm.deploy(
        "contracts/governance/Treasury.sol",
        "Treasury",
        (token.address, *timelocks, params.address, []),
    )
    token.send(BANK, "approve", treasury.address, CAP_WEI)
    treasury.send(BANK, "fund", CAP_WEI // 2)
    evm.keep()
    return evm, params, votes, treasury


def _same(answer: Answer, act: Callable[[], Any]) -> None:
    """Do the twin's side; both grant, or both refuse with the same name and values."""
    try:
        act()
    except TwinRevert as refused:
        assert answer.refusal is not None, refused
        name, values = answer.refusal
        plain = [v.rstrip(b"\0").decode() if isinstance(v, bytes) else v for v in values]
        # The twin does not know who called.
        assert (name, plain[: len(refused.values)]) == (refused.name, list(refused.values))
        SEEN[name] += 1
        return
    assert answer.refusal is None, answer
    SEEN["granted"] += 1


CHANGES = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(FEW_KEYS), st.sampled_from(MOVABLE)),
        st.integers(-5, 5),
        st.booleans(),
        st.one_of(st.just(0), st.integers(0, 9 * DAY_S)),
    ),
    min_size=5,
    max_size=25,
)


@often
@given(CHANGES)
def test_parameters(changes: list[tuple[str, int, bool, int]]) -> None:
    evm, params, _, _ = _chain()
    evm.reset()
    twin = ParametersState()
    for key, quarters, by_constitutional, gap_s in changes:
        evm.now_s += gap_s
        known = PARAMETERS.get(key)
        value = max(0, twin.next_of(key)[0] + quarters * known.step // 4) if known else 1
        packed = key.encode().ljust(32, b"\0")
        sender = CONSTITUTIONAL if by_constitutional else STANDARD
        answer = params.send(sender, "set", packed, value)
        now_s = evm.now_s
        _same(
            answer,
            lambda: twin.set(key, value, now_s, by_constitutional=by_constitutional),  # noqa: B023
        )
        for at_s in (now_s, now_s + EPOCH_S):
            evm.now_s = at_s
            found = [params.ask("word", number) for number in range(len(WORDS))]
            assert found == [twin.word(number, at_s) for number in range(len(WORDS))]
        evm.now_s = now_s
        if known:
            assert params.ask("nextOf", packed) == twin.next_of(key)
            assert params.ask("boundsOf", packed)[4] == twin.ready_at_s(key)


MOVES = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.one_of(st.integers(-(10**6), 2 * 10**6), st.sampled_from(["0", "1", "2", "nobody"])),
        st.one_of(st.just(0), st.integers(0, 2 * TICK_S)),
    ),
    min_size=5,
    max_size=40,
)


@often
@given(MOVES, st.integers(0, 40 * TICK_S))
def test_votes(moves: list[tuple[int, int | str, int]], back_s: int) -> None:
    evm, _, votes, _ = _chain()
    evm.reset()
    twin = VotesState()
    for who, what, gap_s in moves:
        evm.now_s += gap_s
        voter, now_s = VOTERS[who], evm.now_s
        if isinstance(what, int):
            answer = votes.send(STAKES, "move", voter, what)
            _same(answer, lambda: twin.move(voter, what, now_s))  # noqa: B023
        else:
            to = None if what == "nobody" else VOTERS[int(what)]
            votes.send(voter, "delegate", to or "0x" + "00" * 20)
            twin.delegate(voter, to, now_s)
        assert votes.ask("clock") == clock_at(now_s)
        for each in VOTERS:
            assert votes.ask("getVotes", each) == twin.votes_of(each)
            assert votes.ask("unitsOf", each) == twin.units.get(each, 0)
    past = max(0, evm.now_s - back_s)
    answer = votes.send(STAKES, "getPastTotalSupply", past)
    _same(answer, lambda: twin.past_total(past, evm.now_s))
    if answer.refusal is None:
        assert answer.values[0] == twin.past_total(past, evm.now_s)
        for each in VOTERS:
            assert votes.ask("getPastVotes", each, past) == twin.past_votes(each, past, evm.now_s)


PAYMENTS = st.lists(
    st.tuples(
        st.sampled_from(["standard", "constitutional"]),
        st.integers(0, 120),
        st.integers(0, 12 * DAY_S),
        st.booleans(),
    ),
    min_size=5,
    max_size=25,
)


@often
@given(PAYMENTS)
def test_treasury(payments: list[tuple[Payer, int, int, bool]]) -> None:
    evm, params, _, treasury = _chain()
    evm.reset()
    twin = TreasuryState(holdings_wei=CAP_WEI // 2)
    for payer, percent, gap_s, funds in payments:
        evm.now_s += gap_s
        key = f"treasury{payer.capitalize()}Bps"
        bps = params.ask("valueOf", key.encode().ljust(32, b"\0"))
        now_s, sender = evm.now_s, PAYERS[payer]
        if funds:
            answer = treasury.send(BANK, "fund", percent * 10**18)
            _same(answer, lambda: twin.fund(percent * 10**18))  # noqa: B023
        amount = twin.left_of(payer, bps, now_s) * percent // 100
        answer = treasury.send(sender, "pay", PAYEE, amount, "")
        _same(answer, lambda: twin.pay(payer, amount, bps, now_s))  # noqa: B023
        assert treasury.ask("holdings") == twin.holdings_wei
        assert treasury.ask("leftOf", sender) == twin.left_of(payer, bps, now_s)
        assert treasury.ask("paidIn30Days", sender) == twin.paid_in_30_days(payer, now_s)


def test_the_runs_met_every_refusal() -> None:
    expected = {
        "granted",
        "ProtocolParams__UnknownKey",
        "ProtocolParams__WrongClass",
        "ProtocolParams__OutOfBounds",
        "ProtocolParams__StepTooLarge",
        "ProtocolParams__CoolingDown",
        "VotingPower__TooFewUnits",
        "ERC5805FutureLookup",
        "Treasury__ZeroAmount",
        "Treasury__OverLimit",
    }
    if SEEN:  # run alone, this test has nothing to look at
        assert expected <= set(SEEN)
