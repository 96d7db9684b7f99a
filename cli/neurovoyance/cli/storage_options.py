"""Options of the ``storage`` commands; light, since ``--help`` loads it."""

from __future__ import annotations

from typing import Annotated

import typer

CidArgument = Annotated[
    str, typer.Argument(metavar="CID", help="Content identifier; /names lead into a folder.")
]
KuboOption = Annotated[
    str | None,
    typer.Option("--kubo", metavar="URL", help="RPC of an IPFS daemon, http://127.0.0.1:5001."),
]
GatewayOption = Annotated[
    list[str] | None,
    typer.Option("--gateway", metavar="URL", help="A trustless gateway; may be repeated."),
]
FromOption = Annotated[
    list[str] | None,
    typer.Option("--from", metavar="URL", help="Who has it, a node's URL; may be repeated."),
]
PrivateOption = Annotated[
    bool, typer.Option("--private", help="Addresses in private networks may be asked.")
]
