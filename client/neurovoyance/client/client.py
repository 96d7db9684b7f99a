"""The client of the market, asynchronous: publish models, submit jobs, follow the money.

Place: the front door of this package; :mod:`.sync` wraps it for ordinary programs. It wires the
parts and holds no rule. While it is open it serves what it published to nodes, so keep it open
until its jobs have their input. Never: sign anything whose price the caller did not bound.
"""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Literal

from neurovoyance.chain.client import ChainClient
from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.deploy import verify_deployment
from neurovoyance.chain.deployment import load_deployment
from neurovoyance.chain.events import EventCursor
from neurovoyance.chain.wallet import Wallet
from neurovoyance.client import hiring, models
from neurovoyance.client.deposits import OnDeposit
from neurovoyance.client.errors import JobNotKnown
from neurovoyance.client.following import Follower
from neurovoyance.client.inputs import Arrays, batch_of, encode_inputs
from neurovoyance.client.jobs import AsyncJob
from neurovoyance.client.journal import Journal, Status
from neurovoyance.client.models import PublishedModel
from neurovoyance.client.money import MoneyView, money_view
from neurovoyance.client.nodes import Asker, MarketId, Node, Quote, known_nodes
from neurovoyance.client.orders import new_order, plan_and_journal
from neurovoyance.client.paying import PayingClient
from neurovoyance.client.private_inputs import quoted_spec, store_input
from neurovoyance.client.private_keys import PrivateKeys
from neurovoyance.client.serving import serve_storage
from neurovoyance.client.session import Session
from neurovoyance.client.settings import ClientSettings
from neurovoyance.ipfs.composite import open_storage
from neurovoyance.matching.presets import Preset, preset_of
from neurovoyance.protocol.errors import ContractRevert, InsufficientFunds, SpecError
from neurovoyance.protocol.ids import hex_of
from neurovoyance.protocol.job_spec import JobClass, JobSpec
from neurovoyance.protocol.units import WEI_PER_NVY

DEFAULT_MAX_PRICE_WEI = 10 * WEI_PER_NVY
"""What a job may cost when the caller states no maximum; offers above are refused."""


