"""``neurovoyance storage ls``: what is kept, or the entries of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neurovoyance.cli.options import HomeOption, JsonOption
from neurovoyance.cli.storage_options import (
    FromOption,
    GatewayOption,
    KuboOption,
    PrivateOption,
)

if TYPE_CHECKING:
    from neurovoyance.ipfs.composite import Composite


def list_content(
    cid: Annotated[
        str | None, typer.Argument(metavar="[CID]", help="A folder; the pins if omitted.")
    ] = None,
    sources: FromOption = None,
    kubo: KuboOption = None,
    gateways: GatewayOption = None,
    is_private: PrivateOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what is kept, or what a folder holds without fetching its files."""
    from neurovoyance.cli.opened import run

    run(_list(cid, sources or [], kubo, gateways or [], is_private, home, as_json))


async def _list(
    text: str | None,
    sources: list[str],
    kubo: str | None,
    gateways: list[str],
    is_private: bool,
    home: Path | None,
    as_json: bool,
) -> None:
    from neurovoyance.cli.output import console, emit_json, size, table, when
    from neurovoyance.cli.storage_parts import opened_storage
    from neurovoyance.ipfs.cid import Cid

    async with opened_storage(home, kubo, gateways, is_private=is_private) as store:
        if text is None:
            rows = await _pins(store)
        else:
            first, *path = text.strip("/").split("/")
            cid = await store.resolve(Cid.from_any_text(first), path, sources=sources)
            entries = await store.entries(cid, sources=sources)
            rows = [
                {"cid": str(link.cid), "name": name, "size_bytes": link.total_size}
                for name, link in entries
            ]
    if as_json:
        emit_json({"pins" if text is None else "entries": rows})
        return
    if not rows:
        words = "Nothing is kept yet. Add something with `neurovoyance storage add PATH`."
        console().print("The folder is empty." if text else words)
        return
    columns = ("name", "size", "cid") if text else ("name", "size", "until", "cid")
    shown = table(*columns, right=("size",))
    for row in rows:
        expires_s = row.get("expires_s")
        until = [when(int(str(expires_s))) if expires_s else "always"] if text is None else []
        shown.add_row(str(row["name"]), size(int(str(row["size_bytes"]))), *until, str(row["cid"]))
    console().print(shown)


async def _pins(store: Composite) -> list[dict[str, object]]:
    from neurovoyance.protocol.errors import StorageError

    rows: list[dict[str, object]] = []
    for pin in await store.pins():
        try:
            stat = await store.stat(pin.cid)
            size_bytes, is_complete = stat.size_bytes, stat.is_complete
        except StorageError:
            size_bytes, is_complete = 0, False
        rows.append(
            {
                "cid": str(pin.cid),
                "name": pin.name,
                "expires_s": pin.expires_s,
                "size_bytes": size_bytes,
                "is_complete": is_complete,
            }
        )
    return rows
