"""Several RPC endpoints behind one call: failover, health, chain check, retries, time-outs.

Place: under ``client``. Every endpoint's chain id and genesis are checked before it is used and
again after it was down. Only :class:`RpcError` leaves: ``RpcRefused`` when a sound node declined,
``WrongChain`` when no endpoint serves the right chain, plain ``RpcError`` when none answers.
Never: a secret of an address in a message.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, TypeVar

import aiohttp
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from neurovoyance.chain.endpoint import WAS_SENT, Endpoint, EndpointHealth
from neurovoyance.chain.rpc_errors import RpcRefused, WrongChain
from neurovoyance.protocol.errors import ConfigError, RpcError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_UP_PROBE_S = 5.0
_UP_PAUSE_S = 0.5


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, RpcError) and not isinstance(error, RpcRefused | WrongChain)


class RpcPool:
    """The endpoints of one chain; used with ``async with`` or ``open``/``close``.

    Args:
        urls: HTTP addresses in order of preference.
        expected_chain_id: what all of them must serve; None adopts the first one's.
        timeout_s: longest wait for one answer of one endpoint.
        attempts: rounds over all endpoints before giving up.
        max_response_bytes: longest answer that is read.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        expected_chain_id: int | None = None,
        timeout_s: float = 10.0,
        attempts: int = 3,
        max_response_bytes: int = 32 * 2**20,
    ) -> None:
        if not urls:
            raise ConfigError(
                "No RPC address is configured.",
                hint="Give at least one, like http://127.0.0.1:8545.",
                faults=["rpc_urls: empty"],
            )
        self._endpoints = [Endpoint(url, max_response_bytes=max_response_bytes) for url in urls]
        self._expected_id = expected_chain_id
        self._genesis: str | None = None
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._http: aiohttp.ClientSession | None = None

    @property
    def chain_id(self) -> int:
        """Chain id that all used endpoints serve; RpcError before the first contact."""
        if self._expected_id is None:
            raise RpcError("No RPC endpoint has been asked yet, so the chain id is not known.")
        return self._expected_id

    @property
    def genesis_hash(self) -> str:
        """Hash of block 0; RpcError before the first contact."""
        if self._genesis is None:
            raise RpcError("No RPC endpoint has been asked yet, so the genesis is not known.")
        return self._genesis

    def health(self) -> tuple[EndpointHealth, ...]:
        """Return what is known about each endpoint, in the configured order."""
        return tuple(endpoint.health() for endpoint in self._endpoints)

    async def open(self) -> None:
        """Check every endpoint that answers.

        Raises:
            ConfigError: one of them serves another chain; the message names both ids.
            RpcError: none answers.
        """
        down: list[RpcError] = []
        for endpoint in self._endpoints:
            try:
                await self._check(endpoint)
            except WrongChain as error:
                raise ConfigError(
                    error.message, hint=error.hint, faults=[error.message], **error.context
                ) from error
            except RpcError as error:
                endpoint.mark_failed(error)
                down.append(error)
                _log.warning("rpc_endpoint_down endpoint=%s error=%s", endpoint.label, error)
        if len(down) == len(self._endpoints):
            raise self._none_answers(down[-1]) from down[0]

    async def close(self) -> None:
        """Close all connections; requests under way fail."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def __aenter__(self) -> RpcPool:
        try:
            await self.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def request(
        self, method: str, params: Sequence[Any] = (), *, timeout_s: float | None = None
    ) -> Any:
        """Return the ``result`` of one request from the first endpoint that answers.

        Raises:
            RpcRefused: a sound endpoint declined.
            RpcError: none answered properly after all attempts.
        """

        async def ask(endpoint: Endpoint) -> Any:
            wait_s = timeout_s or self._timeout_s
            return await endpoint.request(self._session(), method, list(params), wait_s)

        return await self._with_failover(ask)

    async def request_all(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Return the results of several requests, in order, all from one and the same endpoint.

        Two endpoints may stand at different blocks; what must fit together is asked with this.
        """

        async def ask(endpoint: Endpoint) -> list[Any]:
            http = self._session()
            return [
                await endpoint.request(http, method, list(params), self._timeout_s)
                for method, params in calls
            ]

        return await self._with_failover(ask)

    async def broadcast(self, method: str, params: Sequence[Any]) -> Any:
        """Send a request to every endpoint; return the first result.

        For raw transactions: one dead or censoring endpoint then cannot hold them back.

        Raises:
            RpcRefused: every endpoint that the request may have reached declined it.
            RpcError: one of them may have taken it without an answer, or none was reached.
        """
        results: list[Any] = []
        refusals: list[RpcRefused] = []
        silent: RpcError | None = None
        failed: RpcError | None = None
        for endpoint in self._in_order():
            try:
                await self._ensure_checked(endpoint)
            except RpcError as error:
                endpoint.mark_failed(error)
                failed = error
                continue
            try:
                answer = endpoint.request(self._session(), method, list(params), self._timeout_s)
                results.append(await answer)
            except RpcRefused as error:
                refusals.append(error)
            except RpcError as error:
                endpoint.mark_failed(error)
                failed = error
                if error.context.get(WAS_SENT) is not False:
                    silent = error
        if results:
            return results[0]
        if silent is None and refusals:
            raise refusals[0]
        raise self._none_answers(silent or failed) from (silent or failed)

    async def wait_until_up(self, timeout_s: float = 60.0) -> None:
        """Wait until an endpoint answers, asking about twice a second.

        Raises:
            RpcError: none did within ``timeout_s``; waiting again is safe.
            WrongChain: the endpoints answer, but serve another chain.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            last: RpcError | None = None
            for endpoint in self._endpoints:
                try:
                    wait_s = max(0.1, min(_UP_PROBE_S, deadline - time.monotonic()))
                    await self._check(endpoint, wait_s)
                    return
                except RpcError as error:
                    last = error
            if time.monotonic() >= deadline:
                if isinstance(last, WrongChain):
                    raise last
                raise self._none_answers(last) from last
            await asyncio.sleep(min(_UP_PAUSE_S, max(0.0, deadline - time.monotonic())))

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None or self._http.closed:
            # trust_env stays off: a proxy taken from the environment would see every request.
            self._http = aiohttp.ClientSession(trust_env=False)
        return self._http

    def _in_order(self) -> list[Endpoint]:
        """Return rested endpoints first, in the configured order, then the others."""
        now = time.monotonic()
        return sorted(self._endpoints, key=lambda endpoint: endpoint.retry_at > now)

    async def _check(self, endpoint: Endpoint, timeout_s: float | None = None) -> None:
        found_id, genesis = await endpoint.check_chain(
            self._session(), timeout_s or self._timeout_s, self._expected_id, self._genesis
        )
        self._expected_id, self._genesis = found_id, genesis

    async def _ensure_checked(self, endpoint: Endpoint) -> None:
        if not endpoint.is_checked:
            await self._check(endpoint)

    async def _one_round(self, ask: Callable[[Endpoint], Awaitable[_T]]) -> _T:
        last: RpcError | None = None
        wrong: WrongChain | None = None
        for endpoint in self._in_order():
            try:
                await self._ensure_checked(endpoint)
                return await ask(endpoint)
            except RpcRefused:
                raise
            except WrongChain as error:
                endpoint.mark_failed(error)
                wrong = error
                _log.error("rpc_wrong_chain endpoint=%s error=%s", endpoint.label, error)
            except RpcError as error:
                endpoint.mark_failed(error)
                last = error
                _log.warning("rpc_endpoint_failed endpoint=%s error=%s", endpoint.label, error)
        if last is None and wrong is not None:
            raise wrong
        raise self._none_answers(last) from last

    async def _with_failover(self, ask: Callable[[Endpoint], Awaitable[_T]]) -> _T:
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            wait=wait_exponential(multiplier=0.1, max=2.0) + wait_random(0.0, 0.1),
            retry=retry_if_exception(_may_pass),
            reraise=True,
        )
        return await retrying(self._one_round, ask)

    def _none_answers(self, last: RpcError | None) -> RpcError:
        count = len(self._endpoints)
        cause = f" Last: {last.message}" if last is not None else ""
        return RpcError(
            f"None of the {count} RPC endpoint(s) answers properly.{cause}",
            endpoints=[endpoint.label for endpoint in self._endpoints],
        )
