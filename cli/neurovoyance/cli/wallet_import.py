"""``neurovoyance wallet import``: an existing private key into an encrypted file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neurovoyance.cli.options import HomeOption, JsonOption


def import_key(
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", help="File with the private key; asked for if omitted."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Name of the key's file.")] = "client",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Encrypt an existing private key; the key itself is never shown or logged."""
    from neurovoyance.chain.wallet import KeyRole, Wallet
    from neurovoyance.cli.opened import ask_password
    from neurovoyance.cli.wallet_show import key_path, show_key

    path = key_path(home, name)
    if key_file is not None:
        secret = key_file.read_text(encoding="utf-8").strip()
    else:
        secret = typer.prompt("Private key", hide_input=True, err=True).strip()
    password = ask_password(path.name, repeat=True)
    wallet = Wallet.import_key(path, password, secret, role=KeyRole.CLIENT)
    show_key(path, wallet.address, as_json=as_json, is_new=True)
