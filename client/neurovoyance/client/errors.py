"""What can go wrong for a client beyond the shared tree; each says whether money moved.

Place: L3, raised by the modules of this package. Messages name the job; hints name the next step.
"""

from __future__ import annotations

from neurovoyance.protocol.errors import ExecutionError, RequestError, VerificationError


class NotHired(RequestError):
    """No node took the job at these terms; nothing was signed and no money moved."""

    code = "request.not_hired"
    retryable = True
    http_status = 409
    exit_code = 3


class JobNotKnown(RequestError):
    """This client has no record of the job."""

    code = "request.job_not_known"
    http_status = 404
    exit_code = 2


class StillRunning(RequestError):
    """The job has not ended within the time that the caller gave; it goes on."""

    code = "request.still_running"
    retryable = True
    http_status = 409
    exit_code = 4


class JobRefunded(ExecutionError):
    """Every attempt ended without a result; the client has its money back."""

    code = "execution.refunded"
    exit_code = 5


class ResultMismatch(VerificationError):
    """The published output is not the one that the provider committed to on chain."""

    code = "verification.mismatch"
    exit_code = 6


class BatchMismatch(VerificationError):
    """A batch of tasks is not what was ordered, signed for, or what the model computes."""

    code = "verification.batch"
    exit_code = 6


class TasksRefused(RequestError):
    """A provider takes no tasks on these terms now; nothing was signed and nothing is owed."""

    code = "request.tasks_refused"
    retryable = True
    http_status = 409
    exit_code = 3
