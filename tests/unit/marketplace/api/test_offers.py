"""Only what the contract would take is listed, and only while it would."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from tests.unit.marketplace.market_events import DEPLOYMENT, MARKET, Maker, address, index_blocks

from neurovoyance.chain import events as on_chain
from neurovoyance.marketplace.api.accounts import Accounts
from neurovoyance.marketplace.api.offers import OfferBoard, SignedOffer
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.errors import MarketNotFound
from neurovoyance.marketplace.indexer.store import IndexStore
from neurovoyance.protocol.errors import SignatureError, SpecError
from neurovoyance.protocol.ids import parse_address
from neurovoyance.protocol.signing import OFFER_MAX_S, Offer, sign_offer

OPERATOR = Account.from_key(b"\3" * 32)
NOW_S = 1_000


def signed(key: Any = OPERATOR, **changes: Any) -> SignedOffer:
    values = {
        "provider": address(50),
        "spec_hash": b"\5" * 32,
        "price_wei": 10,
        "lock_wei": 20,
        "valid_until_s": NOW_S + 60,
        "nonce": 2**255,
        **changes,
    }
    offer = Offer(**values)
    return SignedOffer(offer=offer, signature=sign_offer(offer, key, chain_id=31337, market=MARKET))


@pytest.fixture
def board(database: Database, store: IndexStore, accounts: Accounts) -> OfferBoard:
    maker = Maker("a", 1)
    maker.add(on_chain.ProviderRegistered, address(50), parse_address(OPERATOR.address))
    index_blocks(store, [maker.made], "a", 1)
    return OfferBoard(database, DEPLOYMENT, lambda: NOW_S)


def test_an_offer_is_listed_once_cheapest_first(board: OfferBoard) -> None:
    board.publish(signed())
    again = board.publish(signed())
    cheap = board.publish(signed(price_wei=9, nonce=1))
    found = board.listed({"spec_hash": "0x" + "05" * 32}, 10)
    assert [item["offer_id"] for item in found] == [cheap["offer_id"], again["offer_id"]]
    assert found[0]["price_wei"] == "9"
    assert board.listed({"provider": address(51)}, 10) == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"key": Account.from_key(b"\4" * 32)}, SignatureError),
        ({"provider": address(51)}, MarketNotFound),
        ({"valid_until_s": NOW_S - 1}, SpecError),
        ({"valid_until_s": NOW_S + OFFER_MAX_S + 1}, SpecError),
    ],
)
def test_what_the_contract_would_refuse_is_refused(
    board: OfferBoard, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        board.publish(signed(**changes))
    assert board.listed({}, 10) == []


def test_an_offer_that_is_over_goes(
    board: OfferBoard, database: Database, accounts: Accounts
) -> None:
    board.publish(signed())
    later = OfferBoard(database, DEPLOYMENT, lambda: NOW_S + 61)
    assert later.listed({}, 10) == []
    assert accounts.sweep(NOW_S + 60) == 0
    assert accounts.sweep(NOW_S + 61) == 1
