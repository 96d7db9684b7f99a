"""The client for ordinary programs: the same calls, blocking, on a thread of their own.

Place: over :mod:`.client`; one event loop in one background thread a client. Never: a call from
inside a running event loop; use ``AsyncClient`` there.
"""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any

from neurovoyance.chain.wallet import Wallet
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.early import EarlyResult
from neurovoyance.client.inputs import Arrays
from neurovoyance.client.jobs import AsyncJob
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.money import MoneyView
from neurovoyance.client.nodes import Quote
from neurovoyance.client.opening import open_from_profile
from neurovoyance.client.phases import OnPhase
from neurovoyance.client.results import Arrays as ResultArrays
from neurovoyance.client.settings import ClientSettings
from neurovoyance.client.sync_loop import Loop
from neurovoyance.client.sync_paying import Channels, Tasks
from neurovoyance.protocol.job_spec import JobClass
from neurovoyance.protocol.lifecycle import JobState


class Job:
    """One order; see :class:`.jobs.AsyncJob` for what each call does and raises."""

    def __init__(self, job: AsyncJob, loop: Loop) -> None:
        self._job = job
        self._loop = loop

    def __repr__(self) -> str:
        return f"Job({self.id})"

    @property
    def id(self) -> str:
        """Job id of the newest attempt, ``0x`` hex."""
        return self._job.id

    @property
    def provider(self) -> str:
        """Address of the provider; empty while nobody is assigned."""
        return self._job.provider

    def state(self) -> JobState:
        """Return the state on chain at this moment."""
        return self._loop.call(self._job.state())

    def wait(
        self, on_phase: OnPhase | None = None, *, timeout_s: float | None = None
    ) -> dict[str, Any]:
        """Wait for a checked result or the refund; return the receipt."""
        return self._loop.call(self._job.wait(on_phase, timeout_s=timeout_s))

    def result(self) -> ResultArrays:
        """Return the checked output, waiting for it if need be."""
        return self._loop.call(self._job.result())

    def early_result(self) -> EarlyResult:
        """Return the output of a private job before its reveal, on the provider's word alone."""
        return self._loop.call(self._job.early_result())

    def confirm(self) -> str:
        """Accept the checked result now; return the transaction."""
        return self._loop.call(self._job.confirm())

    def cancel(self) -> str:
        """Withdraw the listing before a provider took it; return the transaction."""
        return self._loop.call(self._job.cancel())

    def receipt(self) -> dict[str, Any]:
        """Return the receipt of the newest attempt."""
        return self._loop.call(self._job.receipt())


class Client:
    """One open client; a context manager. See :class:`.client.AsyncClient` for the arguments."""

    def __init__(self, settings: ClientSettings, wallet: Wallet) -> None:
        self._start(AsyncClient.open(settings, wallet))

    def _start(self, opening: Coroutine[Any, Any, AsyncClient]) -> None:
        self._loop = Loop()
        try:
            self._client = self._loop.call(opening)
        except BaseException:
            self._loop.stop()
            raise

    @classmethod
    def from_profile(cls, home: Path | None = None, *, password: str | None = None) -> Client:
        """Open the client of a home folder, such as one that ``neurovoyance up`` wrote.

        Args:
            home: the folder; ``~/.neurovoyance`` when omitted.
            password: of the keystore; not needed on the devnet.
        """
        client = cls.__new__(cls)
        client._start(open_from_profile(home, password=password))
        return client

    def close(self) -> None:
        """Stop serving and following; jobs go on."""
        self._loop.call(self._client.close())
        self._loop.stop()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def address(self) -> str:
        """Address of the account that pays."""
        return str(self._client.session.address)

    @property
    def channels(self) -> Channels:
        """Channels: many payments in few transactions.

        Raises:
            ConfigError: this deployment has none.
        """

        async def opened() -> Channels:
            return Channels(self._client.channels, self._loop)

        return self._loop.call(opened())

    @property
    def tasks(self) -> Tasks:
        """Tasks: many small jobs, paid by vouchers.

        Raises:
            ConfigError: this deployment has no channels to pay them by.
        """

        async def opened() -> Tasks:
            return Tasks(self._client, self._client.tasks, self._loop)

        return self._loop.call(opened())

    def publish(
        self, path: Path | str, *, name: str = "", job_class: JobClass = JobClass.EXACT
    ) -> PublishedModel:
        """Put an ONNX model into storage and on offer."""
        return self._loop.call(self._client.publish(Path(path), name=name, job_class=job_class))

    def models(self) -> list[PublishedModel]:
        """Return the models that were published here."""
        return self._loop.call(self._client.models())

    def quote(self, model: PublishedModel | Path | str, inputs: Arrays, **terms: Any) -> Quote:
        """Ask every known node what the job would cost; nothing is signed."""
        return self._loop.call(self._client.quote(model, inputs, **terms))

    def submit(self, model: PublishedModel | Path | str, inputs: Arrays, **terms: Any) -> Job:
        """Hire a provider and return the job once it is on chain."""
        return Job(self._loop.call(self._client.submit(model, inputs, **terms)), self._loop)

    def jobs(self) -> list[Job]:
        """Return every job of this client, newest first."""
        return [Job(job, self._loop) for job in self._loop.call(self._client.jobs())]

    def job(self, job_id: str) -> Job:
        """Return the job whose id starts with the text given."""
        return Job(self._loop.call(self._client.job(job_id)), self._loop)

    def money(self) -> MoneyView:
        """Return where every wei of this account is."""
        return self._loop.call(self._client.money())
