"""The ranking table tells order, figures and reasons; its JSON twin tells the same."""

from __future__ import annotations

import json

import pytest

from neurovoyance.cli.ranking_tables import print_ranking, ranking_json, ranking_of
from neurovoyance.client.nodes import Node, NodeAnswer, Quote
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.job_spec import JobSpec
from neurovoyance.protocol.signing import Offer

SPEC = JobSpec(model_id=bytes(32), input_cid=b"\x01" * 36)


def answer(number: int, price_wei: int) -> NodeAnswer:
    provider = Address("0x" + f"{number:02x}" * 20)
    offer = Offer(
        provider=provider,
        spec_hash=SPEC.spec_hash(),
        price_wei=price_wei,
        lock_wei=20 * price_wei,
        valid_until_s=10,
        nonce=1,
    )
    return NodeAnswer(Node(provider, f"http://n{number}.example"), offer, b"s")


QUOTE = Quote((answer(1, 3 * 10**17), answer(2, 10**17), answer(3, 9 * 10**17)), SPEC)


def test_a_quote_without_a_job_has_no_ranking() -> None:
    assert ranking_of(Quote(()), "cheapest", 1) is None


def test_json_tells_order_and_reasons() -> None:
    ranking = ranking_of(QUOTE, "cheapest", 5 * 10**17)
    assert ranking is not None
    shown = json.loads(json.dumps(ranking_json(ranking)))
    assert shown["summary"] == "2 of 3: 1 price"
    assert [row["rank"] for row in shown["rows"]] == [1, 2, 0]
    assert [row["price_wei"][0] for row in shown["rows"]] == ["1", "3", "9"]
    assert shown["rows"][2]["cause"] == "price"
    assert "0.2 NVY cheaper" in shown["rows"][0]["reasons"][0]


def test_the_table_tells_what_the_preset_means(capsys: pytest.CaptureFixture[str]) -> None:
    ranking = ranking_of(QUOTE, "reliable", 5 * 10**17)
    assert ranking is not None
    print_ranking(ranking)
    printed = " ".join(capsys.readouterr().out.split())
    assert "Best for reliable: the surest delivery" in printed
    assert "2 of 3: 1 price fit." in printed
