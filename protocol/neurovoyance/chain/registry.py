"""The registry of models, typed: one method per function of ``ModelRegistry``.

Place: facade over ``client``; it holds no rule. Amounts are wei, times unix seconds of the chain.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.facade import Facade
from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.certificate import Terms
from neurovoyance.protocol.ids import Address


class ModelState(IntEnum):
    """Where a registered model stands; mirrors ``contracts/types/Audit.sol``."""

    NONE = 0
    REGISTERED = 1
    CHALLENGED = 2
    SUSPENDED = 3


class ModelRecord(NamedTuple):
    """What the chain knows of a model; mirrors ``Model``."""

    tau_sq: int
    tensor_pool: bytes
    rows: int
    state: ModelState
    active_at_s: int
    verify_rows_hash: bytes
    exact_pool: bytes

    def terms(self) -> Terms:
        """Return the terms of the certificate, as the manifest states them."""
        return Terms(
            self.tau_sq, self.tensor_pool, self.exact_pool, self.rows, self.verify_rows_hash
        )


class Registry(Facade):
    """``ModelRegistry``: models that can be audited."""

    contract = "ModelRegistry"

    async def register(
        self, wallet: Wallet, document: bytes, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Register a model from its manifest's bytes; the bond needs an allowance."""
        return await self._send(wallet, idempotency_key, "register", document)

    async def challenge(
        self,
        wallet: Wallet,
        model_id: bytes,
        evidence_cid: bytes,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Claim that a certificate does not hold; an equal bond needs an allowance."""
        return await self._send(wallet, idempotency_key, "challenge", model_id, evidence_cid)

    async def rule(
        self,
        wallet: Wallet,
        model_id: bytes,
        is_upheld: bool,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Decide a challenge, as the arbiter."""
        return await self._send(wallet, idempotency_key, "rule", model_id, is_upheld)

    async def lapse(
        self, wallet: Wallet, model_id: bytes, *, idempotency_key: str | None = None
    ) -> Receipt:
        """End a challenge that nobody ruled on in time; anyone."""
        return await self._send(wallet, idempotency_key, "lapse", model_id)

    async def suspend(
        self, wallet: Wallet, model_id: bytes, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Stop a model, as the arbiter."""
        return await self._send(wallet, idempotency_key, "suspend", model_id)

    async def withdraw_bond(
        self, wallet: Wallet, model_id: bytes, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Pay the registrant's bond back."""
        return await self._send(wallet, idempotency_key, "withdrawBond", model_id)

    async def model(self, model_id: bytes) -> ModelRecord:
        """Return the stored record; an unknown model has state NONE."""
        raw = ModelRecord(*await self._read("model", model_id))
        return raw._replace(state=ModelState(raw.state))

    async def is_suspended(self, model_id: bytes) -> bool:
        """Return whether a model was stopped."""
        return bool(await self._read("isSuspended", model_id))

    async def registrant_of(self, model_id: bytes) -> Address:
        """Return who registered a model."""
        return Address(await self._read("registrantOf", model_id))

    async def bond_of_wei(self, model_id: bytes) -> int:
        """Return the registrant's bond that is still held."""
        return int(await self._read("bondOf", model_id))

    async def arbiter(self) -> Address:
        """Return who rules on challenges."""
        return Address(await self._read("arbiter"))

    async def activation_delay_s(self) -> int:
        """Return the seconds between registration and the first job."""
        return int(await self._read("activationDelay"))
