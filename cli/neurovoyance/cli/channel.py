"""``neurovoyance channel``: pay a provider by vouchers; and, as a payee, redeem one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.options import HomeOption, JsonOption, YesOption

if TYPE_CHECKING:
    from neurovoyance.client.channels import ChannelClient, ChannelView
    from neurovoyance.client.client import AsyncClient

ChannelArgument = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="Channel id, or its first characters (0x...).")
]


def open_channel(
    payees: Annotated[
        list[str], typer.Argument(metavar="PAYEE=NVY...", help="Provider and what to allot to it.")
    ],
    lock_multiple: Annotated[
        int, typer.Option("--lock", min=1, max=255, help="Stake behind each wei redeemed.")
    ] = 20,
    channel: Annotated[
        str | None, typer.Option("--top-up", metavar="CHANNEL", help="Add to this one instead.")
    ] = None,
    yes: YesOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Reserve money for providers, so that vouchers can pay them."""
    from neurovoyance.cli.opened import run

    run(_open(payees, lock_multiple, channel, yes, home, as_json))


def list_channels(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List your channels: what is allotted, promised, redeemed and left."""
    from neurovoyance.cli.opened import run

    run(_list(home, as_json))


def pay(
    channel_id: ChannelArgument,
    payee: Annotated[str, typer.Argument(metavar="PAYEE", help="Owner address of the provider.")],
    amount: Annotated[str, typer.Argument(metavar="NVY", help="Price of the work.")],
    work: Annotated[
        str, typer.Option("--for", help="What was received: 0x and 64 digits, or any words.")
    ],
    out: Annotated[Path | None, typer.Option("--out", help="Write the voucher here.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign a voucher for work you received and checked; hand it to the provider."""
    from neurovoyance.cli.opened import run

    run(_pay(channel_id, payee, amount, work, out, home, as_json))


def close(
    channel_id: ChannelArgument, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Give notice; run it again after the notice to take the rest back."""
    from neurovoyance.cli.opened import run

    run(_close(channel_id, home, as_json))


def redeem(
    voucher: Annotated[
        Path, typer.Argument(metavar="FILE", help="Signed voucher.", exists=True, dir_okay=False)
    ],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Redeem a voucher, as owner or operator of the provider it pays."""
    from neurovoyance.cli.opened import run

    run(_redeem(voucher, home, as_json))


# --- the work -----------------------------------------------------------------------------------


async def _open(
    payees: list[str],
    lock_multiple: int,
    channel: str | None,
    yes: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import console, emit_json, nvy
    from neurovoyance.protocol.ids import hex_of

    allotments = [allotment_of(text, lock_multiple) for text in payees]
    total = nvy(sum(item.amount_wei for item in allotments))
    if not yes and not as_json:
        typer.confirm(f"Reserve {total} for {len(allotments)} payees?", abort=True, err=True)
    async with opened(home) as client:
        channels = channels_of(client)
        if channel is None:
            channel_id = await channels.open(allotments)
        else:
            channel_id = found_in(channels, channel)
            await channels.top_up(channel_id, allotments)
    if as_json:
        emit_json({"channel_id": hex_of(channel_id)})
        return
    console().print(f"{total} are reserved in channel {hex_of(channel_id)}.", soft_wrap=True)


async def _list(home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import console, emit_json, nvy, short, table, when

    async with opened(home) as client:
        views = await channels_of(client).list()
    rows = [row for view in views for row in rows_of(view)]
    if as_json:
        emit_json({"channels": rows})
        return
    if not rows:
        console().print("No channels yet. Open one with `neurovoyance channel open`.")
        return
    amounts = ("allotted", "promised", "redeemed", "left")
    shown = table("channel", "payee", *amounts, "ends", right=amounts)
    for row in rows:
        wei = [nvy(int(row[f"{name}_wei"])) for name in amounts]
        ends = "closed by payee" if row["is_closed"] else when(row["closes_at_s"])
        shown.add_row(short(row["channel_id"]), row["payee"], *wei, ends)
    console().print(shown)


async def _pay(
    channel_id: str,
    payee: str,
    amount: str,
    work: str,
    out: Path | None,
    home: Path | None,
    as_json: bool,
) -> None:
    import asyncio
    import json

    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import console, emit_json, nvy
    from neurovoyance.protocol.ids import parse_address
    from neurovoyance.protocol.units import nvy as wei_of

    async with opened(home) as client:
        channels = channels_of(client)
        signed = await channels.pay(
            found_in(channels, channel_id),
            parse_address(payee),
            wei_of(amount),
            work=work_of(work),
        )
    text = signed.model_dump_json(indent=2)
    if out is not None:
        await asyncio.to_thread(out.write_text, text + "\n", encoding="utf-8")
    if as_json or out is None:
        emit_json(json.loads(text))
        return
    promised = nvy(signed.voucher.cumulative_wei)
    console().print(f"{out} now promises {promised} in total. Give it to the provider.")


async def _close(channel_id: str, home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import console, emit_json, nvy, when

    async with opened(home) as client:
        channels = channels_of(client)
        found = found_in(channels, channel_id)
        record = await channels.close(found)
        is_over = await client.session.chain.time_s() > record.closes_at_s
        returned_wei = await channels.reclaim(found) if is_over else 0
    if as_json:
        emit_json({"closes_at_s": record.closes_at_s, "returned_wei": str(returned_wei)})
    elif is_over:
        console().print(f"The channel is closed; {nvy(returned_wei)} came back.")
    else:
        console().print(
            f"Providers may redeem until {when(record.closes_at_s)}; then run this again."
        )


async def _redeem(path: Path, home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import console, emit_json, nvy, when
    from neurovoyance.protocol.vouchers import VOUCHER_MAX_BYTES, parse_signed_voucher

    with path.open("rb") as file:
        signed = parse_signed_voucher(file.read(VOUCHER_MAX_BYTES + 1))
    voucher = signed.voucher
    async with opened(home) as client:
        contract = channels_of(client).contract
        await contract.redeem(client.session.wallet, signed)
        last = await contract.redemption_of(voucher.channel_id, voucher.payee)
    if as_json:
        emit_json({"pending_wei": str(last.amount_wei), "due_at_s": last.due_at_s})
        return
    console().print(
        f"{nvy(last.amount_wei)} are yours after {when(last.due_at_s)}; anybody who settles then "
        "pays them, with all that was due before."
    )


# --- shared -------------------------------------------------------------------------------------


def channels_of(client: AsyncClient) -> ChannelClient:
    """Return the channels of an open client."""
    from neurovoyance.client.channels import ChannelClient, open_book

    return ChannelClient(client.session, open_book(client.session))


def allotment_of(text: str, lock_multiple: int) -> Any:
    """Return the allotment written as ``0x...=NVY``.

    Raises:
        SpecError: it is written otherwise.
    """
    from neurovoyance.chain.channels import AllotmentTerms
    from neurovoyance.protocol.errors import SpecError
    from neurovoyance.protocol.ids import parse_address
    from neurovoyance.protocol.units import nvy

    payee, sign, amount = text.partition("=")
    if not sign:
        raise SpecError(
            f"{text[:80]!r} is not a payee and an amount.",
            hint="Write the provider's address, =, and the amount, such as 0x...=25.",
        )
    return AllotmentTerms(parse_address(payee), nvy(amount), lock_multiple)


def found_in(channels: ChannelClient, text: str) -> bytes:
    """Return the one channel of ours whose id begins so.

    Raises:
        SpecError: none does, or several do.
    """
    from neurovoyance.protocol.errors import SpecError
    from neurovoyance.protocol.ids import hex_of

    known = channels.book.channel_ids()
    matching = [found for found in known if hex_of(found).startswith(text.lower())]
    if len(matching) != 1 or len(text) < 6:
        raise SpecError(
            f"{len(matching)} of your channels begin with {text[:80]!r}.",
            hint="`neurovoyance channel list` shows them; give at least 6 characters.",
        )
    return matching[0]


def work_of(text: str) -> bytes:
    """Return the 32 bytes that name a piece of work: as given, or the hash of words."""
    from neurovoyance.protocol.ids import keccak256

    digits = text.removeprefix("0x")
    if text.startswith("0x") and len(digits) == 64:
        try:
            return bytes.fromhex(digits)
        except ValueError:
            pass
    return keccak256(text.encode())


def rows_of(view: ChannelView) -> list[dict[str, Any]]:
    """Return one row for each payee of a channel, wei as decimal strings."""
    from neurovoyance.protocol.ids import hex_of

    return [
        {
            "channel_id": hex_of(view.channel_id),
            "payee": item.payee,
            "allotted_wei": str(item.side.allotment_wei),
            "promised_wei": str(item.signed_wei),
            "redeemed_wei": str(item.side.redeemed_wei),
            "pending_wei": str(item.last.amount_wei + item.last.due_wei),
            "left_wei": str(item.left_wei),
            "is_closed": item.side.is_closed,
            "closes_at_s": view.record.closes_at_s,
        }
        for item in view.payees
    ]
