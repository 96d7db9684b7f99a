"""Every page: its route in ``dapp/src/routes.tsx``, an address of it, and what it shows at last.

Place: read by the browser tests, by the pictures of the documentation, and by the test that
compares it with the routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        route: as in ``routes.tsx``.
        address: its path on the test's network; names in braces are those of ``World.names``.
    """

    route: str
    address: str = ""

    def path(self, names: Mapping[str, str]) -> str:
        """Return the path to visit."""
        return (self.address or self.route).format(**names)

    @property
    def name(self) -> str:
        """A name for files and tests, such as ``gov-id``."""
        return (
            self.route.strip("/").replace("/", "-").replace(":", "").replace("*", "not-found")
            or "home"
        )


PAGES = (
    Page("/"),
    Page("/network"),
    Page("/nodes"),
    Page("/nodes/:id", "/nodes/{provider}"),
    Page("/models"),
    Page("/models/:id", "/models/{model}"),
    Page("/jobs"),
    Page("/jobs/new", "/jobs/new?model={model}"),
    Page("/jobs/:id", "/jobs/{job}"),
    Page("/provider"),
    Page("/provider/setup"),
    Page("/stake"),
    Page("/vesting"),
    Page("/gov"),
    Page("/gov/new"),
    Page("/gov/delegates/:addr", "/gov/delegates/{voter}"),
    Page("/gov/:id", "/gov/{proposal}"),
    Page("/account/:addr", "/account/{provider}"),
    Page("/tx/:hash", "/tx/{tx}"),
    Page("/settings"),
    Page("/status"),
    Page("/*", "/no/such/page"),
)
