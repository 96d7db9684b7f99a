"""Payment channels, typed: one method per function of ``PaymentChannels``.

Place: facade over ``client``; it holds no rule. Amounts are wei, times unix seconds of the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from neurovoyance.chain.client import Receipt
from neurovoyance.chain.facade import Facade
from neurovoyance.chain.wallet import Wallet
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address
from neurovoyance.protocol.vouchers import Delegation, SignedVoucher, Voucher


class ChannelRecord(NamedTuple):
    """A client's channel; mirrors ``Channel`` of ``contracts/types/Channel.sol``.

    Attributes:
        client: who pays; the zero address for an unknown channel.
        window_s: seconds a redemption is held.
        closes_at_s: last second to redeem; 0 without a notice.
    """

    client: Address
    window_s: int
    closes_at_s: int

    @property
    def is_known(self) -> bool:
        """Whether there is such a channel."""
        return self.client != ZERO_ADDRESS


class SideRecord(NamedTuple):
    """What a client allots to one payee; mirrors ``Side``."""

    allotment_wei: int
    redeemed_wei: int
    p_econ_bps: int
    lock_multiple: int
    is_closed: bool


class RedemptionRecord(NamedTuple):
    """What a side waits for; mirrors ``Redemption``.

    Attributes:
        amount_wei: of the latest redemption; 0 when none is pending.
        due_wei: of earlier ones, whose windows are over; a settlement pays them at once.
        due_at_s: last second of the latest one's challenge window.
        voucher_hash: EIP-712 digest of the latest voucher redeemed, 32 bytes.
    """

    amount_wei: int
    due_wei: int
    due_at_s: int
    voucher_hash: bytes

    def payable_wei(self, time_s: int) -> int:
        """Return what a settlement would pay at a second of chain time."""
        return self.due_wei + (self.amount_wei if time_s > self.due_at_s else 0)


class AllotmentTerms(NamedTuple):
    """A sum for a payee, as the client gives it; in the order of the Solidity struct."""

    payee: str
    amount_wei: int
    lock_multiple: int


class Channels(Facade):
    """``PaymentChannels``: many payments in few transactions."""

    contract = "PaymentChannels"

    async def open(
        self,
        wallet: Wallet,
        salt: bytes,
        allotments: Sequence[AllotmentTerms],
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Open a channel out of the caller's free balance; see :meth:`channel_id_of`."""
        args = (salt, [tuple(item) for item in allotments])
        return await self._send(wallet, idempotency_key, "open", *args)

    async def top_up(
        self,
        wallet: Wallet,
        channel_id: bytes,
        allotments: Sequence[AllotmentTerms],
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Add money for payees, known or new, as the client."""
        args = (channel_id, [tuple(item) for item in allotments])
        return await self._send(wallet, idempotency_key, "topUp", *args)

    async def request_close(
        self, wallet: Wallet, channel_id: bytes, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Give notice, as the client; payees may still redeem until it is over."""
        return await self._send(wallet, idempotency_key, "requestClose", channel_id)

    async def reclaim(
        self,
        wallet: Wallet,
        channel_id: bytes,
        payees: Sequence[str],
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Return what was not redeemed to the client, after the notice; anyone."""
        return await self._send(wallet, idempotency_key, "reclaim", channel_id, list(payees))

    async def redeem(
        self, wallet: Wallet, signed: SignedVoucher, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Take what a voucher adds, as the payee's owner or operator."""
        voucher, signature = signed.voucher.as_abi(), signed.signature
        if signed.delegation is None:
            return await self._send(wallet, idempotency_key, "redeem", voucher, signature)
        args = (voucher, signature, signed.delegation.as_abi(), signed.permission)
        return await self._send(wallet, idempotency_key, "redeemDelegated", *args)

    async def close_side(
        self, wallet: Wallet, channel_id: bytes, payee: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Give the rest of an allotment back at once, as the payee's owner or operator."""
        return await self._send(wallet, idempotency_key, "closeSide", channel_id, payee)

    async def settle(
        self, wallet: Wallet, channel_id: bytes, payee: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Pay all redemptions whose challenge windows are over; anyone."""
        return await self._send(wallet, idempotency_key, "settle", channel_id, payee)

    async def settle_batch(
        self,
        wallet: Wallet,
        channel_ids: Sequence[bytes],
        payee: str,
        *,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Pay what is due to a payee in at most 32 channels, in one sum; anyone."""
        args = (list(channel_ids), payee)
        return await self._send(wallet, idempotency_key, "settleBatch", *args)

    async def close_lock(
        self, wallet: Wallet, channel_id: bytes, payee: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Repeat freeing locks that could not be freed before; anyone."""
        return await self._send(wallet, idempotency_key, "closeLock", channel_id, payee)

    async def channel_id_of(self, client: str, salt: bytes) -> bytes:
        """Return the id a channel has or will have, 32 bytes."""
        return bytes(await self._read("channelIdOf", client, salt))

    async def voucher_hash_of(self, voucher: Voucher) -> bytes:
        """Return the EIP-712 digest of a voucher as the contract computes it."""
        return bytes(await self._read("voucherHashOf", voucher.as_abi()))

    async def delegation_hash_of(self, delegation: Delegation) -> bytes:
        """Return the EIP-712 digest of a permission as the contract computes it."""
        args = (delegation.channel_id, delegation.as_abi())
        return bytes(await self._read("delegationHashOf", *args))

    async def channel_of(self, channel_id: bytes) -> ChannelRecord:
        """Return a channel; an unknown one has the zero address as client."""
        return ChannelRecord(*await self._read("channelOf", channel_id))

    async def side_of(self, channel_id: bytes, payee: str) -> SideRecord:
        """Return what is allotted to a payee."""
        return SideRecord(*await self._read("sideOf", channel_id, payee))

    async def redemption_of(self, channel_id: bytes, payee: str) -> RedemptionRecord:
        """Return what a payee waits for."""
        return RedemptionRecord(*await self._read("redemptionOf", channel_id, payee))

    async def open_lock_of_wei(self, channel_id: bytes, payee: str) -> int:
        """Return the payee's stake that is still locked for money that waits no more."""
        return int(await self._read("openLockOf", channel_id, payee))

    async def market(self) -> Address:
        """Return the address of the market that holds the money."""
        return Address(await self._read("market"))

    async def stake_manager(self) -> Address:
        """Return the address of the stake manager."""
        return Address(await self._read("stakeManager"))

    async def fee_router(self) -> Address:
        """Return the address of the fee router; zero where providers earn the whole price."""
        return Address(await self._read("feeRouter"))
