"""L1: content-addressed storage; the only IPFS client.

First file to read: :mod:`~neurovoyance.ipfs.backend`. The gateway's names are loaded on first use,
so that a reader of blocks does not import a web framework.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurovoyance.ipfs.backend import (
    GcReport,
    OnProgress,
    PinInfo,
    Progress,
    Source,
    Stat,
    StorageBackend,
)
from neurovoyance.ipfs.car import InvalidCar
from neurovoyance.ipfs.cid import PROBE, Cid, as_cid, cid_of_keccak, keccak_cid
from neurovoyance.ipfs.composite import Composite, Places, open_storage
from neurovoyance.ipfs.dagpb import MAX_BLOCK_BYTES, InvalidBlock
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.ipfs.encryption import decrypt, decrypt_stream, encrypt, encrypt_stream, new_key
from neurovoyance.ipfs.gateway_client import Timeouts
from neurovoyance.ipfs.gateways import GatewayBackend
from neurovoyance.ipfs.kubo import KuboBackend
from neurovoyance.ipfs.kubo_rpc import KuboTimeouts
from neurovoyance.ipfs.sealing import open_key, seal_key
from neurovoyance.ipfs.swarm import SwarmRules
from neurovoyance.ipfs.unixfs import DEFAULT_PROFILE, PROFILES, V0_2015, V1_2025, Kind, Profile

if TYPE_CHECKING:
    from neurovoyance.ipfs.gateway import gateway_app, gateway_routes
    from neurovoyance.ipfs.rate import RateLimit

__all__ = [
    "DEFAULT_PROFILE",
    "MAX_BLOCK_BYTES",
    "PROBE",
    "PROFILES",
    "V0_2015",
    "V1_2025",
    "Cid",
    "Composite",
    "EmbeddedBackend",
    "GatewayBackend",
    "GcReport",
    "InvalidBlock",
    "InvalidCar",
    "Kind",
    "KuboBackend",
    "KuboTimeouts",
    "OnProgress",
    "PinInfo",
    "Places",
    "Profile",
    "Progress",
    "RateLimit",
    "Source",
    "Stat",
    "StorageBackend",
    "SwarmRules",
    "Timeouts",
    "as_cid",
    "cid_of_keccak",
    "decrypt",
    "decrypt_stream",
    "encrypt",
    "encrypt_stream",
    "gateway_app",
    "gateway_routes",
    "keccak_cid",
    "new_key",
    "open_key",
    "open_storage",
    "seal_key",
]


def __getattr__(name: str) -> Any:
    if name in ("gateway_app", "gateway_routes"):
        from neurovoyance.ipfs import gateway

        return getattr(gateway, name)
    if name == "RateLimit":
        from neurovoyance.ipfs.rate import RateLimit

        return RateLimit
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
