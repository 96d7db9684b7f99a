"""``neurovoyance job list``: every job of this client and where it stands on chain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neurovoyance.cli.options import HomeOption, JsonOption


def list_jobs(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List your jobs, newest first."""
    from neurovoyance.cli.opened import run

    run(_list(home, as_json))


async def _list(home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import console, emit_json, nvy, short, table, when

    rows: list[dict[str, Any]] = []
    async with opened(home) as client:
        for job in await client.jobs():
            attempt, state = job.current, await job.state()
            rows.append(
                {
                    "job_id": job.id,
                    "state": state.label,
                    "status": attempt.status.value,
                    "model": job.manifest.name or job.manifest.model_cid,
                    "provider": job.provider,
                    "price_wei": str(attempt.price_wei),
                    "attempts": len(job.attempts),
                    "made_s": job.order.made_s,
                    "result": str(job.result_path) if job.result_path.exists() else "",
                }
            )
    if as_json:
        emit_json({"jobs": rows})
        return
    out = console()
    if not rows:
        out.print("No jobs yet. Submit one with `neurovoyance job submit MODEL --input FILE`.")
        return
    shown = table(
        "job", "made", "model", "state", "provider", "price", "tries", right=("price", "tries")
    )
    for row in rows:
        shown.add_row(
            short(row["job_id"]),
            when(row["made_s"]),
            row["model"][:24],
            row["state"] if row["state"] != "None" else row["status"],
            short(row["provider"]) or "-",
            nvy(int(row["price_wei"])),
            str(row["attempts"]),
        )
    out.print(shown)
