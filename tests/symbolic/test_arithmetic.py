"""Formulas of the contracts, proven for all integers by z3; docs/economy-proofs.md lists them.

A floored division of an expression by a constant is linear for z3; a product of two variables is
written as one more variable together with what is known of it, which can only make a proof harder.
Every proof first shows that its assumptions can be met, so that none holds for want of cases.
The formulas are copied from the contracts; that the contracts compute them is what their
differential tests show.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

z3: Any = pytest.importorskip("z3", reason="z3-solver is not installed; the proofs are skipped.")

from neurovoyance.tokenomics.params import PARAMETERS, WORDS, fields_of  # noqa: E402

B = 10_000
STEPS = 1_000_000_000
"""Ends a proof that z3 cannot find; counted in its own steps, so that no clock decides."""


def ints(names: str) -> list[Any]:
    """Return integer variables."""
    return list(z3.Ints(names))


def prove(claim: Any, *assumptions: Any) -> None:
    """Fail unless the claim follows, and unless the assumptions can be met together."""
    solver = z3.Solver()
    solver.set("rlimit", STEPS)
    solver.add(*assumptions)
    assert solver.check() == z3.sat, "The assumptions contradict each other."
    solver.add(z3.Not(claim))
    found = solver.check()
    assert found == z3.unsat, f"{found}: {solver.model() if found == z3.sat else ''}"


def prove_steps(assumptions: list[Any], *claims: Any) -> None:
    """Prove claims one after the other; each may use those before it."""
    for claim in claims:
        prove(claim, *assumptions)
        assumptions = [*assumptions, claim]


def low(key: str) -> int:
    return PARAMETERS[key].min


def high(key: str) -> int:
    return PARAMETERS[key].max


def ceil_div(number: Any, divisor: int) -> Any:
    return (number + divisor - 1) / divisor


def test_a_false_claim_and_a_contradiction_are_refused() -> None:
    x = z3.Int("x")
    with pytest.raises(AssertionError, match="sat"):
        prove(x / B * B == x, x >= 0)
    with pytest.raises(AssertionError, match="contradict"):
        prove(x == 0, x > 0, x < 0)


# --- fees (FeeRouter._split) ---


def test_fee_slices_never_exceed_the_fee_and_60_percent_stay_liquid() -> None:
    """Of any fee F, at any rates within their bounds, also in a deployment without audits."""
    fee, liquid = z3.Ints("fee liquid")
    keys = ("burnBps", "treasuryBps", "insuranceBps", "auditBps", "vestBps")
    assert sum(map(high, keys)) == 4_000
    parts = ints("burn treasury insurance audit vest")  # F times the rate of each
    rules = [fee >= 0]
    for key, part in zip(keys, parts, strict=True):
        rules += [part >= low(key) * fee, part <= high(key) * fee]
    rules.append(liquid == B * fee - z3.Sum(parts))  # F * (10,000 - all rates)
    burn, treasury, _, audit, vest = (part / B for part in parts)
    for to_audits in (audit, z3.IntVal(0)):
        to_insurance = fee - burn - treasury - to_audits - vest - liquid / B
        prove_steps(
            rules,
            to_insurance >= parts[2] / B,  # its own slice at least: it takes the dust
            to_insurance <= parts[2] / B + 5 + audit - to_audits,
            liquid / B >= 6_000 * fee / B,
            liquid / B <= 9_300 * fee / B,
            burn >= low("burnBps") * fee / B,
        )


def test_splitting_a_fee_never_leaves_the_provider_more() -> None:
    """Rounding is against whoever takes money out: two harvests pay at most what one pays."""
    one, other = z3.Ints("one other")  # fees times a rate
    prove(one / B + other / B <= (one + other) / B, one >= 0, other >= 0)


# --- slashes (VerdictBook._split, SlashBook) ---


def test_a_slash_is_shared_out_whole_30_percent_burned_and_40_lost_to_any_coalition() -> None:
    amount, price = z3.Ints("amount price")
    parts = ints("burn client finder judges")
    keys = ("slashBurnBps", "slashClientBps", "slashFinderBps", "slashRefereeBps")
    assert sum(map(high, keys)) == B
    rules = [amount >= 0, price >= 0]
    for key, part in zip(keys, parts, strict=True):
        rules += [part >= low(key) * amount, part <= high(key) * amount]
    burned, client, finder, judges = (part / B for part in parts)
    to_client = z3.If(client < price, client, price)
    to_finder = z3.If(finder < 5 * price, finder, 5 * price)
    to_insurance = amount - burned - to_client - to_finder - judges
    prove_steps(
        rules,
        to_insurance >= 0,
        burned >= 3_000 * amount / B,
        # Whatever client, finder and judges get, the provider among them loses the rest.
        B * (burned + to_insurance) >= 4_000 * amount,
    )


def test_lowering_a_slash_returns_no_more_than_was_taken() -> None:
    """VerdictBook.reduceSlash: of what comes off, the pool's part is at most what the pool gave."""
    booked, off, delegated, part = z3.Ints("booked off delegated part")
    from_pool = z3.Int("from_pool")  # floor(off * delegated / booked)
    prove_steps(
        [
            *(off > 0, off <= booked, delegated >= 0, delegated <= booked),
            part == off * delegated,
            *(from_pool * booked <= part, part < (from_pool + 1) * booked),
        ],
        part <= booked * delegated,
        from_pool <= delegated,
        from_pool <= off,
        delegated - from_pool <= booked - off,  # what stays delegated is part of what stays booked
    )


