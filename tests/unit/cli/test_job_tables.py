"""Quotes and results look the same in words and in JSON."""

from __future__ import annotations

import numpy as np
import pytest

from neurovoyance.cli.job_tables import print_quote, print_result, quote_json, result_json
from neurovoyance.client.nodes import Node, NodeAnswer, Quote
from neurovoyance.protocol.offer_exchange import Refusal, RefusalCause

NODE = Node("0x" + "11" * 20, "http://127.0.0.1:1")
QUOTE = Quote((NodeAnswer(NODE, refusal=Refusal(cause=RefusalCause.MEMORY, message="Too big.")),))


def test_a_refusal_keeps_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    print_quote(QUOTE)
    text = capsys.readouterr().out
    assert "Too big." in text
    assert "0 of 1 nodes: 1 memory." in text
    assert quote_json(QUOTE)["answers"][0]["refusal"]["cause"] == "memory"
    assert quote_json(QUOTE)["answers"][0]["price_wei"] is None


def test_a_result_is_listed_by_output(capsys: pytest.CaptureFixture[str]) -> None:
    arrays = {"y": np.zeros((2, 3), np.float32), "n": np.array(1, np.int64)}
    print_result(arrays, "/kept/here")
    text = capsys.readouterr().out
    assert "2 x 3" in text
    assert "scalar" in text
    assert "/kept/here" in text
    assert result_json(arrays)["y"] == {"dtype": "float32", "shape": [2, 3]}
