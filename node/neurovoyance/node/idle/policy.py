"""May this device compute now, and if not, why: pure.

Place: between ``sensors`` and ``gate``: (state, snapshot, settings, hold) -> (state, decision). The
CPU and every GPU are judged apart. Loads of others are averaged over ten seconds, the period that
BOINC's client uses; heat has a hysteresis; the owner's hand counts at once. In the mode ``always``
only that hand counts. Never: I/O, a clock, or a device that runs unmeasured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from neurovoyance.node.idle.hours import is_open, next_open
from neurovoyance.node.idle.readings import GpuReading, Measured, Sensors, Unmeasured
from neurovoyance.node.idle.settings import IdleSettings, Mode

CPU = "cpu"
AVERAGE_S = 10.0


class Cause(StrEnum):
    """Why a device rests, as a word to count."""

    HAND = "paused by hand"
    SNOOZE = "snoozed"
    OWNER = "in use"
    HOURS = "hours"
    BATTERY = "battery"
    CPU = "processor used"
    MEMORY = "memory used"
    GPU = "gpu used"
    HEAT = "heat"
    PROGRAM = "program"
    FULLSCREEN = "full screen"
    UNMEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason in words; ``until_s`` is the unix time at which it ends, if that is known."""

    cause: Cause
    message: str
    until_s: int | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """What the owner said by hand: nothing, a pause, or a pause that ends at ``until_s``."""

    is_held: bool = False
    until_s: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one device may do; it runs if there is no reason against it."""

    device: str
    reasons: tuple[Reason, ...] = ()

    @property
    def may_run(self) -> bool:
        """Tell whether nothing speaks against it."""
        return not self.reasons

    @property
    def until_s(self) -> int | None:
        """Return when the device may run again, unix seconds; None if no reason tells."""
        ends = [reason.until_s for reason in self.reasons]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdicts of one snapshot.

    Attributes:
        must_free_memory: what is paused may not keep its memory.
    """

    verdicts: tuple[Verdict, ...]
    must_free_memory: bool = False

    def of(self, device: str) -> Verdict:
        """Return the verdict on a device; one that was never measured rests."""
        for verdict in self.verdicts:
            if verdict.device == device:
                return verdict
        why = Reason(Cause.UNMEASURED, f"No sensor knows the device {device}.")
        return Verdict(device, (why,))


@dataclass(frozen=True, slots=True)
class Load:
    """A share of use over the seconds before ``end_s``."""

    end_s: float
    length_s: float
    share: float


@dataclass(frozen=True, slots=True)
class PolicyState:
    """What the policy remembers between snapshots: loads by name, devices that are too hot."""

    last_s: float | None = None
    loads: Mapping[str, tuple[Load, ...]] = field(default_factory=lambda: MappingProxyType({}))
    hot: frozenset[str] = frozenset()

    def mean(self, name: str) -> float | None:
        """Return the mean share of the last ten seconds, or None before the first measurement."""
        if self.last_s is None:
            return None
        begin_s = self.last_s - AVERAGE_S
        # Of the oldest one only the part counts that lies in the last ten seconds.
        parts = [
            (min(load.length_s, load.end_s - begin_s), load.share)
            for load in self.loads.get(name, ())
        ]
        length_s = sum(part for part, _ in parts)
        return sum(part * share for part, share in parts) / length_s if length_s > 0 else None


def decide(
    state: PolicyState, sensors: Sensors, settings: IdleSettings, hold: Hold
) -> tuple[PolicyState, Decision]:
    """Return what the policy remembers after a snapshot, and the verdict on every device."""
    after = _remembered(state, sensors, settings)
    devices = (CPU, *(gpu.device for gpu in sensors.gpus))
    by_hand = tuple(_by_hand(hold, sensors))
    if settings.mode is Mode.ALWAYS:
        return after, Decision(tuple(Verdict(device, by_hand) for device in devices))
    shared = (*by_hand, *_of_machine(sensors, settings))
    verdicts = [
        Verdict(device, (*shared, *_of_device(device, after, sensors, settings)))
        for device in devices
    ]
    is_short = not _is_below(sensors.memory_by_others, settings.memory_max_percent)
    must_free = is_short or not settings.keep_in_memory
    return after, Decision(tuple(verdicts), must_free)