# --- audits (AuditFees, AuditOdds) ---


def test_odds_rise_with_the_risk_and_fall_with_the_lock() -> None:
    """Let n be what is needed at the dearer pair: it then is enough at the cheaper, too.

    ``neededBps`` is the least n with n * detect * (lock + risk) >= risk * 1e8.
    """
    risk, more, lock, longer, m = z3.Reals("risk more lock longer m")  # m = n * detect
    unit = 100_000_000
    rules = [risk >= 0, lock >= 0, m >= 0, m * lock >= more * (unit - m)]
    prove(m * lock >= risk * (unit - m), *rules, more >= risk)
    prove(m * longer >= more * (unit - m), *rules, more >= 0, longer >= lock)


def test_what_the_odds_ask_for_makes_honesty_pay() -> None:
    """At n = neededBps: n * detect * lock covers (1e8 - n * detect) * risk."""
    risk, lock, needed, detect = z3.Ints("risk lock needed detect")
    whole = (lock + risk) * detect
    prove(
        needed * detect * lock >= (B * B - needed * detect) * risk,
        *(risk >= 0, lock >= 0, detect >= low("detectBps"), detect <= high("detectBps")),
        *(needed >= 0, needed * whole >= risk * B * B),
    )


def test_an_audit_premium_is_never_negative() -> None:
    """AuditFees.premiumOf subtracts the surcharge of one auditor from the odds' part of all."""
    pay, drawn, economic, whole, slots = z3.Ints("pay drawn economic whole slots")
    surcharge = ceil_div(drawn, B) - ceil_div(economic, B)
    prove(
        ceil_div(whole, B) >= surcharge,
        *(pay >= 0, economic >= 0, drawn >= economic, drawn <= B * pay),  # pay times the odds
        *(slots >= 1, whole == drawn * slots, whole >= drawn),
    )


# --- vault (VestingVaultBook, VestingVaultExit) ---


def _exit() -> tuple[list[Any], tuple[Any, ...]]:
    """Return what is known of an exit of x wei, and x, its penalty and the divisor's 26 * rate.

    ``base`` and ``slope`` are x * p0 * 26 * rate and x * p1 * weekWeight. A week's weight is at
    most 26 weeks of the rate; p0 and p1 are within their bounds.
    """
    x, rate, base, slope, penalty = z3.Ints("x rate26 base slope penalty")
    product = z3.Int("product")  # x * 26 * rate
    rules = [
        *(x > 0, rate > 0, product == x * rate, product > 0),
        *(base >= low("exitBaseBps") * product, base <= high("exitBaseBps") * product),
        *(slope >= 0, slope <= high("exitSlopeBps") * product),
        penalty * B * rate >= base + slope,
        (penalty - 1) * B * rate < base + slope,
    ]
    return rules, (x, penalty, rate)


def test_an_early_exit_costs_at_least_5_and_at_most_75_percent() -> None:
    rules, (x, penalty, rate) = _exit()
    assert high("exitBaseBps") + high("exitSlopeBps") == 7_500
    prove_steps(
        rules,
        (B * penalty - low("exitBaseBps") * x) * rate >= 0,
        B * penalty >= low("exitBaseBps") * x,
        (B * (penalty - 1) - 7_500 * x) * rate < 0,
        B * (penalty - 1) < 7_500 * x,
        penalty <= x,  # so that what is paid is never negative
    )


def test_a_penalty_is_shared_out_whole() -> None:
    penalty, holders, burned = z3.Ints("penalty holders burned")
    assert high("holderBps") + high("penaltyBurnBps") == B
    rules = [penalty >= 0, holders >= 0, holders <= high("holderBps") * penalty]
    rules += [burned >= 0, burned <= high("penaltyBurnBps") * penalty]
    prove(penalty - holders / B - burned / B >= 0, *rules)


def test_a_deposit_never_makes_more_than_itself_vest() -> None:
    """``_credit``: releasable grows by at least nothing, and the inequality of section 6 stays."""
    wad = 10**18
    amount, weight, used = z3.Ints("amount weight used")  # used = q * weight <= amount * 1e18
    held, releasable, debt = z3.Ints("held releasable debt")  # debt = weekWeight * scale
    grown = amount - ceil_div(used, wad)
    prove_steps(
        [
            *(amount >= 0, weight > 0, used >= 0, used <= amount * wad, held >= 0),
            *(releasable >= 0, debt >= 0, releasable * wad + debt <= held * wad),
        ],
        grown >= 0,
        (releasable + grown) * wad + debt + used <= (held + amount) * wad,
    )


