"""Reasons of refusal in the words of several nodes."""

from __future__ import annotations

import pytest

from neurovoyance.chain.node_words import is_fee_matter, is_known_already, is_nonce_too_low
from neurovoyance.chain.rpc_errors import RpcRefused

KNOWN, LOW, FEE = is_known_already, is_nonce_too_low, is_fee_matter


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("already known", KNOWN),
        ("transaction already imported", KNOWN),
        ("nonce too low: next nonce 5, tx nonce 4", LOW),
        ("nonce too low", LOW),
        ("replacement transaction underpriced", FEE),
        ("transaction underpriced", FEE),
        ("max fee per gas less than block base fee", FEE),
        ("insufficient funds for gas * price + value", None),
        ("", None),
    ],
)
def test_each_wording_has_one_meaning(words: str, expected: object) -> None:
    refused = RpcRefused("eth_sendRawTransaction", -32000, words)
    assert [check for check in (KNOWN, LOW, FEE) if check(refused)] == (
        [expected] if expected else []
    )
