"""Events as JSON, whatever they hold."""

from __future__ import annotations

import json

from tests.unit.marketplace.market_events import Maker, address, harvest, job_id, start, take

from neurovoyance.chain import events as on_chain
from neurovoyance.marketplace.indexer.encoding import event_json, key_text, plain, subject_of
from neurovoyance.protocol.audit import DisputeKind


def test_numbers_that_a_browser_would_round_are_text() -> None:
    assert plain((2**53 - 1, 2**53, -(2**53))) == [2**53 - 1, str(2**53), str(-(2**53))]
    assert plain(b"\1\2") == "0x0102"
    assert plain(True) is True
    assert plain(next(iter(DisputeKind))) == int(next(iter(DisputeKind)))


def test_records_keep_their_names() -> None:
    maker = Maker("a", 1)
    take(maker, 0, 0)
    values = json.loads(event_json(maker.made[0]))
    assert values["spec"]["batch"] == 2
    assert values["max_price_wei"] == str(10**18)
    assert "meta" not in values


def test_a_subject_is_the_job_first_and_a_party_last() -> None:
    maker = Maker("a", 1)
    start(maker, 0)
    take(maker, 0, 0)
    harvest(maker, 0, 1)
    subjects = [subject_of(event) for event in maker.made]
    assert subjects[0] == address(100)
    assert subjects[3] == "0x" + job_id(0).hex()
    assert subjects[-1] == address(200)
    maker.add(on_chain.PotsSwept, 1, 2, 3, 4)
    assert subject_of(maker.made[-1]) == ""


def test_a_key_is_its_name_or_its_hex() -> None:
    assert key_text(b"burnBps".ljust(32, b"\0")) == "burnBps"
    assert key_text(b"\xff" * 32) == "0x" + "ff" * 32
    assert key_text(bytes(32)) == "0x" + "00" * 32