def test_a_reduction_keeps_the_debt_covered() -> None:
    """``_reduce``: the scale falls so far that the buckets left are no more than is held."""
    wad = 10**18
    held, releasable, weight, scale, x, cut = z3.Ints("held releasable weight scale x cut")
    weight_scale, weight_cut = z3.Ints("weight_scale weight_cut")
    rules = [
        *(held >= 0, releasable >= 0, weight > 0, scale >= 0, x >= 0, x <= held - releasable),
        *(weight_scale == weight * scale, weight_cut == weight * cut, weight_scale >= 0),
        releasable * wad + weight_scale <= held * wad,
        *(cut >= 0, weight_cut >= x * wad),  # cut = ceil(x * 1e18 / weight)
    ]
    left = z3.If(cut < scale, weight_scale - weight_cut, 0)
    prove(releasable * wad + left <= (held - x) * wad, *rules)


# --- emission (EmissionController) ---


def test_work_never_pays_a_washer() -> None:
    """For all fees and rates: at most 90 % of what the fee's sinks took, rounded down."""
    fees, sink, cap = z3.Ints("fees sink cap")  # fees * sinkBps, and that times washCapBps
    rules = [fees >= 0, sink >= 0, cap >= 0, cap <= high("washCapBps") * sink]
    assert high("washCapBps") == 9_000
    prove(10 * (cap / (B * B)) <= 9 * sink / B, *rules)
    prove(z3.Implies(sink > 0, B * (cap / (B * B)) < sink), *rules)


def test_an_epoch_emits_at_most_its_budget_and_half_a_percent_of_the_reserve() -> None:
    wad = 10**18
    reserve, emitted, part, share = z3.Ints("reserve emitted part share")
    budget, avail = emitted / wad, part / B  # reserve * rho / 1e18, budget * availBps / 1e4
    work = z3.Int("work")  # floor((budget - avail) * min(fees, baseline) / baseline)
    assert high("rhoWad") == 5 * wad // 1_000
    prove_steps(
        [
            *(reserve >= 0, emitted >= 0, emitted <= high("rhoWad") * reserve, share >= 0),
            *(part >= 0, part <= high("availCeilBps") * budget),
            *(work >= 0, work <= budget - avail),
        ],
        avail + work <= budget,
        1_000 * budget <= 5 * reserve,
        avail + work <= reserve,
    )


@pytest.mark.parametrize("count", [1, 2, 5])
def test_claims_never_exceed_their_pool(count: int) -> None:
    """Each takes floor(pool * weight / sum); pool * weight are variables that sum to pool * sum."""
    pool, total = z3.Ints("pool total")
    products, shares = z3.Ints(" ".join(f"w{i}" for i in range(count + 1))), []
    rules = [pool >= 0, total > 0, *(product >= 0 for product in products)]
    rules.append(z3.Sum(products) == pool * total)  # the last one: those who do not claim
    for i, product in enumerate(products[:count]):
        share = z3.Int(f"share{i}")
        shares.append(share)
        rules += [share >= 0, share * total <= product]
    prove_steps(rules, z3.Sum(shares) * total <= pool * total, z3.Sum(shares) <= pool)


# --- delegation (DelegationBook) ---


def test_shares_are_never_worth_more_than_was_given_for_them() -> None:
    """At once after a deposit of ``amount`` into any pool, that of an attacker included."""
    amount, assets, shares, minted, back = z3.Ints("amount assets shares minted back")
    pool = shares + 1_000_000
    prove_steps(
        [
            *(amount >= 0, assets >= 0, shares >= 0, minted >= 0, back >= 0),
            minted * (assets + 1) <= amount * pool,
            back * (pool + minted) <= minted * (assets + amount + 1),
        ],
        minted * (assets + amount + 1) <= amount * (pool + minted),
        back * (pool + minted) <= amount * (pool + minted),
        back <= amount,
    )


def test_leaving_never_lowers_the_worth_of_the_shares_that_stay() -> None:
    """(assets + 1) / (shares + 1e6) does not fall; compared crosswise."""
    assets, shares, leaving, amount = z3.Ints("assets shares leaving amount")
    pool = shares + 1_000_000
    prove(
        (assets - amount + 1) * pool >= (assets + 1) * (pool - leaving),
        *(assets >= 0, shares >= 0, leaving >= 0, leaving <= shares, amount >= 0),
        amount * pool <= leaving * (assets + 1),
    )


# --- packed words (ProtocolParams) ---


def test_fields_of_a_word_share_no_bit_and_hold_their_bounds() -> None:
    for word in WORDS:
        fields = fields_of(word)
        spans = [range(bit, bit + PARAMETERS[key].width_bits) for key, bit in fields.items()]
        for one, other in itertools.combinations(spans, 2):
            assert not set(one) & set(other)
        for key, span in zip(fields, spans, strict=True):
            assert span.stop <= 224 and high(key) < 1 << len(span)
