"""Stores a job's input, encrypted if its owner asks for it.

Place: stage 1, after :mod:`.inputs`. The key of a private input is on disk before its ciphertext
is offered. Never: the plaintext of a private input in the store, which is served.
"""

from __future__ import annotations

import asyncio

from neurovoyance.client.nodes import Quote
from neurovoyance.client.session import Session
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.encryption import new_key
from neurovoyance.ipfs.private_input import encrypt_input
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.job_spec import JobSpec


async def store_input(session: Session, data: bytes, *, private: bool) -> Cid:
    """Store and offer an input; return its CID, that of the ciphertext if it is private.

    Raises:
        StorageError: it could not be stored; nothing was offered.
    """
    key = new_key() if private else None
    if key is not None:
        data = await asyncio.to_thread(encrypt_input, data, key)
    cid = await session.storage.add(data, pin_name="input")
    if key is not None:
        session.keys.add(cid.to_bytes(), key)
    await session.storage.provide(cid)
    return cid


def quoted_spec(session: Session, quote: Quote | None) -> JobSpec | None:
    """Return the spec that a quote for a private job was made for; its input is stored already.

    Raises:
        SpecError: the quote is for a job that is not private.
    """
    if quote is None or quote.spec is None:
        return None
    if session.keys.input_key(quote.spec.input_cid) is None:
        raise SpecError(
            "The quote is for a job that is not private; nothing was sent.",
            hint="Ask for it with private=True, or leave it out.",
        )
    return quote.spec
