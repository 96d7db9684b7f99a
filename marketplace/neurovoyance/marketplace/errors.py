"""Failures of the market's service: the leaves it adds to the project's tree.

Place: raised in ``api`` and ``dapp``, turned into problem documents by ``api.problems``.
"""

from __future__ import annotations

from neurovoyance.protocol.errors import (
    AccessDenied,
    InternalError,
    RequestError,
    RpcError,
    Unreachable,
)


class MarketNotFound(RequestError):
    """The index knows nothing under this name; it may be a few blocks behind the chain."""

    code = "request.market.not_found"
    http_status = 404
    default_hint = "Check the id; /v1/health says how far the index is."


class SignInNeeded(RequestError):
    """The request needs a session or an API key, and has none that is valid."""

    code = "request.market.sign_in"
    http_status = 401
    default_hint = "Sign in with Ethereum at /v1/auth/sign-in, or send a valid API key."


class IdempotencyConflict(RequestError):
    """The idempotency key was used for another request, or that request is still running."""

    code = "request.market.idempotency"
    http_status = 409
    default_hint = "Use a new key for a new request; repeat the same body for the same key."


class TookTooLong(RequestError):
    """The request was not received or answered in time; it was given up."""

    code = "request.market.timeout"
    retryable = True
    http_status = 503
    default_hint = "Try again; send the body at once."


class RequestTooLarge(RequestError):
    """The body of the request is longer than any valid one; the rest was not read."""

    code = "request.market.too_large"
    http_status = 413


class DatabaseAway(InternalError):
    """The database does not answer: it restarts, or its disk is full. Nothing was changed."""

    code = "internal.market.database"
    retryable = True
    http_status = 503
    default_hint = "Try again in a moment."


class NoMatcher(RequestError):
    """This service lists offers but does not rank them."""

    code = "request.market.no_matcher"
    http_status = 501
    default_hint = "Read /v1/offers, or ask nodes with `neurovoyance job quote`."


class BooksUnavailable(InternalError):
    """An event contradicts the books, so the service shows no balances rather than wrong ones."""

    code = "internal.market.books"
    http_status = 503
    default_hint = "Ask the contracts with `neurovoyance money`; report the event that is named."


class UnknownHost(AccessDenied):
    """The request names a host that this service does not answer to."""

    code = "request.market.host"
    http_status = 421
    default_hint = "Its owner can allow the name with --public-domain."


class ChainAway(RpcError):
    """No endpoint of the chain answered the service, so a wallet's question was not answered."""

    code = "chain.rpc.away"
    http_status = 502
    default_hint = (
        "Ask again in a moment. A transaction may have been taken: look before resending."
    )


class NoFaucet(RequestError):
    """This service gives no test coins: it has no account for that, or the chain is a real one."""

    code = "request.market.no_faucet"
    http_status = 404
    default_hint = "Test coins exist on the private development network of `neurovoyance up` alone."


class FaucetEmpty(RequestError):
    """The account that gives test coins holds too few of them."""

    code = "request.market.faucet_empty"
    http_status = 503
    default_hint = "Start the private network anew; nothing of it is kept."


class NoStorage(RequestError):
    """This service keeps no files."""

    code = "request.market.no_storage"
    http_status = 404
    default_hint = "Serve the file from your own machine with `neurovoyance job submit`."


class ControlTokenNeeded(RequestError):
    """Only the owner of a node steers it, and the request has no valid token of the owner's."""

    code = "request.market.control_token"
    http_status = 401
    default_hint = "Send the text of the file control.token in the node's data directory as Bearer."


class NodeAway(Unreachable):
    """A node on this machine did not answer the service; it may be stopped."""

    code = "network.market.node"
    http_status = 502
    default_hint = "Look at the node's log, or start it again."


class NodeRefused(RequestError):
    """A node on this machine refused; ``cause`` in the context is the code that it gave."""

    code = "request.market.node_refused"
    http_status = 409
