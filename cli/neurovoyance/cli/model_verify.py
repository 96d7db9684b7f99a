"""``neurovoyance model verify``: measure a registered model again and say whether it holds here."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from neurovoyance.cli.options import HomeOption, JsonOption, YesOption

if TYPE_CHECKING:
    from neurovoyance.client.session import Session
    from neurovoyance.node.calibration.repeating import Repetition
    from neurovoyance.protocol.manifest import ModelManifest

FAILED = 1


def verify(
    name: Annotated[
        str, typer.Argument(metavar="MODEL", help="Model id, or the name of one published here.")
    ],
    inputs: Annotated[
        int, typer.Option("--inputs", min=0, help="Measure so many inputs; all if 0.")
    ] = 0,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Another gateway to fetch from.")
    ] = None,
    max_bytes: Annotated[
        int,
        typer.Option("--max-bytes", min=1, help="Most to download of the model or of its inputs."),
    ] = 4 << 30,
    allow_few: Annotated[
        bool, typer.Option("--allow-few", help="Accept under 100 inputs of 200; for trials.")
    ] = False,
    challenge: Annotated[
        bool, typer.Option("--challenge", help="Challenge the certificate if it does not hold.")
    ] = False,
    yes: YesOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch a model, its inputs and its certificate, and repeat the measurements here."""
    from neurovoyance.cli.opened import run

    made = _verify(
        name,
        inputs or None,
        source or [],
        max_bytes,
        allow_few,
        challenge,
        yes or as_json,
        home,
        as_json,
    )
    code = run(made)
    if code:
        raise typer.Exit(code)


async def _verify(
    name: str,
    inputs_max: int | None,
    sources: list[str],
    max_bytes: int,
    allow_few: bool,
    is_challenged: bool,
    is_sure: bool,
    home: Path | None,
    as_json: bool,
) -> int:
    from neurovoyance.cli.model_register import registration_json
    from neurovoyance.cli.model_tables import print_registration, print_repetition
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import console, emit_json
    from neurovoyance.client.certificates import registration_of
    from neurovoyance.protocol.ids import hex_of

    async with opened(home) as client:
        session = client.session
        manifest = await _document(session, name)
        found = await registration_of(session.contracts, manifest.model_id())
        repetition = await _repeat(
            session, manifest, sources, max_bytes, inputs_max, allow_few, as_json
        )
        evidence = ""
        if is_challenged and not repetition.holds:
            evidence = await _challenge(session, manifest, repetition, is_sure)
    if as_json:
        emit_json(
            {**repetition.to_json(), "evidence": evidence, "registration": registration_json(found)}
        )
        return 0 if repetition.holds else FAILED
    out = console()
    print_repetition(repetition)
    print_registration(found)
    if evidence:
        out.print(f"  Challenged. The evidence is {evidence}; the arbiter has 14 days to rule.")
    elif not repetition.holds and found.is_registered:
        out.print(
            "  Challenge it: `neurovoyance model verify "
            f"{hex_of(found.model_id)} --challenge` binds a bond until the arbiter rules.",
            soft_wrap=True,
        )
    return 0 if repetition.holds else FAILED


async def _document(session: Session, name: str) -> ModelManifest:
    """Return the document of a model, from the chain if it is registered, else from here.

    Raises:
        VerificationError: the chain holds other terms than the document.
    """
    from neurovoyance.client.certificates import registered_manifest
    from neurovoyance.client.models import find_model
    from neurovoyance.protocol.errors import VerificationError
    from neurovoyance.protocol.ids import ModelId

    is_id = len(name) == 66 and name.startswith("0x")
    if is_id:
        model_id = ModelId(bytes.fromhex(name[2:]))
    else:
        model_id = (await find_model(session.storage, name)).model_id
    manifest = await registered_manifest(session, model_id)
    if manifest is None:
        return (await find_model(session.storage, model_id)).manifest
    record = await session.contracts.registry.model(model_id)
    if record.terms() != manifest.read_terms():
        raise VerificationError(
            "The registry holds other terms than the document that was registered.",
            hint="Report it: the contract reads them from the document itself.",
        )
    return manifest


async def _repeat(
    session: Session,
    manifest: ModelManifest,
    sources: list[str],
    max_bytes: int,
    inputs_max: int | None,
    allow_few: bool,
    as_json: bool,
) -> Repetition:
    from neurovoyance.cli.model_tables import StepLine
    from neurovoyance.client.certificates import require_certificate
    from neurovoyance.client.nodes import known_nodes
    from neurovoyance.ipfs.cid import Cid
    from neurovoyance.node.calibration.filing import drawn_again
    from neurovoyance.node.calibration.repeating import repeat
    from neurovoyance.node.calibration.runs import Renderings

    certificate = require_certificate(manifest)
    urls = [*sources, *session.settings.node_urls]
    urls += [node.endpoint for node in known_nodes(session.journal)]
    step = StepLine(is_silent=as_json)
    wanted = {"model": manifest.model_cid, "inputs": certificate.inputs_cid}
    for rendering in manifest.renderings[:1]:
        wanted[rendering.format] = rendering.model_cid
    with TemporaryDirectory(prefix="neurovoyance-verify-") as made:
        folder = Path(made)
        try:
            for part, cid in wanted.items():
                step(f"fetching {part}", 0, 1)
                await session.storage.fetch(
                    Cid.from_text(cid), folder / part, sources=urls, max_bytes=max_bytes
                )
            return await repeat(
                manifest,
                Renderings(folder / "model", folder / "torch" if "torch" in wanted else None),
                drawn_again(folder / "inputs"),
                step,
                inputs_max=inputs_max,
                allow_few=allow_few,
            )
        finally:
            step.close()


async def _challenge(
    session: Session, manifest: ModelManifest, repetition: Repetition, is_sure: bool
) -> str:
    import json

    from neurovoyance.cli.output import nvy
    from neurovoyance.client.certificates import challenge

    def ask(bond_wei: int) -> None:
        if not is_sure:
            typer.confirm(f"Bond {nvy(bond_wei)} behind the challenge", abort=True)

    evidence = json.dumps(repetition.to_json(), sort_keys=True).encode()
    return str(await challenge(session, manifest.model_id(), evidence, ask))
