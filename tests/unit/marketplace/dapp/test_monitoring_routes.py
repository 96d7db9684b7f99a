"""The files for Grafana and Prometheus are given as they are in the package, and no others."""

from __future__ import annotations

import httpx
import pytest
import yaml

from neurovoyance.marketplace.dapp.monitoring_routes import FOLDER, MonitoringFile


@pytest.mark.parametrize("name", list(MonitoringFile))
async def test_each_file_is_a_download(service: httpx.AsyncClient, name: MonitoringFile) -> None:
    answer = await service.get(f"/api/monitoring/{name.value}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="{name.value}"'
    assert answer.content == (FOLDER / name.value).read_bytes()
    assert isinstance(yaml.safe_load(answer.text), dict)  # JSON is YAML, too


def test_every_file_of_the_folder_is_offered() -> None:
    assert {item.name for item in FOLDER.iterdir()} == {name.value for name in MonitoringFile}


@pytest.mark.parametrize("name", ["..%2Fpy.typed", "other.json"])
async def test_nothing_else_is(service: httpx.AsyncClient, name: str) -> None:
    assert (await service.get(f"/api/monitoring/{name}")).status_code in (404, 422)
