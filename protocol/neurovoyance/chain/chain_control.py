"""Time and history of a development chain: the calls that the devnet, Anvil and Hardhat share.

Place: for tests and the demo; a real chain refuses every one of these methods.
"""

from __future__ import annotations

from neurovoyance.chain.rpc import RpcPool


class ChainControl:
    """Moves a development chain's clock; each method raises RpcRefused on a real chain."""

    def __init__(self, rpc: RpcPool) -> None:
        self._rpc = rpc

    async def increase_time(self, seconds: int) -> None:
        """Let time pass and mine a block, so that the new time is there to be read."""
        await self._rpc.request("evm_increaseTime", [seconds])
        await self._rpc.request("evm_mine", [])

    async def set_next_timestamp(self, time_s: int) -> None:
        """Fix the second of the next block."""
        await self._rpc.request("evm_setNextBlockTimestamp", [time_s])

    async def mine(self, blocks: int = 1) -> None:
        """Mine blocks at once."""
        await self._rpc.request("anvil_mine", [hex(blocks)])

    async def mine_block(self) -> None:
        """Mine one block; Hardhat's node knows this call too."""
        await self._rpc.request("evm_mine", [])

    async def set_automine(self, is_on: bool) -> None:
        """Mine on every transaction, or only when told or by interval."""
        await self._rpc.request("evm_setAutomine", [is_on])

    async def snapshot(self) -> str:
        """Remember the chain; the answer is for :meth:`revert`."""
        return str(await self._rpc.request("evm_snapshot", []))

    async def revert(self, snapshot_id: str) -> bool:
        """Return to a snapshot, which is then used up; False if it is unknown."""
        return bool(await self._rpc.request("evm_revert", [snapshot_id]))

    async def reorganise(self, depth: int) -> None:
        """Replace the last blocks by as many empty ones."""
        await self._rpc.request("anvil_reorg", [depth, []])
