"""``neurovoyance storage get``: content by its identifier, verified, resumed if interrupted."""

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


def get(
    cid: CidArgument,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="PATH", help="Where to write it.", show_default="."),
    ] = None,
    sources: FromOption = None,
    kubo: KuboOption = None,
    gateways: GatewayOption = None,
    is_private: PrivateOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Get a file or folder from whoever has it; every byte is verified.

    An interrupted transfer goes on where it stopped when the command is repeated.
    """
    from neurovoyance.cli.opened import run

    run(_get(cid, output, sources or [], kubo, gateways or [], is_private, home, as_json))


async def _get(
    text: str,
    output: Path | None,
    sources: list[str],
    kubo: str | None,
    gateways: list[str],
    is_private: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    from neurovoyance.cli.output import console, emit_json, size
    from neurovoyance.cli.storage_parts import opened_storage, progress_bar
    from neurovoyance.ipfs.cid import Cid

    first, *path = text.removeprefix("ipfs://").removeprefix("/ipfs/").strip("/").split("/")
    async with opened_storage(home, kubo, gateways, is_private=is_private) as store:
        cid = await store.resolve(Cid.from_any_text(first), path, sources=sources)
        dest = output or Path(path[-1] if path else str(cid))
        if dest.is_dir():
            dest = dest / (path[-1] if path else str(cid))
        with progress_bar("getting", is_silent=as_json) as on_progress:
            await store.fetch(cid, dest, on_progress, sources=sources)
        size_bytes = (await store.stat(cid)).size_bytes
    if as_json:
        emit_json({"cid": str(cid), "path": str(dest), "size_bytes": size_bytes})
    else:
        console().print(f"{dest}  {size(size_bytes)}", soft_wrap=True)
