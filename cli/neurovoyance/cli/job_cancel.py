"""``neurovoyance job cancel``: withdraw a listing before a provider took it."""

from __future__ import annotations

from pathlib import Path

from neurovoyance.cli.options import HomeOption, JobArgument, JsonOption


def cancel(job_id: JobArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Withdraw a listing; the whole escrow comes back to your free balance."""
    from neurovoyance.cli.opened import run

    run(_cancel(job_id, home, as_json))


async def _cancel(job_id: str, home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import console, emit_json, nvy

    async with opened(home) as client:
        job = await client.job(job_id)
        tx_hash = await job.cancel()
        receipt = await job.receipt()
        if as_json:
            emit_json({"job_id": job.id, "tx": tx_hash, "receipt": receipt})
            return
        console().print(
            f"Job {job.id[:10]} is cancelled; {nvy(int(receipt['refunded_wei']))} came back "
            f"(transaction {tx_hash[:10]})."
        )