def presence(sensors: Sensors) -> str:
    """Return in words who seems to be at the machine."""
    inputs = sensors.inputs
    if isinstance(inputs, Unmeasured):
        return f"Nobody can tell whether somebody is here: {inputs.why}."
    last = min(inputs, key=lambda item: item.idle_s, default=None)
    if last is None:
        return "Nobody can sit here: there is no session, terminal or screen. That counts as away."
    return f"The last input was {int(last.idle_s)} s ago ({last.source})."


def _by_hand(hold: Hold, sensors: Sensors) -> Iterator[Reason]:
    if not hold.is_held:
        return
    if hold.until_s is None:
        yield Reason(Cause.HAND, "You paused the node; it rests until you resume it.")
    elif sensors.local.timestamp() < hold.until_s:
        yield Reason(Cause.SNOOZE, "You let the node rest for a time.", hold.until_s)


def _of_machine(sensors: Sensors, settings: IdleSettings) -> Iterator[Reason]:
    """Yield what holds for every device alike."""
    windows = settings.windows()
    if not is_open(windows, sensors.local):
        opens = next_open(windows, sensors.local)
        yield Reason(
            Cause.HOURS,
            "The machine is lent at other hours: " + "; ".join(settings.hours) + ".",
            int(opens.timestamp()) if opens else None,
        )
    if not settings.on_battery:
        yield from _of_power(sensors)
    yield from _of_memory(sensors, settings)
    yield from _of_programs(sensors, settings)
    if settings.pause_on_fullscreen and isinstance(sensors.fullscreen, str):
        yield Reason(Cause.FULLSCREEN, f"A program fills the screen: {sensors.fullscreen}.")


def _of_power(sensors: Sensors) -> Iterator[Reason]:
    if isinstance(sensors.on_battery, Unmeasured):
        yield _unmeasured("Whether the machine runs on its battery", sensors.on_battery)
    elif sensors.on_battery:
        yield Reason(Cause.BATTERY, "The machine runs on its battery.")


def _of_memory(sensors: Sensors, settings: IdleSettings) -> Iterator[Reason]:
    used = sensors.memory_by_others
    if isinstance(used, Unmeasured):
        yield _unmeasured("The memory that others use", used)
    elif not _is_below(used, settings.memory_max_percent):
        yield Reason(
            Cause.MEMORY,
            f"Other programs use {used:.0%} of the memory; the limit is "
            f"{settings.memory_max_percent} %.",
        )


def _of_programs(sensors: Sensors, settings: IdleSettings) -> Iterator[Reason]:
    if not settings.not_with:
        return
    if isinstance(sensors.processes, Unmeasured):
        yield _unmeasured("Which programs run", sensors.processes)
        return
    running = {plain_name(name) for name in sensors.processes}
    for name in settings.not_with:
        if plain_name(name) in running:
            yield Reason(Cause.PROGRAM, f"{name} runs.")


def plain_name(name: str) -> str:
    """Return a program's name without case, and without the ending that Windows adds."""
    return name.casefold().removesuffix(".exe")


def _of_device(
    device: str, state: PolicyState, sensors: Sensors, settings: IdleSettings
) -> Iterator[Reason]:
    if device not in settings.while_in_use:
        yield from _of_owner(sensors, settings)
    gpu = _gpu(device, sensors)
    if gpu is None:
        limit, cause, what = settings.cpu_max_percent, Cause.CPU, "the processor"
        yield from _of_load(device, sensors.cpu_by_others, state, limit, cause, what)
    else:
        limit, cause, what = settings.gpu_max_percent, Cause.GPU, device
        yield from _of_load(device, gpu.use_by_others, state, limit, cause, what)
        yield from _of_gpu_memory(gpu, settings)
    yield from _of_heat(device, state, sensors, settings)


def _of_owner(sensors: Sensors, settings: IdleSettings) -> Iterator[Reason]:
    """Yield a reason if somebody was here: of several sources the least idle one is believed."""
    inputs = sensors.inputs
    if isinstance(inputs, Unmeasured):
        yield _unmeasured("Whether somebody uses the machine", inputs)
        return
    last = min(inputs, key=lambda item: item.idle_s, default=None)
    if last is None or last.idle_s >= settings.away_after_s:
        return
    yield Reason(
        Cause.OWNER,
        f"Somebody was here {max(0, int(last.idle_s))} s ago ({last.source}); the node waits for "
        f"{settings.away_after_s} s without input.",
        int(sensors.local.timestamp() + settings.away_after_s - last.idle_s) + 1,
    )


