from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account

from neurovoyance.chain.channels import SideRecord
from neurovoyance.chain.wallet import KeyRole, Wallet
from neurovoyance.client.channel_book import ChannelBook, Signer
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.vouchers import (
    Delegation,
    SignedVoucher,
    receipts_tree,
    recover_voucher_client,
    sign_delegation,
)

CHANNELS = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
CLIENT = Account.from_key("0x" + "42" * 32)
PAYEE = Account.from_key("0x" + "44" * 32).address
CHANNEL = b"\1" * 32
SIGNER = Signer(Wallet(CLIENT, KeyRole.CLIENT, None), 31337, CHANNELS)
OPEN = SideRecord(100, 0, 627, 20, False)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[ChannelBook]:
    made = ChannelBook(tmp_path / "channels.sqlite")
    yield made
    made.close()


def pay(
    book: ChannelBook, wei: int, work: int, side: SideRecord = OPEN, signer: Signer = SIGNER
) -> SignedVoucher:
    return book.pay(
        CHANNEL,
        PAYEE,
        wei,
        work=bytes([work]) * 32,
        side=side,
        expiry_s=1_800_000_000,
        signer=signer,
    )


def test_vouchers_are_sums_that_cover_their_receipts(book: ChannelBook) -> None:
    pay(book, 10, 1)
    second = pay(book, 7, 2)
    assert second.voucher.cumulative_wei == 17
    assert second.voucher.max_leaf_wei == 10
    receipts = book.receipts(CHANNEL, PAYEE)
    assert [(r.start_wei, r.end_wei) for r in receipts] == [(0, 10), (10, 17)]
    assert second.voucher.receipts_root == receipts_tree(receipts).root
    assert recover_voucher_client(second, chain_id=31337, channels=CHANNELS) == CLIENT.address


def test_the_last_voucher_is_there_after_a_crash(book: ChannelBook, tmp_path: Path) -> None:
    signed = pay(book, 10, 1)
    again = ChannelBook(tmp_path / "channels.sqlite")  # the first was never closed
    assert again.last(CHANNEL, PAYEE) == signed
    assert pay(again, 5, 2).voucher.cumulative_wei == 15
    again.close()


def test_the_same_work_is_paid_once(book: ChannelBook) -> None:
    first = pay(book, 10, 1)
    assert pay(book, 10, 1) == first
    assert len(book.receipts(CHANNEL, PAYEE)) == 1


def test_receipts_that_are_redeemed_are_left_out(book: ChannelBook) -> None:
    pay(book, 10, 1)
    pay(book, 4, 2)
    third = pay(book, 3, 3, OPEN._replace(redeemed_wei=10))
    later = book.receipts(CHANNEL, PAYEE)[1:]
    assert third.voucher.receipts_root == receipts_tree(later).root
    assert third.voucher.max_leaf_wei == 4


def test_a_lost_book_goes_on_from_what_the_chain_says(book: ChannelBook) -> None:
    signed = pay(book, 5, 1, OPEN._replace(redeemed_wei=40))
    assert signed.voucher.cumulative_wei == 45


@pytest.mark.parametrize(
    ("wei", "side", "why"),
    [
        (101, OPEN, "are allotted"),
        (0, OPEN, "above zero"),
        (1, OPEN._replace(is_closed=True), "closed its side"),
    ],
)
def test_what_cannot_be_redeemed_is_not_signed(
    book: ChannelBook, wei: int, side: SideRecord, why: str
) -> None:
    with pytest.raises(SpecError, match=why):
        pay(book, wei, 1, side)
    assert book.last(CHANNEL, PAYEE) is None
    assert book.receipts(CHANNEL, PAYEE) == []


def test_a_delegate_signs_up_to_its_cap(book: ChannelBook) -> None:
    key = Account.from_key("0x" + "43" * 32)
    delegation = Delegation(
        channel_id=CHANNEL, delegate=key.address, cap_wei=12, expiry_s=1_900_000_000
    )
    permission = sign_delegation(delegation, CLIENT, chain_id=31337, channels=CHANNELS)
    wallet = Wallet(key, KeyRole.CLIENT, None)
    signer = Signer(wallet, 31337, CHANNELS, delegation, permission)
    signed = pay(book, 12, 1, signer=signer)
    assert recover_voucher_client(signed, chain_id=31337, channels=CHANNELS) == CLIENT.address
    with pytest.raises(SpecError, match="delegate may sign"):
        pay(book, 1, 2, signer=signer)


def test_channels_and_payees_are_remembered(book: ChannelBook) -> None:
    book.add_channel(CHANNEL, bytes(32), 7)
    book.add_channel(b"\0" * 32, bytes(32), 9)
    book.add_payee(CHANNEL, PAYEE)
    book.add_payee(CHANNEL, PAYEE)
    assert book.channel_ids() == [CHANNEL, b"\0" * 32]
    assert book.payees(CHANNEL) == [PAYEE]
    pay(book, 1, 1)
    book.add_payee(CHANNEL, PAYEE)
    assert book.last(CHANNEL, PAYEE) is not None
