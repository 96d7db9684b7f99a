"""Messages that carry the keys of private inputs and early results, and who signs what.

Place: beside :mod:`.offer_exchange`; off chain alone. A node's X25519 key is signed by its
provider's operator, so nobody on the way can put another in its place; a request for an input's
key is signed by the operator of the owner that was drawn. Every sealed key is bound to what it is
for by a context of 32 bytes. Never: a key in the clear.

Format: docs/spec/privacy.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from neurovoyance.protocol.eth_accounts import LocalAccount, SignableMessage
from neurovoyance.protocol.ids import Address, hash_abi
from neurovoyance.protocol.job_spec import HEX, Bytes32, CidBytes, bytes_from_hex
from neurovoyance.protocol.signing import (
    AddressField,
    recover_signer,
    sign_message,
    typed_message,
)

SEALED_KEY_BYTES = 80
KEY_REQUEST_MAX_BYTES = 4_096

_DOMAIN_NAME = "Neurovoyance Keys"
_NODE_KEY = [
    {"name": "provider", "type": "address"},
    {"name": "publicKey", "type": "bytes32"},
]
_KEY_REQUEST = [
    {"name": "jobId", "type": "bytes32"},
    {"name": "owner", "type": "address"},
    {"name": "publicKey", "type": "bytes32"},
]

SealedKey = Annotated[
    bytes,
    BeforeValidator(bytes_from_hex),
    Field(min_length=SEALED_KEY_BYTES, max_length=SEALED_KEY_BYTES),
    HEX,
]
Signature65 = Annotated[
    bytes, BeforeValidator(bytes_from_hex), Field(min_length=65, max_length=65), HEX
]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NodeKey(_Message):
    """A node's X25519 public key, part of ``GET /v1/status``.

    Attributes:
        public_key: 32 bytes.
        signature: of the provider's operator over provider and key, for one market; 65 bytes.
    """

    public_key: Bytes32
    signature: Signature65


class InputKeyRequest(_Message):
    """Body of ``POST /v1/jobs/{job_id}/input-key``.

    Attributes:
        owner: who was drawn as an auditor of the job or as a referee of a dispute about it.
        public_key: X25519 key that the answer is sealed to, 32 bytes.
        signature: of the owner's operator over job, owner and key, for one market; 65 bytes.
    """

    owner: AddressField
    public_key: Bytes32
    signature: Signature65


class InputKeyReply(_Message):
    """The input's key, sealed to the key of the request under :func:`drawn_context`."""

    sealed_key: SealedKey


class ResultKeyReply(_Message):
    """The envelope's key, sealed to ``clientKey`` under :func:`result_context`, before the reveal.

    Attributes:
        envelope_cid: binary CID of the encrypted output, as committed.
    """

    envelope_cid: CidBytes
    sealed_key: SealedKey


def offer_context(spec_hash: bytes, client: str, provider: str) -> bytes:
    """Return what a key in a request for an offer is bound to: job, client and provider."""
    types = ["string", "bytes32", "address", "address"]
    return hash_abi(types, ["NVY/key/offer/1", spec_hash, client, provider])


def drawn_context(job_id: bytes, owner: str) -> bytes:
    """Return what a key for an auditor or referee is bound to: job and owner."""
    return hash_abi(["string", "bytes32", "address"], ["NVY/key/drawn/1", job_id, owner])


def result_context(job_id: bytes) -> bytes:
    """Return what a result's key for its client is bound to."""
    return hash_abi(["string", "bytes32"], ["NVY/key/result/1", job_id])


def sign_node_key(
    account: LocalAccount, public_key: bytes, *, provider: str, chain_id: int, market: str
) -> NodeKey:
    """Return a node's key, signed by its provider's operator."""
    message = _node_key_message(public_key, provider, chain_id, market)
    return NodeKey(public_key=public_key, signature=sign_message(message, account))


def recover_node_key_signer(key: NodeKey, *, provider: str, chain_id: int, market: str) -> Address:
    """Return who signed a node's key for a provider; compare it with the provider's operator.

    Raises:
        SignatureError: the bytes are not a signature at all.
    """
    message = _node_key_message(key.public_key, provider, chain_id, market)
    return _signer(message, key.signature)


def sign_key_request(
    account: LocalAccount,
    job_id: bytes,
    *,
    owner: Address,
    public_key: bytes,
    chain_id: int,
    market: str,
) -> InputKeyRequest:
    """Return a request for the key of a job's input, signed by the owner's operator."""
    message = _request_message(job_id, owner, public_key, chain_id, market)
    return InputKeyRequest(
        owner=owner, public_key=public_key, signature=sign_message(message, account)
    )


def recover_key_request_signer(
    request: InputKeyRequest, job_id: bytes, *, chain_id: int, market: str
) -> Address:
    """Return who signed a request; compare it with the owner's operator.

    Raises:
        SignatureError: the bytes are not a signature at all.
    """
    message = _request_message(job_id, request.owner, request.public_key, chain_id, market)
    return _signer(message, request.signature)


def _node_key_message(
    public_key: bytes, provider: str, chain_id: int, market: str
) -> SignableMessage:
    return _message("NodeKey", _NODE_KEY, (provider, public_key), chain_id, market)


def _request_message(
    job_id: bytes, owner: str, public_key: bytes, chain_id: int, market: str
) -> SignableMessage:
    values = (job_id, owner, public_key)
    return _message("InputKeyRequest", _KEY_REQUEST, values, chain_id, market)


def _message(
    name: str, fields: list[dict[str, str]], values: Sequence[Any], chain_id: int, market: str
) -> SignableMessage:
    return typed_message(_DOMAIN_NAME, name, fields, values, chain_id=chain_id, contract=market)


def _signer(message: SignableMessage, signature: bytes) -> Address:
    hint = "Nothing was handed out; sign it again."
    return recover_signer(message, signature, what="signature", hint=hint)
