"""Replicas of one job at providers that do not depend on each other.

Place: after the ranking. Two replicas must not share owner, operator or network: an operator who
runs both could make them agree, and one cut cable would stop both. The network of a public address
is its /24 (IPv4) or /48 (IPv6), the smallest blocks that are routed and usually one customer's;
private addresses say nothing and names stand for themselves. The choice is greedy: a better ranked
candidate is never given up for a worse one. Never: a promise that different keys are different
people; stake makes pretending dear, nothing makes it impossible.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from neurovoyance.matching.candidates import Candidate
from neurovoyance.matching.ranking import Ranking

PREFIX_V4 = 24
PREFIX_V6 = 48


@dataclass(frozen=True, slots=True)
class Shared:
    """Why a ranked candidate was passed over: what it shares with a replica chosen before.

    Attributes:
        position: of the candidate in the ranking's candidates.
        what: ``owner``, ``operator`` or ``network``.
        replica: the earlier one, counted from 1.
    """

    position: int
    what: str
    replica: int


@dataclass(frozen=True, slots=True)
class Replicas:
    """Chosen positions, best first, and who was passed over before the choice was complete."""

    positions: tuple[int, ...]
    passed: tuple[Shared, ...]


def network_of(endpoint: str) -> str:
    """Return what stands for the network of an endpoint; empty if it says nothing."""
    try:
        host = urlsplit(endpoint).hostname or ""
    except ValueError:
        return ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "" if host in ("", "localhost") else host.lower().rstrip(".")
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if not address.is_global:
        return ""
    prefix = PREFIX_V4 if address.version == 4 else PREFIX_V6
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))


def ties_of(candidate: Candidate) -> dict[str, str]:
    """Return what binds a candidate to others, by kind; what is not known binds to nobody."""
    ties = {
        "owner": candidate.provider,
        "operator": candidate.operator,
        "network": network_of(candidate.endpoint),
    }
    return {what: value for what, value in ties.items() if value}


def choose(ranking: Ranking, count: int) -> Replicas:
    """Return up to ``count`` independent candidates of a ranking."""
    taken: dict[tuple[str, str], int] = {}
    chosen: list[int] = []
    passed: list[Shared] = []
    for position in ranking.order:
        if len(chosen) >= count:
            break
        ties = ties_of(ranking.candidates[position]).items()
        shared = [(what, taken[what, value]) for what, value in ties if (what, value) in taken]
        if shared:
            passed.append(Shared(position, *shared[0]))
            continue
        chosen.append(position)
        taken.update(dict.fromkeys(ties, len(chosen)))
    return Replicas(tuple(chosen), tuple(passed))
