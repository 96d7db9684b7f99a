"""Receipts that can be checked: facts of the chain, signed by the client, compared with it.

Place: beside :mod:`.receipts`. The signature says who wrote the receipt down and that nobody
changed it since (EIP-191 over its RFC 8785 form); that it is true, only the chain can say, and
:func:`check_on_chain` asks it. Never: a key, an input or an output.
"""

from __future__ import annotations

from typing import Any

import rfc8785

from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.wallet import Wallet
from neurovoyance.client.job_story import is_over, job_facts
from neurovoyance.protocol.errors import RequestError, SignatureError, SpecError
from neurovoyance.protocol.eth_accounts import encode_defunct
from neurovoyance.protocol.ids import parse_job_id
from neurovoyance.protocol.signing import recover_signer

_SIGNED = "signature"
_SIGNER = "signed_by"
_CHANGING = ("state", "money", "slashes", "steps", "disputes", "audit")
"""Facts that may have moved on since the receipt was written, while the job was not over."""
_NOT_YET = ("", "0", 0, False)
"""Values of facts that did not exist yet."""


def sign_receipt(receipt: dict[str, Any], wallet: Wallet) -> dict[str, Any]:
    """Return the receipt with its signer and signature."""
    unsigned = {name: value for name, value in receipt.items() if name != _SIGNED}
    unsigned[_SIGNER] = wallet.address
    signed = wallet.account.sign_message(_message(unsigned))
    return {**unsigned, _SIGNED: "0x" + bytes(signed.signature).hex()}


def check_signature(receipt: dict[str, Any]) -> list[str]:
    """Return what is wrong with the signature, one sentence each; empty when it is sound."""
    signature, signer = receipt.get(_SIGNED), receipt.get(_SIGNER)
    if not isinstance(signature, str) or not isinstance(signer, str):
        return ["The receipt is not signed."]
    unsigned = {name: value for name, value in receipt.items() if name != _SIGNED}
    try:
        found = recover_signer(
            _message(unsigned),
            bytes.fromhex(signature.removeprefix("0x")),
            what="receipt's signature",
            hint="Ask its signer for the receipt again.",
        )
    except SignatureError as error:
        return [error.message]
    except ValueError:
        return ["The receipt's signature is not hexadecimal."]
    if found != signer:
        return ["The receipt was changed after it was signed, or signed by somebody else."]
    return []


async def check_on_chain(receipt: dict[str, Any], contracts: Contracts) -> list[str]:
    """Return what the chain says otherwise, one sentence each; empty when all of it holds.

    Raises:
        SpecError: the receipt names no job.
        RpcError: the chain could not be read.
    """
    told = receipt.get("facts")
    if not isinstance(told, dict):
        raise SpecError("The receipt holds no facts of the chain; it is of an older form.")
    if told.get("chain_id") != contracts.client.chain_id:
        return [
            f"The receipt is of chain {told.get('chain_id')}, and this is chain "
            f"{contracts.client.chain_id}."
        ]
    if told.get("market") != contracts.deployment.market:
        return ["The receipt is of another market than this deployment's."]
    try:
        found = await job_facts(contracts, parse_job_id(str(told.get("job_id"))))
    except RequestError as error:
        return [error.message]
    return _differences(told, found)


def _differences(told: dict[str, Any], found: dict[str, Any]) -> list[str]:
    faults = []
    for name in sorted(set(told) | set(found)):
        if told.get(name) == found.get(name):
            continue
        is_open = name in _CHANGING or told.get(name) in _NOT_YET
        if is_open and _is_earlier(told, found):
            continue
        faults.append(f"The chain says otherwise about `{name}`.")
    return faults


def _is_earlier(told: dict[str, Any], found: dict[str, Any]) -> bool:
    """Return whether the chain only went on: the steps told are the first of those found.

    After its end a job only gains the split of a slash and the closing of votes and locks.
    """
    earlier, now = told.get("steps"), found["steps"]
    if not isinstance(earlier, list) or not earlier:
        return False
    is_prefix = len(earlier) < len(now) and now[: len(earlier)] == earlier
    return is_prefix and (told.get("state") == found["state"] or not is_over(told))


def _message(unsigned: dict[str, Any]) -> Any:
    return encode_defunct(rfc8785.dumps(unsigned))
