"""Tasks: small jobs sent straight to a node, many at once, paid by one voucher.

Place: L0, beside ``vouchers``; see ``docs/spec/tasks.md``. A client signs a :class:`BatchOrder`
before anything is computed, the provider's operator a :class:`BatchCommitment` before an output
leaves the node; the commitment's digest is the ``work`` of one receipt under the next voucher.
Domain and channel are bound, so no signature counts anywhere else. Never: I/O, or a rule about
credit (those are the node's ``task_rules``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neurovoyance.protocol.abi_words import bytes32_array, bytes32_words, uint_word
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.eth_accounts import LocalAccount, SignableMessage
from neurovoyance.protocol.ids import Address, hash_abi, keccak256
from neurovoyance.protocol.job_spec import Bytes32, JobSpec, WeiField
from neurovoyance.protocol.merkle import MerkleTree, leaf_hash
from neurovoyance.protocol.offer_exchange import SOURCES_MAX, Refusal, SignatureBytes
from neurovoyance.protocol.signing import (
    AddressField,
    digest_of,
    recover_signer,
    sign_message,
    typed_message,
)
from neurovoyance.protocol.vouchers import SignedVoucher

TASKS_MAX: Final = 1_024
"""Most tasks of one batch."""
INLINE_MAX_BYTES: Final = 262_144
"""Longest input that travels inside a request; a longer one is named by its CID."""
REQUEST_MAX_BYTES: Final = 64 << 20
OUTPUT_MAX_BYTES: Final = 16 << 20
"""Longest output of one task; what computes more is a job."""
REPLY_MAX_BYTES: Final = 256 << 20
ORDER_LIFE_MAX_S: Final = 600
"""Longest time from its signature in which an order can be begun."""
NO_ROOT: Final = bytes(32)

_DOMAIN_NAME = "Neurovoyance Tasks"
_TASK_TAG = b"NVY/task/1"
_RAW_SHA256 = bytes((1, 0x55, 0x12, 0x20))
_ORDER_FIELDS = [
    {"name": "channelId", "type": "bytes32"},
    {"name": "payee", "type": "address"},
    {"name": "tasksHash", "type": "bytes32"},
    {"name": "count", "type": "uint32"},
    {"name": "start", "type": "uint96"},
    {"name": "total", "type": "uint96"},
    {"name": "expiry", "type": "uint64"},
    {"name": "salt", "type": "bytes32"},
]
_COMMITMENT_FIELDS = [
    {"name": "orderHash", "type": "bytes32"},
    {"name": "root", "type": "bytes32"},
    {"name": "count", "type": "uint32"},
    {"name": "start", "type": "uint96"},
    {"name": "end", "type": "uint96"},
]
_Count = Annotated[int, Field(ge=1, le=TASKS_MAX)]
_Form = TypeVar("_Form", bound=BaseModel)


class Task(NamedTuple):
    """One small job: what a job spec says, and its price in wei."""

    spec: JobSpec
    price_wei: int

    def hash(self) -> bytes:
        """Return ``H("NVY/task/1", specHash, price)``, 32 bytes."""
        # The tag is the one dynamic value: its place, the two words, its length and its bytes.
        words = bytes32_words(self.spec.spec_hash()) + uint_word(self.price_wei, 96)
        return keccak256(
            uint_word(96) + words + uint_word(len(_TASK_TAG)) + _TASK_TAG.ljust(32, b"\0")
        )


class BatchOrder(BaseModel):
    """What a client asks of one provider under a channel; mirrors the EIP-712 struct.

    Attributes:
        channel_id: the channel that pays, 32 bytes.
        payee: owner address of the provider.
        tasks_hash: see :func:`tasks_hash`, 32 bytes.
        count: tasks, 1 to 1,024.
        start_wei: what the payee is owed before the batch, since the channel was opened.
        total_wei: sum of the prices.
        expiry_s: last second of chain time in which the node may begin.
        salt: 32 random bytes; who knows the order's hash may fetch its outputs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    channel_id: Bytes32
    payee: AddressField
    tasks_hash: Bytes32
    count: _Count
    start_wei: WeiField
    total_wei: WeiField
    expiry_s: Annotated[int, Field(ge=0, le=2**64 - 1)]
    salt: Bytes32

    def message(self, chain_id: int, channels: str) -> SignableMessage:
        """Return the EIP-712 message that the client signs."""
        values = [getattr(self, name) for name in type(self).model_fields]
        return _message("BatchOrder", _ORDER_FIELDS, values, chain_id, channels)

    def hash(self, chain_id: int, channels: str) -> bytes:
        """Return the digest, 32 bytes, by which both sides name the batch."""
        return digest_of(self.message(chain_id, channels))


