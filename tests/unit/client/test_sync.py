"""The blocking client does what the asynchronous one does, from an ordinary thread."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurovoyance.client import AsyncClient, AsyncJob, Client, Job
from neurovoyance.client.errors import JobRefunded, NotHired
from neurovoyance.client.settings import save_profile
from neurovoyance.protocol.errors import ConfigError
from neurovoyance.protocol.lifecycle import JobState

from .conftest import World

X = np.ones((1, 3), np.float32)


def test_a_job_is_listed_found_and_cancelled(
    world: World, tmp_path: Path, model_path: Path
) -> None:
    save_profile(world.profile(9), tmp_path / "network.json")
    with Client.from_profile(tmp_path) as client:
        assert client.money().address == client.address
        model = client.publish(model_path, name="sum")
        assert client.models() == [model]
        job = client.submit("sum", {"x": X}, hire="listing", max_price_wei=10**18)
        assert job.state() is JobState.OPEN
        assert client.job(job.id[:12]).id == client.jobs()[0].id == job.id
        assert repr(job) == f"Job({job.id})"
        assert job.cancel().startswith("0x")
        with pytest.raises(JobRefunded):
            job.wait()
        assert job.receipt()["state"] == "Cancelled"
        assert job.provider == ""
        with pytest.raises(NotHired):
            client.quote(str(model_path), {"x": X}, max_price_wei=1)
            client.submit(model_path, {"x": X}, max_price_wei=1)


def test_a_client_that_cannot_open_leaves_no_thread_behind(tmp_path: Path) -> None:
    import threading

    with pytest.raises(ConfigError):
        Client.from_profile(tmp_path)
    assert "neurovoyance client" not in {thread.name for thread in threading.enumerate()}


def test_the_package_exports_what_the_readme_uses() -> None:
    import neurovoyance.client as package

    assert sorted(package.__all__) == ["AsyncClient", "AsyncJob", "Client", "Job"]
    assert all(isinstance(kind, type) for kind in (AsyncClient, AsyncJob, Client, Job))
    with pytest.raises(AttributeError):
        package.nothing  # noqa: B018 - the access is the test
