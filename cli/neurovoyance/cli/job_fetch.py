"""``neurovoyance job fetch``: download, check and keep the result of a job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurovoyance.cli.options import HomeOption, JobArgument, JsonOption

if TYPE_CHECKING:
    from neurovoyance.cli.progress import PhaseLines
    from neurovoyance.client.client import AsyncClient
    from neurovoyance.client.jobs import AsyncJob


def fetch(
    job_id: JobArgument,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Copy the result to this .safetensors file.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Get the result of a job, checked against the chain; waits if it is not there yet."""
    from neurovoyance.cli.opened import run

    run(_fetch(job_id, out, home, as_json))


async def _fetch(job_id: str, out: Path | None, home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import emit_json
    from neurovoyance.cli.progress import PhaseLines

    async with opened(home, serve=True) as client:
        job = await client.job(job_id)
        shown = await wait_and_show(job, PhaseLines(is_silent=as_json), as_json=as_json)
        keep(client, job, out)
        if as_json:
            emit_json(shown)


async def wait_and_show(job: AsyncJob, lines: PhaseLines, *, as_json: bool) -> dict[str, Any]:
    """Drive a job to its end, print result and money, and return both as JSON values."""
    from neurovoyance.cli.job_tables import print_result, result_json
    from neurovoyance.cli.output import console, nvy

    receipt = await job.wait(lines.phase)
    arrays = await job.result()
    path = job.result_path
    if not as_json:
        print_result(arrays, str(path))
        paid, back = int(receipt["paid_wei"]), int(receipt["refunded_wei"])
        words = f"paid {nvy(paid)}" if paid else f"{nvy(int(receipt['price_wei']))} in escrow"
        console().print(f"Job {job.id[:10]}: {receipt['state']}, {words}, {nvy(back)} returned.")
    return {
        "job_id": job.id,
        "state": receipt["state"],
        "result": str(path),
        "outputs": result_json(arrays),
        "receipt": receipt,
    }


def keep(client: AsyncClient, job: AsyncJob, out: Path | None) -> None:
    """Copy a result to the place that the caller named."""
    if out is None:
        return
    import shutil

    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(client.session.result_path(job.current.job_id), out)
