"""``audit challenge`` refuses what nothing bears out, and bonds what it is told to be sure of."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from neurovoyance.cli.audit_challenge import Claim, require_grounds
from neurovoyance.cli.main import run
from neurovoyance.cli.opened import opened
from neurovoyance.protocol.audit import DisputeKind
from neurovoyance.protocol.errors import RequestError
from neurovoyance.protocol.ids import parse_job_id
from neurovoyance.protocol.units import nvy

from .conftest import Invoke


def challenge(
    capsys: pytest.CaptureFixture[str], home: str, job_id: str, *options: str
) -> tuple[int, dict[str, Any]]:
    """Run the command on the network with audits; return exit code and JSON."""
    capsys.readouterr()
    code = run(["audit", "challenge", job_id, *options, "--home", home, "--json"])
    return code, json.loads(capsys.readouterr().out)


async def disputes_of(home: str, job_id: str) -> int:
    async with opened(Path(home)) as client:
        return await client.session.contracts.disputes.open_count_of(parse_job_id(job_id))


def test_each_kind_of_dispute_can_be_claimed() -> None:
    assert {claim.name for claim in Claim} == {kind.name for kind in DisputeKind}


@pytest.mark.parametrize("found", [None, DisputeKind.BAD_ENVELOPE])
def test_what_was_not_found_is_not_claimed_unless_somebody_is_sure(
    found: DisputeKind | None,
) -> None:
    claimed = DisputeKind.WRONG_OUTPUT
    with pytest.raises(RequestError) as caught:
        require_grounds(claimed, found, ["A thing was seen."], is_sure=False)
    assert "A thing was seen. Nothing was sent." in caught.value.message
    assert ("bad-envelope" if found else "--yes-i-am-sure") in caught.value.hint
    require_grounds(claimed, found, [], is_sure=True)
    require_grounds(claimed, claimed, [], is_sure=False)


def test_an_honest_result_is_challenged_only_by_who_is_sure(
    capsys: pytest.CaptureFixture[str], audited_network: dict[str, Any], audited_job: str
) -> None:
    home = audited_network["home"]
    code, shown = challenge(capsys, home, audited_job, "--kind", "bad-envelope")
    assert code == 1
    assert "Nothing wrong was found." in shown["error"]["message"]
    assert asyncio.run(disputes_of(home, audited_job)) == 0
    code, shown = challenge(capsys, home, audited_job, "--kind", "bad-envelope", "--yes-i-am-sure")
    assert code == 0, shown
    assert (shown["dispute_id"], shown["bond_wei"]) == ("1", str(nvy("20")))
    assert asyncio.run(disputes_of(home, audited_job)) == 1


def test_where_there_are_no_courts_nothing_is_challenged(
    invoke: Invoke, settled_job: dict[str, Any]
) -> None:
    error = invoke("audit", "challenge", settled_job["job_id"], "--kind", "bad-envelope", code=2)[
        "error"
    ]
    assert "no dispute court" in error["message"]
