from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neurovoyance.ipfs.cid import (
    DAG_PB,
    IDENTITY,
    KECCAK_256,
    PROBE,
    RAW,
    SHA2_256,
    Cid,
    as_cid,
    cid_of_keccak,
    keccak_cid,
)
from neurovoyance.protocol.errors import InvalidCid

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "cid.json").read_text())
DIGESTS = st.binary(min_size=32, max_size=32)
CIDS = st.one_of(
    st.builds(Cid, st.sampled_from([RAW, DAG_PB]), st.just(SHA2_256), DIGESTS),
    st.builds(Cid, st.just(RAW), st.just(KECCAK_256), DIGESTS),
    st.just(PROBE),
)


@given(CIDS)
def test_text_and_bytes_round_trip(cid: Cid) -> None:
    assert Cid.from_text(str(cid)) == cid == Cid.from_bytes(cid.to_bytes())
    assert as_cid(str(cid)) == as_cid(cid.to_bytes()) == as_cid(cid) == cid
    assert hash(Cid.from_text(str(cid))) == hash(cid)


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["why"])
def test_what_is_not_accepted_is_refused_and_named(case: dict[str, str]) -> None:
    with pytest.raises(InvalidCid) as caught:
        Cid.from_text(case["text"])
    assert repr(case["text"])[1:-1] in caught.value.message


def test_the_probe_has_its_well_known_text() -> None:
    assert str(PROBE) == VECTORS["probe"]
    assert PROBE.is_hash_of(b"") and not PROBE.is_hash_of(b"a")


def test_a_model_id_is_the_keccak_of_the_manifest() -> None:
    empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    cid = cid_of_keccak(bytes.fromhex(empty))
    assert cid == keccak_cid(b"")
    assert cid.to_bytes().hex() == "01551b20" + empty
    assert cid.is_hash_of(b"") and not cid.is_hash_of(b"x")


def test_keccak_is_refused_for_anything_but_raw() -> None:
    with pytest.raises(InvalidCid):
        Cid(DAG_PB, KECCAK_256, bytes(32))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_digests_of_another_length_are_refused(size: int) -> None:
    with pytest.raises(InvalidCid):
        cid_of_keccak(bytes(size))


def test_unknown_hash_functions_are_refused() -> None:
    for code in (b"\x11\x14" + bytes(20), b"\xb2\x40\x20" + bytes(32)):
        with pytest.raises(InvalidCid, match="hash function"):
            Cid.from_bytes(b"\x01\x55" + code)


def test_text_with_spare_bits_set_is_refused() -> None:
    text = str(Cid.of(b"x"))
    used = base64.b32decode(text[1:].upper() + "=" * (-len(text[1:]) % 8))
    for last in "abcdefghijklmnopqrstuvwxyz234567":
        other = text[:-1] + last
        if other == text:
            continue
        try:
            assert Cid.from_text(other).to_bytes() != used
        except InvalidCid:
            continue


@given(st.binary(max_size=64))
@example(b"")
@example(b"\x01\x55\x12\x20" + bytes(31))
def test_random_bytes_are_refused_or_canonical(data: bytes) -> None:
    try:
        cid = Cid.from_bytes(data)
    except InvalidCid:
        return
    assert cid.to_bytes() == data


@given(st.text(max_size=200))
def test_random_text_is_refused_or_canonical(text: str) -> None:
    try:
        cid = Cid.from_text(text)
    except InvalidCid:
        return
    assert str(cid) == text


def test_an_identity_cid_is_the_probe_or_a_seed_of_32_bytes() -> None:
    seed = bytes(range(32))
    cid = Cid(RAW, IDENTITY, seed)
    assert cid.to_bytes() == bytes.fromhex("01550020") + seed
    assert Cid.from_bytes(cid.to_bytes()) == Cid.from_text(str(cid)) == cid
    assert cid.is_hash_of(seed)
    assert not cid.is_hash_of(bytes(32))
    for codec, digest in ((RAW, seed[1:]), (RAW, seed + b"\0"), (DAG_PB, seed)):
        with pytest.raises(InvalidCid, match="identity content identifier"):
            Cid(codec, IDENTITY, digest)


def test_version_0_is_read_inside_blocks_and_from_people_alone() -> None:
    text = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"  # hello world\n, as Kubo adds it
    cid = Cid.from_any_text(text)
    assert cid.codec == DAG_PB
    assert cid.digest.hex() == "46d44814b9c5af141c3aaab7c05dc5e844ead5f91f12858b021eba45768b4c0e"
    assert Cid.read_link(b"x" + b"\x12\x20" + cid.digest + b"y", 1) == (cid, 35)
    assert Cid.from_any_text(str(cid)) == cid
    for bad in (text[:-1] + "0", "Qm" + "z" * 44, "Qm" + "1" * 44, "Qm"):
        with pytest.raises(InvalidCid):
            Cid.from_any_text(bad)
    with pytest.raises(InvalidCid):
        Cid.read_link(b"\x12\x20" + cid.digest[:-1])
