"""Tables of offers, jobs and results, and their JSON twins.

Place: shared by the ``job`` commands. Never: a rule; these are views.
"""

from __future__ import annotations

from typing import Any

from neurovoyance.cli.output import console, nvy, short, size, table
from neurovoyance.client.audit_costs import NO_AUDITS, JobCost
from neurovoyance.client.nodes import Quote
from neurovoyance.client.results import Arrays


def audit_words(cost: JobCost) -> str:
    """Return in one clause what audits add to a job."""
    audits = cost.audits
    words = f"{audits.p_bps / 100:g} % chance, {nvy(audits.premium_wei)} on average"
    if audits.held_wei > audits.premium_wei:
        words += f"; {nvy(audits.held_wei)} held until then"
    return words


def quote_json(quote: Quote, cost: JobCost | None = None) -> dict[str, Any]:
    """Return a quote, and what audits add to its best offer, as JSON values."""
    audits = cost.audits if cost else NO_AUDITS
    return {
        "summary": quote.summary,
        "audits_of_best": {
            "p_bps": audits.p_bps,
            "premium_wei": str(audits.premium_wei),
            "held_wei": str(audits.held_wei),
        },
        "answers": [
            {
                "node": answer.node.endpoint,
                "provider": answer.node.provider,
                "price_wei": str(answer.offer.price_wei) if answer.offer else None,
                "lock_wei": str(answer.offer.lock_wei) if answer.offer else None,
                "valid_until_s": answer.offer.valid_until_s if answer.offer else None,
                "refusal": answer.refusal.model_dump(mode="json") if answer.refusal else None,
            }
            for answer in quote.answers
        ],
    }


def print_quote(quote: Quote) -> None:
    """Print every node's offer or reason."""
    out = console()
    shown = table("node", "provider", "price", "stake behind it", "", right=("price",))
    for answer in quote.answers:
        provider = short(answer.node.provider)
        if answer.offer is not None:
            price, lock = nvy(answer.offer.price_wei), nvy(answer.offer.lock_wei)
            shown.add_row(answer.node.endpoint, provider, price, lock, "")
        elif answer.refusal is not None:
            shown.add_row(
                answer.node.endpoint, provider, "-", "-", answer.refusal.message, style="dim"
            )
    out.print()
    out.print(shown)
    out.print()
    out.print(f"{quote.summary}{'' if ':' in quote.summary else ' made an offer'}.")


def result_json(arrays: Arrays) -> dict[str, Any]:
    """Return names, dtypes and shapes of a result."""
    return {
        name: {"dtype": array.dtype.name, "shape": list(array.shape)}
        for name, array in arrays.items()
    }


def print_result(arrays: Arrays, path: str) -> None:
    """Print what a result holds and where it lies."""
    shown = table("output", "dtype", "shape", "size", right=("size",))
    for name, array in arrays.items():
        shape = " x ".join(map(str, array.shape)) or "scalar"
        shown.add_row(name, array.dtype.name, shape, size(array.nbytes))
    out = console()
    out.print()
    out.print(shown)
    out.print()
    out.print(f"Kept in {path}", soft_wrap=True)
