"""One JSON-RPC endpoint over HTTP: a request, a bounded answer, its health.

Place: below ``rpc.RpcPool``, which chooses among endpoints. The endpoint's address may hold an API
key, so only ``label`` (scheme, host, port) ever reaches a log or an error.
"""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from neurovoyance.chain import wire
from neurovoyance.chain.rpc_errors import ResponseTooLarge, RpcRefused, WrongChain
from neurovoyance.protocol.errors import ConfigError, RpcError

# Answers that say "not me, not now" instead of "no": rate limits of hosted nodes.
BUSY_CODES = frozenset({-32029, 429})
# Hosted nodes use this code both for rate limits and for ranges that are too large.
LIMIT_CODE = -32005
# Context key of an RpcError: False when the request certainly never left this machine.
WAS_SENT = "was_sent"
_RATE_WORDS = ("rate", "too many requests", "capacity", "throttl")
COOL_DOWN_MIN_S = 0.5
COOL_DOWN_MAX_S = 30.0


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """What is known about one endpoint.

    Attributes:
        label: scheme, host and port; never the path, which may hold a key.
        is_up: whether the last request was answered.
        is_checked: whether its chain id and genesis were found right since it was last down.
        failures: requests failed in a row.
        last_error: the last failure in words, or "".
        latency_ms: of the last answered request.
    """

    label: str
    is_up: bool
    is_checked: bool
    failures: int
    last_error: str
    latency_ms: int


