"""``neurovoyance model register``: publish a certified model and put it on chain with a bond."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.options import HomeOption, JsonOption, YesOption

if TYPE_CHECKING:
    from neurovoyance.client.certificates import Registration


def register(
    path: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The certificate, or the model it lies beside."),
    ],
    yes: YesOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a model: its document goes on chain, a bond behind it. Repeating changes nothing."""
    from neurovoyance.cli.opened import run

    run(_register(path, yes or as_json, home, as_json))


async def _register(path: Path, is_sure: bool, home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.model_tables import print_registration
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import console, emit_json, nvy
    from neurovoyance.client.certificates import register as send
    from neurovoyance.client.certificates import registration_of
    from neurovoyance.client.models import publish_certified, read_certificate

    manifest = read_certificate(certificate_path(path))

    def ask(bond_wei: int) -> None:
        if not is_sure:
            typer.confirm(
                f"Bond {nvy(bond_wei)}? It returns after 14 days unless a challenge is upheld",
                abort=True,
            )

    async with opened(home) as client:
        session = client.session
        await publish_certified(session.storage, manifest)
        is_new = await send(session, manifest, ask)
        found = await registration_of(session.contracts, manifest.model_id())
    if as_json:
        emit_json({"is_new": is_new, **registration_json(found)})
        return
    console().print("Registered." if is_new else "The model is registered already.")
    print_registration(found)


def certificate_path(path: Path) -> Path:
    """Return the certificate that a command means: the file itself, or the one beside a model."""
    from neurovoyance.cli.model_calibrate import SUFFIX

    if path.name.endswith(".json"):
        return path
    return path.with_name((path.stem if path.suffix else path.name) + SUFFIX)


def registration_json(found: Registration) -> dict[str, Any]:
    """Return where a model stands, as JSON values."""
    from neurovoyance.cli.model_tables import posting_words
    from neurovoyance.protocol.ids import hex_of

    return {
        "model_id": hex_of(found.model_id),
        "state": found.record.state.name,
        "registrant": found.registrant,
        "bond_wei": str(found.bond_wei),
        "active_at_s": found.record.active_at_s,
        "pools": [
            {
                "class": pool.job_class.name,
                "pool": pool.name,
                "seats": pool.record.live_seats,
                "owners": pool.record.owners,
                "is_enough": pool.is_enough,
            }
            for pool in found.pools
        ],
        "job_classes": [one.name for one in found.job_classes()],
        "words": posting_words(found),
    }
