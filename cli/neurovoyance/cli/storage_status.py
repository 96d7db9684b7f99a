"""``neurovoyance storage status``: what is stored, what is offered, who is asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurovoyance.cli.options import HomeOption, JsonOption
from neurovoyance.cli.storage_options import GatewayOption, KuboOption, PrivateOption

if TYPE_CHECKING:
    from neurovoyance.ipfs.composite import Composite


def status(
    kubo: KuboOption = None,
    gateways: GatewayOption = None,
    is_private: PrivateOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the store, the daemon and the gateways, and whether each answers."""
    from neurovoyance.cli.opened import run

    run(_status(kubo, gateways or [], is_private, home, as_json))


async def _status(
    kubo: str | None, gateways: list[str], is_private: bool, home: Path | None, as_json: bool
) -> None:
    from neurovoyance.cli.opened import home_of
    from neurovoyance.cli.output import console, emit_json, size
    from neurovoyance.cli.storage_parts import opened_storage

    async with opened_storage(home, kubo, gateways, is_private=is_private) as store:
        held = await store.usage()
        found: dict[str, Any] = {
            "path": str(home_of(home) / "storage"),
            "stored_bytes": held.stored_bytes,
            "max_bytes": held.max_bytes,
            "pin_count": len(await store.pins()),
            "provided_count": held.provided_count,
            "banned": held.banned,
            "daemon": await _daemon(store),
            "gateways": await _gateways(store),
        }
    if as_json:
        emit_json(found)
        return
    from rich.padding import Padding
    from rich.table import Table

    out, grid = console(), Table.grid(padding=(0, 3, 0, 0))
    share = f"{size(found['stored_bytes'])} of {size(found['max_bytes'])}"
    daemon = found["daemon"]
    rows = [
        ("store", found["path"]),
        ("used", f"{share}; files added by reference are not counted"),
        ("kept", f"{found['pin_count']} pins, {found['provided_count']} offered to peers"),
        ("daemon", "none" if daemon is None else f"{daemon['url']}  {daemon['state']}"),
        *(("gateway", f"{each['url']}  {each['state']}") for each in found["gateways"]),
        *(("banned", f"{url}  sent wrong bytes {n} time(s)") for url, n in held.banned.items()),
    ]
    for name, words in rows:
        grid.add_row(f"[dim]{name}[/]", words)
    out.print(Padding(grid, (0, 0, 0, 2), expand=False))


async def _daemon(store: Composite) -> dict[str, Any] | None:
    from neurovoyance.protocol.errors import StorageError

    if store.kubo is None:
        return None
    url = store.kubo.rpc.url
    try:
        info = await store.kubo.info()
        stored = await store.kubo.stored_bytes()
    except StorageError as error:
        return {"url": url, "state": error.message, "is_up": False}
    return {
        "url": url,
        "state": f"answers, {info.agent}",
        "is_up": True,
        "peer_id": info.peer_id,
        "stored_bytes": stored,
    }


async def _gateways(store: Composite) -> list[dict[str, Any]]:
    if store.gateways is None:
        return []
    states = await store.gateways.check()
    return [
        {"url": url, "state": "answers" if is_up else "does not answer", "is_up": is_up}
        for url, is_up in states.items()
    ]
