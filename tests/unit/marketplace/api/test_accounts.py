"""Nonces work once, secrets are never at rest, and a repeated request is answered, not repeated."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.unit.marketplace.conftest import Clock
from tests.unit.marketplace.market_events import address

from neurovoyance.marketplace.api.accounts import KEY_S, KEYS_MAX, NONCE_S, REPEAT_S, Accounts
from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.errors import IdempotencyConflict, MarketNotFound, SignInNeeded
from neurovoyance.protocol.errors import AccessDenied, SignatureError

WHO = address(5)


def test_a_nonce_opens_one_session_even_when_many_try_at_once(accounts: Accounts) -> None:
    nonce, _ = accounts.new_nonce()

    def attempt(_: int) -> bool:
        try:
            accounts.open_session(nonce, WHO, 60)
        except SignatureError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_nonces_and_sessions_end(accounts: Accounts, clock: Clock) -> None:
    nonce, _ = accounts.new_nonce()
    secret, _ = accounts.open_session(accounts.new_nonce()[0], WHO, 60)
    assert accounts.caller(secret).address == WHO
    clock.now_s += NONCE_S
    with pytest.raises(SignatureError):
        accounts.open_session(nonce, WHO, 60)
    with pytest.raises(SignInNeeded):
        accounts.caller(secret)


def test_no_secret_is_in_the_database(accounts: Accounts, database: Database) -> None:
    session, _ = accounts.open_session(accounts.new_nonce()[0], WHO, 60)
    _, key, _ = accounts.make_key(WHO, "bot")
    assert accounts.caller(key).kind == "key"
    with database.writer.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    assert "bot" in dump
    assert session not in dump
    assert key not in dump


def test_keys_are_listed_revoked_and_limited(accounts: Accounts, clock: Clock) -> None:
    made = [accounts.make_key(WHO, str(n)) for n in range(KEYS_MAX)]
    with pytest.raises(AccessDenied) as refused:
        accounts.make_key(WHO, "one too many")
    assert "Revoke" in refused.value.hint
    accounts.revoke(WHO, made[0][0])
    with pytest.raises(SignInNeeded):
        accounts.caller(made[0][1])
    with pytest.raises(MarketNotFound):
        accounts.revoke(address(6), made[1][0])
    assert len(accounts.keys(WHO)) == KEYS_MAX - 1
    clock.now_s += KEY_S
    assert accounts.sweep(0) == KEYS_MAX - 1


def test_a_repeated_request_gets_the_answer_of_the_first(accounts: Accounts, clock: Clock) -> None:
    assert accounts.begin_once("place", "body") is None
    with pytest.raises(IdempotencyConflict, match="still running"):
        accounts.begin_once("place", "body")
    accounts.end_once("place", 201, "{}")
    assert accounts.begin_once("place", "body") == (201, "{}")
    with pytest.raises(IdempotencyConflict, match="another request"):
        accounts.begin_once("place", "other")
    clock.now_s += REPEAT_S
    assert accounts.begin_once("place", "other") is None
    accounts.end_once("place", 0, "")
    assert accounts.begin_once("place", "body") is None
