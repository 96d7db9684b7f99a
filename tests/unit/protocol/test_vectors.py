"""The vectors of docs/spec/job.md: the Python side. test_hashes.py holds the contracts to them."""

import json
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.protocol import ids, result, signing
from neurovoyance.protocol.job_spec import parse_spec

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "vectors/job.json").read_text())


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


@pytest.mark.parametrize("row", VECTORS["jobs"], ids=["least", "usual", "most"])
def test_hashes_equal_the_vectors(row: dict[str, Any]) -> None:
    chain_id, market = int(row["chain_id"]), row["market"]
    spec = parse_spec(row["spec"])
    assert spec.spec_hash() == raw(row["spec_hash"])
    job_id = ids.job_id_of(chain_id, market, row["client"], raw(row["salt"]), spec.spec_hash())
    assert job_id == raw(row["job_id"])
    parts = {k: v if isinstance(v, int) else raw(v) for k, v in row["opening"].items()}
    opening = result.Opening(seed0=bytes(32), **parts)
    commitment = result.commitment_of(
        chain_id=chain_id,
        market=market,
        job_id=job_id,
        provider=row["provider"],
        opening=opening,
    )
    assert commitment == raw(row["commitment"])
    seed0 = result.seed_of(
        beacon=raw(row["beacon"]),
        chain_id=chain_id,
        market=market,
        job_id=job_id,
        commitment=commitment,
    )
    assert seed0 == raw(row["seed0"])
    assert ids.hash_abi(["bytes32", "bytes32"], [commitment, seed0]) == raw(row["binding"])
    assert result.is_audited(seed0, 5_000) is row["is_audited_at_5000_bps"]


@pytest.mark.parametrize("row", VECTORS["jobs"], ids=["least", "usual", "most"])
def test_offers_equal_the_vectors(row: dict[str, Any]) -> None:
    offer = signing.Offer.model_validate(row["offer"])
    chain_id, market = int(row["chain_id"]), row["market"]
    message = signing.offer_message(offer, chain_id=chain_id, market=market)
    digest = ids.keccak256(b"\x19" + message.version + message.header + message.body)
    assert digest == raw(row["offer_digest"])
    signature = raw(row["signature"])
    signer = signing.recover_offer_signer(offer, signature, chain_id=chain_id, market=market)
    assert signer == row["operator"]


def test_output_roots_equal_the_vectors() -> None:
    for row in VECTORS["output_root"]:
        assert result.output_root([raw(h) for h in row["hashes"]]) == raw(row["root"])
