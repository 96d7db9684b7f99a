"""How values of a revert are shown."""

from __future__ import annotations

from neurovoyance.chain.revert_base import KnownRevert
from neurovoyance.protocol.lifecycle import JobState


class Sample(KnownRevert):
    solidity_name = "Sample__Case"
    sentence = "The case does not hold."


class Bare(KnownRevert):
    solidity_name = "Bare__Case"


def test_values_follow_the_sentence() -> None:
    error = Sample(found=JobState.OPEN, amount=3, name=b"batch".ljust(32, b"\0"))
    assert error.message == "The case does not hold (found Open, amount 3, name batch)."
    assert error.context == {"found": JobState.OPEN, "amount": 3, "name": b"batch".ljust(32, b"\0")}


def test_hashes_are_shown_as_hex() -> None:
    assert Sample(job_id=b"\xab" * 32).message.endswith(f"(job_id 0x{'ab' * 32}).")


def test_an_error_without_values_is_its_sentence() -> None:
    assert Sample().message == "The case does not hold."
    assert Bare().message == "The contract refused with Bare__Case."
