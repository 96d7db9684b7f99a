"""What sign-in routes refuse, and that secrets are not cached."""

from __future__ import annotations

import httpx
import pytest
from tests.unit.marketplace.api.test_siwe import PLAIN


async def test_a_nonce_is_fresh_and_never_cached(service: httpx.AsyncClient) -> None:
    one, other = [await service.get("/v1/auth/nonce") for _ in range(2)]
    assert one.json()["nonce"] != other.json()["nonce"]
    assert one.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": PLAIN},
        {"message": PLAIN, "signature": "0x"},
        {"message": PLAIN, "signature": "0x" + "00" * 65},
        {"message": PLAIN * 40, "signature": "0x" + "00" * 65},
        {"message": PLAIN, "signature": "0x" + "00" * 65, "more": 1},
        [],
    ],
)
async def test_malformed_sign_ins_are_refused(service: httpx.AsyncClient, body: object) -> None:
    answer = await service.post("/v1/auth/sign-in", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"].startswith("spec")
