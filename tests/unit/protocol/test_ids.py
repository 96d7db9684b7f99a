import pytest

from neurovoyance.protocol import ids
from neurovoyance.protocol.errors import SpecError

MARKET = "0x5FbDB2315678afecb367f032d93F642f64180aa3"


def test_every_part_of_a_job_id_changes_it() -> None:
    base = (1, MARKET, MARKET, bytes(32), bytes(32))
    variants = [
        (2, MARKET, MARKET, bytes(32), bytes(32)),
        (1, ids.ZERO_ADDRESS, MARKET, bytes(32), bytes(32)),
        (1, MARKET, ids.ZERO_ADDRESS, bytes(32), bytes(32)),
        (1, MARKET, MARKET, b"\1" * 32, bytes(32)),
        (1, MARKET, MARKET, bytes(32), b"\1" * 32),
    ]
    assert len({ids.job_id_of(*args) for args in [base, *variants]}) == 6


def test_a_job_id_survives_its_text_form() -> None:
    job_id = ids.job_id_of(1, MARKET, MARKET, bytes(32), bytes(32))
    assert ids.parse_job_id(ids.hex_of(job_id)) == job_id


@pytest.mark.parametrize("text", ["", "0x", "0x" + "g" * 64, "1" * 64, "0x" + "0" * 63])
def test_a_text_that_is_no_job_id_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="not a job id"):
        ids.parse_job_id(text)


def test_an_address_with_one_letter_in_the_wrong_case_is_refused() -> None:
    with pytest.raises(SpecError, match="mistyped"):
        ids.parse_address(MARKET.replace("F", "f", 1))


def test_lower_and_upper_case_addresses_gain_their_checksum() -> None:
    assert ids.parse_address(MARKET.lower()) == MARKET
    assert ids.parse_address("0x" + MARKET[2:].upper()) == MARKET


def test_an_address_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(SpecError, match="not an address"):
        ids.parse_address(MARKET + "00")
