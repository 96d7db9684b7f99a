"""What the typed facades share: a client, an address, an interface.

Place: under ``contracts``, ``market``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from neurovoyance.chain.abi_codec import Call, contract_abi
from neurovoyance.chain.client import ChainClient, Receipt
from neurovoyance.chain.wallet import Wallet


class Facade:
    """One contract at one address; methods with a wallet send, the others read.

    Every sending method takes ``idempotency_key`` (see :meth:`ChainClient.send`) and raises what
    that raises; every reading one raises ContractRevert or RpcError.
    """

    contract: ClassVar[str] = ""

    def __init__(self, client: ChainClient, address: str) -> None:
        self.client = client
        self.address = address

    def prepare(self, function: str, *args: Any) -> Call:
        """Return a call of this contract without making it."""
        return Call(contract_abi(self.contract), self.address, function, args)

    async def _read(self, function: str, *args: Any) -> Any:
        """Return the only result of a read call."""
        (value,) = await self.client.call(self.prepare(function, *args))
        return value

    async def _send(
        self, wallet: Wallet, idempotency_key: str | None, function: str, *args: Any
    ) -> Receipt:
        call = self.prepare(function, *args)
        return await self.client.send(call, wallet, idempotency_key=idempotency_key)
