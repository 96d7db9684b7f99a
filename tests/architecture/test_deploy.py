"""What is in deploy/ is confined, publishes nothing beyond this machine, and holds no secret."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.architecture.test_layout import ROOT

from neurovoyance.node.settings import NodeSettings

DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "systemd" / "neurovoyance-node.service"
COMPOSE = yaml.safe_load((DEPLOY / "docker" / "compose.yaml").read_text())


def test_the_service_is_hardened() -> None:
    lines = set(UNIT.read_text().splitlines())
    assert lines >= {
        "NoNewPrivileges=true",
        "ProtectSystem=strict",
        "ProtectHome=true",
        "PrivateTmp=true",
        "CapabilityBoundingSet=",
        "UMask=0077",
        "User=neurovoyance",
        "RestartPreventExitStatus=2",
    }
    stop_s = 60 * int(re.search(r"^TimeoutStopSec=(\d)min$", UNIT.read_text(), re.M)[1])  # type: ignore[index]
    assert stop_s > NodeSettings.model_fields["stop_grace_s"].default


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_service(tmp_path: Path) -> None:
    # The interpreter of the unit is not there on every machine; another one stands for it.
    text = UNIT.read_text().replace("/opt/neurovoyance/bin/python", sys.executable)
    unit = tmp_path / UNIT.name
    unit.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=120
    )
    mine = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert done.returncode == 0 and mine == []


def test_containers_publish_on_this_machine_alone_and_gain_no_privilege() -> None:
    for name, service in COMPOSE["services"].items():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert not service.get("privileged"), name
        assert "network_mode" not in service, name
        assert service["restart"] == "unless-stopped", name


def test_no_password_has_a_default() -> None:
    text = (DEPLOY / "docker" / "compose.yaml").read_text()
    for found in re.findall(r"\$\{(\w*PASSWORD)([^}]*)\}", text):
        assert found[1].startswith(":?"), found
    example = (DEPLOY / "docker" / "example.env").read_text()
    assert re.findall(r"^\w*PASSWORD=(.+)$", example, flags=re.M) == []


def test_the_image_runs_as_nobody_in_particular_and_copies_every_package() -> None:
    text = (DEPLOY / "docker" / "Dockerfile").read_text()
    assert "USER 10001:10001" in text
    folders = set(re.findall(r"^COPY (\w+) \1$", text, flags=re.M))
    project = (ROOT / "pyproject.toml").read_text()
    packages = set(re.findall(r'^  "(\w+)/neurovoyance",$', project, flags=re.M))
    assert folders == packages
    assert "-c /wheels/constraints.txt" in text
