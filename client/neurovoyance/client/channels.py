"""Pay a provider many times with few transactions: open, pay, top up, close, take back.

Place: beside :mod:`.hiring`, over ``chain.channels`` and :mod:`.channel_book`. Signing a voucher
costs nothing and reaches nobody; hand it to the provider. Receipts under a voucher are not audited
yet: sign only for what was received and checked. Never: a voucher below an earlier one.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from neurovoyance.chain.channels import (
    AllotmentTerms,
    ChannelRecord,
    Channels,
    RedemptionRecord,
    SideRecord,
)
from neurovoyance.client.channel_book import ChannelBook, Signer
from neurovoyance.client.deposits import cover
from neurovoyance.client.session import Session
from neurovoyance.protocol.errors import ConfigError, SpecError
from neurovoyance.protocol.ids import ZERO_ADDRESS, hex_of
from neurovoyance.protocol.vouchers import (
    Delegation,
    SignedVoucher,
    channel_id_of,
    sign_delegation,
)

LOCK_MULTIPLE = 20
"""Stake that a payee locks per wei it redeems, unless the client chooses another multiple."""
VOUCHER_VALID_S = 7 * 86_400
"""How long a voucher can be redeemed, unless the client chooses another time."""


@dataclass(frozen=True, slots=True)
class PayeeView:
    """What a channel holds for one payee, on chain and in our books."""

    payee: str
    side: SideRecord
    last: RedemptionRecord
    signed_wei: int

    @property
    def left_wei(self) -> int:
        """What can still be promised."""
        return self.side.allotment_wei - max(self.signed_wei, self.side.redeemed_wei)


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel of ours as it stands."""

    channel_id: bytes
    record: ChannelRecord
    payees: tuple[PayeeView, ...]


