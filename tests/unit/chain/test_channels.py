"""The facade's arguments fit the contract's ABI; whole flows run in the differential tests."""

from typing import Any

import pytest

from neurovoyance.chain.abi_codec import contract_abi
from neurovoyance.chain.channels import (
    AllotmentTerms,
    ChannelRecord,
    Channels,
    RedemptionRecord,
    SideRecord,
)
from neurovoyance.protocol.ids import ZERO_ADDRESS, Address
from neurovoyance.protocol.vouchers import Delegation, SignedVoucher, Voucher

PAYEE = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
ID = b"\1" * 32
VOUCHER = Voucher(
    channel_id=ID,
    payee=PAYEE,
    cumulative_wei=5,
    receipts_root=bytes(32),
    max_leaf_wei=5,
    expiry_s=9,
)


class Recorder(Channels):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__(None, PAYEE)  # type: ignore[arg-type]
        self.sent: list[tuple[str, bytes]] = []

    async def _send(self, wallet: Any, idempotency_key: Any, function: str, *args: Any) -> Any:
        encoded = contract_abi(self.contract).encode_call(function, args)
        self.sent.append((function, encoded))


@pytest.mark.asyncio
async def test_every_call_fits_the_contract() -> None:
    facade, wallet, terms = Recorder(), None, [AllotmentTerms(PAYEE, 5, 20)]
    delegation = Delegation(channel_id=ID, delegate=PAYEE, cap_wei=5, expiry_s=9)
    signed = SignedVoucher(voucher=VOUCHER, signature=b"\1" * 65)
    permitted = SignedVoucher(
        voucher=VOUCHER, signature=b"\1" * 65, delegation=delegation, permission=b"\2" * 65
    )
    calls: Any = facade
    await calls.open(wallet, ID, terms)
    await calls.top_up(wallet, ID, terms)
    await calls.request_close(wallet, ID)
    await calls.reclaim(wallet, ID, [PAYEE])
    await calls.redeem(wallet, signed)
    await calls.redeem(wallet, permitted)
    await calls.close_side(wallet, ID, PAYEE)
    await calls.settle(wallet, ID, PAYEE)
    await calls.settle_batch(wallet, [ID], PAYEE)
    await calls.close_lock(wallet, ID, PAYEE)
    names = [name for name, _ in facade.sent]
    assert names == [
        *("open", "topUp", "requestClose", "reclaim", "redeem", "redeemDelegated"),
        *("closeSide", "settle", "settleBatch", "closeLock"),
    ]


@pytest.mark.parametrize(
    ("function", "record"),
    [("channelOf", ChannelRecord), ("sideOf", SideRecord), ("redemptionOf", RedemptionRecord)],
)
def test_records_have_the_fields_of_the_structs(function: str, record: Any) -> None:
    (output,) = contract_abi("PaymentChannels").function(function)["outputs"]
    assert len(output["components"]) == len(record._fields)


def test_an_unknown_channel_has_no_client() -> None:
    assert not ChannelRecord(ZERO_ADDRESS, 0, 0).is_known
    assert ChannelRecord(Address(PAYEE), 1, 0).is_known


def test_a_settlement_pays_what_is_due_and_what_waited_long_enough() -> None:
    record = RedemptionRecord(30, 12, 100, bytes(32))
    assert (record.payable_wei(100), record.payable_wei(101)) == (12, 42)
