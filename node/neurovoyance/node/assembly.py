"""The parts of one node, put together: executions, offers, and the duties of audits and disputes.

Place: between ``process``, which opens files and connections, and ``agent``, which runs the loops.
Never: I/O beyond opening the journals of the duties, or a rule.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from neurovoyance.chain.emission import Canaries, Emission
from neurovoyance.chain.events import EventCursor
from neurovoyance.chain.rewards import FeeRouter, Vault
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.agent import Agent, AgentSettings
from neurovoyance.node.audit_book import AuditBook
from neurovoyance.node.audit_work import AuditWork
from neurovoyance.node.auditing import AuditDuty
from neurovoyance.node.bench import Bench
from neurovoyance.node.canary_book import CanaryBook
from neurovoyance.node.canary_duty import CanaryDuty
from neurovoyance.node.chain_side import ChainSide
from neurovoyance.node.control import Control
from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.disputing.build import DisputeParts, build_disputes
from neurovoyance.node.duty import Duty
from neurovoyance.node.farm.pool import ExecutionPool
from neurovoyance.node.held_models import HeldModels
from neurovoyance.node.idle.book import IdleBook
from neurovoyance.node.idle.gate import ClockOnly, Gate, Suspendable
from neurovoyance.node.idle.policy import CPU
from neurovoyance.node.idle.sensors import SensorSource, sensors_here
from neurovoyance.node.idle.settings import Mode
from neurovoyance.node.intake import HeldJob, Intake, IntakeLimits
from neurovoyance.node.key_book import KeyBook
from neurovoyance.node.key_desk import KeyDesk
from neurovoyance.node.key_seeker import KeySeeker
from neurovoyance.node.lending import Lending
from neurovoyance.node.offer_desk import OfferDesk
from neurovoyance.node.offering import OfferSigner, PricePolicy
from neurovoyance.node.reward_duty import RewardDuty, Rewards
from neurovoyance.node.runtime.base import Runtime
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.node.settings import NodeSettings
from neurovoyance.node.shell import Shell
from neurovoyance.node.standing import HttpSink, StandingDuty
from neurovoyance.node.task_assembly import TaskParts, build_channels
from neurovoyance.node.watch import Watch
from neurovoyance.node.work import Work
from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.protocol.offer_exchange import OfferRequest

KEYS_NAME = "keys.sqlite"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a node stands on, opened already.

    Attributes:
        runtime: runs jobs and audits.
        identity: what the journals belong to.
        reference: computes reproducibly; None in a deployment without audits.
        numeric_class: of this machine, 32 bytes; None if it is not known.
        endpoint: base URL at which the node answers; empty publishes no standing offer.
        pool: computes jobs and audits; None computes here, with ``runtime``.
    """

    chain: ChainSide
    storage: EmbeddedBackend
    runtime: Runtime
    cursor: EventCursor
    identity: dict[str, str]
    reference: OnnxRuntime | None = None
    numeric_class: bytes | None = None
    endpoint: str = ""
    pool: ExecutionPool | None = None


