"""What one open client holds: chain, contracts, key, storage, journal; built by ``client``.

Place: handed to every module of this package instead of a dozen arguments. Never: behaviour.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deployment import Deployment
from neurovoyance.chain.wallet import Wallet
from neurovoyance.client.following import Follower
from neurovoyance.client.journal import Journal
from neurovoyance.client.nodes import Asker, MarketId
from neurovoyance.client.private_keys import PrivateKeys
from neurovoyance.client.settings import ClientSettings
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.protocol.ids import Address


@dataclass(slots=True)
class Session:
    """Everything that one open client works with.

    Attributes:
        source_url: base URL under which this client's storage is served; empty while it is not.
        money_lock: held from reading the free balance to the transaction that spends it.
    """

    settings: ClientSettings
    chain: ChainClient
    deployment: Deployment
    contracts: Contracts
    wallet: Wallet
    storage: EmbeddedBackend
    journal: Journal
    follower: Follower
    asker: Asker
    keys: PrivateKeys
    source_url: str = ""
    money_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def address(self) -> Address:
        """Address of the account that pays."""
        return Address(self.wallet.address)

    @property
    def market_id(self) -> MarketId:
        """The market that jobs and offers are bound to."""
        return MarketId(self.chain.chain_id, self.deployment.market)

    @property
    def sources(self) -> list[str]:
        """Where nodes can fetch what this client published, as far as it is served now."""
        return [self.source_url] if self.source_url else []

    def result_path(self, job_id: bytes) -> Path:
        """Return the file in which a checked result is kept."""
        return self.settings.home / "results" / f"{job_id.hex()}.safetensors"

    def receipt_path(self, job_id: bytes) -> Path:
        """Return the file in which a job's receipt is kept."""
        return self.settings.home / "receipts" / f"{job_id.hex()}.json"
