"""Signed keys and requests: bound to provider, job, owner, chain and market; nothing else fits."""

from __future__ import annotations

import itertools

import pytest
from eth_account import Account
from pydantic import ValidationError

from neurovoyance.protocol.errors import SignatureError
from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.privacy import (
    InputKeyReply,
    InputKeyRequest,
    NodeKey,
    drawn_context,
    offer_context,
    recover_key_request_signer,
    recover_node_key_signer,
    result_context,
    sign_key_request,
    sign_node_key,
)

ACCOUNT = Account.from_key(b"\x01" * 32)
OWNER, OTHER = (Address("0x" + digit * 40) for digit in "12")
PUBLIC, JOB = b"\x07" * 32, b"\x09" * 32


def test_a_nodes_key_is_its_operators_for_one_provider_chain_and_market() -> None:
    terms = {"provider": OWNER, "chain_id": 1, "market": str(OTHER)}
    key = sign_node_key(ACCOUNT, PUBLIC, provider=OWNER, chain_id=1, market=OTHER)
    assert recover_node_key_signer(key, **terms) == ACCOUNT.address  # type: ignore[arg-type]
    for change in ({"provider": OTHER}, {"chain_id": 2}, {"market": OWNER}):
        assert recover_node_key_signer(key, **{**terms, **change}) != ACCOUNT.address  # type: ignore[arg-type]
    swapped = key.model_copy(update={"public_key": b"\x08" * 32})
    assert recover_node_key_signer(swapped, **terms) != ACCOUNT.address  # type: ignore[arg-type]
    assert NodeKey.model_validate_json(key.model_dump_json()) == key


def test_a_request_is_its_operators_for_one_job_owner_key_chain_and_market() -> None:
    request = sign_key_request(
        ACCOUNT, JOB, owner=OWNER, public_key=PUBLIC, chain_id=1, market=OTHER
    )
    assert InputKeyRequest.model_validate_json(request.model_dump_json()) == request

    def signer(
        asked: InputKeyRequest = request, job: bytes = JOB, chain: int = 1, market: str = OTHER
    ) -> str:
        return recover_key_request_signer(asked, job, chain_id=chain, market=market)

    assert signer() == ACCOUNT.address
    others = [
        signer(request.model_copy(update={"owner": OTHER})),
        signer(request.model_copy(update={"public_key": b"\x08" * 32})),
        signer(job=b"\x0a" * 32),
        signer(chain=2),
        signer(market=OWNER),
    ]
    assert ACCOUNT.address not in others


def test_a_signature_that_is_none_is_told() -> None:
    key = NodeKey(public_key=PUBLIC, signature=b"\xff" * 65)
    with pytest.raises(SignatureError, match="cannot be read"):
        recover_node_key_signer(key, provider=OWNER, chain_id=1, market=OTHER)


def test_every_purpose_has_a_context_of_its_own() -> None:
    contexts = [
        offer_context(JOB, OWNER, OTHER),
        offer_context(JOB, OTHER, OWNER),
        offer_context(PUBLIC, OWNER, OTHER),
        drawn_context(JOB, OWNER),
        drawn_context(JOB, OTHER),
        result_context(JOB),
        result_context(PUBLIC),
    ]
    assert all(len(one) == 32 for one in contexts)
    assert all(one != two for one, two in itertools.combinations(contexts, 2))


@pytest.mark.parametrize("sealed", ["0x", "0x" + "00" * 79, "0x" + "00" * 81, "zz", 7])
def test_a_sealed_key_has_eighty_bytes(sealed: object) -> None:
    with pytest.raises(ValidationError):
        InputKeyReply.model_validate({"sealed_key": sealed})
