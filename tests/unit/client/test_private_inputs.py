"""What is stored of a private input is its ciphertext, and its key is known before it is served."""

from __future__ import annotations

import pytest

from neurovoyance.client.client import AsyncClient
from neurovoyance.client.nodes import Quote
from neurovoyance.client.private_inputs import quoted_spec, store_input
from neurovoyance.ipfs.cid import Cid
from neurovoyance.ipfs.encryption import decrypt
from neurovoyance.ipfs.private_input import input_context
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.job_spec import JobSpec

DATA = b"plain text of somebody" * 40


async def stored(client: AsyncClient, cid: Cid) -> bytes:
    return b"".join([piece async for piece in client.session.storage.open(cid)])


async def test_the_store_holds_ciphertext_that_our_key_opens(client: AsyncClient) -> None:
    cid = await store_input(client.session, DATA, private=True)
    kept, key = await stored(client, cid), client.session.keys.input_key(cid.to_bytes())
    assert key is not None
    assert DATA[:16] not in kept
    assert decrypt(kept, key, input_context(key)) == DATA
    plain = await store_input(client.session, DATA, private=False)
    assert await stored(client, plain) == DATA


async def test_a_quote_is_used_again_only_for_a_private_job(client: AsyncClient) -> None:
    cid = await store_input(client.session, DATA, private=True)
    spec = JobSpec(model_id=bytes(32), input_cid=cid.to_bytes())
    assert quoted_spec(client.session, Quote((), spec)) == spec
    assert quoted_spec(client.session, Quote(())) is None
    assert quoted_spec(client.session, None) is None
    plain = spec.model_copy(update={"input_cid": b"\x01\x55\x12\x20" + bytes(32)})
    with pytest.raises(SpecError, match="not private"):
        quoted_spec(client.session, Quote((), plain))
