"""EIP-712 messages of payment channels: vouchers, permissions for delegates; and receipts.

Place: L0, beside ``signing``; mirrors ``PaymentChannels.voucherHashOf``, ``delegationHashOf`` and
``channelIdOf``. The digest binds chain and contract, the voucher its channel and payee, so no
signature counts anywhere else. A voucher names all that was ever promised to its payee: the newest
replaces every older one. The receipts under its root are the wei of that sum, one after another;
whoever draws a wei draws a receipt in proportion to its price. Receipts are not audited yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Self

from eth_abi.abi import encode as abi_encode
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.eth_accounts import LocalAccount, SignableMessage
from neurovoyance.protocol.ids import Address, hash_abi
from neurovoyance.protocol.job_spec import Bytes32, WeiField
from neurovoyance.protocol.merkle import MerkleTree, leaf_hash
from neurovoyance.protocol.offer_exchange import SignatureBytes
from neurovoyance.protocol.signing import (
    AddressField,
    recover_for_contract,
    sign_message,
    typed_message,
)

RECEIPTS_MAX = 1_024
"""Most receipts under one root."""
VOUCHER_MAX_BYTES = 16_384

_DOMAIN_NAME = "Neurovoyance PaymentChannels"
_HINT = "Ask the client to sign again; nothing was redeemed."
_VOUCHER_FIELDS = [
    {"name": "channelId", "type": "bytes32"},
    {"name": "payee", "type": "address"},
    {"name": "cumulativeAmount", "type": "uint96"},
    {"name": "receiptsRoot", "type": "bytes32"},
    {"name": "maxLeaf", "type": "uint96"},
    {"name": "expiry", "type": "uint64"},
]
_DELEGATION_FIELDS = [
    {"name": "channelId", "type": "bytes32"},
    {"name": "delegate", "type": "address"},
    {"name": "cap", "type": "uint96"},
    {"name": "expiry", "type": "uint64"},
]
_SecondsField = Annotated[int, Field(ge=0, le=2**64 - 1)]


class Voucher(BaseModel):
    """All that a client has promised a payee; mirrors the Solidity struct.

    Attributes:
        channel_id: the channel, 32 bytes.
        payee: owner address of the provider.
        cumulative_wei: everything since the channel was opened, redeemed or not.
        receipts_root: see :func:`receipts_tree`, 32 bytes.
        max_leaf_wei: price of the largest receipt; one above it is forged.
        expiry_s: last second of chain time in which it can be redeemed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    channel_id: Bytes32
    payee: AddressField
    cumulative_wei: WeiField
    receipts_root: Bytes32
    max_leaf_wei: WeiField
    expiry_s: _SecondsField

    def as_abi(self) -> tuple[Any, ...]:
        """Return the fields in the order of the Solidity struct."""
        return (
            self.channel_id,
            self.payee,
            self.cumulative_wei,
            self.receipts_root,
            self.max_leaf_wei,
            self.expiry_s,
        )


class Delegation(BaseModel):
    """A client's permission for another key to sign vouchers of one channel.

    Attributes:
        channel_id: the channel, 32 bytes; calldata leaves it out, since the voucher names it.
        delegate: address of the key.
        cap_wei: what a voucher of the delegate may reach, for each payee.
        expiry_s: last second of chain time in which its vouchers can be redeemed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    channel_id: Bytes32
    delegate: AddressField
    cap_wei: WeiField
    expiry_s: _SecondsField

    def as_abi(self) -> tuple[Any, ...]:
        """Return the fields in the order of the Solidity struct."""
        return (self.delegate, self.cap_wei, self.expiry_s)


class SignedVoucher(BaseModel):
    """A voucher as it travels: with its signature, and the permission if a delegate signed.

    Attributes:
        voucher: what is promised.
        signature: of the voucher, by the client or the delegate.
        delegation: who may sign for the client; None where the client signed itself.
        permission: the client's signature of the delegation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    voucher: Voucher
    signature: SignatureBytes
    delegation: Delegation | None = None
    permission: SignatureBytes | None = None

    @model_validator(mode="after")
    def _permission_fits(self) -> Self:
        if (self.delegation is None) != (self.permission is None):
            raise ValueError("a delegation comes with its permission")
        if self.delegation and self.delegation.channel_id != self.voucher.channel_id:
            raise ValueError("the delegation is of another channel")
        return self