class BatchRequest(BaseModel):
    """The first frame of a request: the order, and what all tasks have in common.

    Attributes:
        order: what is asked for.
        signature: of the order, by the channel's client.
        spec: of every task, but for its input and the number of rows.
        sources: base URLs of gateways where the model, and inputs named by CID, can be fetched.
        voucher: the newest one, so that paying for the last batch needs no call of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    order: BatchOrder
    signature: SignatureBytes
    spec: JobSpec
    sources: Annotated[list[Annotated[str, Field(max_length=512)]], Field(max_length=SOURCES_MAX)]
    voucher: SignedVoucher | None = None

    def task(self, input_cid: bytes, rows: int, price_wei: int) -> Task:
        """Return one task of the batch.

        Raises:
            SpecError: price, rows or CID are out of range.
        """
        if not (price_wei > 0 and 0 < rows < 2**32 and 4 <= len(input_cid) <= 128):
            raise SpecError("A task has a price, at least one row, and an input.")
        return Task(self.spec.model_copy(update={"input_cid": input_cid, "batch": rows}), price_wei)


class BatchCommitment(BaseModel):
    """What the provider delivers of an order: its first ``count`` tasks.

    Attributes:
        order_hash: of the order, 32 bytes.
        root: of the tree over the leaves, 32 bytes.
        count: tasks delivered, at most as many as were asked for.
        start_wei: as in the order.
        end_wei: what is owed after it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    order_hash: Bytes32
    root: Bytes32
    count: _Count
    start_wei: WeiField
    end_wei: WeiField

    def message(self, chain_id: int, channels: str) -> SignableMessage:
        """Return the EIP-712 message that the provider's operator signs."""
        values = [getattr(self, name) for name in type(self).model_fields]
        return _message("BatchCommitment", _COMMITMENT_FIELDS, values, chain_id, channels)

    def work(self, chain_id: int, channels: str) -> bytes:
        """Return the digest, 32 bytes: the ``work`` of the batch's receipt."""
        return digest_of(self.message(chain_id, channels))

    @property
    def price_wei(self) -> int:
        """What the batch costs."""
        return self.end_wei - self.start_wei


