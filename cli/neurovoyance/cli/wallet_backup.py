"""``neurovoyance wallet backup`` and ``restore``: keys and duties in one encrypted file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurovoyance.cli.node_start import ConfigOption
from neurovoyance.cli.options import HomeOption, JsonOption

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False)]


def backup(
    file: FileArgument,
    config: ConfigOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write keys, settings and the node's journals into one file, encrypted with a password.

    The node may run meanwhile. A backup is only as good as it is fresh: after its next commitment
    the node needs a newer one. The file is in the age format; `age --decrypt` opens it as well.
    """
    import asyncio

    from neurovoyance.cli.node_chain import own_settings
    from neurovoyance.cli.node_start import config_path
    from neurovoyance.cli.opened import ask_password, home_of
    from neurovoyance.cli.output import console, emit_json, size
    from neurovoyance.node.operations.backup import collect
    from neurovoyance.node.operations.bundle import pack, seal

    require_new(file)
    settings = own_settings(config, home)
    path = config_path(config, home) if settings is not None else None
    bundle = asyncio.run(collect(home_of(home), settings, path))
    sealed = seal(pack(bundle), ask_password("the backup", repeat=True))
    write_new(file, sealed)
    if as_json:
        emit_json({"file": str(file), "size_bytes": len(sealed), **bundle.facts})
        return
    out = console()
    out.print(f"\n  {file}, {size(len(sealed))}, {len(bundle.files)} files", soft_wrap=True)
    for name, address in bundle.facts["addresses"].items():
        out.print(f"  {address}  {name}")
    for words in bundle.facts["left_out"]:
        out.print(f"  left out  {words}", soft_wrap=True)
    out.print("\n  Keep it on another machine, and the password somewhere else.")
    out.print("  The keys in it need their own passwords as before.\n")


def restore(file: FileArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Put a backup into an empty folder (--home); the node goes on from there.

    The old node must never run again: two nodes with one key, or a journal that lacks the last
    commitment, cost stake.
    """
    import asyncio

    from neurovoyance.cli.opened import ask_password, home_of
    from neurovoyance.cli.output import console, emit_json, when
    from neurovoyance.node.operations.backup import require_empty, restore
    from neurovoyance.node.operations.bundle import unpack, unseal

    folder = home_of(home)
    require_empty(folder)
    bundle = unpack(unseal(_read(file), ask_password("the backup")))
    asyncio.run(restore(bundle, folder))
    if as_json:
        emit_json({"home": str(folder), **bundle.facts})
        return
    out = console()
    out.print(f"\n  Restored into {folder}, as it was on {when(bundle.facts['made_s'])}.")
    if (folder / "node" / "node.toml").is_file():
        out.print("  Make sure that the old node is off for good. Then: neurovoyance node start")
    out.print("  Check it with: neurovoyance doctor\n")


def require_new(file: Path) -> None:
    """Refuse to write over a file.

    Raises:
        ConfigError: it exists.
    """
    from neurovoyance.protocol.errors import ConfigError

    if file.exists():
        raise ConfigError(
            f"{file} exists already and was left as it is.",
            hint="Name another file; an older backup may still be needed.",
            faults=["file: exists"],
        )


def write_new(file: Path, data: bytes) -> None:
    """Write a new file of mode 0600, whole or not at all.

    Raises:
        ConfigError: it exists, or the disk refuses.
    """
    import os

    from neurovoyance.protocol.errors import ConfigError

    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
    except FileExistsError:
        require_new(file)
        raise
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}.") from error


def _read(file: Path) -> bytes:
    from neurovoyance.protocol.errors import ConfigError

    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error
