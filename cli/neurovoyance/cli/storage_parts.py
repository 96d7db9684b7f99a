"""What the ``storage`` commands share: opening the store, asking a daemon, a progress bar.

Place: imported inside the command functions. The store is the client's own, in its home folder; a
network profile is used for what it says about daemon and gateways, and is not needed.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

from neurovoyance.cli.opened import home_of, logging_to
from neurovoyance.client.opening import PROFILE_NAME, settings_of
from neurovoyance.ipfs.backend import OnProgress, Progress
from neurovoyance.ipfs.composite import Composite, Places
from neurovoyance.ipfs.kubo import KuboBackend

AUTHORIZATION_VARIABLE = "NEUROVOYANCE_KUBO_AUTHORIZATION"


def places_of(home: Path, kubo: str | None, gateways: Sequence[str], is_private: bool) -> Places:
    """Return where content is looked for: what the profile says, then the options."""
    import os

    places = Places()
    if (home / PROFILE_NAME).exists():
        places = settings_of(home).places
    if kubo is not None:
        secret = os.environ.get(AUTHORIZATION_VARIABLE)
        places = replace(places, kubo_rpc_url=kubo, kubo_authorization=secret)
    if gateways:
        places = replace(places, gateways=tuple(gateways))
    return replace(places, allow_private_gateways=places.allow_private_gateways or is_private)


@asynccontextmanager
async def opened_storage(
    home: Path | None, kubo: str | None, gateways: Sequence[str] = (), *, is_private: bool = False
) -> AsyncIterator[Composite]:
    """Open the store of a home folder for one command.

    Args:
        home: the folder, None for the default.
        kubo: RPC of a daemon, in place of the profile's.
        gateways: in place of the profile's.
        is_private: whether peers and gateways may lie in private networks.
    """
    folder = home_of(home)
    places = places_of(folder, kubo, gateways, is_private)
    with logging_to(folder / "client.log"):
        allowed = places.allow_private_gateways
        async with Composite(folder / "storage", places, allow_private_addresses=allowed) as store:
            yield store


async def checked_daemon(url: str) -> str:
    """Return ``url`` after the daemon there answered.

    Raises:
        StorageUnreachable, StorageRefused, SpecError: it did not, or is none.
    """
    import os

    async with KuboBackend(url, authorization=os.environ.get(AUTHORIZATION_VARIABLE)) as kubo:
        await kubo.info()
    return url


@contextmanager
def progress_bar(words: str, *, is_silent: bool) -> Iterator[OnProgress | None]:
    """Show a bar on standard error while content moves; nothing in a pipe or for programs."""
    if is_silent or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bars

    from neurovoyance.cli.output import console

    columns = (
        TextColumn("  {task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console(stderr=True), transient=True) as bars:
        task = bars.add_task(words, total=None)

        def show(progress: Progress) -> None:
            bars.update(task, completed=progress.bytes_done, total=progress.bytes_total)

        yield show
