"""The values of ``channel``: what people type, and what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from neurovoyance.chain.channels import ChannelRecord, RedemptionRecord, SideRecord
from neurovoyance.cli.channel import allotment_of, rows_of, work_of
from neurovoyance.cli.main import app
from neurovoyance.client.channels import ChannelView, PayeeView
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import ZERO_ADDRESS, keccak256

PAYEE = "0x5FbDB2315678afecb367f032d93F642f64180aa3"


def test_an_allotment_is_an_address_and_an_amount() -> None:
    assert allotment_of(f"{PAYEE}=1.5", 20) == (PAYEE, 15 * 10**17, 20)


@pytest.mark.parametrize("text", [PAYEE, f"{PAYEE}=", "0x12=3", f"{PAYEE}=-1", "=1"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        allotment_of(text, 20)


def test_work_is_a_hash_or_the_hash_of_words() -> None:
    assert work_of("0x" + "ab" * 32) == b"\xab" * 32
    assert work_of("answer 7") == keccak256(b"answer 7")
    assert work_of("0x" + "zz" * 32) == keccak256(("0x" + "zz" * 32).encode())


def test_what_is_left_counts_promises_and_what_was_redeemed() -> None:
    side = SideRecord(100, 30, 627, 20, False)
    last = RedemptionRecord(20, 10, 5, bytes(32))
    payees = (PayeeView(PAYEE, side, last, 45), PayeeView(PAYEE, side, last, 0))
    view = ChannelView(b"\1" * 32, ChannelRecord(ZERO_ADDRESS, 1_800, 9), payees)
    rows = rows_of(view)
    assert [row["left_wei"] for row in rows] == ["55", "70"]
    assert rows[0]["pending_wei"] == "30"
    assert rows[0]["closes_at_s"] == 9


@pytest.mark.parametrize("command", ["open", "list", "pay", "close", "redeem"])
def test_every_command_has_help(command: str) -> None:
    shown = CliRunner().invoke(app, ["channel", command, "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.output


def test_a_voucher_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["channel", "redeem", str(tmp_path / "none.json")])
    assert shown.exit_code == 2
