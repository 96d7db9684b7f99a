"""``neurovoyance receipt check``: compare a receipt with its signature and with the chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from neurovoyance.cli.options import HomeOption, JsonOption

RECEIPT_MAX_BYTES = 16 << 20


def check(
    file: Annotated[Path, typer.Argument(help="Receipt to check, a JSON file.", metavar="FILE")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a receipt: its signature, its sums, and every fact against the chain."""
    from neurovoyance.cli.opened import run

    if run(_check(file, home, as_json)):
        raise typer.Exit(1)


async def _check(file: Path, home: Path | None, as_json: bool) -> bool:
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import console, emit_json
    from neurovoyance.client.receipts import check_receipt
    from neurovoyance.client.signed_receipts import check_on_chain, check_signature

    receipt = read_receipt(file)
    faults = check_signature(receipt) + check_receipt(receipt)
    async with opened(home) as client:
        faults += await check_on_chain(receipt, client.session.contracts)
    if as_json:
        emit_json({"job_id": receipt.get("job_id"), "is_sound": not faults, "faults": faults})
    elif faults:
        console().print(f"This receipt does not hold; {len(faults)} things are wrong with it:")
        for fault in faults:
            console().print(f"  - {fault}")
    else:
        console().print(
            f"This receipt holds: signed by {receipt['signed_by']}, and every fact of it is on "
            "the chain."
        )
    return bool(faults)


def read_receipt(file: Path) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises:
        SpecError: the file is missing, too long, or not a receipt.
    """
    from neurovoyance.protocol.errors import SpecError

    try:
        if file.stat().st_size > RECEIPT_MAX_BYTES:
            raise SpecError(f"{file} is too long to be a receipt.")
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SpecError(
            f"{file} cannot be read as a receipt.",
            hint="Give the JSON file that `neurovoyance job watch` left in its receipts folder.",
        ) from error
    if not isinstance(found, dict):
        raise SpecError(f"{file} is JSON but not a receipt.")
    return found
