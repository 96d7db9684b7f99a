"""What the demo does: network, jobs, a SIGKILL, audits, a cheat, books; and what of it was wrong.

Place: logic of ``neurovoyance demo``; :mod:`.demo_report` prints what this returns. Every claim of
the report is checked here: labels against a direct run of the model in another process, jobs by
their state on chain, balances of the contracts against the books to the wei.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neurovoyance.chain.chain_control import ChainControl
from neurovoyance.chain.deploy import AuditSettings
from neurovoyance.cli.catalogue import shipped_catalogue
from neurovoyance.cli.demo_audits import CheatStory, settle_all, tell_cheat
from neurovoyance.cli.demo_books import book_faults, cheat_faults
from neurovoyance.cli.demo_canary import followed, play_canary
from neurovoyance.cli.demo_economy import EconomyStory, play_economy
from neurovoyance.cli.demo_files import BARGAIN, GROUPS, write_demo_files
from neurovoyance.cli.demo_model import registered_model
from neurovoyance.cli.local_network import LocalNetwork
from neurovoyance.cli.local_node import LocalNode
from neurovoyance.cli.local_services import Services
from neurovoyance.cli.opened import logging_to
from neurovoyance.cli.progress import StepLines
from neurovoyance.client.client import AsyncClient
from neurovoyance.client.errors import StillRunning
from neurovoyance.client.filetypes import (
    OUTPUT_NAME,
    FileFeatures,
    FileTypeModel,
    input_of,
    installed_model,
)
from neurovoyance.client.hiring import Hire
from neurovoyance.client.jobs import AsyncJob
from neurovoyance.client.journal import Attempt
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.money import MoneyView, money_view
from neurovoyance.client.opening import open_from_profile
from neurovoyance.client.phases import Phase, PhaseUpdate
from neurovoyance.client.receipts import check_receipt
from neurovoyance.protocol.errors import ExecutionError
from neurovoyance.protocol.lifecycle import JobState
from neurovoyance.protocol.units import WEI_PER_NVY

NODES = 4  # three honest ones, and one that computes with int8 weights
FIRST_AUDITS = 2
MAX_PRICE_WEI = WEI_PER_NVY
MAX_RUNTIME_S, WINDOW_S = 20, 600
_JOBS_WHILE_AWAY = 3
_PATIENCE_S = 120.0
_DIRECT_S = 60.0


@dataclass(slots=True)
class DemoJob:
    """One job of the demo: its files, and what became of it."""

    name: str
    hire: Hire
    files: list[str]
    job: AsyncJob
    receipt: dict[str, Any] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(slots=True)
class DemoReport:
    """What happened, and every fault found."""

    jobs: list[DemoJob]
    labels: dict[str, str]
    direct: dict[str, str]
    job_of_file: dict[str, str]
    balances: dict[str, MoneyView]
    names: dict[str, str]
    cheat: CheatStory
    economy: EconomyStory
    killed: str
    killed_job: str
    away_s: float
    seconds: float
    folder: str
    faults: list[str]


OnEnd = Callable[[LocalNetwork, DemoReport], Awaitable[None]]


class DemoRun:
    """One play of the demo.

    Args:
        keep: folder to keep everything in; a temporary one is removed after a success.
        is_silent: print nothing on the way.
        services: what runs beside the nodes.
        on_end: called with network and report while the network still runs.
    """

    def __init__(
        self,
        *,
        keep: Path | None,
        is_silent: bool,
        services: Services | None = None,
        on_end: OnEnd | None = None,
    ) -> None:
        self._keep = keep
        self._services = services or Services()
        self._on_end = on_end
        self._started_s = 0.0
        self._lines = StepLines(is_silent=is_silent)
        self._names: dict[str, str] = {}
        self._victim: LocalNode | None = None
        self._killed_s = self._away_s = 0.0

    async def play(self) -> DemoReport:
        """Run everything and return the report.

        Raises:
            ConfigError: the model or a port is missing.
            NeurovoyanceError: a part failed in a way that the demo does not expect.
        """
        self._started_s = time.monotonic()
        model = installed_model()
        folder = self._keep or Path(tempfile.mkdtemp(prefix="neurovoyance-demo-"))
        folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        with logging_to(folder / "client.log"):
            report = await self._with_network(folder, model)
        report.folder = str(folder) if self._keep or report.faults else ""
        if not report.folder:
            shutil.rmtree(folder, ignore_errors=True)
        return report

    async def _with_network(self, folder: Path, model: FileTypeModel) -> DemoReport:
        files = write_demo_files(folder / "files")
        direct = asyncio.create_task(_direct_labels(files))
        try:
            network = LocalNetwork(
                folder,
                node_count=NODES,
                max_jobs=2,
                audits=AuditSettings.local(first_jobs=FIRST_AUDITS),
                has_economy=True,
                canary_models=shipped_catalogue(),
                collects=False,  # the demo tells what it does, and when
                cheats=1,
                services=self._services,
                registers_sample=False,  # the demo does it, and shows it
                on_step=self._lines.step,
            )
            async with (
                network,
                await open_from_profile(folder, gateway_port=network.content_port) as client,
            ):
                self._names = {node.owner.address: node.name for node in network.nodes}
                self._lines.step(f"ready: chain at {network.rpc_url}, {NODES - 1} nodes")
                report = await self._market(network, client, model, files)
                report.direct = await direct
                report.faults += _label_faults(report)
                report.seconds = time.monotonic() - self._started_s
                if self._on_end is not None:
                    await self._on_end(network, report)
        finally:
            direct.cancel()
        return report

    async def _market(
        self,
        network: LocalNetwork,
        client: AsyncClient,
        model: FileTypeModel,
        files: dict[str, Path],
    ) -> DemoReport:
        published = await registered_model(client, model)
        tau = published.manifest.certificate.tau if published.manifest.certificate else ""
        self._lines.step(
            f"model {published.manifest.model_cid[:20]}... registered, tolerance {tau}"
        )
        features = {name: model.read(path) for name, path in files.items()}
        labels = {name: item.label for name, item in features.items() if item.row is None}
        jobs: list[DemoJob] = []
        async with asyncio.TaskGroup() as waiting:
            for name, hire, wanted in GROUPS:
                jobs.append(await self._submit(client, published, features, name, hire, wanted))
                if len(jobs) == 1:
                    self._victim = await self._kill(network, jobs[0])
                waiting.create_task(self._finish(client, jobs[-1]))
                if len(jobs) == _JOBS_WHILE_AWAY:
                    waiting.create_task(self._bring_back())
        cheat = await self._hire_cheat(network, client, published, features, jobs)
        self._lines.step("challenge windows end; audited jobs are settled")
        await settle_all(network, client, [item.job for item in jobs])
        self._lines.step("48 hours pass, and the slash is split")
        story = await tell_cheat(client, cheat, jobs[-1].job)
        for item in jobs:
            item.receipt = await item.job.receipt()
        for item in jobs:
            scores = (await item.job.result())[OUTPUT_NAME]
            labels |= {file: model.label(row) for file, row in zip(item.files, scores, strict=True)}
        return await self._report(network, client, jobs, labels, story)

    async def _submit(
        self,
        client: AsyncClient,
        published: PublishedModel,
        features: dict[str, FileFeatures],
        name: str,
        hire: Hire,
        wanted: tuple[str, ...],
    ) -> DemoJob:
        chosen = _matching(wanted, features)
        job = await client.submit(
            published,
            input_of([features[file] for file in chosen]),
            hire=hire,
            max_price_wei=MAX_PRICE_WEI,
            max_runtime_s=MAX_RUNTIME_S,
            window_s=WINDOW_S,
        )
        return DemoJob(name, hire, chosen, job)

    async def _hire_cheat(
        self,
        network: LocalNetwork,
        client: AsyncClient,
        published: PublishedModel,
        features: dict[str, FileFeatures],
        jobs: list[DemoJob],
    ) -> LocalNode:
        """Start the node that cheats and let it win a job by its price."""
        cheat = network.nodes[-1]
        await network.start_node(cheat)
        self._lines.event("", cheat.name, "joins: int8 weights, and the lowest price", "yellow")
        await client.session.follower.reach(await client.session.chain.block_number())
        jobs.append(await self._submit(client, published, features, *BARGAIN))
        await self._finish(client, jobs[-1])
        return cheat

    async def _kill(self, network: LocalNetwork, first: DemoJob) -> LocalNode:
        """Kill the node that has the first job in hand, as a power cut would."""
        victim = network.node_of(await first.job.assigned())
        if victim is None:
            raise ExecutionError("The first job has no provider; nothing was paid.")
        victim.child.kill()
        self._killed_s = time.monotonic()
        words = f"to {victim.name}, which is killed at once (SIGKILL)"
        self._lines.event(first.name, "assigned", words, "yellow")
        return victim

    async def _bring_back(self) -> None:
        if self._victim is not None:
            await self._victim.start()
            self._away_s = time.monotonic() - self._killed_s
            words = f"is back after {self._away_s:.1f} s and reads its journal"
            self._lines.event("", self._victim.name, words, "yellow")

    async def _finish(self, client: AsyncClient, item: DemoJob) -> None:
        first_id = item.job.id if self._away_s == 0 and item.name == GROUPS[0][0] else ""

        def tell(update: PhaseUpdate) -> None:
            is_told = update.phase is Phase.ASSIGNED and update.job_id == first_id
            if not is_told and update.phase in (
                Phase.ASSIGNED,
                Phase.AUDITED,
                Phase.SETTLED,
                Phase.REFUNDED,
                Phase.RETRYING,
            ):
                who = self._names.get(update.provider, "")
                words = f"to {who}" if update.phase is Phase.ASSIGNED else f"{update.detail}"
                if update.phase is Phase.SETTLED:
                    words = f"{update.detail} to {who}"
                style = "green" if update.phase is Phase.SETTLED else ""
                self._lines.event(item.name, update.phase.value, words, style)

        try:
            receipt = await item.job.wait(tell, timeout_s=_PATIENCE_S)
        except StillRunning:
            record = await client.session.contracts.market.job(item.job.current.job_id)
            if record.state in (JobState.OPEN, JobState.ASSIGNED):
                # The provider never came back to it: let chain time pass its deadline, so that
                # the client takes its money back and hires another one.
                behind_s = record.deadline_s - await client.session.chain.time_s()
                await ChainControl(client.session.chain.rpc).increase_time(max(1, behind_s + 1))
            receipt = await item.job.wait(tell, timeout_s=_PATIENCE_S)
        item.receipt, item.attempts = receipt, item.job.attempts

    async def _report(
        self,
        network: LocalNetwork,
        client: AsyncClient,
        jobs: list[DemoJob],
        labels: dict[str, str],
        story: CheatStory,
    ) -> DemoReport:
        session = client.session
        await session.follower.reach(await session.chain.block_number())
        time_s = await session.chain.time_s()
        accounts = [str(session.address), *(node.owner.address for node in network.nodes)]
        views = {
            account: await money_view(session.contracts, session.journal, account, time_s=time_s)
            for account in accounts
        }
        faults = [fault for item in jobs for fault in _job_faults(client, item)]
        faults += await book_faults(network, client)
        faults += cheat_faults(story)
        self._lines.step("a canary is drawn by lot, answered, audited and scored")
        canary = await play_canary(network, client)
        self._lines.step("fees are split, weeks pass, rewards vest, and a vote is held")
        node = followed(network, canary, [item.receipt for item in jobs])
        economy = await play_economy(client, node, canary)
        faults += [*economy.faults, *await book_faults(network, client)]
        return DemoReport(
            jobs=jobs,
            labels=dict(sorted(labels.items())),
            direct={},
            job_of_file={file: item.name for item in jobs for file in item.files},
            balances=views,
            names={str(session.address): "client", **self._names},
            cheat=story,
            economy=economy,
            killed=self._victim.name if self._victim else "",
            killed_job=jobs[0].name,
            away_s=self._away_s,
            seconds=0.0,
            folder="",
            faults=faults,
        )


def _matching(wanted: tuple[str, ...], features: dict[str, FileFeatures]) -> list[str]:
    """Return the files whose name is, or starts with, one of the wanted ones, and need a job."""
    return [
        name
        for want in wanted
        for name, item in features.items()
        if item.row is not None and (name == want or (want.endswith("/") and name.startswith(want)))
    ]


async def _direct_labels(files: dict[str, Path]) -> dict[str, str]:
    """Return the labels of a direct run of the model, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "neurovoyance.cli.direct_labels",
        *(str(path) for path in files.values()),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), _DIRECT_S)
    except BaseException:
        if process.returncode is None:
            process.kill()
        raise
    if process.returncode:
        raise ExecutionError(
            "The direct run of the model failed: " + err.decode(errors="replace")[-300:],
            hint="Install what the demo needs with: pip install 'neurovoyance[demo]'",
        )
    found = json.loads(out)
    return {name: str(found[str(path)]) for name, path in files.items()}


def _label_faults(report: DemoReport) -> list[str]:
    return [
        f"{name}: the market says {report.labels.get(name, 'nothing')}, a direct run {label}."
        for name, label in report.direct.items()
        if report.labels.get(name) != label
    ]


def _job_faults(client: AsyncClient, item: DemoJob) -> list[str]:
    """Return what is wrong with a job: state, receipt, or pay given twice."""
    receipt = item.receipt
    faults = [f"{item.name}: {fault}" for fault in check_receipt(receipt)]
    if receipt["state"] != "Settled":
        faults.append(f"{item.name}: it ended as {receipt['state']}, not settled.")
    paid = [
        event
        for attempt in item.attempts
        for event in client.session.journal.events_of(attempt.job_id)
        if event.name == "JobSettled"
    ]
    if len(paid) != 1:
        faults.append(f"{item.name}: it was paid {len(paid)} times.")
    return faults
