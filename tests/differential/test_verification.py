"""Solidity and Python decide audits alike: distances, odds, fees and every hash of an audit."""

from __future__ import annotations

import json
import os
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.differential.evm_engines import CHAIN_ID
from tests.differential.solidity import Deployed

from neurovoyance.protocol import audit
from neurovoyance.protocol.audit import INT32_MAX, INT32_MIN, DisputeKind, Outcome, RefereeVote
from neurovoyance.tokenomics import audits
from neurovoyance.tokenomics.audits import Terms
from neurovoyance.verification import tolerance

PAIRS = int(os.environ.get("NEUROVOYANCE_TEST_PAIRS", "1500"))
BATCH = 500

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "audit.json").read_text(encoding="utf-8")
)
EDGES = (INT32_MIN, INT32_MIN + 1, INT32_MIN + 2, -1, 0, 1, 2**25, INT32_MAX - 1, INT32_MAX)
Pair = tuple[tuple[int, ...], tuple[int, ...], int, int]


@pytest.fixture(scope="module")
def harness() -> Deployed:
    return Deployed("tests/contracts/mocks/VerificationHarness.sol", "VerificationHarness")


# --- distances ----------------------------------------------------------------------------------


def random_pair(rng: Random) -> Pair:
    """Two projections of any size, mostly close together, and a tolerance near their distance."""
    size = 2 ** rng.randint(1, 31)
    z0 = tuple(rng.randint(-size, size - 1) for _ in range(audit.ROWS))
    spread = max(1, size >> rng.randint(0, 24))
    z1 = tuple(max(INT32_MIN, min(INT32_MAX, v + rng.randint(-spread, spread))) for v in z0)
    norm = max(tolerance.norm_sq(z0), tolerance.NORM_FLOOR)
    exact = (tolerance.distance_sq(z0, z1) << 64) // norm
    tau_sq = rng.choice(
        [exact - 1, exact, exact + 1, exact // 4, 0, 2**64 - 1, rng.getrandbits(64)]
    )
    return z0, z1, max(0, min(2**64 - 1, tau_sq)), rng.randint(-16, 16)


def edge_pairs() -> list[Pair]:
    """Every two edge values against each other, at the first and the last place; the vectors."""
    pairs: list[Pair] = []
    for (a, b), place, shift in product(product(EDGES, EDGES), (0, 31), (15, 16)):
        z0, z1 = [0] * audit.ROWS, [0] * audit.ROWS
        z0[place], z1[place] = a, b
        pairs.append((tuple(z0), tuple(z1), 2**40, shift))
    pairs += [((a,) * 32, (b,) * 32, t, 0) for a in EDGES for b in EDGES for t in (0, 2**64 - 1)]
    for vector in VECTORS["distances"]:
        words = [
            audit.unpack_ints([bytes.fromhex(w[2:]) for w in vector[name]]) for name in ("z0", "z1")
        ]
        pairs.append((words[0], words[1], int(vector["tau_sq"]), vector["shift"]))
    return pairs


def found_on_chain(
    harness: Deployed, pairs: list[Pair], *, is_range_asked: bool
) -> list[tuple[Any, ...]]:
    rows = [(audit.pack_ints(a), audit.pack_ints(b), t, s) for a, b, t, s in pairs]
    batches = [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]
    return [row for batch in batches for row in harness.call("measure", batch, is_range_asked)]


def found_in_python(pair: Pair) -> tuple[Any, ...]:
    z0, z1, tau_sq, shift = pair
    found = tolerance.compare(z0, z1, tau_sq=tau_sq)
    clamped = next((i for i, v in enumerate(z0) if abs(v) >= INT32_MAX), audit.ROWS)
    too_small = found.norm_sq < tolerance.NORM_FLOOR and shift != 16
    assert (tolerance.range_fault(z0, shift) is not None) == (clamped < audit.ROWS or too_small)
    is_within = found.outcome is Outcome.PASS
    return found.distance_sq, found.norm_sq, is_within, too_small, clamped


@pytest.mark.timeout(900)
def test_distances_of_random_pairs_agree(harness: Deployed) -> None:
    rng = Random(20_262)
    pairs = [random_pair(rng) for _ in range(PAIRS)]
    expected = [found_in_python(pair) for pair in pairs]
    few = PAIRS // 20
    assert found_on_chain(harness, pairs[:few], is_range_asked=True) == expected[:few]
    rest = found_on_chain(harness, pairs[few:], is_range_asked=False)
    assert [row[:4] for row in rest] == [row[:4] for row in expected[few:]]
    passed = sum(row[2] for row in expected)
    assert PAIRS // 5 < passed < PAIRS * 4 // 5  # both sides of the tolerance were tried


def test_distances_of_all_edge_pairs_agree(harness: Deployed) -> None:
    pairs = edge_pairs()
    on_chain = found_on_chain(harness, pairs, is_range_asked=True)
    assert on_chain == [found_in_python(pair) for pair in pairs]


def test_elements_are_unpacked_alike(harness: Deployed) -> None:
    z = VECTORS["packing"]["z"]
    words = audit.pack_ints(z)
    assert [harness.call("element", words, index) for index in range(audit.ROWS)] == z


# --- odds and fees ------------------------------------------------------------------------------


def amount(rng: Random) -> int:
    return rng.choice([0, 1, 2, 10**18, 2**88 - 1, rng.getrandbits(rng.randint(1, 88))])


def test_odds_agree(harness: Deployed) -> None:
    rng = Random(1)
    rows = [
        (
            amount(rng),
            amount(rng),
            rng.choice([0, 200, 10_000]),
            rng.choice([0, 9, 10, rng.randrange(30_000)]),
            rng.choice([0, 10, 100]),
        )
        for _ in range(800)
    ]
    expected = []
    for risk, lock, min_bps, passes, first in rows:
        economic = audits.economic_bps(risk, lock, min_bps)
        drawn = audits.draw_bps(economic, passes, first)
        expected.append((audits.needed_bps(risk, lock), economic, drawn))
    assert list(harness.call("odds", rows)) == expected


def test_fees_agree_to_the_wei(harness: Deployed) -> None:
    rng = Random(2)
    rows, expected = [], []
    for _ in range(800):
        price, slots, pool = amount(rng), rng.randint(1, 8), amount(rng) * rng.choice([0, 1, 200])
        econ, drawn = sorted(
            rng.choice([0, 1, 200, 603, 10_000, rng.randrange(10_001)]) for _ in "ab"
        )
        terms = Terms(econ, drawn)
        rows.append((price, slots, econ, drawn, pool))
        held, surcharge = (
            audits.held_of(price, slots, terms, pool),
            audits.surcharge_of(price, terms),
        )
        shares = [
            audits.share_out(held, surcharge, is_drawn=is_drawn) for is_drawn in (False, True)
        ]
        expected.append(
            (
                audits.pay_of(price),
                surcharge,
                audits.premium_of(price, slots, terms),
                held.held_wei,
                held.is_whole,
                tuple(share.to_pool_wei for share in shares),
                tuple(share.to_client_wei for share in shares),
            )
        )
    assert list(harness.call("fees", rows)) == expected


# --- hashes -------------------------------------------------------------------------------------


def address(rng: Random) -> str:
    return "0x" + rng.randbytes(20).hex()


def test_facts_of_audits_agree(harness: Deployed) -> None:
    rng = Random(3)
    for _ in range(20):
        facts = audit.AuditFacts(
            *(rng.randbytes(32) for _ in range(4)),
            address(rng), address(rng), rng.getrandbits(96), rng.getrandbits(96),
            rng.getrandbits(64), rng.randbytes(12), rng.getrandbits(40), rng.getrandbits(32),
            rng.randrange(4), rng.randrange(9), rng.randint(-16, 16),
        )  # fmt: skip
        assert harness.call("auditFactsHash", facts.as_abi()) == facts.facts_hash()


def test_facts_of_disputes_agree(harness: Deployed) -> None:
    rng = Random(4)
    for _ in range(20):
        facts = audit.DisputeFacts(
            rng.getrandbits(256), *(rng.randbytes(32) for _ in range(4)),
            *(address(rng) for _ in range(3)), *(rng.getrandbits(96) for _ in range(3)),
            rng.getrandbits(64), rng.randbytes(12), rng.getrandbits(40), rng.getrandbits(40),
            rng.getrandbits(32), rng.getrandbits(32), rng.randbytes(20), rng.randrange(4),
            rng.choice(list(DisputeKind)), *(rng.random() < 0.5 for _ in range(3)),
        )  # fmt: skip
        assert harness.call("disputeFactsHash", facts.as_abi()) == facts.facts_hash()


def test_seeds_draws_and_ids_agree(harness: Deployed) -> None:
    rng = Random(5)
    for _ in range(40):
        seed, other = rng.randbytes(32), rng.randbytes(32)
        slot, turn, length = rng.randrange(8), rng.randrange(97), rng.randint(1, 2**32)
        assert harness.call("seedOf", seed, turn) == audit.seed_of_round(seed, turn)
        assert harness.call("firstRound", slot) == audit.first_round(slot)
        assert harness.call("binding", other, seed) == audit.binding_of(other, seed)
        assert harness.call("lockId", other, slot, turn) == audit.lock_id_of(other, slot, turn)
        seat = harness.call("seatIndex", seed, slot, turn, length)
        assert seat == audit.seat_index(seed, slot, turn, length)
        drawn = harness.call("refereeIndex", seed, turn, slot, turn, length)
        assert drawn == audit.referee_index(seed, turn, slot, turn, length)


def test_re_audits_agree(harness: Deployed) -> None:
    for vector in VECTORS["re_audits"]:
        seed = bytes.fromhex(vector["seed0"][2:])
        assert harness.call("isReAudited", seed, int(vector["slot"])) == vector["value"]


def test_commitments_seals_and_votes_agree(harness: Deployed) -> None:
    rng = Random(6)
    for _ in range(20):
        job_id, salt = rng.randbytes(32), rng.randbytes(32)
        z1 = tuple(rng.randbytes(32) for _ in range(4))
        slot, turn, who, flags = (
            rng.randrange(8),
            rng.randrange(48),
            address(rng),
            rng.choice([0, 4]),
        )
        expected = audit.auditor_commitment(
            chain_id=CHAIN_ID,
            audit_court=str(harness.address),
            job_id=job_id,
            slot=slot,
            round_number=turn,
            auditor=who,
            z1=z1,
            flags=flags,
            salt=salt,
        )
        assert harness.call("commitment", job_id, slot, turn, who, z1, flags, salt) == expected
        assert harness.call("seal", expected, z1) == audit.seal_of(expected, z1)
        vote = rng.choice(list(RefereeVote))
        voted = audit.vote_commitment(
            dispute_id=turn, level=slot, referee=who, vote=vote, salt=salt
        )
        assert harness.call("vote", turn, slot, who, vote, salt) == voted


def test_leaves_of_traces_agree(harness: Deployed) -> None:
    rng = Random(7)
    for _ in range(20):
        words = (rng.randbytes(32), rng.randbytes(32))
        row = audit.TraceRow(rng.getrandbits(32), rng.randbytes(32), rng.randint(-16, 16), words)
        assert harness.call("leaf", row.as_abi()) == audit.trace_leaf(row)
