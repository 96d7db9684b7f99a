"""What an IPFS daemon's JSON says, as values; pure.

Place: under :mod:`.kubo`. Pins of Kubo have a name and no expiry, so the expiry is kept at the end
of the name. Never: fail because the daemon says more than is known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurovoyance.ipfs.backend import PinInfo
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.peers import url_of_multiaddr
from neurovoyance.protocol.errors import InvalidCid, SpecError, StorageError

MAX_PIN_NAME_BYTES = 255
_EXPIRY = re.compile(r"^(?P<name>.*?) ?\[until (?P<expires>\d{1,12})\]$", re.DOTALL)
_PROVIDER_ANSWER = 4


@dataclass(frozen=True, slots=True)
class Provider:
    """A peer that has something: its id and multiaddresses, and the gateways among them."""

    peer_id: str
    addresses: tuple[str, ...]

    @property
    def urls(self) -> tuple[str, ...]:
        """Base URLs of the addresses that are HTTP gateways."""
        found = (url_of_multiaddr(address) for address in self.addresses)
        return tuple(url for url in found if url)


@dataclass(frozen=True, slots=True)
class DaemonInfo:
    """Who a daemon is: peer id, agent (``kubo/0.40.0/``), listening addresses."""

    peer_id: str
    agent: str
    addresses: tuple[str, ...]


def pin_name(name: str, expires_s: int | None) -> str:
    """Return the name that a pin gets in the daemon.

    Raises:
        SpecError: longer than the 255 bytes that Kubo takes.
    """
    made = name
    if expires_s is not None:
        made = f"{name} [until {expires_s}]" if name else f"[until {expires_s}]"
    if len(made.encode()) > MAX_PIN_NAME_BYTES:
        raise SpecError(f"A pin's name has at most {MAX_PIN_NAME_BYTES} bytes; {name!r} has more.")
    return made


def pin_of(line: Mapping[str, Any]) -> PinInfo | None:
    """Return one recursive pin of ``pin/ls``; ``None`` for a CID that is not used here."""
    try:
        cid = Cid.from_any_text(str(line.get("Cid", "")))
    except InvalidCid:
        return None
    name = str(line.get("Name") or "")
    if found := _EXPIRY.match(name):
        return PinInfo(cid, found["name"], int(found["expires"]))
    return PinInfo(cid, name, None)


def cid_of(value: object) -> Cid:
    """Return the CID in a DAG-JSON link, ``{"/": "bafy..."}``.

    Raises:
        StorageError: there is none.
    """
    text = value.get("/") if isinstance(value, dict) else value
    try:
        return Cid.from_any_text(text if isinstance(text, str) else "")
    except InvalidCid as error:
        raise StorageError("The daemon's answer names no content identifier.") from error


def providers_of(line: Mapping[str, Any]) -> list[Provider]:
    """Return the providers that one line of ``routing/findprovs`` names."""
    responses = line.get("Responses")
    if line.get("Type") != _PROVIDER_ANSWER or not isinstance(responses, list):
        return []
    return [
        Provider(each["ID"], _texts(each.get("Addrs")))
        for each in responses
        if isinstance(each, dict) and isinstance(each.get("ID"), str)
    ]


def info_of(answer: Mapping[str, Any]) -> DaemonInfo:
    """Return what ``id`` says."""
    agent = str(answer.get("AgentVersion") or "")
    return DaemonInfo(str(answer["ID"]), agent[:100], _texts(answer.get("Addresses")))


def _texts(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else []
    return tuple(item for item in items[:64] if isinstance(item, str) and len(item) <= 512)
