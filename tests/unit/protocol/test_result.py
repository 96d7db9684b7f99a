from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.protocol.strategies import BYTES32, addresses, openings

from neurovoyance.protocol.result import Opening, commitment_of, is_audited, output_root, seed_of


@given(openings(), addresses(), addresses(), BYTES32)
def test_a_commitment_binds_every_part_but_the_seed(
    opening: Opening, market: str, provider: str, job_id: bytes
) -> None:
    def commit(changed: Opening) -> bytes:
        return commitment_of(
            chain_id=1, market=market, job_id=job_id, provider=provider, opening=changed
        )

    flip = bytes(32) if opening.salt != bytes(32) else b"\1" * 32
    changes = [
        {"out_root": bytes(b ^ 1 for b in opening.out_root)},
        {"envelope_cid": opening.envelope_cid + b"\0"},
        {"result_key": bytes(b ^ 1 for b in opening.result_key)},
        {"shift": opening.shift + 1},
        {"salt": flip},
    ]
    found = {commit(opening), *(commit(replace(opening, **change)) for change in changes)}  # type: ignore[arg-type]
    assert len(found) == 6
    assert commit(replace(opening, seed0=flip)) == commit(opening)


@given(st.lists(BYTES32, max_size=5), st.lists(BYTES32, max_size=5))
def test_different_outputs_have_different_roots(one: list[bytes], other: list[bytes]) -> None:
    assert (one == other) == (output_root(one) == output_root(other))


@given(BYTES32)
def test_audits_are_never_drawn_at_zero_and_always_at_one(seed0: bytes) -> None:
    assert not is_audited(seed0, 0)
    assert is_audited(seed0, 10_000)


def test_audits_are_drawn_at_about_their_probability() -> None:
    market = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
    drawn = sum(
        is_audited(
            seed_of(
                beacon=number.to_bytes(32, "big"),
                chain_id=1,
                market=market,
                job_id=bytes(32),
                commitment=bytes(32),
            ),
            1_000,
        )
        for number in range(4_000)
    )
    assert 330 <= drawn <= 470
