"""The ranking of a quote as a table and as JSON.

Place: shared by the ``job`` commands. Never: a rule; the words come from ``matching.explain``.
"""

from __future__ import annotations

from typing import Any

from neurovoyance.cli.output import console, nvy, short, table
from neurovoyance.client.nodes import Quote
from neurovoyance.client.ranking import rank_quote
from neurovoyance.matching.explain import rows, summary
from neurovoyance.matching.presets import IN_WORDS, preset_of
from neurovoyance.matching.ranking import Ranking


def ranking_of(quote: Quote, preset: str, max_price_wei: int) -> Ranking | None:
    """Return the ranking of a quote's offers; None if it does not say of what job."""
    if quote.spec is None:
        return None
    return rank_quote(quote, quote.spec, preset_of(preset), max_price_wei=max_price_wei)


def ranking_json(ranking: Ranking) -> dict[str, Any]:
    """Return a ranking as JSON values; wei are decimal strings."""
    return {
        "preset": ranking.preset.value,
        "summary": summary(ranking),
        "rows": [
            {
                "rank": row.rank,
                "provider": row.provider,
                "node": row.endpoint,
                "price_wei": str(row.price_wei),
                "time_ms": row.time_ms,
                "reliability_lower_ppm": row.lower_ppm,
                "occupied": row.occupied,
                "slots": row.slots,
                "score": row.score,
                "cause": row.cause.value if row.cause else None,
                "reasons": list(row.reasons),
            }
            for row in rows(ranking)
        ],
    }


def print_ranking(ranking: Ranking) -> None:
    """Print the order of the offers with every reason."""
    out = console()
    shown = table("#", "provider", "price", "wait", "sure", "why", right=("#", "price", "wait"))
    for row in rows(ranking):
        shown.add_row(
            str(row.rank) if row.rank else "-",
            short(row.provider),
            nvy(row.price_wei),
            f"{row.time_ms / 1_000:.1f} s",
            f"{row.lower_ppm // 10_000} %",
            "; ".join(row.reasons),
            style=None if row.rank else "dim",
        )
    out.print()
    out.print(shown)
    out.print()
    out.print(f"Best for {ranking.preset}: {IN_WORDS[ranking.preset]}. {summary(ranking)} fit.")
