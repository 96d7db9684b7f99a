"""EIP-712 messages that travel off chain: how all are made, signed and read; a provider's offer.

Place: stage 2; under the other signed messages of this package. The offer mirrors
``JobMarket.offerHashOf``. The digest binds chain id and market, so an offer cannot be replayed
elsewhere; ``nonce`` lets it be taken once. Recovery alone proves nothing about stake: compare the
signer with ``StakeManager.operatorOf(provider)``. Never: a second copy of what counts as a
signature.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic_core import PydanticCustomError

from neurovoyance.protocol.errors import SignatureError, SpecError
from neurovoyance.protocol.eth_accounts import (
    Account,
    LocalAccount,
    SignableMessage,
    encode_typed_data,
)
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address, keccak256, parse_address
from neurovoyance.protocol.job_spec import Bytes32, WeiField
from neurovoyance.protocol.stack_guard import restore_recursion_limit

restore_recursion_limit()

OFFER_MAX_S = 600
_SIGNATURE_BYTES = 65
_LARGEST_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0

_DOMAIN_NAME = "Neurovoyance JobMarket"
_OFFER_FIELDS = [
    {"name": "provider", "type": "address"},
    {"name": "client", "type": "address"},
    {"name": "specHash", "type": "bytes32"},
    {"name": "price", "type": "uint96"},
    {"name": "lock", "type": "uint96"},
    {"name": "validUntil", "type": "uint64"},
    {"name": "nonce", "type": "uint256"},
]


def _address(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_address(value)
    except SpecError as error:
        # Only a fault of validation is told with the field that it is of.
        said = {"said": error.message, "hint": error.hint}
        raise PydanticCustomError("address", "{said} {hint}", said) from error


def _decimal(value: object) -> object:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 78:
        return int(value)
    return value


AddressField = Annotated[Address, BeforeValidator(_address)]


class Offer(BaseModel):
    """A provider's signed price for one spec; mirrors the Solidity struct.

    Attributes:
        provider: owner address of the provider.
        client: who may take it; the zero address means anyone.
        spec_hash: EIP-712 struct hash of the spec, 32 bytes.
        price_wei: what the client pays.
        lock_wei: own stake that the provider puts behind the job.
        valid_until_s: last second of chain time, at most 600 s ahead when taken.
        nonce: unordered, used once per provider.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    provider: AddressField
    client: AddressField = ZERO_ADDRESS
    spec_hash: Bytes32
    price_wei: WeiField
    lock_wei: WeiField
    valid_until_s: Annotated[int, Field(ge=0, le=2**64 - 1)]
    nonce: Annotated[
        int,
        BeforeValidator(_decimal),
        Field(ge=0, le=2**256 - 1),
        PlainSerializer(str, return_type=str, when_used="json"),
    ]

    def as_abi(self) -> tuple[Any, ...]:
        """Return the fields in the order of the Solidity struct."""
        return (
            self.provider,
            self.client,
            self.spec_hash,
            self.price_wei,
            self.lock_wei,
            self.valid_until_s,
            self.nonce,
        )


def typed_message(
    domain: str,
    name: str,
    fields: list[dict[str, str]],
    values: Sequence[Any],
    *,
    chain_id: int,
    contract: str,
) -> SignableMessage:
    """Return an EIP-712 message; its digest binds chain and contract.

    Args:
        domain: name of the domain, whose version is 1.
        name: of the struct.
        fields: name and type of each, in order.
        values: of the fields, in order.
        chain_id: of the chain.
        contract: address of the verifying contract.
    """
    return encode_typed_data(
        domain_data={
            "name": domain,
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": contract,
        },
        message_types={name: fields},
        message_data=dict(zip([field["name"] for field in fields], values, strict=True)),
    )


def digest_of(message: SignableMessage) -> bytes:
    """Return the 32 bytes that are signed."""
    return keccak256(b"\x19" + message.version + message.header + message.body)


def sign_message(message: SignableMessage, account: LocalAccount) -> bytes:
    """Return the 65-byte signature of a message."""
    return bytes(account.sign_message(message).signature)


def offer_message(offer: Offer, *, chain_id: int, market: str) -> SignableMessage:
    """Return the EIP-712 message of an offer for one market on one chain."""
    return typed_message(
        _DOMAIN_NAME,
        "Offer",
        _OFFER_FIELDS,
        offer.as_abi(),
        chain_id=chain_id,
        contract=market,
    )


def sign_offer(offer: Offer, account: LocalAccount, *, chain_id: int, market: str) -> bytes:
    """Return the 65-byte signature of an offer by the provider's operator key."""
    return sign_message(offer_message(offer, chain_id=chain_id, market=market), account)


def recover_signer(message: SignableMessage, signature: bytes, *, what: str, hint: str) -> Address:
    """Return the address that signed a message.

    Args:
        message: as it was to be signed.
        signature: 65 bytes; anything else is refused.
        what: the signature in words, such as ``offer's signature``.
        hint: what to do about one that cannot be read.

    Raises:
        SignatureError: the bytes are not a signature at all.
    """
    try:
        return Address(Account.recover_message(message, signature=signature))
    except Exception as error:
        # eth-account raises many unrelated types for malformed signatures.
        raise SignatureError(f"The {what} cannot be read.", hint=hint) from error


def has_one_form(signature: bytes) -> bool:
    """Whether bytes are a signature as contracts take it: 65 of them, low s, v of 27 or 28.

    Recovery alone also reads the mirrored form and other v, which every contract refuses.
    """
    return (
        len(signature) == _SIGNATURE_BYTES
        and signature[-1] in (27, 28)
        and int.from_bytes(signature[32:64], "big") <= _LARGEST_S
    )


def recover_for_contract(
    message: SignableMessage, signature: bytes, *, what: str, hint: str
) -> Address:
    """Return the address that signed a message which a contract has to read, too.

    Args:
        message, signature, what, hint: as :func:`recover_signer`.

    Raises:
        SignatureError: the bytes are no signature, or in a form that contracts refuse.
    """
    signer = recover_signer(message, signature, what=what, hint=hint)
    if not has_one_form(signature):
        raise SignatureError(f"The {what} is not in the one form that counts.", hint=hint)
    return signer


def recover_offer_signer(offer: Offer, signature: bytes, *, chain_id: int, market: str) -> Address:
    """Return the address that signed an offer.

    Raises:
        SignatureError: the bytes are no signature, or in a form that the contract refuses.
    """
    return recover_for_contract(
        offer_message(offer, chain_id=chain_id, market=market),
        signature,
        what="offer's signature",
        hint="Ask the provider for a new offer; nothing was paid.",
    )
