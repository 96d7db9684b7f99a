"""The receipt of a job: what was asked, who did what when, and what was paid; from chain data.

Place: after a job, for the books and for a dispute. Every line names its transaction, so anybody
can compare the receipt with the chain; :func:`check_receipt` repeats offline what needs no chain.
Never: a key, an input or an output.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neurovoyance.client.job_story import job_facts
from neurovoyance.client.journal import Attempt, StoredEvent
from neurovoyance.client.session import Session
from neurovoyance.ipfs.cid import Cid
from neurovoyance.protocol.errors import SpecError
from neurovoyance.protocol.ids import hex_of, job_id_of
from neurovoyance.protocol.job_spec import parse_spec
from neurovoyance.protocol.manifest import ModelManifest

_REFUNDS = ("JobExpired", "JobCancelled", "JobInvalid", "JobMoved")
RECEIPT_VERSION = "2"
_SHOWN = (
    "JobPosted",
    "JobAssigned",
    "JobCommitted",
    "SeedDrawn",
    "JobRevealed",
    "JobConfirmed",
    "JobSettled",
    "JobExpired",
    "JobCancelled",
    "JobInvalid",
    "AuditOpened",
    "AuditRevealed",
    "AuditClosed",
    "AuditContested",
    "JobMoved",
    "SlashShareCredited",
    "SlashSplit",
)


async def build_receipt(
    session: Session, attempt: Attempt, attempts: Sequence[Attempt], manifest: ModelManifest
) -> dict[str, Any]:
    """Return the receipt of an attempt as JSON-serialisable values, wei as decimal strings."""
    known = session.journal.events_of(attempt.job_id)
    events = [event for event in known if event.name in _SHOWN]
    times: dict[int, int] = {}
    for event in events:
        if event.block_number not in times:
            times[event.block_number] = (await session.chain.block(event.block_number)).timestamp_s
    state = await session.contracts.market.state_of(attempt.job_id)
    revealed = _last(events, "JobRevealed") or _last(events, "AuditContested")
    result_cid = Cid.from_bytes(bytes.fromhex(revealed["envelope_cid"][2:])) if revealed else ""
    assigned = _last(events, "JobAssigned") or {}
    return {
        "version": RECEIPT_VERSION,
        "job_id": hex_of(attempt.job_id),
        "state": state.label,
        "chain_id": session.chain.chain_id,
        "market": session.deployment.market,
        "client": str(session.address),
        "provider": assigned.get("provider", ""),
        "salt": hex_of(attempt.salt),
        "spec": attempt.spec.model_dump(mode="json"),
        "model_cid": manifest.model_cid,
        "input_cid": str(Cid.from_bytes(attempt.spec.input_cid)),
        "result_cid": str(result_cid),
        "out_root": revealed["out_root"] if revealed else "",
        "price_wei": assigned.get("price_wei", str(attempt.price_wei)),
        "lock_wei": assigned.get("lock_wei", str(attempt.lock_wei)),
        **_money(known),
        "earlier_attempts": [
            {"job_id": hex_of(item.job_id), "status": item.status.value, "note": item.note}
            for item in attempts
            if item.number < attempt.number
        ],
        "steps": [
            {
                "event": event.name,
                "time_s": times[event.block_number],
                "block": event.block_number,
                "tx": event.tx_hash,
            }
            for event in events
        ],
        "facts": await job_facts(session.contracts, attempt.job_id),
    }


def save_receipt(path: Path, receipt: dict[str, Any]) -> None:
    """Write a receipt as readable JSON; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    staged = path.with_name(path.name + ".part")
    staged.write_text(json.dumps(receipt, indent=2) + "\n", encoding="utf-8")
    staged.replace(path)


def check_receipt(receipt: dict[str, Any]) -> list[str]:
    """Return what is wrong with a receipt, one sentence each; empty when it holds together.

    Offline: the job id follows from spec, salt, client, market and chain; what was paid and
    refunded is the price; the state fits the steps.
    """
    faults = []
    try:
        spec = parse_spec(receipt["spec"])
        needed = job_id_of(
            int(receipt["chain_id"]),
            str(receipt["market"]),
            str(receipt["client"]),
            bytes.fromhex(str(receipt["salt"])[2:]),
            spec.spec_hash(),
        )
        if hex_of(needed) != receipt["job_id"]:
            faults.append("The job id does not follow from the spec, salt, client and market.")
        if str(Cid.from_bytes(spec.input_cid)) != receipt["input_cid"]:
            faults.append("The input CID is not the one in the spec.")
        paid, refunded = int(receipt["paid_wei"]), int(receipt["refunded_wei"])
        price, escrow = int(receipt["price_wei"]), int(receipt["escrow_wei"])
        audits = int(receipt["audits_wei"])
        if receipt["state"] == "Settled" and paid + refunded + audits != escrow:
            faults.append("What was paid, returned and given to audits is not the escrow.")
        if receipt["state"] == "Settled" and paid > price:
            faults.append("More was paid than the price.")
        if receipt["state"] != "Settled" and paid:
            faults.append("Something was paid although the job is not settled.")
        names = {step["event"] for step in receipt["steps"]}
        if (receipt["state"] == "Settled") != ("JobSettled" in names):
            faults.append("The state does not fit the steps.")
    except (KeyError, TypeError, ValueError, SpecError) as error:
        faults.append(f"The receipt is incomplete or malformed: {error}.")
    return faults


def _money(events: Sequence[StoredEvent]) -> dict[str, str]:
    """Return escrowed, paid, refunded (unused escrow included) and compensated wei of a job.

    Where audits are on, the escrow includes what was held for them when the job was assigned.
    """
    posted, assigned = _last(events, "JobPosted"), _last(events, "JobAssigned")
    frozen = _last(events, "AuditTermsFrozen")
    escrow = int(posted["max_price_wei"]) if posted else 0
    refunded = escrow - int(assigned["price_wei"]) if assigned else 0
    escrow += int(frozen["held_wei"]) if frozen else 0
    for event in events:
        if event.name in _REFUNDS:
            refunded += int(event.body["refund_wei"])
    fees = [event.body for event in events if event.name == "AuditFeesPaid"]
    refunded += sum(int(body["returned_wei"]) for body in fees)
    settled = _last(events, "JobSettled")
    share = sum(int(e.body["amount_wei"]) for e in events if e.name == "SlashShareCredited")
    return {
        "escrow_wei": str(escrow),
        "paid_wei": settled["paid_wei"] if settled else "0",
        "refunded_wei": str(refunded),
        "audits_wei": str(sum(int(body["to_pool_wei"]) for body in fees)),
        "compensation_wei": str(share),
    }


def _last(events: Sequence[StoredEvent], name: str) -> dict[str, Any] | None:
    return next((event.body for event in reversed(events) if event.name == name), None)
