"""How far a provider can be relied on, with the uncertainty of a short record.

Place: computed when a record changes, not when a job is matched. A job that was delivered or not is
a Bernoulli trial; with the uniform prior the rate of success after ``ok`` and ``failed`` trials has
the distribution Beta(1 + ok, 1 + failed) (Gelman et al., Bayesian Data Analysis, section 2.4). We
rank by its 5 % quantile: the rate that is exceeded with probability 0.95. So nothing is known of a
newcomer (0.05), and a long record is believed more than a short one of the same rate. Never: a
float that leaves this module.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

PPM = 1_000_000
TAIL = 0.05
COUNT_MAX = 10_000
HALF_LIFE_S = 30 * 86_400
_TERMS = 400
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Record:
    """What a provider did with the jobs it took.

    Attributes:
        ok: jobs that it brought to a good end.
        failed: jobs that it failed, for whatever reason.
        missed: of the failed, those in which it let a deadline pass.
        slashed: times that stake was taken from it.
    """

    ok: int = 0
    failed: int = 0
    missed: int = 0
    slashed: int = 0

    @property
    def faults(self) -> int:
        """Failures that count: the larger of failed jobs and slashes.

        A failed job is mostly slashed too, which is one fault told twice. Slashes beyond the failed
        jobs are faults of their own: of an auditor, or found after the job was settled.
        """
        return max(self.failed, self.missed, self.slashed)

    @property
    def lower_ppm(self) -> int:
        """Lower credible bound of the rate of success, parts per million, rounded down."""
        return lower_bound_ppm(self.ok, self.faults)

    @property
    def mean_ppm(self) -> int:
        """Posterior mean ``(1 + ok) / (2 + ok + faults)``, parts per million, rounded down."""
        return (1 + self.ok) * PPM // (2 + self.ok + self.faults)


def aged(ends: list[tuple[int, bool]], now_s: int, half_life_s: int = HALF_LIFE_S) -> Record:
    """Return the record in which an end counts half as much after each half-life.

    Args:
        ends: time (unix seconds) and success of each job.
        now_s: present time; ends after it count fully.
        half_life_s: seconds.

    Weights are whole thousandths, ``1000 >> periods`` with linear steps between; rounding down
    forgets ends that are ten half-lives old.
    """
    sums = {True: 0, False: 0}
    for time_s, is_ok in ends:
        periods, rest_s = divmod(max(0, now_s - time_s), half_life_s)
        full = 1_000 >> min(periods, 10)
        sums[is_ok] += full - (full - full // 2) * rest_s // half_life_s
    return Record((sums[True] + 500) // 1_000, (sums[False] + 500) // 1_000)


@lru_cache(maxsize=65_536)
def lower_bound_ppm(ok: int, failed: int) -> int:
    """Return the 5 % quantile of Beta(1 + ok, 1 + failed), parts per million, rounded down.

    Counts whose sum is above 10,000 are scaled down; more certainty than that would be pretended.
    """
    if ok < 0 or failed < 0:
        raise ValueError("counts must not be negative")
    total = ok + failed
    if total > COUNT_MAX:
        ok, failed = ok * COUNT_MAX // total, -(-failed * COUNT_MAX // total)
    low, high = 0, PPM
    while high - low > 1:
        middle = (low + high) // 2
        if beta_cdf(middle / PPM, 1 + ok, 1 + failed) <= TAIL:
            low = middle
        else:
            high = middle
    return low


def beta_cdf(x: float, a: int, b: int) -> float:
    """Return the regularised incomplete beta function I_x(a, b) for whole a, b >= 1.

    Lentz's continued fraction (Numerical Recipes, section 6.4), on the side where it converges.
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_cdf(1.0 - x, b, a)
    log_front = (
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    return math.exp(log_front) / a * _fraction(x, a, b)


def _fraction(x: float, a: int, b: int) -> float:
    c, d = 1.0, _inverse(1.0 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = _inverse(1.0 + term * d)
            c = 1.0 + term / c or _TINY
            value *= c * d
        if abs(c * d - 1.0) < 1e-14:
            break
    return value


def _inverse(value: float) -> float:
    return 1.0 / (value or _TINY)
