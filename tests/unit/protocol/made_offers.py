"""Standing offers for tests: one that is sound, and what to change of it."""

from __future__ import annotations

from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from neurovoyance.protocol.ids import Address
from neurovoyance.protocol.standing_offers import (
    SignedStandingOffer,
    StandingOffer,
    sign_standing_offer,
)

CHAIN_ID = 31337
MARKET = Address("0x00000000000000000000000000000000000000AA")
NOW_S = 1_800_000_000


def account(number: int) -> LocalAccount:
    return Account.from_key(number.to_bytes(32, "big"))


def owner(number: int) -> Address:
    return Address(account(1_000 + number).address)


def body(number: int = 1, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "provider": owner(number),
        "endpoint": "https://node.example:8420",
        "seq": 1,
        "issued_s": NOW_S,
        "expires_s": NOW_S + 900,
        "base_price_wei": "10000000000000000",
        "devices": [{"device": "cpu", "per_second_wei": "1000000000000000"}],
        "held": [{"model_id": "0x" + "11" * 32, "load_ms": 120}],
        "job_classes": ["TENSOR"],
        "slots": 2,
        "occupied": 1,
        "max_runtime_s": 3_600,
        "memory_bytes": 1 << 33,
        "lock_multiple": 20,
    }
    return values | changes


def offer(number: int = 1, **changes: Any) -> StandingOffer:
    return StandingOffer.model_validate(body(number, **changes))


def signed(number: int = 1, *, by: int | None = None, **changes: Any) -> SignedStandingOffer:
    """Sign as the operator of provider ``number``, or as another's."""
    return sign_standing_offer(
        offer(number, **changes),
        account(number if by is None else by),
        chain_id=CHAIN_ID,
        market=MARKET,
    )