def build_agent(settings: NodeSettings, machine: Machine, stack: AsyncExitStack) -> Agent:
    """Return the agent of a node.

    Args:
        settings: of the node.
        machine: see :class:`Machine`.
        stack: closes the journals of the duties in the end.
    """
    settings = limited(settings)
    chain, policy = machine.chain, price_policy(settings)
    keys = KeyBook(settings.data_dir / KEYS_NAME, machine.identity)
    stack.callback(keys.close)
    intake = Intake(
        machine.storage,
        machine.runtime,
        intake_limits(settings),
        settings.data_dir / "files",
        allow_private_addresses=settings.allow_private_addresses,
        keys=keys,
    )
    key_desk = KeyDesk(chain, keys)
    work = Work(
        chain=chain,
        intake=intake,
        runtime=machine.runtime,
        storage=machine.storage,
        policy=policy,
        outputs=settings.data_dir / "outputs",
        envelope_keep_s=settings.envelope_keep_s,
        max_jobs=settings.max_jobs,
    )
    crash = CrashPoint(settings.crash_at)
    shell = Shell(chain, work, crash)
    signer = OfferSigner(
        chain.provider, chain.wallet.account, chain.chain_id, chain.market, chain.journal
    )
    desk = OfferDesk(chain, shell, intake, policy, signer, settings.max_jobs, key_desk)
    desk.held = work.bench.held = HeldModels(chain.journal)
    stack.push_async_callback(work.bench.close)
    _join_bench(desk, work.bench, keys, machine.pool)
    return Agent(
        chain,
        shell,
        Watch(chain, shell, policy),
        machine.cursor,
        intake,
        desk,
        AgentSettings(
            poll_interval_s=settings.poll_interval_s,
            harvest_threshold_wei=settings.harvest_threshold_wei,
            stop_grace_s=settings.stop_grace_s,
        ),
        [
            *build_duties(settings, machine, work, crash, stack, key_desk),
            *build_reward_duties(settings, machine, intake, signer, stack),
            *build_standing(settings, machine, desk),
            *build_channels(
                settings,
                TaskParts(chain, machine.storage, desk, work.bench, machine.identity, crash),
                stack,
            ),
        ],
    )


def _join_bench(desk: OfferDesk, bench: Bench, keys: KeyBook, pool: ExecutionPool | None) -> None:
    """Tell the bench where to compute, which inputs are private, and which jobs are likely."""
    if pool is not None:
        bench.pool = pool
    bench.is_private = lambda job: keys.input_key(job.spec.input_cid, job.client) is not None

    def hear(request: OfferRequest, held: HeldJob) -> None:
        if request.sealed_key is None:
            bench.expect(request.spec, held)

    desk.on_held = hear


def build_standing(settings: NodeSettings, machine: Machine, desk: OfferDesk) -> list[Duty]:
    """Return the duty that publishes the standing offer; nothing without an endpoint."""
    if not machine.endpoint:
        return []
    private = settings.allow_private_addresses
    duty = StandingDuty(
        machine.chain,
        desk,
        endpoint=machine.endpoint,
        memory_bytes=settings.memory_bytes or 0,
        sinks=[HttpSink(url, private) for url in settings.markets],
    )
    desk.standing = lambda: duty.current
    return [duty]


def build_duties(
    settings: NodeSettings,
    machine: Machine,
    work: Work,
    crash: CrashPoint,
    stack: AsyncExitStack,
    keys: KeyDesk,
) -> list[Duty]:
    """Return what the node owes besides its own jobs; nothing in a deployment without audits."""
    if machine.reference is None:
        return []
    chain = machine.chain
    seeker = KeySeeker(
        chain, work.intake, keys.book, allow_private=settings.allow_private_addresses
    )
    disputes, challenger = build_disputes(
        DisputeParts(
            contracts=chain.contracts,
            wallet=chain.wallet,
            owner=chain.provider,
            data_dir=settings.data_dir,
            identity=machine.identity,
            storage=machine.storage,
            intake=work.intake,
            runtime=machine.reference,
            defence=work.defence,
            crash=crash,
            allow_private_addresses=settings.allow_private_addresses,
            seeker=seeker,
        )
    )
    stack.callback(disputes.book.close)
    keys.disputes_of = lambda job_id: [entry.facts for entry in disputes.book.of_job(job_id)]
    book = AuditBook(settings.data_dir / "audits.sqlite", machine.identity)
    stack.callback(book.close)
    audits = AuditDuty(
        chain,
        book,
        AuditWork(work.bench, machine.storage, seeker),
        crash,
        numeric_class=machine.numeric_class,
        on_forgery=challenger.on_forgery,
    )
    return [audits, disputes]


