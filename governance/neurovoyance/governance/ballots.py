"""Votes that are signed here and sent by somebody else, as small JSON files.

Place: signing and checking of OpenZeppelin's ballots (EIP-712). A voter without gas money signs;
anybody relays. Without a reason it is a ``Ballot``, with one an ``ExtendedBallot`` without
parameters. Never: a signature whose words were not shown to its owner.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.governing import Governance
from neurovoyance.chain.governors import Support
from neurovoyance.chain.wallet import Wallet
from neurovoyance.governance.proposal_file import id_hex
from neurovoyance.governance.proposals import Created, support_of
from neurovoyance.protocol.errors import SignatureError, SpecError
from neurovoyance.protocol.eth_accounts import Account, SignableMessage, encode_typed_data
from neurovoyance.protocol.ids import Address, parse_address

FORMAT = "neurovoyance-ballot/1"
_SIGNATURE_BYTES = 65
_FIELDS = [
    {"name": "proposalId", "type": "uint256"},
    {"name": "support", "type": "uint8"},
    {"name": "voter", "type": "address"},
    {"name": "nonce", "type": "uint256"},
]
_REASON = [{"name": "reason", "type": "string"}, {"name": "params", "type": "bytes"}]


@dataclass(frozen=True, slots=True)
class Ballot:
    """One signed vote; ``signature`` is 65 bytes r, s, v."""

    chain_id: int
    governor: Address
    proposal_id: int
    support: Support
    voter: Address
    nonce: int
    reason: str
    signature: bytes


def typed_ballot(
    ballot: Ballot, name: str
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return domain, types and message of a ballot, as wallets sign them.

    Args:
        ballot: its signature is not used.
        name: the governor's name, as its ``name()`` tells.
    """
    domain = {
        "name": name,
        "version": "1",
        "chainId": ballot.chain_id,
        "verifyingContract": ballot.governor,
    }
    message: dict[str, Any] = {
        "proposalId": ballot.proposal_id,
        "support": int(ballot.support),
        "voter": ballot.voter,
        "nonce": ballot.nonce,
    }
    if not ballot.reason:
        return domain, {"Ballot": _FIELDS}, message
    extended = {**message, "reason": ballot.reason, "params": b""}
    return domain, {"ExtendedBallot": [*_FIELDS, *_REASON]}, extended


async def sign_ballot(
    governance: Governance, created: Created, wallet: Wallet, support: Support, reason: str = ""
) -> Ballot:
    """Return a signed vote of a wallet; sends nothing.

    It is good until the wallet's next signed vote is relayed at this governor.
    """
    governor = governance.governor(created.is_constitutional)
    nonce = await governor.nonce_of(wallet.address)
    chain_id, voter = governance.client.chain_id, Address(wallet.address)
    place = (chain_id, Address(governor.address), created.proposal_id)
    blank = Ballot(*place, support, voter, nonce, reason, b"")
    signature = wallet.sign_typed_data(*typed_ballot(blank, await governor.name()))
    return Ballot(*place, support, voter, nonce, reason, signature)


async def check_ballot(governance: Governance, ballot: Ballot) -> None:
    """Refuse a ballot that the governor would refuse.

    Raises:
        SpecError: of another network, or used already.
        SignatureError: somebody else signed it.
    """
    deployment = governance.deployment
    governors = (deployment.standard_governor, deployment.constitutional_governor)
    if ballot.chain_id != governance.client.chain_id or ballot.governor not in governors:
        raise SpecError("The ballot is of another network.", hint="Ask its voter for a new one.")
    governor = governance.governor(ballot.governor == deployment.constitutional_governor)
    nonce = await governor.nonce_of(ballot.voter)
    if nonce != ballot.nonce:
        raise SpecError(
            f"The ballot bears the number {ballot.nonce}, the next one of {ballot.voter} is "
            f"{nonce}: it was relayed already, or signed before another one.",
            hint="Nothing was sent. Ask its voter for a new one if the vote is not counted.",
        )
    if await governance.client.code(ballot.voter):
        return  # a contract wallet says itself what it signed (ERC-1271); the relay asks it
    encoded = encode_typed_data(*typed_ballot(ballot, await governor.name()))
    if _signer(encoded, ballot.signature) != ballot.voter:
        raise SignatureError(
            f"{ballot.voter} did not sign this ballot, or it was changed since.",
            hint="Nothing was sent. Ask its voter for a new one.",
        )


def _signer(encoded: SignableMessage, signature: bytes) -> str | None:
    if len(signature) != _SIGNATURE_BYTES:
        return None
    try:
        return str(Account.recover_message(encoded, signature=signature))
    except (BadSignature, ValidationError, ValueError):
        return None


async def relay(governance: Governance, ballot: Ballot, wallet: Wallet) -> Receipt:
    """Send somebody's checked ballot; the wallet pays the gas and has no say in it."""
    deployment = governance.deployment
    governor = governance.governor(ballot.governor == deployment.constitutional_governor)
    head = (wallet, ballot.proposal_id, ballot.support, ballot.voter)
    if ballot.reason:
        return await governor.cast_vote_with_reason_by_sig(*head, ballot.reason, ballot.signature)
    return await governor.cast_vote_by_sig(*head, ballot.signature)


def ballot_json(ballot: Ballot) -> dict[str, Any]:
    """Return a ballot as JSON values."""
    return {
        "format": FORMAT,
        "chain_id": ballot.chain_id,
        "governor": ballot.governor,
        "proposal_id": id_hex(ballot.proposal_id),
        "support": ballot.support.name.lower(),
        "voter": ballot.voter,
        "nonce": ballot.nonce,
        "reason": ballot.reason,
        "signature": "0x" + ballot.signature.hex(),
    }


def parse_ballot(text: str) -> Ballot:
    """Return the ballot in a JSON text.

    Raises:
        SpecError: it is none.
    """
    try:
        found = json.loads(text)
        if found["format"] != FORMAT:
            raise ValueError("format")
        return Ballot(
            int(found["chain_id"]),
            parse_address(found["governor"]),
            int(str(found["proposal_id"]), 16),
            support_of(str(found["support"])),
            parse_address(found["voter"]),
            int(found["nonce"]),
            str(found["reason"]),
            bytes.fromhex(str(found["signature"]).removeprefix("0x")),
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise SpecError(
            "The file is not a signed ballot.",
            hint="`neurovoyance gov vote ID for --sign-only` prints one.",
        ) from error
