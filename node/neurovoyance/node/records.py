"""JSON forms of what the journal keeps about a job and its execution.

Place: between the pure values and ``journal``. A record that this version cannot read stops the
start with a sentence, since a guess could cost the lock of a job. Never: a default for money.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from neurovoyance.chain.events import JobPosted
from neurovoyance.node.execution_values import Execution
from neurovoyance.protocol.audit import AuditFacts
from neurovoyance.protocol.errors import InternalError
from neurovoyance.protocol.ids import Address, JobId
from neurovoyance.protocol.job_spec import JobSpec


@dataclass(frozen=True, slots=True)
class PostedJob:
    """A job as it was listed, or opened with one of our offers.

    Attributes:
        max_price_wei: most that the client pays; the agreed price where an offer was taken.
        min_lock_wei: least stake that the client wants behind the job.
        sources: base URLs of gateways named by the client; never trusted, only tried.
        salt: with the client and the spec it gives the job id.
    """

    job_id: JobId
    client: Address
    spec: JobSpec
    max_price_wei: int
    min_lock_wei: int
    sources: tuple[str, ...] = ()
    salt: bytes = bytes(32)


def posted_job(event: JobPosted) -> PostedJob:
    """Return a listing as this software keeps it.

    Raises:
        SpecError: it does not accept a value of the spec.
    """
    return PostedJob(
        job_id=JobId(event.job_id),
        client=Address(event.client),
        spec=event.spec.checked(),
        max_price_wei=event.max_price_wei,
        min_lock_wei=event.min_lock_wei,
        sources=(event.source,) if event.source else (),
        salt=event.salt,
    )


class _Row(BaseModel):
    model_config = ConfigDict(ser_json_bytes="hex", val_json_bytes="hex", extra="forbid")


class _ExecutionRow(_Row):
    execution: Execution


class _JobRow(_Row):
    job: PostedJob


class _FactsRow(_Row):
    facts: AuditFacts


def dump_execution(execution: Execution) -> str:
    """Return an execution as JSON text."""
    return _ExecutionRow(execution=execution).model_dump_json()


def load_execution(text: str) -> Execution:
    """Return the execution in JSON text.

    Raises:
        InternalError: the text was written by another version, or damaged.
    """
    try:
        return _ExecutionRow.model_validate_json(text).execution
    except ValidationError as error:
        raise _unreadable("execution") from error


def dump_job(job: PostedJob) -> str:
    """Return a posted job as JSON text."""
    return _JobRow(job=job).model_dump_json()


def load_job(text: str) -> PostedJob:
    """Return the posted job in JSON text.

    Raises:
        InternalError: the text was written by another version, or damaged.
    """
    try:
        return _JobRow.model_validate_json(text).job
    except ValidationError as error:
        raise _unreadable("job") from error


def dump_facts(facts: AuditFacts) -> str:
    """Return the facts of an audit as JSON text."""
    return _FactsRow(facts=facts).model_dump_json()


def load_facts(text: str) -> AuditFacts:
    """Return the facts of an audit in JSON text.

    Raises:
        InternalError: the text was written by another version, or damaged.
    """
    try:
        return _FactsRow.model_validate_json(text).facts
    except ValidationError as error:
        raise _unreadable("audit") from error


def _unreadable(kind: str) -> InternalError:
    return InternalError(
        f"The journal holds an {kind} record that this version cannot read.",
        hint="Start the version that wrote it and let its jobs finish; do not delete the journal, "
        "it holds the keys of results that were not revealed yet.",
    )
