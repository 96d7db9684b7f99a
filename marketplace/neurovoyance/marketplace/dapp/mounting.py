"""Puts the pages and their routes on the application.

Place: called once by ``api.app``. Limits of single paths are here, because a layer before the
routes keeps them. Never: a cross-origin permission.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI

from neurovoyance.marketplace.api.parts import Parts
from neurovoyance.marketplace.dapp import (
    account_routes,
    asking_routes,
    build_routes,
    config_routes,
    faucet_routes,
    monitoring_routes,
    node_routes,
    overview_routes,
    provider_routes,
    rpc_routes,
    storage_routes,
)
from neurovoyance.marketplace.dapp.pages import make_pages
from neurovoyance.marketplace.dapp.rpc_rules import BODY_MAX_BYTES

_MODULES = (
    config_routes,
    rpc_routes,
    faucet_routes,
    node_routes,
    storage_routes,
    asking_routes,
    overview_routes,
    account_routes,
    provider_routes,
    monitoring_routes,
    build_routes,
)


def mount_dapp(app: FastAPI, parts: Parts) -> None:
    """Add the pages' routes, and the pages for what no route knows."""
    for module in _MODULES:
        app.include_router(module.router)
    if parts.dapp.storage is not None:
        app.router.routes.extend(storage_routes.gateway(parts.dapp.storage))
    app.router.default = make_pages(parts.dapp.static)


def larger_bodies(parts: Parts) -> Mapping[str, int]:
    """Return the longest body, in bytes, of each path that takes longer ones than others."""
    found = {rpc_routes.PATH: BODY_MAX_BYTES}
    if parts.dapp.storage is not None:
        found.update((path, parts.dapp.storage.upload_max_bytes) for path in storage_routes.UPLOADS)
    return found


def patient_paths() -> frozenset[str]:
    """Return the paths whose requests may take long; their routes have a deadline of their own."""
    return frozenset(storage_routes.UPLOADS)
