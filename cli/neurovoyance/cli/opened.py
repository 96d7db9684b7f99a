"""Opens the client for one command: home folder, key, log file; asks for a password if need be.

Place: between command files and the SDK; heavy imports, so import it inside the command function.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from neurovoyance.client.client import AsyncClient
from neurovoyance.client.opening import default_home, settings_of, wallet_of

_T = TypeVar("_T")
PASSWORD_VARIABLE = "NEUROVOYANCE_PASSWORD"  # noqa: S105 - a name, not a password


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run one command's coroutine."""
    return asyncio.run(work)


def home_of(home: Path | None) -> Path:
    """Return the home folder of this command."""
    return (home or default_home()).expanduser().absolute()


@contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Send every package's log to a file, so that the terminal shows the command's words alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        handler.close()


def ask_password(what: str, *, repeat: bool = False) -> str:
    """Return a password from the environment, or from the keyboard without showing it."""
    found = os.environ.get(PASSWORD_VARIABLE)
    if found is not None:
        return found
    import typer

    if not sys.stdin.isatty():
        from neurovoyance.protocol.errors import ConfigError

        raise ConfigError(
            f"The password of {what} is needed and there is no keyboard to ask at.",
            hint=f"Put it into the environment variable {PASSWORD_VARIABLE}.",
            faults=["password: missing"],
        )
    entered: str = typer.prompt(
        f"Password of {what}", hide_input=True, confirmation_prompt=repeat, err=True
    )
    return entered


@asynccontextmanager
async def opened(home: Path | None, *, serve: bool = False) -> AsyncIterator[AsyncClient]:
    """Open the client of a home folder for one command.

    Args:
        home: the folder, or None for the default.
        serve: offer published content to nodes meanwhile.
    """
    folder = home_of(home)
    settings = settings_of(folder)
    password = None
    if settings.keystore_path is not None:
        password = await asyncio.to_thread(ask_password, settings.keystore_path.name)
    wallet = await asyncio.to_thread(wallet_of, settings, password)
    with logging_to(folder / "client.log"):
        async with await AsyncClient.open(settings, wallet, serve=serve) as client:
            yield client
