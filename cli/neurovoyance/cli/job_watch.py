"""``neurovoyance job watch``: follow a job to its end; expires, retries and confirms as agreed."""

from __future__ import annotations

from pathlib import Path

from neurovoyance.cli.options import HomeOption, JobArgument, JsonOption


def watch(job_id: JobArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Follow a job to its result or refund; safe to interrupt and to repeat."""
    from neurovoyance.cli.opened import run

    run(_watch(job_id, home, as_json))


async def _watch(job_id: str, home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.job_fetch import wait_and_show
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import emit_json
    from neurovoyance.cli.progress import PhaseLines

    async with opened(home, serve=True) as client:
        job = await client.job(job_id)
        shown = await wait_and_show(job, PhaseLines(is_silent=as_json), as_json=as_json)
        if as_json:
            emit_json(shown)