class AsyncClient(PayingClient):
    """One open client; make it with :meth:`open` and close it, or use ``async with``.

    Attributes:
        session: everything that it works with, for tools that need more than the methods here.
    """

    def __init__(self, session: Session, stack: AsyncExitStack) -> None:
        super().__init__(session, stack)

    @classmethod
    async def open(
        cls, settings: ClientSettings, wallet: Wallet, *, serve: bool = True
    ) -> AsyncClient:
        """Connect, check that the market is the one of the deployment file, start to follow it.

        Args:
            settings: network and folders.
            wallet: the key that pays.
            serve: offer published content to nodes; needed to submit jobs.

        Raises:
            ConfigError: wrong chain, wiped devnet, or a port that cannot be used.
            RpcError: no endpoint answers.
        """
        profile = settings.profile
        stack = AsyncExitStack()
        async with AsyncExitStack() as opening:
            chain = await opening.enter_async_context(
                await ChainClient.connect(
                    profile.rpc_urls,
                    state_dir=settings.home / "chain",
                    expected_chain_id=profile.chain_id,
                    poll_s=min(profile.poll_s, 0.25),
                )
            )
            deployment = load_deployment(settings.deployment_path, profile.chain_id)
            await verify_deployment(chain, deployment)
            contracts = Contracts(chain, deployment)
            # A devnet that was started anew is another chain: its jobs and blocks have other files.
            era = f"{profile.chain_id}-{deployment.genesis_hash[2:12]}-{deployment.market[2:12]}"
            folder = settings.home / "markets" / era / wallet.address
            journal = Journal(folder / "client.sqlite")
            opening.callback(journal.close)
            storage = await opening.enter_async_context(
                open_storage(
                    settings.home / "storage",
                    settings.places,
                    allow_private_addresses=settings.allows_private_peers,
                )
            )
            cursor = EventCursor(
                chain,
                deployment.contract_addresses(),
                "client",
                state_path=folder / "cursor.sqlite",
                start_block=deployment.deploy_block,
                poll_s=profile.poll_s,
            )
            opening.callback(cursor.close)
            follower = Follower(cursor, journal, wallet.address, poll_s=profile.poll_s)
            keys = PrivateKeys(settings.home / "private.sqlite")
            opening.callback(keys.close)
            asker = Asker(
                contracts,
                MarketId(chain.chain_id, deployment.market),
                allow_private=settings.allows_private_peers,
                timeout_s=settings.ask_timeout_s,
            )
            session = Session(
                settings=settings,
                chain=chain,
                deployment=deployment,
                contracts=contracts,
                wallet=wallet,
                storage=storage,
                journal=journal,
                follower=follower,
                asker=asker,
                keys=keys,
            )
            while await follower.read_on():
                pass
            follower.start()
            opening.push_async_callback(follower.stop)
            if serve:
                session.source_url = await opening.enter_async_context(
                    serve_storage(
                        storage,
                        host=settings.gateway_host,
                        port=settings.gateway_port,
                        public_url=settings.gateway_url,
                    )
                )
            stack = opening.pop_all()
        return cls(session, stack)

    async def close(self) -> None:
        """Stop serving and following; jobs go on and are found again by the next client."""
        await self._stack.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # --- models ---

    async def publish(
        self, path: Path, *, name: str = "", job_class: JobClass = JobClass.EXACT
    ) -> PublishedModel:
        """Put an ONNX model into storage and on offer; see :func:`.models.publish_model`."""
        return await models.publish_model(
            self.session.storage, path, name=name, job_class=job_class
        )

    async def model(self, model: PublishedModel | Path | str | bytes) -> PublishedModel:
        """Return a model: published before, here or at a market, or a file published now."""
        if isinstance(model, PublishedModel):
            return model
        if isinstance(model, Path) or (isinstance(model, str) and _is_file(model)):
            return await self.publish(Path(model))
        at = self.session.settings.market_urls
        return await models.find_model(self.session.storage, model, sources=at)

    async def models(self) -> list[PublishedModel]:
        """Return the models that were published here, by name."""
        return await models.list_models(self.session.storage)

    # --- jobs ---

    async def spec(
        self,
        model: PublishedModel,
        inputs: Arrays,
        *,
        job_class: JobClass | None = None,
        audit_slots: int = 1,
        declared_gain_wei: int = 0,
        max_runtime_s: int = 60,
        window_s: int = 1_800,
        private: bool = False,
    ) -> JobSpec:
        """Store the input and return the spec of a job; the same input is stored once.

        A private input is encrypted under a new key each time.

        Raises:
            InputMismatch: the arrays do not fit the model.
            SpecError: a value is out of range, or the model is not of that class.
        """
        chosen = JobClass[model.manifest.job_class] if job_class is None else job_class
        if not model.manifest.allows(chosen):
            raise SpecError(
                f"The model is published for {model.manifest.job_class}, not {chosen.name}.",
                hint="Leave the class out, or use a model whose certificate covers that class; "
                "`neurovoyance model show` tells.",
            )
        data = encode_inputs(model.manifest, inputs)
        cid = await store_input(self.session, data, private=private)
        return JobSpec.model_validate(
            {
                "model_id": model.model_id,
                "input_cid": cid.to_bytes(),
                "job_class": chosen,
                "batch": batch_of(model.manifest, inputs),
                "declared_gain_wei": declared_gain_wei,
                "max_runtime_s": max_runtime_s,
                "window_s": window_s,
                "audit_slots": audit_slots,
                "client_key": self.session.keys.public_key if private else bytes(32),
            }
        )

    async def quote(
        self,
        model: PublishedModel | Path | str,
        inputs: Arrays,
        *,
        max_price_wei: int | None = None,
        max_runtime_s: int = 60,
        window_s: int = 1_800,
        job_class: JobClass | None = None,
        audit_slots: int = 1,
        declared_gain_wei: int = 0,
        private: bool = False,
        preset: str = Preset.CHEAPEST,
    ) -> Quote:
        """Ask nodes what the job would cost, best first; nothing is signed and nothing is bound.

        Raises:
            NotHired: no node is known at all.
        """
        wanted = preset_of(preset)
        found = await self.model(model)
        spec = await self.spec(
            found,
            inputs,
            job_class=job_class,
            audit_slots=audit_slots,
            declared_gain_wei=declared_gain_wei,
            max_runtime_s=max_runtime_s,
            window_s=window_s,
            private=private,
        )
        most_wei = DEFAULT_MAX_PRICE_WEI if max_price_wei is None else max_price_wei
        return await hiring.ask_nodes(self.session, spec, most_wei, preset=wanted)

    async def submit(
        self,
        model: PublishedModel | Path | str,
        inputs: Arrays,
        *,
        max_price_wei: int | None = None,
        max_runtime_s: int = 60,
        hire: hiring.Hire = "offer",
        job_class: JobClass | None = None,
        audit_slots: int = 1,
        declared_gain_wei: int = 0,
        window_s: int = 1_800,
        retries: int = 1,
        confirm: Literal["auto", "never"] = "auto",
        listing_s: int = 600,
        quote: Quote | None = None,
        on_deposit: OnDeposit | None = None,
        private: bool = False,
        preset: str = Preset.CHEAPEST,
    ) -> AsyncJob:
        """Hire a provider and return the job once it is on chain.

        Args:
            model: published model, or a file that is published now.
            inputs: one array an input of the model.
            max_price_wei: most that it may cost; 10 NVY when omitted.
            max_runtime_s: seconds that one execution may take.
            hire: take the best signed offer, or list the job for anyone to accept.
            job_class: how the output is checked; the model's class when omitted.
            audit_slots: independent audits if one is drawn, 1 to 8.
            declared_gain_wei: what somebody could gain outside by a false result; raises the
                chance of an audit.
            window_s: seconds of the challenge window.
            retries: further attempts after a provider missed a deadline; each only after the
                refund of the one before.
            confirm: pay as soon as the result was checked, or let the window run.
            listing_s: seconds that a listing waits for a provider.
            quote: answers to the same job that were asked for before; not asked again.
            on_deposit: told the amount in wei before money is deposited.
            private: encrypt the input for the provider, and for the auditors and referees that
                are drawn; nobody else can read it. The output becomes public when revealed.
            preset: which offer is the best: cheapest, fastest or reliable; see docs/matching.md.

        Raises:
            NotHired: no acceptable offer; nothing was signed.
            InputMismatch, SpecError: the job is not well-formed; nothing was sent.
            InsufficientFunds: the account cannot pay; nothing was sent.
            ContractRevert: the market refused; no money moved.
        """
        if not 0 <= retries <= 10 or listing_s < 10:
            raise SpecError("retries must be 0 to 10 and listing_s at least 10; nothing was sent.")
        if private and hire != "offer":
            raise SpecError(
                "A private job cannot be listed: a listing goes to anybody, and the key of the "
                "input only to the provider that is hired. Nothing was sent.",
                hint="Take an offer instead, or list the job without the encryption.",
            )
        found = await self.model(model)
        spec = quoted_spec(self.session, quote) if private else None
        spec = spec or await self.spec(
            found,
            inputs,
            job_class=job_class,
            audit_slots=audit_slots,
            declared_gain_wei=declared_gain_wei,
            max_runtime_s=max_runtime_s,
            window_s=window_s,
            private=private,
        )
        terms = {
            "hire": hire,
            "max_price_wei": str(DEFAULT_MAX_PRICE_WEI if max_price_wei is None else max_price_wei),
            "confirm": confirm,
            "retries": retries,
            "listing_s": listing_s,
            "preset": preset_of(preset).value,
        }
        order_id = secrets.token_hex(8)
        new_order(self.session, order_id, spec, found.manifest, terms)
        job = AsyncJob(self.session, order_id)
        job.on_deposit = on_deposit
        attempt = await plan_and_journal(self.session, hiring.Plan(order_id, 0, spec), terms, quote)
        try:
            await hiring.send_attempt(self.session, attempt, on_deposit)
        except (InsufficientFunds, ContractRevert) as error:
            self.session.journal.set_status(attempt.job_id, Status.VOID, error.message)
            raise
        return job

    async def jobs(self) -> list[AsyncJob]:
        """Return every order of this client that reached an attempt, newest first."""
        orders = self.session.journal.orders()
        jobs = [AsyncJob(self.session, order.order_id) for order in orders]
        return [job for job in jobs if job.attempts]

    async def job(self, job_id: str) -> AsyncJob:
        """Return the job whose id, or any earlier attempt's id, starts with the text given.

        Raises:
            JobNotKnown: none, or several.
        """
        wanted = job_id.lower()
        found = {
            job.order_id: job
            for job in await self.jobs()
            for attempt in job.attempts
            if len(wanted) >= 6 and hex_of(attempt.job_id).startswith(wanted)
        }
        if len(found) != 1:
            raise JobNotKnown(
                f"{'No' if not found else 'More than one'} job of this client starts with "
                f"{job_id[:80]!r}.",
                hint="`neurovoyance job list` shows the jobs; give at least 0x and 4 digits.",
            )
        return next(iter(found.values()))

    # --- money and nodes ---

    async def money(self) -> MoneyView:
        """Return where every wei of this account is."""
        session = self.session
        await session.follower.reach(await session.chain.block_number())
        return await money_view(
            session.contracts,
            session.journal,
            session.address,
            time_s=await session.chain.time_s(),
        )

    async def nodes(self) -> list[Node]:
        """Return the nodes that announced themselves on chain."""
        return known_nodes(self.session.journal)


def _is_file(text: str) -> bool:
    return Path(text).exists()
