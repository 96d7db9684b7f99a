"""What ``up`` prints when everything answers: for people a table and the next lines, or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurovoyance.cli.local_network import CLIENT_FUNDS_WEI, LocalNetwork
from neurovoyance.cli.local_services import worker_line
from neurovoyance.cli.output import console, nvy, table
from neurovoyance.protocol.ids import hex_of

if TYPE_CHECKING:
    from rich.table import Table


def network_json(network: LocalNetwork) -> dict[str, object]:
    """Return addresses and accounts; nothing of it is secret."""
    deployment = network.known_deployment
    return {
        "rpc_url": network.rpc_url,
        "chain_id": deployment.chain_id,
        "home": str(network.home),
        "invitation": str(network.invitation_path),
        "contracts": {
            "token": deployment.token,
            "market": deployment.market,
            "stake_manager": deployment.stake_manager,
            "beacon": deployment.beacon,
            "registry": deployment.registry,
            "audit_court": deployment.audit_court,
            "dispute_court": deployment.dispute_court,
        },
        "nodes": [
            {"name": node.name, "url": node.url, "provider": node.owner.address}
            for node in network.nodes
        ],
        "market": network.market.url if network.market else None,
        "pages": f"{network.market.url}/" if network.market else None,
        "farm": network.services.farm if network.services.redis_url else None,
        "canary_models": [hex_of(model.model_id) for model in network.canary_models],
    }


def print_network(network: LocalNetwork, *, is_default_home: bool) -> None:
    """Print where everything is, and what to type next."""
    from rich.padding import Padding

    out = console()
    out.print()
    out.print(Padding(_parts(network), (0, 0, 0, 2), expand=False))
    flag = "" if is_default_home else f" --home {network.home}"
    out.print(f"\n  Your account holds {nvy(CLIENT_FUNDS_WEI)}. In another terminal:\n")
    first = []
    if network.known_deployment.has_audits:
        out.print("  Jobs are audited, so a model is measured and registered first.\n")
        first = [
            f"neurovoyance model calibrate MODEL.onnx --inputs FOLDER{flag}",
            f"neurovoyance model register MODEL.onnx{flag}",
        ]
    for line in (
        *first,
        f"neurovoyance job submit MODEL.onnx --input INPUT.npz{flag}",
        f"neurovoyance job list{flag}",
        f"neurovoyance money{flag}",
    ):
        out.print(f"    {line}", soft_wrap=True)
    out.print("\n  Others on this machine join with a folder of their own:\n")
    out.print(f"    neurovoyance join {network.invitation_path} --home FOLDER", soft_wrap=True)
    if network.services.redis_url is not None:
        out.print("\n  Another worker, with the address of Redis in NEUROVOYANCE_FARM_REDIS:\n")
        out.print(f"    {worker_line(network.services, network.folder)}", soft_wrap=True)
    kept = "nothing of the chain is kept" if network.services.rpc_url is None else "the chain stays"
    out.print(f"\n  Ctrl-C ends it; {kept}.\n")


def _parts(network: LocalNetwork) -> Table:
    shown = table("part", "where", "account")
    shown.add_row("chain", network.rpc_url, f"chain id {network.known_deployment.chain_id}")
    for node in network.nodes:
        shown.add_row(node.name, node.url, node.owner.address)
    if network.market is not None:
        shown.add_row("pages", f"{network.market.url}/", "for a browser; no wallet is needed")
        shown.add_row("market", network.market.url, "GET /openapi.json describes it")
    if network.services.redis_url is not None:
        shown.add_row("worker", f"farm {network.services.farm}", "computes for the nodes; no key")
    return shown
