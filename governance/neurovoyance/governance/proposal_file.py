"""A proposal as a file: canonical JSON that people can read and programs can check.

Place: pure but for reading and writing the file. Two people who draft the same sentence get the
same bytes. Reading checks everything again: the id is the hash of the calls, and the words are what
the calls do. Never: believe the words of a file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.governors import Actions
from neurovoyance.governance.calls import DecodedCall, call_of, decode_calls
from neurovoyance.governance.intentions import (
    Intention,
    ParameterChange,
    Wish,
    clause_of,
    sentence_of,
    title_of,
)
from neurovoyance.protocol.errors import ConfigError, SpecError
from neurovoyance.protocol.ids import Address, parse_address

FORMAT = "neurovoyance-proposal/1"
_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposal that was not sent yet.

    Attributes:
        is_constitutional: which governor decides.
        sentence: canonical words of the whole, reason included.
        actions: calls and description.
        code_hashes: keccak256 of the code at every target, ``0x`` hex, in order.
    """

    chain_id: int
    is_constitutional: bool
    sentence: str
    actions: Actions
    code_hashes: tuple[str, ...]


def actions_of(deployment: Deployment, wish: Wish, proposer: str | None = None) -> Actions:
    """Return the calls of a wish, and the text that voters read.

    Args:
        deployment: where the contracts are.
        wish: what is wanted.
        proposer: if given, the text ends with ``#proposer=0x...`` and the governor refuses the
            proposal from anybody else, so that nobody can make it first and cancel it.
    """
    calls = [call_of(deployment, item, wish.reason) for item in wish.intentions]
    lines = [f"# {title_of(wish.intentions)}", "", "What it does:", ""]
    lines += [f"- {clause_of(item)}" for item in wish.intentions]
    lines += ["", "Why:", "", wish.reason, ""]
    text = "\n".join(lines)
    if proposer is not None:
        text += f"\n#proposer={proposer}"
    targets = tuple(Address(call.address) for call in calls)
    return Actions(targets, (0,) * len(calls), tuple(call.data for call in calls), text)


def draft_json(deployment: Deployment, draft: Draft) -> dict[str, Any]:
    """Return a draft as JSON values."""
    decoded = decode_calls(deployment, draft.actions.targets, draft.actions.calldatas)
    return {
        "format": FORMAT,
        "chain_id": draft.chain_id,
        "governor": "constitutional" if draft.is_constitutional else "standard",
        "governor_address": _governor_address(deployment, draft.is_constitutional),
        "proposal_id": id_hex(draft.actions.proposal_id),
        "sentence": draft.sentence,
        "calls": [
            {**call_json(call), "code_hash": code_hash}
            for call, code_hash in zip(decoded, draft.code_hashes, strict=True)
        ],
        "description": draft.actions.description,
    }


def call_json(call: DecodedCall) -> dict[str, Any]:
    """Return a decoded call as JSON values."""
    return {
        "target": call.target,
        "contract": call.contract,
        "function": call.function,
        "words": call.words,
        "calldata": "0x" + call.calldata.hex(),
    }


def draft_of(
    deployment: Deployment,
    wish: Wish,
    *,
    is_constitutional: bool,
    code_hashes: tuple[str, ...],
    proposer: str | None = None,
) -> Draft:
    """Return the draft of a wish."""
    # What the author believed to be the old value was checked, and is no part of the proposal.
    plain = Wish(tuple(map(_without_before, wish.intentions)), wish.reason)
    actions = actions_of(deployment, plain, proposer)
    return Draft(deployment.chain_id, is_constitutional, sentence_of(plain), actions, code_hashes)


def _without_before(item: Intention) -> Intention:
    return replace(item, before=None) if isinstance(item, ParameterChange) else item


def save_draft(deployment: Deployment, draft: Draft, path: Path) -> None:
    """Write a draft in its canonical form: sorted keys, two spaces, one newline at the end.

    Raises:
        ConfigError: the file exists, or the disk refuses.
    """
    text = canonical(draft_json(deployment, draft))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigError(
            f"The file {path} exists already.", hint="Name another one with --out."
        ) from error
    except OSError as error:
        raise ConfigError(f"The file {path} cannot be written: {error}.") from error


def canonical(document: dict[str, Any]) -> str:
    """Return a document as canonical text."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def load_draft(deployment: Deployment, path: Path) -> Draft:
    """Read a draft and check it against itself.

    Raises:
        ConfigError: there is no such file.
        SpecError: malformed, of another network, its id is not the hash of its calls, or its words
            are not what its calls do.
    """
    try:
        raw = path.read_bytes()[: _MAX_BYTES + 1]
        if len(raw) > _MAX_BYTES:
            raise _damaged(path, "it is larger than 1 MiB")
        document = json.loads(raw.decode("utf-8"))
        return _checked(deployment, document, path)
    except OSError as error:
        raise ConfigError(f"The proposal file {path} cannot be read: {error}.") from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _damaged(path, "it does not have the format " + FORMAT) from error


def _checked(deployment: Deployment, document: Any, path: Path) -> Draft:
    if not isinstance(document, dict) or document["format"] != FORMAT:
        raise _damaged(path, "it does not have the format " + FORMAT)
    is_constitutional = document["governor"] == "constitutional"
    governor = _governor_address(deployment, is_constitutional)
    here = (deployment.chain_id, governor)
    if (document["chain_id"], document["governor_address"]) != here:
        raise _damaged(path, "it is for another network")
    calls = list(document["calls"])
    actions = Actions(
        tuple(parse_address(call["target"]) for call in calls),
        (0,) * len(calls),
        tuple(bytes.fromhex(str(call["calldata"]).removeprefix("0x")) for call in calls),
        str(document["description"]),
    )
    if id_hex(actions.proposal_id) != document["proposal_id"]:
        raise _damaged(path, "its id is not the hash of its calls and text")
    decoded = decode_calls(deployment, actions.targets, actions.calldatas)
    if [call.words for call in decoded] != [call["words"] for call in calls]:
        raise _damaged(path, "its words are not what its calls do")
    sentence = str(document["sentence"])
    if not sentence.startswith(" and ".join(call.words for call in decoded) + " because "):
        raise _damaged(path, "its sentence is not what its calls do")
    hashes = tuple(str(call["code_hash"]) for call in calls)
    return Draft(deployment.chain_id, is_constitutional, sentence, actions, hashes)


def id_hex(proposal_id: int) -> str:
    """Return a proposal's id as ``0x`` and 64 hex digits."""
    return f"0x{proposal_id:064x}"


def _governor_address(deployment: Deployment, is_constitutional: bool) -> Address:
    if is_constitutional:
        return deployment.constitutional_governor
    return deployment.standard_governor


def _damaged(path: Path, why: str) -> SpecError:
    return SpecError(
        f"The proposal file {path} is not used: {why}.",
        hint="Draft it again, and look at it with `neurovoyance gov show`.",
        path=str(path),
    )