def _of_load(
    name: str,
    found: Measured[float],
    state: PolicyState,
    limit_percent: int,
    cause: Cause,
    what: str,
) -> Iterator[Reason]:
    if isinstance(found, Unmeasured):
        yield _unmeasured(f"How much others use {what}", found)
        return
    mean = state.mean(name)
    if mean is None:
        yield _unmeasured(f"How much others use {what}", Unmeasured("it was looked at only once"))
    elif not _is_below(mean, limit_percent):
        yield Reason(
            cause,
            f"Other programs used {what} to {mean:.0%} in the last {AVERAGE_S:g} s; the limit is "
            f"{limit_percent} %.",
        )


def _of_gpu_memory(gpu: GpuReading, settings: IdleSettings) -> Iterator[Reason]:
    used = gpu.memory_by_others
    if isinstance(used, Unmeasured):
        yield _unmeasured(f"The memory of {gpu.device} that others use", used)
    elif not _is_below(used, settings.gpu_memory_max_percent):
        yield Reason(
            Cause.GPU,
            f"Other programs use {used:.0%} of the memory of {gpu.device}; the limit is "
            f"{settings.gpu_memory_max_percent} %.",
        )


def _of_heat(
    device: str, state: PolicyState, sensors: Sensors, settings: IdleSettings
) -> Iterator[Reason]:
    found, limit_c = _temperature(device, sensors, settings)
    if limit_c is None:
        return
    if isinstance(found, Unmeasured):
        yield _unmeasured(f"The temperature of {device}", found)
    elif device in state.hot:
        yield Reason(
            Cause.HEAT,
            f"{device} has {found:.0f} °C; it rests from {limit_c} °C on until it has "
            f"{limit_c - settings.cool_by_c} °C.",
        )


def _temperature(
    device: str, sensors: Sensors, settings: IdleSettings
) -> tuple[Measured[float], int | None]:
    gpu = _gpu(device, sensors)
    if gpu is None:
        return sensors.cpu_temperature_c, settings.cpu_max_c
    return gpu.temperature_c, settings.gpu_max_c


def _gpu(device: str, sensors: Sensors) -> GpuReading | None:
    return next((gpu for gpu in sensors.gpus if gpu.device == device), None)


def _is_below(share: Measured[float], limit_percent: int) -> bool:
    return not isinstance(share, Unmeasured) and share * 100 <= limit_percent


def _unmeasured(what: str, found: Unmeasured) -> Reason:
    return Reason(
        Cause.UNMEASURED, f"{what} cannot be measured: {found.why}. That counts as in use."
    )


# --- memory ---


def _remembered(state: PolicyState, sensors: Sensors, settings: IdleSettings) -> PolicyState:
    length_s = 0.0 if state.last_s is None else sensors.monotonic_s - state.last_s
    found: dict[str, Measured[float]] = {CPU: sensors.cpu_by_others}
    found.update((gpu.device, gpu.use_by_others) for gpu in sensors.gpus)
    loads = {
        name: _loads(state.loads.get(name, ()), share, sensors.monotonic_s, length_s)
        for name, share in found.items()
    }
    hot = frozenset(name for name in found if _is_hot(name, state, sensors, settings))
    return PolicyState(sensors.monotonic_s, MappingProxyType(loads), hot)


def _loads(
    known: tuple[Load, ...], share: Measured[float], now_s: float, length_s: float
) -> tuple[Load, ...]:
    """Return the loads of the last ten seconds; what cannot be measured is forgotten whole."""
    if isinstance(share, Unmeasured):
        return ()
    recent = tuple(load for load in known if load.end_s > now_s - AVERAGE_S)
    return (*recent, Load(now_s, length_s, share)) if length_s > 0 else recent


def _is_hot(device: str, state: PolicyState, sensors: Sensors, settings: IdleSettings) -> bool:
    found, limit_c = _temperature(device, sensors, settings)
    if limit_c is None or isinstance(found, Unmeasured):
        return False
    rests_from_c = limit_c - settings.cool_by_c if device in state.hot else limit_c
    return found > rests_from_c if device in state.hot else found >= rests_from_c
