"""A result before its reveal: what the provider of a committed job tells its client alone.

Place: between commit and reveal. The provider's node gives the envelope's key, sealed to the
client's; the chain binds neither yet in a way that a client can check, so what comes is the
provider's word. The checked result follows after the reveal. Never: kept as a result, or a reason
to confirm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import numpy.typing as npt

from neurovoyance.client.journal import StoredEvent
from neurovoyance.client.results import RESULT_MAX_BYTES, Revealed, unchecked_result
from neurovoyance.client.session import Session
from neurovoyance.ipfs.cid import Cid
from neurovoyance.protocol.errors import AccessDenied, RequestError, Unreachable
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.manifest import ModelManifest
from neurovoyance.protocol.privacy import ResultKeyReply, result_context

_REPLY_MAX_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class EarlyResult:
    """Arrays that nobody vouches for yet.

    Attributes:
        arrays: one an output of the model, in the manifest's order.
        is_verified: False, always: the root is compared with the chain after the reveal.
    """

    arrays: Mapping[str, npt.NDArray[Any]]
    is_verified: bool = False


async def early_result(
    session: Session,
    job_id: bytes,
    manifest: ModelManifest,
    *,
    committed: StoredEvent | None,
    sources: Sequence[str],
) -> EarlyResult:
    """Return the output of a committed job as its provider gives it.

    Args:
        session: whose job.
        job_id: 32 bytes.
        manifest: of the model.
        committed: the event of its commitment, which names the envelope; None if there is none.
        sources: base URLs, the provider's node first.

    Raises:
        RequestError: nothing is committed yet, or no node is known.
        AccessDenied: the node gives no key: the job is not private, or not committed yet.
        Unreachable: the node does not answer properly; asking again may help.
        StorageDecryptError: the key is not for this client.
        StorageNotFound: the envelope could not be had now.
        ResultMismatch: the envelope does not hold outputs of the model.
    """
    if committed is None or not sources:
        raise RequestError(
            f"Job {hex_of(job_id)[:18]} has no committed result yet.",
            hint="Wait until its state is Committed.",
        )
    committed_cid = bytes.fromhex(committed.body["envelope_cid"][2:])
    reply = await _reply(session, job_id, sources[0])
    key = session.keys.open(reply.sealed_key, result_context(job_id))
    cid = Cid.from_bytes(committed_cid)
    await session.storage.ensure(cid, sources=sources, max_bytes=RESULT_MAX_BYTES)
    envelope = b"".join([piece async for piece in session.storage.open(cid)])
    said = Revealed(job_id, b"", committed_cid, key, 0)
    return EarlyResult(unchecked_result(envelope, said, manifest))


async def _reply(session: Session, job_id: bytes, endpoint: str) -> ResultKeyReply:
    path = f"/v1/jobs/{hex_of(job_id)}/result-key"
    try:
        raw = await session.asker.get(endpoint, path, _REPLY_MAX_BYTES)
        return ResultKeyReply.model_validate_json(raw)
    except aiohttp.ClientResponseError as error:
        if error.status == AccessDenied.http_status:
            raise AccessDenied(
                "The provider's node gives no key of the result: the job is not private, or its "
                "output is not committed yet.",
                hint="The checked result comes with the reveal; `wait` fetches it.",
            ) from error
        raise Unreachable(f"The provider's node answers with status {error.status}.") from error
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Unreachable(
            "The provider's node cannot be asked for the result now.",
            hint="Nothing is lost: the checked result comes with the reveal.",
        ) from error
