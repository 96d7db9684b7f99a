"""``neurovoyance audit explain``: what was compared, who was right, and what it cost whom."""

from __future__ import annotations

from pathlib import Path

from neurovoyance.cli.options import HomeOption, JobArgument, JsonOption


def explain(job_id: JobArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Tell in words what the chain says about the audit and the disputes of any job."""
    from neurovoyance.cli.opened import run

    run(_explain(job_id, home, as_json))


async def _explain(job_id: str, home: Path | None, as_json: bool) -> None:
    from neurovoyance.cli.opened import opened
    from neurovoyance.cli.output import console, emit_json
    from neurovoyance.client.job_story import job_facts
    from neurovoyance.client.job_words import words_of
    from neurovoyance.protocol.ids import parse_job_id

    async with opened(home) as client:
        facts = await job_facts(client.session.contracts, parse_job_id(job_id))
    if as_json:
        emit_json({**facts, "words": words_of(facts)})
        return
    out = console()
    out.print(f"Job {facts['job_id'][:18]}, {facts['spec']['job_class']}, {facts['state']}")
    out.print()
    for line in words_of(facts):
        out.print(f"  {line}")
