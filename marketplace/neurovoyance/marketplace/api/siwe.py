"""Sign-in with Ethereum: EIP-4361 messages, read strictly and checked against who asks.

Place: pure; ``sign_in`` keeps nonces and sessions. The grammar is the EIP's ABNF as one regular
expression; what does not match in full is refused. Source: https://eips.ethereum.org/EIPS/eip-4361.

Out of scope: EIP-1271 (contracts as signers), resources with a meaning. Never: a time without a
zone, or an address without its checksum.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from neurovoyance.protocol.errors import SignatureError, SpecError
from neurovoyance.protocol.eth_accounts import encode_defunct
from neurovoyance.protocol.ids import Address, parse_address
from neurovoyance.protocol.signing import recover_signer

MESSAGE_MAX_CHARS = 4_096
AGE_MAX_S = 600
"""A message is taken within this time of its ``Issued At``."""
SKEW_S = 60

_TIME = r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)"
_URI = r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*"
_STATEMENT = r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;= ]+"
_MESSAGE = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?"
    r"(?P<domain>[A-Za-z0-9\-._~!$&'()*+,;=:%\[\]@]+)"
    r" wants you to sign in with your Ethereum account:\n"
    r"(?P<address>0x[0-9A-Fa-f]{40})\n\n"
    rf"(?:(?P<statement>{_STATEMENT})\n)?\n"
    rf"URI: (?P<uri>{_URI})\n"
    r"Version: (?P<version>1)\n"
    r"Chain ID: (?P<chain>\d{1,20})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,64})\n"
    rf"Issued At: (?P<issued>{_TIME})"
    rf"(?:\nExpiration Time: (?P<expires>{_TIME}))?"
    rf"(?:\nNot Before: (?P<begins>{_TIME}))?"
    r"(?:\nRequest ID: (?P<request>[A-Za-z0-9\-._~!$&'()*+,;=:@%]*))?"
    rf"(?:\nResources:(?P<resources>(?:\n- {_URI})*))?"
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A message as its writer meant it; times are unix seconds."""

    scheme: str | None
    domain: str
    address: Address
    uri: str
    chain_id: int
    nonce: str
    issued_at_s: float
    expires_at_s: float | None
    not_before_s: float | None


def parse_message(text: str) -> SignIn:
    """Return the parts of a message.

    Raises:
        SpecError: it is not an EIP-4361 message, or an address or a time in it is impossible.
    """
    found = _MESSAGE.fullmatch(text) if len(text) <= MESSAGE_MAX_CHARS else None
    if found is None:
        raise SpecError("The message is not an EIP-4361 sign-in message.", hint=_HINT)
    written = found["address"]
    if parse_address(written) != written:
        raise SpecError("The address in the message lacks its EIP-55 checksum.", hint=_HINT)
    return SignIn(
        found["scheme"],
        found["domain"],
        parse_address(written),
        found["uri"],
        int(found["chain"]),
        found["nonce"],
        _time_s(found["issued"], "Issued At"),
        _time_s(found["expires"], "Expiration Time") if found["expires"] else None,
        _time_s(found["begins"], "Not Before") if found["begins"] else None,
    )


_HINT = "Let the wallet write the message anew, with a nonce from /v1/auth/nonce."


def _time_s(text: str, field: str) -> float:
    try:
        # Python reads six digits of a fraction, the grammar allows more.
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.upper())).timestamp()
    except (ValueError, OverflowError) as error:
        raise SpecError(f"{field} of the message is no time.", hint=_HINT) from error


def check_message(
    message: SignIn, *, domains: Collection[str], chain_id: int, now_s: float
) -> None:
    """Raise unless a message is meant for this service, this chain and this moment.

    Raises:
        SpecError: it names another site, chain or time; the field is named.
    """
    fault = None
    if message.domain not in domains:
        fault = f"The message signs in to {message.domain[:80]}, which is not this service."
    elif urlsplit(message.uri).netloc != message.domain:
        fault = "URI of the message is not of the domain that it signs in to."
    elif message.scheme is not None and message.scheme != urlsplit(message.uri).scheme:
        fault = "The scheme of the message differs from that of its URI."
    elif message.chain_id != chain_id:
        fault = f"Chain ID of the message is {message.chain_id}, not {chain_id}."
    elif message.issued_at_s > now_s + SKEW_S:
        fault = "Issued At of the message lies in the future."
    elif message.issued_at_s < now_s - AGE_MAX_S:
        fault = f"Issued At of the message is more than {AGE_MAX_S} s ago."
    elif message.expires_at_s is not None and message.expires_at_s <= now_s:
        fault = "Expiration Time of the message is over."
    elif message.not_before_s is not None and message.not_before_s > now_s + SKEW_S:
        fault = "Not Before of the message is not reached yet."
    if fault is not None:
        raise SpecError(fault, hint=_HINT)


def check_signature(text: str, message: SignIn, signature: bytes) -> None:
    """Raise SignatureError unless the address in the message signed it (EIP-191)."""
    signer = recover_signer(
        encode_defunct(text=text), signature, what="sign-in's signature", hint=_HINT
    )
    if signer != message.address:
        raise SignatureError(
            "The sign-in was signed by another key than the address in it.",
            hint="Choose this account in the wallet. Contract wallets (EIP-1271) cannot sign in.",
        )