class Receipt(BaseModel):
    """One piece of work: the wei from ``start_wei`` to ``end_wei`` of what a payee is owed.

    Attributes:
        work: 32 bytes that name what was delivered, such as the hash of an answer's receipt.
        start_wei: owed to the payee before it.
        end_wei: owed after it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    work: Bytes32
    start_wei: WeiField
    end_wei: WeiField

    @property
    def price_wei(self) -> int:
        """What it cost."""
        return self.end_wei - self.start_wei

    def leaf(self) -> bytes:
        """Return its leaf hash, 32 bytes."""
        values = [self.work, self.start_wei, self.end_wei]
        return leaf_hash(abi_encode(["bytes32", "uint256", "uint256"], values))


# --- hashes -------------------------------------------------------------------------------------


def channel_id_of(chain_id: int, channels: str, client: str, salt: bytes) -> bytes:
    """Return the id a channel will have, 32 bytes; mirrors ``PaymentChannels.channelIdOf``."""
    return hash_abi(
        ["string", "uint256", "address", "address", "bytes32"],
        ["NVY/channel/1", chain_id, channels, client, salt],
    )


def voucher_message(voucher: Voucher, *, chain_id: int, channels: str) -> SignableMessage:
    """Return the EIP-712 message of a voucher for one contract on one chain."""
    return _message("Voucher", _VOUCHER_FIELDS, voucher.as_abi(), chain_id, channels)


def delegation_message(delegation: Delegation, *, chain_id: int, channels: str) -> SignableMessage:
    """Return the EIP-712 message of a permission for one contract on one chain."""
    values = (delegation.channel_id, *delegation.as_abi())
    return _message("Delegation", _DELEGATION_FIELDS, values, chain_id, channels)


def receipts_tree(receipts: Sequence[Receipt]) -> MerkleTree:
    """Return the tree over receipts, whose root a voucher names.

    Raises:
        SpecError: none, more than 1,024, one that costs nothing, or a gap between two.
    """
    if not 0 < len(receipts) <= RECEIPTS_MAX:
        raise SpecError(
            f"A voucher covers 1 to {RECEIPTS_MAX} receipts, not {len(receipts)}.",
            hint="Let the payee redeem; receipts before what was redeemed are left out then.",
        )
    for receipt, following in pairwise(receipts):
        if receipt.end_wei != following.start_wei:
            raise SpecError("Receipts must follow each other without a gap; nothing was signed.")
    if any(receipt.price_wei <= 0 for receipt in receipts):
        raise SpecError("A receipt must cost something; nothing was signed.")
    return MerkleTree.of_leaves([receipt.leaf() for receipt in receipts])


# --- signatures ---------------------------------------------------------------------------------


def sign_voucher(voucher: Voucher, account: LocalAccount, *, chain_id: int, channels: str) -> bytes:
    """Return the 65-byte signature of a voucher, by the client or its delegate."""
    message = voucher_message(voucher, chain_id=chain_id, channels=channels)
    return sign_message(message, account)


def sign_delegation(
    delegation: Delegation, account: LocalAccount, *, chain_id: int, channels: str
) -> bytes:
    """Return the client's 65-byte signature of a permission."""
    message = delegation_message(delegation, chain_id=chain_id, channels=channels)
    return sign_message(message, account)


def recover_voucher_client(signed: SignedVoucher, *, chain_id: int, channels: str) -> Address:
    """Return the address on whose behalf a voucher was signed; compare it with the channel's.

    Raises:
        SignatureError: bytes that are not a signature at all.
        SpecError: a delegate's voucher that its permission does not cover.
    """
    voucher, delegation = signed.voucher, signed.delegation
    message = voucher_message(voucher, chain_id=chain_id, channels=channels)
    signer = recover_for_contract(message, signed.signature, what="voucher's signature", hint=_HINT)
    if delegation is None or signed.permission is None:
        return signer
    if signer != delegation.delegate:
        raise SpecError("The voucher is not signed by the delegate it names.", hint=_HINT)
    if voucher.cumulative_wei > delegation.cap_wei:
        raise SpecError("The voucher is above what the delegate may sign.", hint=_HINT)
    message = delegation_message(delegation, chain_id=chain_id, channels=channels)
    return recover_for_contract(
        message, signed.permission, what="delegate's permission", hint=_HINT
    )


def parse_signed_voucher(text: str | bytes) -> SignedVoucher:
    """Return the voucher of its JSON text, as others sent it.

    Raises:
        SpecError: too long, or not a signed voucher; says which field.
    """
    if len(text) > VOUCHER_MAX_BYTES:
        raise SpecError(f"A signed voucher has at most {VOUCHER_MAX_BYTES} bytes.", hint=_HINT)
    try:
        return SignedVoucher.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "document"
        raise SpecError(
            f"This is not a signed voucher: {where}: {first['msg']}.", hint=_HINT
        ) from error


def _message(
    name: str, fields: list[dict[str, str]], values: Sequence[Any], chain_id: int, channels: str
) -> SignableMessage:
    return typed_message(_DOMAIN_NAME, name, fields, values, chain_id=chain_id, contract=channels)
