"""``neurovoyance wallet show``: the keys of a home folder, by address; no password needed."""

from __future__ import annotations

from pathlib import Path

from neurovoyance.cli.options import HomeOption, JsonOption


def show(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List your keys and which one pays."""
    from neurovoyance.chain.wallet import wallet_address
    from neurovoyance.cli.opened import home_of
    from neurovoyance.cli.output import console, emit_json, table

    folder = home_of(home)
    paying = _paying_key(folder)
    keys = [
        {
            "name": path.stem,
            "address": wallet_address(path),
            "path": str(path),
            "pays": path.resolve() == paying,
        }
        for path in sorted((folder / "keys").glob("*.json"))
    ]
    if as_json:
        emit_json({"keys": keys})
        return
    if not keys:
        console().print("No keys yet. Make one with `neurovoyance wallet create`.")
        return
    shown = table("name", "address", "", "file")
    for key in keys:
        pays = "pays" if key["pays"] else ""
        file = str(Path(str(key["path"])).relative_to(folder))
        shown.add_row(str(key["name"]), str(key["address"]), pays, file)
    console().print(shown)


def key_path(home: Path | None, name: str) -> Path:
    """Return the file of a key.

    Raises:
        SpecError: the name is not a plain word.
    """
    import re

    from neurovoyance.cli.opened import home_of
    from neurovoyance.protocol.errors import SpecError

    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
        raise SpecError(
            f"{name[:60]!r} is not a name for a key.", hint="Use letters, digits, - and _."
        )
    return home_of(home) / "keys" / f"{name}.json"


def show_key(path: Path, address: str, *, as_json: bool, is_new: bool) -> None:
    """Print a key's address and file, and what to do with a new one."""
    from neurovoyance.cli.output import console, emit_json

    if as_json:
        emit_json({"address": address, "path": str(path)})
        return
    out = console()
    out.print(f"\n  address  {address}\n  file     {path}\n", soft_wrap=True)
    if is_new:
        out.print("Copy the file to a safe place; file and password together are the money.")
        out.print(f'To pay with it, put "keystore": "keys/{path.name}" into network.json.')


def _paying_key(folder: Path) -> Path | None:
    from neurovoyance.client.opening import PROFILE_NAME
    from neurovoyance.client.settings import load_profile
    from neurovoyance.protocol.errors import ConfigError

    try:
        profile = load_profile(folder / PROFILE_NAME)
    except ConfigError:
        return None
    return (folder / profile.keystore).resolve() if profile.keystore else None
