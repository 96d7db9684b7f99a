"""``neurovoyance storage gc``: remove what is not pinned, longest unused first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurovoyance.cli.options import HomeOption, JsonOption

MIB = 1 << 20


def gc(
    keep_mib: Annotated[
        int, typer.Option("--keep-mib", min=0, help="Stop when so much is left, in MiB.")
    ] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove what is not pinned, longest unused first. Files that were added stay untouched."""
    from neurovoyance.cli.opened import run

    run(_gc(keep_mib * MIB, home, as_json))


async def _gc(keep_bytes: int, home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.output import console, emit_json, size
    from neurovoyance.cli.storage_parts import opened_storage

    async with opened_storage(home, None) as store:
        report = await store.gc(keep_bytes)
    if as_json:
        emit_json(
            {
                "removed_count": report.removed_count,
                "freed_bytes": report.freed_bytes,
                "kept_bytes": report.kept_bytes,
            }
        )
        return
    console().print(
        f"{report.removed_count} blocks removed, {size(report.freed_bytes)} freed, "
        f"{size(report.kept_bytes)} kept."
    )
