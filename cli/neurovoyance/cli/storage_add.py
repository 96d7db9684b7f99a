"""``neurovoyance storage add``: a file or folder gets its content identifier."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from neurovoyance.cli.options import HomeOption, JsonOption
from neurovoyance.cli.storage_options import KuboOption


class ProfileChoice(StrEnum):
    """How files are cut; the CID depends on it."""

    V1_2025 = "unixfs-v1-2025"
    V0_2015 = "unixfs-v0-2015"


def add(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file or a folder.")],
    profile: Annotated[
        ProfileChoice, typer.Option("--profile", help="How files are cut (IPIP-499).")
    ] = ProfileChoice.V1_2025,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy the bytes; else they stay where they are.")
    ] = False,
    name: Annotated[str | None, typer.Option("--name", help="Name of the pin.")] = None,
    provide: Annotated[
        bool, typer.Option("--provide", help="Offer it to peers, and to the daemon's network.")
    ] = False,
    kubo: KuboOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Store a file or folder and keep it; prints its content identifier."""
    from neurovoyance.cli.opened import run
    from neurovoyance.protocol.errors import StorageError

    if not path.exists():
        raise StorageError(f"There is no file or folder at {path}.", hint="Check the path.")
    run(_add(path, profile.value, copy, name, provide, kubo, home, as_json))


async def _add(
    path: Path,
    profile_name: str,
    copy: bool,
    name: str | None,
    provide: bool,
    kubo: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    from neurovoyance.cli.output import console, emit_json, size
    from neurovoyance.cli.storage_parts import checked_daemon, opened_storage, progress_bar
    from neurovoyance.ipfs.unixfs import PROFILES

    if kubo is not None:
        await checked_daemon(kubo)
    async with opened_storage(home, kubo) as store:
        with progress_bar("hashing", is_silent=as_json) as on_progress:
            cid = await store.add(
                path, PROFILES[profile_name], copy=copy, pin_name=name, on_progress=on_progress
            )
        size_bytes = (await store.stat(cid)).size_bytes
        if provide:
            await store.provide(cid)
            await store.announced()
        elif store.kubo is not None and kubo is not None:
            with progress_bar("sending to the daemon", is_silent=as_json) as on_progress:
                await store.kubo.put_archive(store, cid, on_progress)
    if as_json:
        emit_json({"cid": str(cid), "size_bytes": size_bytes, "profile": profile_name})
        return
    console().print(f"{cid}  {size(size_bytes)}  {path.name}", soft_wrap=True)
    if not copy:
        console(stderr=True).print(
            "[dim]The bytes stay where they are: do not move or change the file, "
            "or add it with --copy.[/]"
        )
