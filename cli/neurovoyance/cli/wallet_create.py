"""``neurovoyance wallet create``: a new key in an encrypted file."""

from __future__ import annotations

from typing import Annotated

import typer

from neurovoyance.cli.options import HomeOption, JsonOption

NameOption = Annotated[str, typer.Option("--name", help="Name of the key's file.")]


def create(
    name: NameOption = "client", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Make a new key; the file is encrypted with your password and readable by you alone."""
    from neurovoyance.chain.wallet import KeyRole, Wallet
    from neurovoyance.cli.opened import ask_password
    from neurovoyance.cli.wallet_show import key_path, show_key

    path = key_path(home, name)
    wallet = Wallet.create(path, ask_password(path.name, repeat=True), role=KeyRole.CLIENT)
    show_key(path, wallet.address, as_json=as_json, is_new=True)
