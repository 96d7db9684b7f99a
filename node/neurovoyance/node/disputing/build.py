"""Put the duty of disputes together from the parts of a node.

Place: called by ``process``, and by tests that change one part. Never: start anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurovoyance.chain.contracts import Contracts
from neurovoyance.chain.wallet import Wallet
from neurovoyance.ipfs.embedded import EmbeddedBackend
from neurovoyance.node.crash import CrashPoint
from neurovoyance.node.defence import Defence
from neurovoyance.node.disputing.casebook import Casebook
from neurovoyance.node.disputing.challenger import Challenger
from neurovoyance.node.disputing.claims import Claimed
from neurovoyance.node.disputing.content import Content
from neurovoyance.node.disputing.court_side import CourtSide
from neurovoyance.node.disputing.duty import DisputeDuty
from neurovoyance.node.disputing.examiner import Examiner
from neurovoyance.node.disputing.hearing import DisputeHearing, Patience
from neurovoyance.node.disputing.judging import Judge
from neurovoyance.node.disputing.material import Registrar
from neurovoyance.node.disputing.projections import Projections
from neurovoyance.node.disputing.seeking import Seeker
from neurovoyance.node.disputing.tracing import Defender, Tracer
from neurovoyance.node.intake import Intake
from neurovoyance.node.key_seeker import KeySeeker
from neurovoyance.node.runtime.config import C1, EngineConfig
from neurovoyance.node.runtime.onnx_ import OnnxRuntime
from neurovoyance.protocol.ids import Address

BOOK_NAME = "disputes.sqlite"
FOLDER_NAME = "disputes"
PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class DisputeParts:
    """What the duty takes of a node.

    Attributes:
        data_dir: of the node; the casebook and the files of disputes lie in it.
        identity: of its journals.
        owner: whose stake and seats are ours.
        config: how traces are run; anything but C1 is for tests.
        seeker: gets the keys of private inputs.
    """

    contracts: Contracts
    wallet: Wallet
    owner: Address
    data_dir: Path
    identity: dict[str, str]
    storage: EmbeddedBackend
    intake: Intake
    runtime: OnnxRuntime
    defence: Defence
    crash: CrashPoint
    allow_private_addresses: bool
    patience: Patience = PATIENCE
    config: EngineConfig = C1
    seeker: KeySeeker | None = None


def build_disputes(parts: DisputeParts) -> tuple[DisputeDuty, Challenger]:
    """Return the duty, which whoever runs it closes, and what opens challenges.

    Raises:
        ConfigError: the casebook belongs to another provider or chain.
    """
    book = Casebook(parts.data_dir / BOOK_NAME, parts.identity)
    court = CourtSide(parts.contracts, parts.wallet, parts.owner, book)
    content = Content(
        parts.storage, parts.data_dir / FOLDER_NAME, allow_private=parts.allow_private_addresses
    )
    registrar = Registrar(court, parts.intake, content, parts.seeker)
    tracer = Tracer(parts.runtime, parts.intake, parts.config)
    claims = Claimed(content, parts.runtime, parts.intake)
    projections = Projections(court, content, 2 * parts.intake.output_bytes)
    examiner = Examiner()
    hearing = DisputeHearing(
        court,
        registrar,
        content,
        Defender(tracer, content, parts.defence, book),
        Seeker(tracer, content, examiner, claims, projections, book),
        Judge(court, registrar, content, tracer, examiner, claims, projections),
        parts.patience,
    )
    return DisputeDuty(court, hearing, parts.crash), Challenger(court)
