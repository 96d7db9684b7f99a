"""``neurovoyance storage pin``: keep content, for ever or for some days, or let it go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurovoyance.cli.options import HomeOption, JsonOption
from neurovoyance.cli.storage_options import (
    CidArgument,
    FromOption,
    GatewayOption,
    KuboOption,
    PrivateOption,
)

DAY_S = 86_400


def pin(
    cid: CidArgument,
    name: Annotated[str, typer.Option("--name", help="A name for people.")] = "",
    days: Annotated[
        int | None, typer.Option("--days", min=1, max=36_500, help="Keep it for that long.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Let it go instead.")] = False,
    sources: FromOption = None,
    kubo: KuboOption = None,
    gateways: GatewayOption = None,
    is_private: PrivateOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep content on this machine: what is missing is fetched, and nothing of it is evicted."""
    from neurovoyance.cli.opened import run

    run(
        _pin(
            cid, name, days, remove, sources or [], kubo, gateways or [], is_private, home, as_json
        )
    )


async def _pin(
    text: str,
    name: str,
    days: int | None,
    remove: bool,
    sources: list[str],
    kubo: str | None,
    gateways: list[str],
    is_private: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    import time

    from neurovoyance.cli.output import console, emit_json
    from neurovoyance.cli.storage_parts import opened_storage, progress_bar
    from neurovoyance.ipfs.cid import Cid

    cid = Cid.from_any_text(text)
    expires_s = None if days is None else int(time.time()) + days * DAY_S
    async with opened_storage(home, kubo, gateways, is_private=is_private) as store:
        if remove:
            await store.unpin(cid)
        else:
            with progress_bar("getting", is_silent=as_json) as on_progress:
                await store.ensure(cid, sources=sources, on_progress=on_progress)
            await store.pin(cid, name, expires_s)
    if as_json:
        emit_json({"cid": str(cid), "is_pinned": not remove, "expires_s": expires_s})
    elif remove:
        console().print(f"{cid} is not pinned any more; its bytes stay until space is needed.")
    else:
        console().print(f"{cid} is kept{f' for {days} days' if days else ''}.")
