"""Wallets for browser tests: the pages' own demo wallet, and one that Python signs for.

The second announces itself as any extension does (EIP-6963). Its requests reach Python through a
function that the browser's driver exposes; no key is ever in the page.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from eth_account.signers.local import LocalAccount
from playwright.sync_api import BrowserContext, expect
from playwright.sync_api import Page as Tab

from neurovoyance.chain.wallet import DEVNET_CHAIN_ID
from neurovoyance.protocol.ids import parse_address


def connect_demo(tab: Tab) -> None:
    """Connect the demo wallet, which gets its money from the faucet."""
    tab.goto("/status")
    tab.get_by_role("button", name="Connect", exact=True).click()
    tab.get_by_role("button", name="Use a demo wallet").click()
    expect(tab.get_by_role("button", name="Account 0x")).to_be_visible()
    expect(tab.get_by_role("dialog")).to_have_count(0)


ANNOUNCE = """() => {
  const listeners = new Map();
  const heard = (event) => listeners.get(event) ?? [];
  const emit = (event, value) => heard(event).forEach((listener) => listener(value));
  const provider = {
    request: async ({ method, params }) => {
      const asked = JSON.stringify({ method, params: params ?? [] });
      const said = JSON.parse(await window.askWallet(asked));
      if (said.isOpen) return new Promise(() => {});
      if (said.error) throw Object.assign(new Error(said.error.message), said.error);
      if (method === 'wallet_switchEthereumChain') emit('chainChanged', params[0].chainId);
      return said.result;
    },
    on: (event, listener) => { listeners.set(event, [...(listeners.get(event) ?? []), listener]); },
    removeListener: (event, listener) => {
      listeners.set(event, (listeners.get(event) ?? []).filter((known) => known !== listener));
    },
  };
  const icon = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>';
  const uuid = 'a7f0c1de-0000-4000-8000-000000000001';
  const info = { uuid, name: 'Test wallet', icon, rdns: 'org.example.test' };
  const announce = () => window.dispatchEvent(
    new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }),
  );
  window.addEventListener('eip6963:requestProvider', announce);
  announce();
}"""
REJECTED = {"code": 4001, "message": "User rejected the request."}


@dataclass
class TestWallet:
    """An extension's part, in Python.

    Attributes:
        account: whose key signs.
        rpc_url: the chain.
        chain_id: which chain the wallet says it is on.
        refused: methods that its owner declines.
        answers_typed_data: whether it can sign permits; old ones cannot.
        asked: methods that it was asked for.
        is_allowed: whether its owner let the pages see the account.
    """

    __test__ = False

    account: LocalAccount
    rpc_url: str
    chain_id: int = DEVNET_CHAIN_ID
    refused: set[str] = field(default_factory=set)
    answers_typed_data: bool = True
    asked: list[str] = field(default_factory=list)
    is_allowed: bool = False

    def announce_in(self, context: BrowserContext) -> None:
        """Let every page of a context find this wallet."""
        context.expose_function("askWallet", self.answer)
        context.add_init_script(f"({ANNOUNCE})()")

    def connect(self, tab: Tab) -> None:
        """Connect it by the pages' dialog."""
        tab.get_by_role("button", name="Connect", exact=True).click()
        tab.get_by_role("button", name="Test wallet").click()
        expect(tab.get_by_role("button", name="Account 0x")).to_be_visible()

    def answer(self, text: str) -> str:
        """Answer one request of a page."""
        asked = json.loads(text)
        method, params = asked["method"], asked["params"]
        self.asked.append(method)
        if method in self.refused:
            return json.dumps({"error": REJECTED})
        try:
            return json.dumps({"result": self._result(method, params)})
        except ChainSaid as said:
            return json.dumps({"error": said.args[0]})

    def _result(self, method: str, params: list[Any]) -> Any:
        match method:
            case "eth_requestAccounts":
                self.is_allowed = True
                return [self.account.address]
            case "eth_accounts":
                return [self.account.address] if self.is_allowed else []
            case "eth_chainId":
                return hex(self.chain_id)
            case "wallet_switchEthereumChain":
                self.chain_id = int(params[0]["chainId"], 16)
                return None
            case "wallet_requestPermissions" | "wallet_revokePermissions":
                return []
            case "eth_signTypedData_v4" if not self.answers_typed_data:
                raise ChainSaid({"code": 4200, "message": "This wallet signs no typed data."})
            case "eth_signTypedData_v4":
                signed = self.account.sign_typed_data(full_message=json.loads(params[1]))
                return "0x" + bytes(signed.signature).hex()
            case "eth_sendTransaction":
                return self._send(params[0])
            case _:
                return self.rpc(method, *params)

    def _send(self, wanted: dict[str, str]) -> str:
        return self.broadcast(self.filled(wanted))

    def filled(self, wanted: dict[str, str]) -> dict[str, Any]:
        """Return a transaction with all that a page leaves to a wallet."""
        return {
            "type": 2,
            "chainId": self.chain_id,
            "nonce": int(self.rpc("eth_getTransactionCount", self.account.address, "pending"), 16),
            "to": parse_address(wanted["to"]),
            "data": wanted.get("data", "0x"),
            "value": int(wanted.get("value", "0x0"), 16),
            "gas": int(wanted["gas"], 16),
            "maxFeePerGas": 2 * int(self.rpc("eth_gasPrice"), 16),
            "maxPriorityFeePerGas": 0,
        }

    def broadcast(self, filled: dict[str, Any]) -> str:
        """Sign and send, and return the hash."""
        signed = self.account.sign_transaction(filled)
        return str(self.rpc("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex()))

    def rpc(self, method: str, *params: Any) -> Any:
        """Ask the chain.

        Raises:
            ChainSaid: the chain refuses, with its own error.
        """
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        said = httpx.post(self.rpc_url, json=body, timeout=90, trust_env=False).json()
        if "error" in said:
            raise ChainSaid(said["error"])
        return said["result"]


class ChainSaid(Exception):
    """An error of the chain, to be passed on as it is."""