class ChannelClient:
    """The channels of one open client.

    Args:
        session: of the client.
        book: its memory of channels; close it with the session.

    Raises:
        ConfigError: this deployment has no channels.
    """

    def __init__(self, session: Session, book: ChannelBook) -> None:
        address = session.deployment.channels
        if address == ZERO_ADDRESS:
            raise ConfigError(
                "This deployment has no payment channels.",
                hint="Pay by jobs, or use a deployment with the token economy.",
                faults=["deployment: without channels"],
            )
        self._session, self.book = session, book
        self.contract = Channels(session.chain, address)
        self.signer = Signer(session.wallet, session.chain.chain_id, address)

    async def open(self, allotments: Sequence[AllotmentTerms]) -> bytes:
        """Open a channel and return its id, 32 bytes; deposits what the free balance lacks.

        Raises:
            InsufficientFunds: the wallet does not hold it; nothing was sent.
            ContractRevert: the contract refuses, such as a lock multiple under the minimum.
        """
        salt, chain = secrets.token_bytes(32), self._session.chain
        channel_id = channel_id_of(
            chain.chain_id, self.contract.address, self._session.address, salt
        )
        self.book.add_channel(channel_id, salt, await chain.time_s())
        key = f"channel:{hex_of(channel_id)}"
        async with self._session.money_lock:
            await self._cover(allotments)
            await self.contract.open(self._session.wallet, salt, allotments, idempotency_key=key)
        self._remember(channel_id, allotments)
        return channel_id

    async def top_up(self, channel_id: bytes, allotments: Sequence[AllotmentTerms]) -> None:
        """Add money for payees, known or new; see :meth:`open`."""
        async with self._session.money_lock:
            await self._cover(allotments)
            await self.contract.top_up(self._session.wallet, channel_id, allotments)
        self._remember(channel_id, allotments)

    async def pay(
        self,
        channel_id: bytes,
        payee: str,
        amount_wei: int,
        *,
        work: bytes,
        valid_s: int = VOUCHER_VALID_S,
    ) -> SignedVoucher:
        """Sign for one more piece of work; the voucher is kept before it is returned.

        Args:
            channel_id: the channel.
            payee: owner address of the provider.
            amount_wei: price of the work.
            work: 32 bytes that name it; the same work is paid once.
            valid_s: seconds in which the voucher can be redeemed.

        Raises:
            SpecError: not enough is allotted, or the channel is closing; nothing was signed.
        """
        record = await self.contract.channel_of(channel_id)
        if not record.is_known:
            raise SpecError("There is no such channel.", hint="`neurovoyance channel list`")
        if record.closes_at_s:
            raise SpecError("The channel is closing; nothing was signed.", hint="Open another one.")
        time_s = await self._session.chain.time_s()
        return self.book.pay(
            channel_id,
            payee,
            amount_wei,
            work=work,
            side=await self.contract.side_of(channel_id, payee),
            expiry_s=time_s + valid_s,
            signer=self.signer,
        )

    def permit(
        self, channel_id: bytes, delegate: str, *, cap_wei: int, expiry_s: int
    ) -> tuple[Delegation, bytes]:
        """Let another key sign vouchers of a channel, up to a cap for each payee and for a time.

        It cannot be taken back before ``expiry_s`` but by closing the channel.
        """
        delegation = Delegation.model_validate(
            {
                "channel_id": channel_id,
                "delegate": delegate,
                "cap_wei": cap_wei,
                "expiry_s": expiry_s,
            }
        )
        signature = sign_delegation(
            delegation,
            self._session.wallet.account,
            chain_id=self._session.chain.chain_id,
            channels=self.contract.address,
        )
        return delegation, signature

    async def close(self, channel_id: bytes) -> ChannelRecord:
        """Give notice; return the channel, whose ``closes_at_s`` says until when it lasts."""
        record = await self.contract.channel_of(channel_id)
        if not record.closes_at_s:
            key = f"close:{hex_of(channel_id)}"
            await self.contract.request_close(self._session.wallet, channel_id, idempotency_key=key)
        return await self.contract.channel_of(channel_id)

    async def reclaim(self, channel_id: bytes) -> int:
        """Take back what was not redeemed, after the notice; return how much, in wei."""
        payees = self.book.payees(channel_id)
        rest_wei = sum([await self._rest_wei(channel_id, payee) for payee in payees])
        if rest_wei:
            await self.contract.reclaim(self._session.wallet, channel_id, payees)
        return rest_wei

    async def list(self) -> list[ChannelView]:
        """Return every channel of this client that is on chain, oldest first."""
        views = [await self.view(channel_id) for channel_id in self.book.channel_ids()]
        return [view for view in views if view.record.is_known]

    async def view(self, channel_id: bytes) -> ChannelView:
        """Return one channel as it stands."""
        payees = []
        for payee in self.book.payees(channel_id):
            last = self.book.last(channel_id, payee)
            payees.append(
                PayeeView(
                    payee,
                    await self.contract.side_of(channel_id, payee),
                    await self.contract.redemption_of(channel_id, payee),
                    last.voucher.cumulative_wei if last else 0,
                )
            )
        return ChannelView(channel_id, await self.contract.channel_of(channel_id), tuple(payees))

    async def _rest_wei(self, channel_id: bytes, payee: str) -> int:
        side = await self.contract.side_of(channel_id, payee)
        return side.allotment_wei - side.redeemed_wei

    async def _cover(self, allotments: Sequence[AllotmentTerms]) -> None:
        needed_wei = sum(item.amount_wei for item in allotments)
        await cover(self._session, needed_wei, "The channel", ", or allot less.")

    def _remember(self, channel_id: bytes, allotments: Sequence[AllotmentTerms]) -> None:
        for item in allotments:
            self.book.add_payee(channel_id, item.payee)


def open_book(session: Session) -> ChannelBook:
    """Return the client's memory of channels, one file a market and key."""
    deployment = session.deployment
    era = f"{session.chain.chain_id}-{deployment.genesis_hash[2:12]}-{deployment.market[2:12]}"
    folder = session.settings.home / "markets" / era / session.address
    return ChannelBook(folder / "channels.sqlite")
