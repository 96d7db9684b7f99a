"""What goes wrong between a page, a wallet and the chain, for tests: on the real chain throughout.

A slow wallet pays less than any block asks, so that its transactions wait in the chain's pool until
it replaces them; a line to the chain can be cut, before or after what was said got through.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, Route
from tests.e2e.dapp.wallets import TestWallet

AWAY = {"status": 502, "code": "chain.rpc.away", "detail": "The chain's endpoint is away."}
SEND = "eth_sendRawTransaction"


@dataclass
class FaultyWallet(TestWallet):
    """A wallet whose owner, or whose fees, take their time.

    Attributes:
        is_slow: it pays 1 wei for gas, which no block takes.
        keeps_open: its window stays open: what it was asked to send waits in ``asked_for``.
        meanwhile: what happens once, just before a transaction leaves.
        afterwards: what happens after one left, by its call data.
        waiting: what it sent slowly.
    """

    __test__ = False

    is_slow: bool = False
    keeps_open: bool = False
    meanwhile: Callable[[], object] | None = None
    afterwards: Callable[[str], object] | None = None
    asked_for: list[dict[str, str]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, text: str) -> str:
        """Answer one request of a page, or leave the window open."""
        asked = json.loads(text)
        if self.keeps_open and asked["method"] == "eth_sendTransaction":
            self.asked.append(asked["method"])
            self.asked_for.append(asked["params"][0])
            return json.dumps({"isOpen": True})
        return super().answer(text)

    def confirm_late(self) -> str:
        """Sign what the open window shows, wherever the page is by now; return the hash."""
        return self._send(self.asked_for.pop())

    def replace(self, **change: Any) -> str:
        """Put another transaction into the place of the one that waits; return its hash."""
        self.is_slow = False
        fee_wei = 2 * int(self.rpc("eth_gasPrice"), 16)
        return self.broadcast(self.waiting.pop() | {"maxFeePerGas": fee_wei} | change)

    @property
    def nonce(self) -> int:
        """How many transactions of the account are in blocks."""
        return int(self.rpc("eth_getTransactionCount", self.account.address, "latest"), 16)

    def _send(self, wanted: dict[str, str]) -> str:
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        filled = self.filled(wanted)
        if self.is_slow:
            filled["maxFeePerGas"] = 1
            self.waiting.append(filled)
        tx_hash = self.broadcast(filled)
        if self.afterwards is not None:
            self.afterwards(wanted.get("data", ""))
        return tx_hash


@dataclass
class Line:
    """The line to the chain.

    Attributes:
        is_cut: nothing gets through.
        is_cut_after_send: the next transaction gets through; its answer, and all else, does not.
        sent: signed transactions that reached the chain.
        refused: how many more were sent into the void.
    """

    is_cut: bool = False
    is_cut_after_send: bool = False
    sent: list[str] = field(default_factory=list)
    refused: int = 0

    def put_into(self, context: BrowserContext) -> None:
        context.route("**/api/rpc", self._answer)

    def _answer(self, route: Route) -> None:
        asked = json.loads(route.request.post_data or "null")
        calls = asked if isinstance(asked, list) else [asked]
        sent = [call["params"][0] for call in calls if call["method"] == SEND]
        if not self.is_cut and not (sent and self.is_cut_after_send):
            self.sent += sent
            route.continue_()
            return
        if self.is_cut:
            self.refused += len(sent)
        else:
            self.sent += sent
            self.is_cut = True
            route.fetch()
        route.fulfill(status=502, json=AWAY)
