"""Content identifiers: CIDv1 with the few codecs and hash functions that this project accepts.

Place: the name of every block; all other modules of the package build on it. Accepted: codecs
raw and dag-pb, multihashes sha2-256 and keccak-256 (model manifests: the on-chain model id is
the keccak-256 of the manifest's bytes), the empty identity CID ``bafkqaaa`` that gateways are
probed with, and identity CIDs of 32 bytes: seeds of canaries' inputs. Never: accept a hash
function that cannot be recomputed here, since such a block could not be verified.

Source of the format: https://github.com/multiformats/cid, table of codes multiformats/multicodec.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from functools import cached_property

from eth_hash.auto import keccak

from neurovoyance.ipfs.varint import InvalidVarint, decode_varint, encode_varint
from neurovoyance.protocol.errors import InvalidCid

RAW = 0x55
DAG_PB = 0x70
IDENTITY = 0x00
SHA2_256 = 0x12
KECCAK_256 = 0x1B
DIGEST_BYTES = 32
MAX_CID_TEXT = 128
_VERSION_0_HEAD = bytes((SHA2_256, DIGEST_BYTES))
_VERSION_0_CHARS = 46
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

_USUAL_HEADS = {bytes((1, codec)) + _VERSION_0_HEAD: codec for codec in (RAW, DAG_PB)}
_CODECS = {RAW: "raw", DAG_PB: "dag-pb"}
_HASHES = {SHA2_256: "sha2-256", KECCAK_256: "keccak-256", IDENTITY: "identity"}


@dataclass(frozen=True, slots=False)
class Cid:
    """A CIDv1: what the bytes are (``codec``) and their hash (``hash_code``, ``digest``).

    Equal CIDs name equal bytes. Construct with :meth:`of`, :meth:`from_text` or
    :meth:`from_bytes`; the constructor checks the same rules.

    Raises:
        InvalidCid: codec, hash function or digest length is not accepted.
    """

    codec: int
    hash_code: int
    digest: bytes

    def __post_init__(self) -> None:
        if (
            self.hash_code != SHA2_256
            or self.codec not in _CODECS
            or len(self.digest) != DIGEST_BYTES
        ):
            _check(self.codec, self.hash_code, self.digest, shown=f"codec {self.codec:#x}")

    @classmethod
    def of(cls, data: bytes, codec: int = RAW) -> Cid:
        """Return the sha2-256 CID of ``data``."""
        return cls(codec, SHA2_256, hashlib.sha256(data).digest())

    @classmethod
    def from_text(cls, text: str) -> Cid:
        """Parse base32 lower-case text (``b...``).

        Raises:
            InvalidCid: the text is not a CIDv1 that is accepted here; the message shows it.
        """
        shown = repr(text[:MAX_CID_TEXT])
        if len(text) > MAX_CID_TEXT:
            raise InvalidCid(f"{shown} is too long to be a content identifier.", text=text[:128])
        if text.startswith("Qm") and len(text) == 46:
            raise InvalidCid(
                f"{shown} is a version 0 content identifier; only version 1 is accepted.",
                hint="Convert it with: ipfs cid base32 <cid>",
                text=text,
            )
        if not text.startswith("b") or text != text.lower() or not text.isascii():
            raise InvalidCid(
                f"{shown} is not a content identifier in lower-case base32.",
                hint="A content identifier here starts with 'b', for example bafkrei...",
                text=text,
            )
        body = text[1:].upper()
        try:
            data = base64.b32decode(body + "=" * (-len(body) % 8))
        except (binascii.Error, ValueError) as error:
            raise InvalidCid(f"{shown} is not valid base32.", text=text) from error
        cid = cls._parse(data, shown)
        if str(cid) != text:
            raise InvalidCid(f"{shown} is not the canonical text of its bytes.", text=text)
        return cid

    @classmethod
    def from_bytes(cls, data: bytes) -> Cid:
        """Parse the binary form; every byte must belong to the CID.

        Raises:
            InvalidCid: the bytes are not a CIDv1 that is accepted here.
        """
        return cls._parse(bytes(data), "0x" + bytes(data[:64]).hex())

    @classmethod
    def read(cls, data: bytes, offset: int = 0) -> tuple[Cid, int]:
        """Parse a binary CID at ``offset`` of ``data``; return it and the offset after it."""
        at = offset + 4
        codec = _USUAL_HEADS.get(bytes(data[offset:at]))
        if codec is not None and len(data) >= at + DIGEST_BYTES:
            return cls(codec, SHA2_256, bytes(data[at : at + DIGEST_BYTES])), at + DIGEST_BYTES
        shown = "0x" + bytes(data[offset : offset + 40]).hex()
        try:
            version, at = decode_varint(data, offset)
            codec, at = decode_varint(data, at)
            hash_code, at = decode_varint(data, at)
            length, at = decode_varint(data, at)
        except InvalidVarint as error:
            raise InvalidCid(f"{shown} is not a content identifier.", text=shown) from error
        if version != 1:
            raise InvalidCid(f"{shown} is not a version 1 content identifier.", text=shown)
        digest = bytes(data[at : at + length])
        if len(digest) != length:
            raise InvalidCid(f"{shown} ends inside its digest.", text=shown)
        _check(codec, hash_code, digest, shown=shown)
        return cls(codec, hash_code, digest), at + length

    @classmethod
    def read_link(cls, data: bytes, offset: int = 0) -> tuple[Cid, int]:
        """Parse a CID inside a block or an archive, where older tools write version 0 too.

        A version 0 CID is the bare sha2-256 multihash of a dag-pb node, so it becomes the CIDv1 of
        the same block.
        """
        if data[offset : offset + 2] == _VERSION_0_HEAD:
            digest = bytes(data[offset + 2 : offset + 2 + DIGEST_BYTES])
            return cls(DAG_PB, SHA2_256, digest), offset + 2 + DIGEST_BYTES
        return cls.read(data, offset)

    @classmethod
    def from_any_text(cls, text: str) -> Cid:
        """Parse what a person typed: a CIDv1, or a version 0 CID (``Qm...``), which is converted.

        Raises:
            InvalidCid: neither.
        """
        if not (text.startswith("Qm") and len(text) == _VERSION_0_CHARS):
            return cls.from_text(text)
        number = 0
        for letter in text:
            if (value := _BASE58.find(letter)) < 0:
                raise InvalidCid(f"{text!r} is not valid base58.", text=text)
            number = number * 58 + value
        cid, end = cls.read_link(number.to_bytes(DIGEST_BYTES + 2, "big"))
        if end != DIGEST_BYTES + 2:
            raise InvalidCid(f"{text!r} is not a content identifier.", text=text)
        return cid

    @classmethod
    def _parse(cls, data: bytes, shown: str) -> Cid:
        try:
            cid, end = cls.read(data)
        except InvalidCid as error:
            raise InvalidCid(f"{shown} is refused: {error.message}", text=shown) from error
        if end != len(data):
            raise InvalidCid(f"{shown} has bytes after its digest.", text=shown)
        return cid

    @cached_property
    def binary(self) -> bytes:
        """The CID as bytes: version, codec, multihash."""
        head = encode_varint(1) + encode_varint(self.codec) + encode_varint(self.hash_code)
        return head + encode_varint(len(self.digest)) + self.digest

    @cached_property
    def text(self) -> str:
        """The CID as lower-case base32."""
        return "b" + base64.b32encode(self.binary).decode().rstrip("=").lower()

    def to_bytes(self) -> bytes:
        """Return the binary form."""
        return self.binary

    def is_hash_of(self, data: bytes | memoryview) -> bool:
        """Recompute the hash of ``data`` and compare; the only way that a block is believed."""
        if self.hash_code == SHA2_256:
            return hashlib.sha256(data).digest() == self.digest
        if self.hash_code == KECCAK_256:
            return bool(keccak(bytes(data)) == self.digest)
        return data == self.digest

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Cid({self.text})"


def cid_of_keccak(digest: bytes) -> Cid:
    """Return the CID of the raw block whose keccak-256 is ``digest`` (a model id, 32 bytes).

    Raises:
        InvalidCid: the digest is not 32 bytes long.
    """
    return Cid(RAW, KECCAK_256, bytes(digest))


def keccak_cid(data: bytes) -> Cid:
    """Return the keccak-256 CID of ``data`` as a raw block."""
    return cid_of_keccak(keccak(bytes(data)))


def as_cid(value: Cid | str | bytes) -> Cid:
    """Return ``value`` as a :class:`Cid`, parsing text or bytes."""
    if isinstance(value, Cid):
        return value
    return Cid.from_text(value) if isinstance(value, str) else Cid.from_bytes(value)


def _check(codec: int, hash_code: int, digest: bytes, shown: str) -> None:
    if codec not in _CODECS:
        raise InvalidCid(f"{shown} uses the unknown codec {codec:#x}.", text=shown)
    if hash_code not in _HASHES:
        raise InvalidCid(f"{shown} uses the unknown hash function {hash_code:#x}.", text=shown)
    if hash_code == IDENTITY:
        if codec != RAW or len(digest) not in (0, DIGEST_BYTES):
            raise InvalidCid(
                f"{shown} is an identity content identifier; only the probe bafkqaaa and seeds of "
                "32 bytes are accepted.",
                text=shown,
            )
    elif len(digest) != DIGEST_BYTES:
        raise InvalidCid(f"{shown} has a digest of {len(digest)} bytes, not 32.", text=shown)
    if hash_code == KECCAK_256 and codec != RAW:
        raise InvalidCid(f"{shown} uses keccak-256 with another codec than raw.", text=shown)


PROBE = Cid(RAW, IDENTITY, b"")
"""The empty identity CID ``bafkqaaa``: every gateway can answer it without holding a block."""