class SignedCommitment(BaseModel):
    """A commitment as it travels, with the reason if fewer tasks were delivered than asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    commitment: BatchCommitment
    signature: SignatureBytes
    ended: Refusal | None = None


class TaskTerms(BaseModel):
    """What a node asks for tasks, and how it sees one channel; informs and binds nobody.

    Attributes:
        base_price_wei, price_per_second_wei: a task costs at least base + rate * maxRuntime.
        credit_wei: how far it works ahead of the newest voucher; 0 takes no tasks.
        max_runtime_s: longest task, and longest batch in whole.
        owed_wei: what it has delivered under this channel, since it was opened.
        promised_wei: what vouchers promise, or was redeemed.
        exposed_wei: what the channel's client owes in all channels, work under way included.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    base_price_wei: WeiField
    price_per_second_wei: WeiField
    credit_wei: WeiField
    max_runtime_s: Annotated[int, Field(ge=1)]
    owed_wei: WeiField
    promised_wei: WeiField
    exposed_wei: WeiField

    def price_wei(self, max_runtime_s: int) -> int:
        """Return the least price of a task, in wei."""
        return max(1, self.base_price_wei + self.price_per_second_wei * max_runtime_s)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One delivered task, as the commitment's tree holds it.

    Attributes:
        task_hash: of :meth:`Task.hash`, 32 bytes.
        out_root: of the output's committed tensors, 32 bytes.
        numeric_root: of its projection in class TENSOR, else zeros, 32 bytes.
        start_wei, end_wei: its interval of what the payee is owed.
    """

    task_hash: bytes
    out_root: bytes
    numeric_root: bytes
    start_wei: int
    end_wei: int

    def hash(self) -> bytes:
        """Return its leaf hash, 32 bytes."""
        hashes = bytes32_words(self.task_hash, self.out_root, self.numeric_root)
        return leaf_hash(hashes + uint_word(self.start_wei) + uint_word(self.end_wei))


def raw_cid(data: bytes) -> bytes:
    """Return the binary CID of an input that travels as bytes: raw, sha2-256."""
    return _RAW_SHA256 + hashlib.sha256(data).digest()


def tasks_hash(hashes: Sequence[bytes]) -> bytes:
    """Return ``H(bytes32[])`` over the hashes of all tasks, in order."""
    return keccak256(bytes32_array(list(hashes)))


def leaves_of(
    tasks: Sequence[tuple[bytes, int]], roots: Sequence[tuple[bytes, bytes]], start_wei: int
) -> list[Leaf]:
    """Return the leaves of the delivered tasks, whose intervals follow each other.

    Args:
        tasks: (hash, price) of every task ordered, in order.
        roots: (output root, numeric root) of those delivered: the first ones.
        start_wei: of the order.
    """
    leaves, at_wei = [], start_wei
    for (task, price_wei), (out_root, numeric_root) in zip(tasks, roots, strict=False):
        leaves.append(Leaf(task, out_root, numeric_root, at_wei, at_wei + price_wei))
        at_wei += price_wei
    return leaves


def tree_of(leaves: Sequence[Leaf]) -> MerkleTree:
    """Return the tree whose root a commitment names; a leaf's proof is ``tree.proof(hash)``."""
    return MerkleTree.of_leaves([leaf.hash() for leaf in leaves])


def numeric_seed(task_hash: bytes, out_root: bytes) -> bytes:
    """Return the seed under which an output's numeric root projects it, 32 bytes."""
    return hash_abi(["string", "bytes32", "bytes32"], ["NVY/task-seed/1", task_hash, out_root])


def sign(
    form: BatchOrder | BatchCommitment, account: LocalAccount, *, chain_id: int, channels: str
) -> bytes:
    """Return the 65-byte signature of an order or a commitment."""
    return sign_message(form.message(chain_id, channels), account)


def recover(
    form: BatchOrder | BatchCommitment, signature: bytes, *, chain_id: int, channels: str
) -> Address:
    """Return who signed an order or a commitment.

    Raises:
        SignatureError: the bytes are not a signature at all.
    """
    return recover_signer(
        form.message(chain_id, channels),
        signature,
        what="signature of the order"
        if isinstance(form, BatchOrder)
        else "provider's signature of the batch",
        hint="Nothing was paid for it.",
    )


def parse(kind: type[_Form], text: bytes | str) -> _Form:
    """Return a message of its JSON text, as others sent it.

    Raises:
        SpecError: not such a message; says which field.
    """
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "document"
        raise SpecError(f"This is not a valid {kind.__name__}: {where}: {first['msg']}.") from error


def _message(
    name: str, fields: list[dict[str, str]], values: Sequence[Any], chain_id: int, channels: str
) -> SignableMessage:
    return typed_message(_DOMAIN_NAME, name, fields, values, chain_id=chain_id, contract=channels)
