"""Who asks: nonces used once, sessions, API keys, and requests that were sent twice.

Place: the storage under the sign-in and key routes. A secret is shown once and kept as its digest.
Never: a secret or a signature in a log or in the database.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from neurovoyance.marketplace.database import Database
from neurovoyance.marketplace.errors import IdempotencyConflict, MarketNotFound, SignInNeeded
from neurovoyance.marketplace.service_tables import CREDENTIAL, NONCE, OFFER, REPEATED, SERVICE
from neurovoyance.protocol.errors import AccessDenied, SignatureError
from neurovoyance.protocol.ids import Address

NONCE_S = 600
KEY_S = 90 * 86_400
KEYS_MAX = 20
NONCES_MAX = 100_000
REPEAT_S = 86_400


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a valid session or key belongs to.

    Attributes:
        key_id: tells keys apart, no secret.
        kind: ``session`` or ``key``.
    """

    address: Address
    key_id: str
    kind: str


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret of 256 random bits, hex; no salt is needed for those."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Accounts:
    """Sign-ins and keys in a database.

    Args:
        database: where they are kept.
        clock: unix seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self.clock = clock
        with database.writer.begin() as connection:
            database.make_tables(connection, SERVICE)

    def new_nonce(self) -> tuple[str, int]:
        """Return a nonce and when it ends, unix seconds."""
        nonce, now_s = secrets.token_hex(16), int(self.clock())
        with self._database.writer.begin() as connection:
            if (connection.scalar(select(func.count()).select_from(NONCE)) or 0) >= NONCES_MAX:
                connection.execute(delete(NONCE).where(NONCE.c.expires_at_s <= now_s))
            row = {"nonce": nonce, "expires_at_s": now_s + NONCE_S}
            connection.execute(insert(NONCE), row)
        return nonce, now_s + NONCE_S

    def open_session(self, nonce: str, address: Address, lasts_s: int) -> tuple[str, int]:
        """Use up a nonce; return a session's secret and when it ends.

        Raises:
            SignatureError: the nonce is not ours, was used, or is too old.
        """
        now_s = int(self.clock())
        with self._database.writer.begin() as connection:
            used = delete(NONCE).where(NONCE.c.nonce == nonce, NONCE.c.expires_at_s > now_s)
            if connection.execute(used).rowcount != 1:
                raise SignatureError(
                    "The nonce of the sign-in was used before or is too old.",
                    hint="Ask for a new one at /v1/auth/nonce and sign again.",
                )
            return self._issue(connection, "session", address, "", now_s, now_s + lasts_s)

    def make_key(self, address: Address, label: str) -> tuple[str, str, int]:
        """Return a new API key's id, its secret (shown once), and when it ends.

        Raises:
            AccessDenied: the address has as many as it may.
        """
        now_s = int(self.clock())
        mine = (CREDENTIAL.c.address == address, CREDENTIAL.c.kind == "key")
        with self._database.writer.begin() as connection:
            count = connection.scalar(select(func.count()).select_from(CREDENTIAL).where(*mine))
            if (count or 0) >= KEYS_MAX:
                raise AccessDenied(
                    f"This address has {KEYS_MAX} API keys already.", hint="Revoke one first."
                )
            secret, ends_s = self._issue(connection, "key", address, label, now_s, now_s + KEY_S)
        return key_id_of(secret), secret, ends_s

    @staticmethod
    def _issue(
        connection: Any, kind: str, address: Address, label: str, made_s: int, ends_s: int
    ) -> tuple[str, int]:
        secret = f"nv{kind[0]}_{secrets.token_urlsafe(32)}"
        row = {
            "digest": digest(secret),
            "kind": kind,
            "key_id": key_id_of(secret),
            "address": address,
            "label": label,
            "made_at_s": made_s,
            "expires_at_s": ends_s,
        }
        connection.execute(insert(CREDENTIAL), row)
        return secret, ends_s

    def caller(self, secret: str) -> Caller:
        """Return whose session or key a secret is.

        Raises:
            SignInNeeded: nobody's, or it ended.
        """
        wanted = select(CREDENTIAL).where(
            CREDENTIAL.c.digest == digest(secret), CREDENTIAL.c.expires_at_s > self.clock()
        )
        with self._database.reader.connect() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            raise SignInNeeded("The session or API key is not valid, or it ended.")
        return Caller(Address(row.address), row.key_id, row.kind)

    def keys(self, address: Address) -> list[dict[str, Any]]:
        """Return the API keys of an address, without secrets."""
        columns = (CREDENTIAL.c.key_id, CREDENTIAL.c.label, CREDENTIAL.c.expires_at_s)
        mine = (CREDENTIAL.c.address == address, CREDENTIAL.c.kind == "key")
        with self._database.reader.connect() as connection:
            rows = connection.execute(select(*columns).where(*mine).order_by(columns[0]))
            return [dict(row) for row in rows.mappings()]

    def revoke(self, address: Address, key_id: str) -> None:
        """End a session or key of an address; MarketNotFound if it has none of this id."""
        gone = delete(CREDENTIAL).where(
            CREDENTIAL.c.address == address, CREDENTIAL.c.key_id == key_id
        )
        with self._database.writer.begin() as connection:
            if connection.execute(gone).rowcount == 0:
                raise MarketNotFound("This address has no session or API key of this id.")

    # --- requests sent twice ---

    def begin_once(self, place: str, request: str) -> tuple[int, str] | None:
        """Claim an idempotency key; return the answer given before, or None to go ahead.

        Raises:
            IdempotencyConflict: the key belongs to another request, or to one still running.
        """
        now_s = int(self.clock())
        key = digest(place)
        row = {"place": key, "request_digest": digest(request), "status": 0, "body": ""}
        try:
            with self._database.writer.begin() as connection:
                old = (REPEATED.c.place == key, REPEATED.c.expires_at_s <= now_s)
                connection.execute(delete(REPEATED).where(*old))
                connection.execute(insert(REPEATED), {**row, "expires_at_s": now_s + REPEAT_S})
        except IntegrityError:
            return self._answered(key, digest(request))
        return None

    def _answered(self, key: str, request_digest: str) -> tuple[int, str]:
        with self._database.reader.connect() as connection:
            found = connection.execute(select(REPEATED).where(REPEATED.c.place == key)).one()
        if found.request_digest != request_digest:
            raise IdempotencyConflict("This idempotency key was used for another request.")
        if found.status == 0:
            raise IdempotencyConflict("The request of this idempotency key is still running.")
        return int(found.status), str(found.body)

    def end_once(self, place: str, status: int, body: str) -> None:
        """Remember the answer of a claimed key; a status of 0 frees the key instead."""
        mine = REPEATED.c.place == digest(place)
        with self._database.writer.begin() as connection:
            if status:
                connection.execute(update(REPEATED).where(mine).values(status=status, body=body))
            else:
                connection.execute(delete(REPEATED).where(mine))

    def sweep(self, chain_time_s: int) -> int:
        """Remove what is over: nonces, sessions, keys, answers, offers; return how many."""
        now_s = int(self.clock())
        gone = 0
        with self._database.writer.begin() as connection:
            for table in (NONCE, CREDENTIAL, REPEATED):
                over = delete(table).where(table.c.expires_at_s <= now_s)
                gone += connection.execute(over).rowcount
            over = delete(OFFER).where(OFFER.c.valid_until_s < chain_time_s)
            return gone + connection.execute(over).rowcount


def key_id_of(secret: str) -> str:
    """Return the public id of a secret."""
    return digest("id " + secret)[:16]
