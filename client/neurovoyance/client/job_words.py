"""The facts of a job in sentences: what was compared, who was right, what it cost whom.

Place: over :mod:`.job_story`; pure. Every sentence follows from facts of the chain, amounts are in
NVY, distances in units of the tolerance tau. Never: a number that the facts do not hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neurovoyance.client.slots import HANDED_BACK
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.units import BPS, format_nvy

Facts = dict[str, Any]

_FLAGS = {
    1: "the tokens did not follow from the model",
    2: "its inputs could not be had",
    4: "its own run gave no finite output",
}
_KINDS = {
    "WRONG_OUTPUT": "that the result is not what the model computes",
    "FORGED_ANSWER": "that the provider's numbers are not those of its own result",
    "BAD_ENVELOPE": "that the stored result is not the one committed to",
    "UNAVAILABLE": "that the provider does not serve its result",
}
_POINTS = {
    "OPERATOR": "operator {row} of the model",
    "MISSING_ROW": "operator {row}, whose tensors are not served",
    "FORGED_PROJECTION": "a projection that is not what it claims to be",
    "WRONG_SOURCE": "operator {row}, whose inputs come from nowhere",
}
_ENDS = {
    "GUILTY": "The referees found against the provider.",
    "CLEAR": "The referees cleared the provider; the challenger lost its bond.",
    "DROPPED": "The dispute was dropped.",
    "UNDECIDED": "No verdict could be had; the client was refunded and nobody slashed.",
}
_STATES = {
    JobState.SETTLED.label: "The provider was paid.",
    JobState.REJECTED.label: "The result was found wrong; the client got its price back.",
    JobState.INVALID.label: "The job ended without a finite result; the client got its price back.",
    JobState.PROVIDER_COMMIT_TIMEOUT.label: "The provider never committed to a result.",
    JobState.PROVIDER_REVEAL_TIMEOUT.label: "The provider never revealed its result.",
    JobState.PROVIDER_ANSWER_TIMEOUT.label: "The provider did not answer its audit.",
    JobState.PROVIDER_TRACE_TIMEOUT.label: "The provider did not show how it computed.",
    JobState.AUDITOR_TIMEOUT.label: "No audit could be held in time; nobody is at fault.",
    JobState.REFEREE_TIMEOUT.label: "No verdict was found in time; nobody is at fault.",
    JobState.CANCELLED.label: "The client withdrew the job.",
    JobState.UNMATCHED.label: "No provider took the job.",
}
WHY_REFUNDED = {
    JobState.UNMATCHED.label: "no provider took it in time",
    JobState.PROVIDER_COMMIT_TIMEOUT.label: "the provider committed nothing in time",
    JobState.PROVIDER_REVEAL_TIMEOUT.label: "the provider revealed nothing in time",
    JobState.PROVIDER_ANSWER_TIMEOUT.label: "the provider did not answer its audit",
    JobState.PROVIDER_TRACE_TIMEOUT.label: "the provider did not show how it computed",
    JobState.REJECTED.label: "the result was found wrong",
    JobState.AUDITOR_TIMEOUT.label: "no audit could be held in time",
    JobState.REFEREE_TIMEOUT.label: "no verdict was found in time",
    JobState.INVALID.label: "the model has no finite output for this input",
    JobState.CANCELLED.label: "cancelled",
    HANDED_BACK: "handed back by its provider",
}
"""Why the money came back, by the note of an attempt."""
NEXT_AFTER = {
    "Unmatched": "Raise the maximum price or the listing time; `job quote` shows what nodes ask.",
    "Cancelled": "You cancelled it; submit it again when you want it.",
    "Invalid": "Check the input: the model computed NaN or infinity for it.",
}
"""What a client can do then, by the note of its last attempt."""


def words_of(facts: Facts) -> list[str]:
    """Return the story of a job, one sentence or two an entry, in order."""
    return [
        *_beginning(facts),
        *_audit(facts),
        *(line for dispute in facts["disputes"] for line in _dispute(dispute)),
        *_end(facts),
        *_slashes(facts),
    ]


def _who(address: str) -> str:
    return address[:10] if address else "nobody"


def _nvy(wei: str) -> str:
    return f"{format_nvy(int(wei))} NVY"


def _beginning(facts: Facts) -> Iterator[str]:
    if not facts["provider"]:
        yield "No provider took the job, so there was nothing to check."
        return
    yield (
        f"Provider {_who(facts['provider'])} took the job for {_nvy(facts['price_wei'])} and "
        f"locked {_nvy(facts['lock_wei'])} of stake behind it."
    )
    if not facts["commitment"]:
        return
    yield "It committed to its result before anybody knew whether an audit would be drawn."
    if not facts["seed0"]:
        yield "The draw has not happened yet."
        return
    chance = facts["audit_bps"] * 100 / BPS
    if not facts["is_audited"]:
        yield f"An audit was drawn with a chance of {chance:g} %: this job was not selected."
        return
    yield f"An audit was drawn with a chance of {chance:g} %: this job was selected."


def _audit(facts: Facts) -> Iterator[str]:
    audit = facts["audit"]
    if audit is None:
        return
    if audit["job_class"] == "EXACT":
        yield "The results have to be equal bit for bit, within one class of machines."
    else:
        yield (
            "Provider and auditor each gave 32 numbers that their whole results and a seed drawn "
            "after the commitment determine; the contract compared them."
        )
    for one in audit["rounds"]:
        yield _round(one)
    for late in audit["late"]:
        yield (
            f"Auditor {_who(late['auditor'])} was late and lost {_nvy(late['slashed_wei'])}; "
            "another was drawn."
        )
    for slot in audit["skipped_slots"]:
        yield f"No auditor could be had for slot {slot}, so the challenge window was doubled."
    if audit["conceded"]:
        yield "The provider admitted it."
    if audit["contested"]:
        yield "The provider contested: it published its result and put a bond behind it."
    for vote in audit["votes"]:
        if not vote["was_right"]:
            yield (
                f"Auditor {_who(vote['auditor'])} was wrong and lost {_nvy(vote['slashed_wei'])}."
            )


def _round(one: Facts) -> str:
    auditor, paid = _who(one["auditor"]), _nvy(one["paid_wei"])
    end = f" It was paid {paid}."
    if one["flags"]:
        return f"Auditor {auditor} reported that {_FLAGS.get(one['flags'], 'it failed')}.{end}"
    verdict = "passes" if one["outcome"] == "PASS" else "fails"
    if "distance_in_tau" not in one:
        same = "the same" if one["outcome"] == "PASS" else "other"
        return f"Auditor {auditor} got {same} bits: the result {verdict}.{end}"
    near = " That is a near tie." if one["is_near_tie"] else ""
    return (
        f"Auditor {auditor} repeated the job: the results are {one['distance_in_tau']} tau apart, "
        f"where 1 tau is allowed: the result {verdict}.{near}{end}"
    )


def _dispute(dispute: Facts) -> Iterator[str]:
    claim = _KINDS.get(dispute["kind"], "that something is wrong")
    who = _who(dispute["challenger"])
    if dispute["is_contest"]:
        yield f"Dispute {dispute['dispute_id']}: auditor {who} stands by {claim[5:]}."
    else:
        yield (
            f"Dispute {dispute['dispute_id']}: {who} claimed {claim}, with a bond of "
            f"{_nvy(dispute['bond_wei'])}."
        )
    if pointed := dispute["pointed_at"]:
        yield f"It points at {_POINTS[pointed['kind']].format(row=pointed['row'])}."
    for level in dispute["levels"]:
        yield (
            f"Referees, level {level['level']}: {level['guilty']} guilty, {level['clear']} clear, "
            f"{level['abstain']} abstained."
        )
    yield _ENDS.get(dispute["ended"], "The dispute is still open.")


def _end(facts: Facts) -> Iterator[str]:
    money, state = facts["money"], facts["state"]
    if state == JobState.CANCELLED.label and facts["provider"]:
        yield "The provider handed the job back before it committed to a result."
    else:
        yield _STATES.get(state, f"The job is {state}; nothing is final yet.")
    if int(money["paid_wei"]):
        line = f"Paid to the provider: {_nvy(money['paid_wei'])}"
        if int(money["surcharge_wei"]):
            line += f", after {_nvy(money['surcharge_wei'])} towards audits for its short record"
        yield line + "."
    if int(money["refunded_wei"]):
        yield f"Returned to the client: {_nvy(money['refunded_wei'])}."
    if int(money["returned_wei"]):
        yield f"Returned to the client, fronted for audits: {_nvy(money['returned_wei'])}."
    if int(money["audit_pool_wei"]):
        yield f"Into the audit pool: {_nvy(money['audit_pool_wei'])}."
    if int(money["compensation_wei"]):
        yield f"Compensation to the client: {_nvy(money['compensation_wei'])}."


def _slashes(facts: Facts) -> Iterator[str]:
    for slash in facts["slashes"]:
        yield (
            f"{_who(slash['provider'])} lost {_nvy(slash['amount_wei'])} of stake, because "
            f"{slash['why']}."
        )
        if "burned_wei" not in slash:
            yield "The slash is held for 48 hours; then anybody's call splits it."
            continue
        parts = [f"{_nvy(slash['burned_wei'])} burned", f"{_nvy(slash['to_client_wei'])} client"]
        if int(slash.get("to_finder_wei", "0")):
            parts.append(f"{_nvy(slash['to_finder_wei'])} finder {_who(slash['finder'])}")
        if int(slash.get("to_judges_wei", "0")):
            parts.append(f"{_nvy(slash['to_judges_wei'])} judges")
        parts.append(f"{_nvy(slash['to_insurance_wei'])} insurance")
        yield "It went to: " + ", ".join(parts) + "."
