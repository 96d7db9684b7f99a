"""L3: what a client of the market imports (the SDK).

::

    with Client.from_profile() as client:
        job = client.submit("model.onnx", {"x": x})
        y = job.result()["y"]

Names load on first use, so that reading a model's header does not load the chain.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurovoyance.client.client import AsyncClient
    from neurovoyance.client.jobs import AsyncJob
    from neurovoyance.client.sync import Client, Job

__all__ = ["AsyncClient", "AsyncJob", "Client", "Job"]

_HOME = {"AsyncClient": "client", "AsyncJob": "jobs", "Client": "sync", "Job": "sync"}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
