import pytest
from eth_account import Account
from hypothesis import given, settings
from pydantic import ValidationError
from tests.unit.protocol.strategies import offers

from neurovoyance.protocol.errors import SignatureError
from neurovoyance.protocol.signing import (
    Offer,
    has_one_form,
    offer_message,
    recover_for_contract,
    recover_offer_signer,
    recover_signer,
    sign_offer,
)

MARKET = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
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


@pytest.mark.parametrize("text", ["0x12", "0x8ba1f109551bD432803012645Ac136ddd64DBa73"])
def test_a_bad_address_is_told_with_its_field(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Offer.model_validate({"provider": text})
    fault = next(item for item in caught.value.errors() if item["loc"] == ("provider",))
    assert text in fault["msg"]


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


@settings(max_examples=10, deadline=None)
@given(offers())
def test_what_contracts_refuse_is_refused_where_they_read_it(offer: Offer) -> None:
    signature = sign_offer(offer, KEY, chain_id=1, market=MARKET)
    mirrored_s = (ORDER - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
    mirrored = signature[:32] + mirrored_s + bytes([55 - signature[-1]])
    short = signature[:-1] + bytes([signature[-1] - 27])
    message, words = offer_message(offer, chain_id=1, market=MARKET), {"what": "it", "hint": ""}
    assert has_one_form(signature)
    assert recover_for_contract(message, signature, **words) == KEY.address
    for other in (mirrored, short):
        assert not has_one_form(other)
        assert recover_signer(message, other, **words) == KEY.address
        with pytest.raises(SignatureError, match="one form"):
            recover_for_contract(message, other, **words)