class Endpoint:
    """One RPC address with its health; raises RpcError for silence and for nonsense alike."""

    def __init__(self, url: str, *, max_response_bytes: int) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(
                "An RPC address does not start with http:// or https:// and a host.",
                hint="Write it like http://127.0.0.1:8545.",
                faults=["rpc_urls: not an HTTP address"],
            )
        self._url = url
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.label = f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
        self._max_response_bytes = max_response_bytes
        self._ids = itertools.count(1)
        self._failures = 0
        self._last_error = ""
        self._latency_ms = 0
        self._retry_at = 0.0
        self.is_checked = False

    def health(self) -> EndpointHealth:
        """Return a snapshot of this endpoint's health."""
        return EndpointHealth(
            self.label,
            self._failures == 0,
            self.is_checked,
            self._failures,
            self._last_error,
            self._latency_ms,
        )

    @property
    def retry_at(self) -> float:
        """Monotonic second before which this endpoint is asked only if all others fail."""
        return self._retry_at

    def mark_failed(self, error: Exception) -> None:
        """Note a failure; the endpoint rests for 0.5 s, then twice as long, at most 30 s."""
        self._failures += 1
        self._last_error = str(error)
        pause_s = min(COOL_DOWN_MAX_S, COOL_DOWN_MIN_S * 2 ** min(self._failures - 1, 10))
        self._retry_at = time.monotonic() + pause_s
        # After an outage another chain may answer at the same address.
        self.is_checked = False

    async def request(
        self, http: aiohttp.ClientSession, method: str, params: list[Any], timeout_s: float
    ) -> Any:
        """Send one request and return its ``result``.

        Raises:
            RpcRefused: the node answered with an error of its own.
            RpcError: no answer in time, or an answer that is not JSON-RPC.
        """
        request_id = next(self._ids)
        payload = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        began = time.monotonic()
        body = await self._post(http, payload, method, timeout_s)
        try:
            result = self._parse(body, request_id, method)
        except RpcRefused:
            # Declining is an answer too: the endpoint works.
            self._mark_answered(began)
            raise
        self._mark_answered(began)
        return result

    def _mark_answered(self, began: float) -> None:
        self._failures = 0
        self._retry_at = 0.0
        self._latency_ms = int((time.monotonic() - began) * 1000)

    async def _post(
        self, http: aiohttp.ClientSession, payload: Any, method: str, timeout_s: float
    ) -> bytes:
        limit = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with http.post(
                self._url, json=payload, timeout=limit, allow_redirects=False
            ) as response:
                body = bytearray()
                async for chunk in response.content.iter_chunked(65_536):
                    body += chunk
                    if len(body) > self._max_response_bytes:
                        raise ResponseTooLarge(
                            f"The RPC endpoint {self.label} sent more than "
                            f"{self._max_response_bytes:,} bytes.",
                            endpoint=self.label,
                            method=method,
                        )
                # Several nodes send JSON-RPC errors with status 400 or 500; the body decides.
                if response.status in (401, 403, 404, 429, 502, 503, 504):
                    raise self._fault(f"answered with HTTP status {response.status}", method)
        except TimeoutError as error:
            raise self._fault(f"did not answer within {timeout_s:g} s", method) from error
        except aiohttp.ClientConnectorError as error:
            fault = self._fault("cannot be reached (no connection)", method)
            fault.context[WAS_SENT] = False
            raise fault from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._fault(f"cannot be reached ({type(error).__name__})", method) from error
        return bytes(body)

    def _parse(self, body: bytes, request_id: int, method: str) -> Any:
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise self._fault("answered with something that is not JSON", method) from error
        if not isinstance(answer, dict) or ("result" in answer) == ("error" in answer):
            # Some nodes send both members with one of them null; only that form is excused.
            if not isinstance(answer, dict) or not {"result", "error"} <= answer.keys():
                raise self._fault("answered with something that is not JSON-RPC", method)
            if answer["error"] is None:
                del answer["error"]
        refusal = answer.get("error")
        if refusal is not None:
            if not isinstance(refusal, dict) or not isinstance(refusal.get("code"), int):
                raise self._fault("answered with an error that is not JSON-RPC", method)
            message = str(refusal.get("message", ""))[:500]
            if _is_busy(refusal["code"], message):
                raise self._fault(f"is busy: {message}", method)
            raise RpcRefused(method, refusal["code"], message, refusal.get("data"))
        if answer.get("id") != request_id or "result" not in answer:
            raise self._fault("answered another request than the one sent", method)
        return answer["result"]

    def _fault(self, did: str, method: str) -> RpcError:
        return RpcError(f"The RPC endpoint {self.label} {did}.", endpoint=self.label, method=method)

    async def check_chain(
        self,
        http: aiohttp.ClientSession,
        timeout_s: float,
        expected_chain_id: int | None,
        expected_genesis: str | None,
    ) -> tuple[int, str]:
        """Return chain id and genesis hash after comparing them with what is expected.

        Raises:
            WrongChain: either differs; the error names both ids.
            RpcError: the endpoint does not answer properly.
        """
        found_id = wire.quantity(await self.request(http, "eth_chainId", [], timeout_s))
        if expected_chain_id is not None and found_id != expected_chain_id:
            raise WrongChain(
                f"The RPC endpoint {self.label} serves chain {found_id}, but chain "
                f"{expected_chain_id} is expected; it is not used.",
                endpoint=self.label,
                found_chain_id=found_id,
                expected_chain_id=expected_chain_id,
            )
        block = await self.request(http, "eth_getBlockByNumber", ["0x0", False], timeout_s)
        genesis = wire.hash32(wire.mapping(block, "block 0").get("hash"), "a genesis hash")
        if expected_genesis is not None and genesis != expected_genesis:
            raise WrongChain(
                f"The RPC endpoint {self.label} serves another chain {found_id}: its first block "
                f"is {genesis}, not {expected_genesis}. It was probably wiped and begun anew.",
                hint="Deploy again, or remove the records of the old chain.",
                endpoint=self.label,
                found_genesis=genesis,
                expected_genesis=expected_genesis,
            )
        self.is_checked = True
        return found_id, genesis


def _is_busy(code: int, message: str) -> bool:
    text = message.lower()
    return code in BUSY_CODES or (
        code == LIMIT_CODE and any(words in text for words in _RATE_WORDS)
    )
