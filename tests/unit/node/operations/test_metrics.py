"""Every series is there from the first scrape on, and the dashboard and alerts name no other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from tests.unit.node.conftest import Station
from tests.unit.node.operations.sampling import make_sampler

from neurovoyance.node.execution_values import Phase
from neurovoyance.node.operations.metrics import PREFIX, Exporter
from neurovoyance.node.operations.sample import Sample
from neurovoyance.protocol.units import nvy

FILES = Path(__file__).resolve().parents[4] / "marketplace/neurovoyance/marketplace/monitoring"
NAME = re.compile(rf"\b{PREFIX}[a-z_]+")


@pytest.fixture
async def sample(station: Station) -> Sample:
    sampler, _ = make_sampler(station, station.folder)
    return await sampler.sample()


def series(sample: Sample) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(Exporter().text(sample).decode()):
        for item in family.samples:
            found.setdefault(item.name, {})[tuple(sorted(item.labels.items()))] = item.value
    return found


async def test_an_idle_gpu_reads_zero_and_one_that_cannot_be_measured_says_so(
    sample: Sample,
) -> None:
    found = series(sample)
    use = found[PREFIX + "device_utilisation_ratio"]
    can = found[PREFIX + "device_measurable"]
    assert use[("device", "gpu0"),] == 0.0 and can[("device", "gpu0"),] == 1.0
    assert use[("device", "gpu1"),] == 0.0 and can[("device", "gpu1"),] == 0.0
    assert found[PREFIX + "device_executions"][("device", "gpu0"),] == 0.0


async def test_amounts_are_nvy_and_say_so(sample: Sample) -> None:
    found, text = series(sample), Exporter().text(sample).decode()
    assert found[PREFIX + "stake_nvy"][("part", "own"),] == 5_000.0
    assert found[PREFIX + "pocket_nvy"][("pocket", "stake"),] == 5_000.0
    assert found[PREFIX + "income_nvy"][("reason", "job"),] == 0.0
    help_lines = [
        line for line in text.splitlines() if line.startswith("# HELP") and "_nvy" in line
    ]
    assert len(help_lines) == 3 and all("NVY as a float" in line for line in help_lines)
    assert sample.stake is not None and sample.stake.own_wei == nvy("5000")


async def test_every_phase_and_pause_has_a_series_before_anything_happens(sample: Sample) -> None:
    found = series(sample)
    phases = {dict(labels)["phase"] for labels in found[PREFIX + "jobs"]}
    assert phases == {phase.value for phase in Phase}
    assert set(found[PREFIX + "paused"].values()) == {0.0}
    assert found[PREFIX + "phase_seconds_count"][("phase", "running"),] == 0.0


async def test_no_label_names_a_job_or_an_account(sample: Sample) -> None:
    assert not re.search(r"0x[0-9a-f]{8}", Exporter().text(sample).decode(), flags=re.I)


async def test_dashboard_and_alerts_name_only_what_the_node_tells(sample: Sample) -> None:
    # Of refusals and duties there are none in this station.
    known = set(series(sample)) | {PREFIX + "refusals_total", PREFIX + "duties"}
    dashboard = json.loads((FILES / "neurovoyance-node.json").read_text())
    queries = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())
    ]
    rules = yaml.safe_load((FILES / "neurovoyance-node.rules.yaml").read_text())
    alerts = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    assert len(queries) >= 12 and len(alerts) >= 8
    for text in (*queries, *alerts):
        names = set(NAME.findall(text))
        assert names and names <= known, (text, names - known)


async def test_every_gauge_that_matters_is_drawn_or_watched(sample: Sample) -> None:
    text = "".join(
        path.read_text() for path in FILES.rglob("neurovoyance-node.*") if path.is_file()
    )
    unseen = {name for name in series(sample) if PREFIX in name and name not in text}
    quiet = ("_created", "_sum", "_info", "chain_block")
    assert {name for name in unseen if not name.endswith(quiet)} == set()


RULES_SCHEMA = {
    "type": "object",
    "required": ["groups"],
    "additionalProperties": False,
    "properties": {
        "groups": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "rules"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "interval": {"$ref": "#/$defs/duration"},
                    "rules": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/rule"}},
                },
            },
        }
    },
    "$defs": {
        "duration": {"type": "string", "pattern": "^[0-9]+(ms|[smhdwy])$"},
        "texts": {"type": "object", "additionalProperties": {"type": "string"}},
        "rule": {
            "type": "object",
            "required": ["alert", "expr", "labels", "annotations"],
            "additionalProperties": False,
            "properties": {
                "alert": {"type": "string", "pattern": "^Neurovoyance[A-Za-z]+$"},
                "expr": {"type": "string"},
                "for": {"$ref": "#/$defs/duration"},
                "labels": {
                    "$ref": "#/$defs/texts",
                    "properties": {"severity": {"enum": ["page", "warn", "info"]}},
                    "required": ["severity"],
                },
                "annotations": {
                    "$ref": "#/$defs/texts",
                    "required": ["summary", "description"],
                },
            },
        },
    },
}


def test_alert_rules_have_the_form_that_prometheus_reads() -> None:
    rules = yaml.safe_load((FILES / "neurovoyance-node.rules.yaml").read_text())
    jsonschema_rs.validate(RULES_SCHEMA, rules)
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(RULES_SCHEMA, {"groups": [{"name": "x", "rules": [{"alert": "y"}]}]})
    names = [rule["alert"] for group in rules["groups"] for rule in group["rules"]]
    assert len(set(names)) == len(names)


def test_the_dashboard_has_one_panel_a_place() -> None:
    dashboard = json.loads((FILES / "neurovoyance-node.json").read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    cells = [
        (x, y)
        for panel in dashboard["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(ids)) == len(ids) and len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24, "Grafana's grid has 24 columns"
