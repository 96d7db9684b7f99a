"""``GET /metrics`` on a loopback port of its own, for the owner's Prometheus.

Place: beside the node's API, which strangers reach: why a machine rests, what it earns and which
endpoints it asks are none of their business, so these never share a port. Never: another address
than the loopback's, or a name in the request that is not this machine's.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, TypeAlias

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from neurovoyance.node.agent import Agent
from neurovoyance.node.idle.gate import Gate
from neurovoyance.node.logs import log_event
from neurovoyance.node.settings import NodeSettings
from neurovoyance.protocol.errors import ConfigError

if TYPE_CHECKING:
    from neurovoyance.node.operations.sample import Sampler

Serve: TypeAlias = Callable[
    [Starlette, socket.socket], AbstractAsyncContextManager[asyncio.Task[None]]
]

HOST = "127.0.0.1"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_app(sampler: Sampler) -> Starlette:
    """Return the ASGI application.

    Raises:
        ConfigError: the package ``prometheus_client`` is not installed.
    """
    try:
        from neurovoyance.node.operations.metrics import Exporter
    except ImportError as error:
        raise ConfigError(
            "The node is to tell its metrics and the package prometheus-client is not installed.",
            hint="pip install 'neurovoyance[node]', or leave metrics_port out.",
            faults=["metrics_port: prometheus-client is missing"],
        ) from error
    exporter = Exporter()

    async def metrics(_request: Request) -> Response:
        text = exporter.text(await sampler.sample())
        return Response(text, headers={"Content-Type": CONTENT_TYPE})

    # A page on the web whose name resolves to this machine must not read it.
    names = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    return Starlette(routes=[Route("/metrics", metrics, methods=["GET"])], middleware=[names])


@contextmanager
def metrics_listener(port: int) -> Iterator[socket.socket]:
    """Listen on a loopback port; 0 picks a free one.

    Raises:
        ConfigError: the port is in use.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(16)
        except OSError as error:
            raise ConfigError(
                f"The node cannot tell its metrics on {HOST}:{port}: {error.strerror}.",
                hint="Choose another metrics_port, or end the program that uses it.",
                faults=["metrics_port: not available"],
            ) from error
        yield listener


async def tell_metrics(
    settings: NodeSettings,
    agent: Agent,
    gate: Gate,
    stored_bytes: Callable[[], int],
    serve: Serve,
    stack: AsyncExitStack,
) -> None:
    """Serve the metrics until the stack ends; nothing where the settings name no port.

    Args:
        settings: of the node.
        agent, gate: what is told about.
        stored_bytes: tells what the store holds.
        serve: runs an application on a listener.
        stack: ends both.

    Raises:
        ConfigError: the port is in use, or prometheus-client is not installed.
    """
    if settings.metrics_port is None:
        return
    from neurovoyance.node.operations.sample import Sampler

    app = metrics_app(Sampler(settings, agent, gate, stored_bytes))
    listener = stack.enter_context(metrics_listener(settings.metrics_port))
    await stack.enter_async_context(serve(app, listener))
    port = listener.getsockname()[1]
    log_event(logging.INFO, "metrics", url=f"http://{HOST}:{port}/metrics")
