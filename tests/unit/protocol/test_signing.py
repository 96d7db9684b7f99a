import pytest
from eth_account import Account
from hypothesis import given, settings
from tests.unit.protocol.strategies import offers

from neurovoyance.protocol.errors import SignatureError
from neurovoyance.protocol.signing import Offer, recover_offer_signer, sign_offer

MARKET = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
KEY = Account.from_key("0x" + "42" * 32)


@settings(max_examples=25, deadline=None)
@given(offers())
def test_the_signer_of_an_offer_is_recovered(offer: Offer) -> None:
    signature = sign_offer(offer, KEY, chain_id=31337, market=MARKET)
    signer = recover_offer_signer(offer, signature, chain_id=31337, market=MARKET)
    assert signer == KEY.address


@settings(max_examples=10, deadline=None)
@given(offers())
def test_an_offer_does_not_count_on_another_chain_or_market(offer: Offer) -> None:
    signature = sign_offer(offer, KEY, chain_id=31337, market=MARKET)
    elsewhere = recover_offer_signer(offer, signature, chain_id=1, market=MARKET)
    other_market = recover_offer_signer(offer, signature, chain_id=31337, market=KEY.address)
    assert KEY.address not in (elsewhere, other_market)


@settings(max_examples=25, deadline=None)
@given(offers())
def test_an_offer_survives_json(offer: Offer) -> None:
    assert Offer.model_validate_json(offer.model_dump_json()) == offer


@pytest.mark.parametrize("signature", [b"", b"\0", b"\xff" * 65, b"\0" * 64, b"\1" * 200])
def test_bytes_that_are_no_signature_are_refused(signature: bytes) -> None:
    offer = Offer(
        provider=KEY.address,
        spec_hash=bytes(32),
        price_wei=1,
        lock_wei=5,
        valid_until_s=1,
        nonce=1,
    )
    with pytest.raises(SignatureError, match="cannot be read"):
        recover_offer_signer(offer, signature, chain_id=1, market=MARKET)
