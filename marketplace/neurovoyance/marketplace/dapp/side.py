"""What the pages' routes work with: one object an application, made by ``opening``.

Place: a field of ``api.parts.Parts``. What a service does not have is None, and the routes say so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from limits import RateLimitItemPerMinute

from neurovoyance.marketplace.dapp.allowance import Allowance
from neurovoyance.marketplace.dapp.asking import AskingDesk
from neurovoyance.marketplace.dapp.faucet import Faucet
from neurovoyance.marketplace.dapp.nodes import Nodes
from neurovoyance.marketplace.dapp.relay import Upstream
from neurovoyance.marketplace.dapp.samples import Sample
from neurovoyance.marketplace.dapp.storage import FileDesk

STATIC = Path(__file__).resolve().parents[1] / "static"
"""Where the built pages lie; made by ``npm run build`` in ``dapp/``."""


def _default_calls() -> Allowance:
    return Allowance(RateLimitItemPerMinute(3_000), "calls of the chain")


@dataclass(slots=True)
class DappSide:
    """Everything behind the pages.

    Attributes:
        upstream: the chain's endpoints for wallets; without them every call is answered 502.
        calls: how often one network address may ask them.
        faucet: gives test coins, on the development chain alone.
        nodes: of this machine, if the service was told of any.
        storage: keeps uploads, if the service keeps files.
        asking: asks nodes for binding offers.
        samples: models for a first try.
        static: folder of the built pages; it may be missing.
    """

    upstream: Upstream | None = None
    calls: Allowance = field(default_factory=_default_calls)
    faucet: Faucet | None = None
    nodes: Nodes | None = None
    storage: FileDesk | None = None
    asking: AskingDesk | None = None
    samples: list[Sample] = field(default_factory=list)
    static: Path = STATIC