def build_reward_duties(
    settings: NodeSettings,
    machine: Machine,
    intake: Intake,
    signer: OfferSigner,
    stack: AsyncExitStack,
) -> list[Duty]:
    """Return what earns rewards; nothing in a deployment without emission."""
    chain, deployment = machine.chain, machine.chain.contracts.deployment
    if deployment.canaries == ZERO_ADDRESS:
        return []
    client = chain.contracts.client
    canaries = Canaries(client, deployment.canaries)
    book = CanaryBook(settings.data_dir / "canaries.sqlite", machine.identity)
    stack.callback(book.close)
    helps = settings.collect_rewards
    duties: list[Duty] = [CanaryDuty(chain, canaries, book, intake, signer, helps=helps)]
    if helps:
        rewards = Rewards(
            Emission(client, deployment.emission),
            canaries,
            FeeRouter(client, deployment.fee_router),
            Vault(client, deployment.vault),
        )
        threshold_wei = settings.harvest_threshold_wei
        duties.append(RewardDuty(chain, rewards, threshold_wei=threshold_wei))
    return duties


def price_policy(settings: NodeSettings) -> PricePolicy:
    """Return the owner's price list."""
    return PricePolicy(
        base_price_wei=settings.base_price_wei,
        price_per_second_wei=settings.price_per_second_wei,
        lock_multiple=settings.lock_multiple,
        min_lock_wei=settings.min_lock_wei,
        max_runtime_s=settings.max_runtime_s,
        lending=Lending(settings.lend, frozenset(settings.public_clients)),
    )


def limited(settings: NodeSettings) -> NodeSettings:
    """Return settings in which the limits of ``idle`` bound what executions and store may take."""
    idle = settings.idle
    return settings.model_copy(
        update={
            "memory_bytes": idle.memory_of(settings.memory_bytes),
            "storage_bytes": _least(settings.storage_bytes, idle.disk_bytes),
            "threads": _least(settings.threads, idle.cores),
        }
    )


def _least(*values: int | None) -> int | None:
    return min((value for value in values if value is not None), default=None)


def own_cores(settings: NodeSettings) -> frozenset[int] | None:
    """Return the cores that executions may use; None for all."""
    return settings.idle.own_cores()


def build_control(
    settings: NodeSettings,
    machine: Machine,
    agent: Agent,
    stack: AsyncExitStack,
    sensors: SensorSource | None = None,
) -> tuple[Gate, Control]:
    """Return what yields to the owner and what obeys the owner's hand.

    Args:
        agent: hears of pauses of the processor.
        sensors: in place of this machine's, for tests.
    """
    book = IdleBook(settings.data_dir / "idle.sqlite", machine.identity)
    stack.callback(book.close)
    idle = settings.idle
    if sensors is None:
        is_watched = idle.mode is Mode.IDLE
        wants = bool(idle.not_with)
        sensors = sensors_here(wants_programs=wants) if is_watched else ClockOnly()
    runtimes = {id(item): item for item in (machine.runtime, machine.reference) if item}
    engines = [item for item in runtimes.values() if isinstance(item, Suspendable)]
    gate = Gate(idle, sensors, book, {CPU: engines})

    def hear(device: str, may_run: bool) -> None:
        if device == CPU:
            agent.set_paused(not may_run)

    gate.on_change.append(hear)
    agent.set_paused(not gate.may_run())
    lending = agent.desk.policy.lending
    control = Control(gate, lending, book, agent.watch, machine.chain.journal, settings.lend)
    return gate, control


def intake_limits(settings: NodeSettings) -> IntakeLimits:
    """Return what one job may take of the machine."""
    return IntakeLimits(
        memory_bytes=settings.memory_bytes,
        model_bytes=settings.model_bytes,
        input_bytes=settings.input_bytes,
        output_bytes=settings.output_bytes,
        threads=settings.threads,
        fetch_timeout_s=settings.fetch_timeout_s,
    )
