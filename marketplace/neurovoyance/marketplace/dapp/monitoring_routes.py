"""What watches a node from outside, to download: a dashboard for Grafana, and Prometheus' files.

Place: package data, read when it is asked for. The node tells the series, ``node.operations``; a
test holds these files to them. Never: a file that the package does not have.
"""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from neurovoyance.marketplace.api.parts import caller_of

router = APIRouter(dependencies=[Depends(caller_of)], tags=["pages"])
PATH = "/api/monitoring"
FOLDER = files("neurovoyance.marketplace") / "monitoring"


class MonitoringFile(StrEnum):
    """The files, by name."""

    DASHBOARD = "neurovoyance-node.json"
    RULES = "neurovoyance-node.rules.yaml"
    SCRAPING = "prometheus.yaml"


@router.get(
    PATH + "/{name}",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, "application/yaml": {}}}},
)
def monitoring(name: MonitoringFile) -> Response:
    """Give one file: the dashboard, the alert rules, or an example of how to scrape."""
    kind = "json" if name is MonitoringFile.DASHBOARD else "yaml"
    return Response(
        (FOLDER / name.value).read_bytes(),
        media_type=f"application/{kind}",
        headers={"Content-Disposition": f'attachment; filename="{name.value}"'},
    )
