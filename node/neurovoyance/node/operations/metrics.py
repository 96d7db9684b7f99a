"""The node's figures in Prometheus' words.

Place: words a ``sample``; served by ``metrics_api`` on the loopback interface alone. Every series
that can exist is there from the first scrape on, with zero where nothing happened: an idle GPU
reads 0 and never "No data". Amounts are NVY as floats, rounded: Prometheus knows no integers of 256
bits. Books are kept in wei elsewhere. Never: a job's id or an address as a label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from neurovoyance.node.operations.sample import Sample

PREFIX = "neurovoyance_node_"
_IN_NVY = " In NVY as a float, rounded; the exact wei are in `neurovoyance node earnings`."


class NodeCollector(Collector):
    """Words the last sample that it was given."""

    def __init__(self) -> None:
        self.sample: Sample | None = None

    def describe(self) -> Iterable[Metric]:
        """Return nothing: the series depend on the machine."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Return all series of the last sample."""
        if self.sample is None:
            return
        yield InfoMetricFamily(PREFIX + "build", "What runs.", {"version": _version()})
        yield from _work(self.sample)
        yield from _owner(self.sample)
        yield from _chain(self.sample)
        yield from _money(self.sample)
        yield from _disk(self.sample)


class Exporter:
    """Prometheus' text of a node."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._collector = NodeCollector()
        self._registry.register(self._collector)

    def text(self, sample: Sample) -> bytes:
        """Return the text of one sample."""
        self._collector.sample = sample
        return generate_latest(self._registry)


def _work(sample: Sample) -> Iterator[Metric]:
    phases = {phase.value: count for phase, count in sample.phases.items()}
    yield _gauges("jobs", "Jobs in memory by phase.", "phase", phases)
    ended = {outcome.value: count for outcome, count in sample.outcomes.items()}
    yield _gauges("jobs_ended", "Jobs that ended, by outcome; of all time.", "outcome", ended)
    # The causes of refusals are few and fixed: they are words of the protocol.
    yield _counters("refusals", "Listings not taken, by cause.", "cause", sample.refused)
    yield _gauges(
        "queue", "Jobs held for a free slot, and offers that may be taken.", "kind", sample.queue
    )
    yield _gauges("duties", "Audits, disputes and canaries under way.", "duty", sample.duties)
    yield _gauge("duties_due", "Duties whose deadline costs stake.", sample.due)
    seconds = HistogramMetricFamily(
        PREFIX + "phase_seconds", "Seconds that executions stayed in a phase.", labels=["phase"]
    )
    for phase, times in sample.phase_clock.times.items():
        seconds.add_metric([phase.value], times.buckets(), times.sum_s)
    yield seconds
    yield _counter("failed_turns", "Turns of the loops that failed.", sample.failed_turns)
    yield _gauge("draining", "1 while the node ends in order.", sample.is_draining)


def _owner(sample: Sample) -> Iterator[Metric]:
    paused = GaugeMetricFamily(
        PREFIX + "paused", "1 while a device rests for this reason.", labels=["device", "reason"]
    )
    for (device, cause), is_on in sample.paused.items():
        paused.add_metric([device, cause.value], float(is_on))
    yield paused
    use = GaugeMetricFamily(
        PREFIX + "device_utilisation_ratio",
        "Use of a device by everybody, 0 to 1; 0 when idle. A device that cannot be measured reads "
        "0 here and 0 in device_measurable.",
        labels=["device"],
    )
    can = GaugeMetricFamily(
        PREFIX + "device_measurable", "1 if the use of a device can be read.", labels=["device"]
    )
    jobs = GaugeMetricFamily(
        PREFIX + "device_executions", "Jobs that compute on a device now.", labels=["device"]
    )
    for seen in sample.devices:
        use.add_metric([seen.device], seen.utilisation or 0.0)
        can.add_metric([seen.device], float(seen.utilisation is not None))
        jobs.add_metric([seen.device], seen.executions)
    yield from (use, can, jobs)


def _chain(sample: Sample) -> Iterator[Metric]:
    yield _gauge("chain_block", "Newest block that was read.", sample.block)
    yield _gauge(
        "chain_lag_seconds", "Age of the newest block by this machine's clock.", sample.block_age_s
    )
    labels = ["endpoint"]
    up = GaugeMetricFamily(PREFIX + "rpc_up", "1 if the last request was answered.", labels=labels)
    failures = GaugeMetricFamily(
        PREFIX + "rpc_failures_in_a_row", "Requests that failed in a row.", labels=labels
    )
    latency = GaugeMetricFamily(
        PREFIX + "rpc_latency_seconds", "Time of the last answered request.", labels=labels
    )
    for health in sample.endpoints:
        up.add_metric([health.label], float(health.is_up))
        failures.add_metric([health.label], health.failures)
        latency.add_metric([health.label], health.latency_ms / 1_000)
    yield from (up, failures, latency)
    yield _counter(
        "rpc_errors", "Readings for these metrics that no endpoint answered.", sample.rpc_errors
    )
    yield _gauge(
        "gas_balance_coins",
        "Native coin of the operator key, for gas; rounded.",
        _nvy(sample.gas_wei),
    )


def _money(sample: Sample) -> Iterator[Metric]:
    incomes = {reason.value: _nvy(wei) for reason, wei in sample.income_wei.items()}
    yield _gauges("income_nvy", "Earned since ever, by reason." + _IN_NVY, "reason", incomes)
    pockets = {pocket.value: _nvy(wei) for pocket, wei in sample.pockets_wei.items()}
    yield _gauges("pocket_nvy", "What each contract holds." + _IN_NVY, "pocket", pockets)
    stake = sample.stake
    amounts = {
        "own": _nvy(stake.own_wei) if stake else 0.0,
        "locked": _nvy(stake.locked_wei) if stake else 0.0,
        "unbonding": _nvy(stake.unbonding_wei) if stake else 0.0,
    }
    yield _gauges("stake_nvy", "Stake of the owner." + _IN_NVY, "part", amounts)


def _disk(sample: Sample) -> Iterator[Metric]:
    sizes = {
        "stored": float(sample.storage_bytes),
        "budget": float(sample.storage_limit_bytes),
        "disk_free": float(sample.disk_free_bytes),
    }
    yield _gauges("storage_bytes", "Content held, what it may be, and the disk.", "kind", sizes)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, words, value=float(value))


def _counter(name: str, words: str, value: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, words, value=float(value))


def _gauges(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], float(value))
    return family


def _counters(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(PREFIX + name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], float(value))
    return family


def _nvy(amount_wei: int) -> float:
    """Return whole tokens, rounded; for graphs alone."""
    return amount_wei / 10**18


def _version() -> str:
    try:
        return version("neurovoyance")
    except PackageNotFoundError:
        return "from source"
