"""The vesting vault on floats: one account a cohort and seed, linear in weekly steps.

Place: twin on floats of ``VestingVault`` (economy.md section 6) with its own names: ``rate``,
``ends``, ``week_weight`` and ``scale``; one account stands for all of a cohort. Data flow: the
engine credits fees and emission, calls :meth:`Vault.step` once an epoch and :meth:`Vault.exit`
once a day.
Never: a token that leaves without being counted in ``held``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurovoyance.tokenomics.simulation import mechanics
from neurovoyance.tokenomics.simulation.kinds import Array
from neurovoyance.tokenomics.simulation.policies import Policy

RING = 28
_TINY = 1e-12


@dataclass(slots=True)
class Left:
    """What an early exit did, NVY: shapes (G, S), and (S,) for the sinks of the penalty."""

    paid: Array
    penalty: Array
    holders: Array
    burn: Array
    insurance: Array


class Vault:
    """Vesting of G cohorts over S seeds.

    Attributes:
        held: liability, NVY, (G, S).
        rate: raw units that mature a week, (G, S).
        week_weight: raw units times weeks left, (G, S).
        scale: NVY a raw unit is worth, (G, S).
        window_used: left early in this epoch, NVY, (S,).
        window_cap: what may leave early in this epoch, NVY, (S,).
        was_open: whether an exit has fixed the cap of this epoch, (S,).
    """

    def __init__(self, cohorts: int, seeds: int, policy: Policy) -> None:
        shape = (cohorts, seeds)
        self.policy = policy
        self.epoch = 0
        self.held, self.rate, self.week_weight = (np.zeros(shape) for _ in range(3))
        self.scale = np.ones(shape)
        self.ends = np.zeros((RING, *shape))
        self.window_used, self.window_cap = np.zeros(seeds), np.zeros(seeds)
        self.was_open = np.zeros(seeds, np.bool_)

    @property
    def total(self) -> Array:
        """Return all that is held, NVY (S,)."""
        total: Array = self.held.sum(axis=0)
        return total

    def credit(self, amount: Array) -> None:
        """Vest an amount a cohort from the next epoch on; ``credit`` of the contract."""
        weeks = self.policy.vest_epochs
        raw = amount / (weeks * self.scale)
        self.held += amount
        self.rate += raw
        self.week_weight += raw * weeks
        self.ends[(self.epoch + weeks) % RING] += raw

    def step(self) -> Array:
        """Enter the next epoch and return what matures, NVY (G, S); ``settle`` of the contract."""
        self.epoch += 1
        matured = np.minimum(self.rate * self.scale, self.held)
        self.week_weight -= self.rate
        slot = self.epoch % RING
        self.rate = np.maximum(self.rate - self.ends[slot], 0.0)
        self.ends[slot] = 0.0
        self.held -= matured
        is_done = self.rate <= _TINY * (1.0 + self.held)
        self.rate[is_done] = 0.0
        self.week_weight[is_done] = 0.0
        dust = np.where(is_done, self.held, 0.0)
        self.held -= dust
        self.scale[is_done] = 1.0
        self.was_open[:] = False
        return matured + dust

    def reduce(self, amount: Array) -> None:
        """Take an amount out of what has not matured; ``reduce`` of the contract."""
        worth = self.week_weight * self.scale
        kept = 1.0 - np.where(self.held > 0.0, amount / np.maximum(self.held, _TINY), 0.0)
        kept = np.where(worth > 0.0, mechanics.clamp(kept, 0.0, 1.0), 1.0)
        self.held *= kept
        self.scale *= kept
        self._renew()

    def slash(self, row: int, share: Array) -> Array:
        """Take a share (S,) of what one cohort holds; return it, NVY (S,)."""
        taken: Array = self.held[row] * share
        is_live = self.rate[row] > 0.0
        kept = np.where(is_live, 1.0 - share, 1.0)
        self.held[row] *= kept
        self.scale[row] *= kept
        self._renew()
        return np.where(is_live, taken, 0.0)

    def _renew(self) -> None:
        """Fold small scales into the raw units, as the contract does below 1/256."""
        if float(self.scale.min()) < 1.0 / 256.0:
            self.ends *= self.scale
            self.rate *= self.scale
            self.week_weight *= self.scale
            self.scale[:] = 1.0

    def exit(self, wanted: Array, accounts: Array) -> Left:
        """Let leavers out as far as the limiter allows, and share out the penalty.

        Args:
            wanted: NVY asked for, (G, S); the leavers hold exactly that.
            accounts: number of leavers, (S,).
        """
        total = self.total
        asked = np.minimum(wanted, self.held)
        leaving = asked.sum(axis=0)
        opens = ~self.was_open & (leaving > 0.0)
        self.window_cap = np.where(opens, mechanics.window_cap(total, self.policy), self.window_cap)
        self.window_used = np.where(self.was_open, self.window_used, 0.0)
        self.was_open |= opens
        allowed = mechanics.exit_allowance(
            self.window_cap, self.window_used, leaving, total, accounts
        )
        filled = np.minimum(leaving, allowed)
        taken = asked * (filled / np.maximum(leaving, _TINY))
        self.window_used += filled
        penalty = mechanics.exit_penalty(taken, self.rate, self.week_weight, self.policy)
        self.reduce(taken)
        return self._share(taken, penalty, asked - taken)

    def _share(self, taken: Array, penalty: Array, still: Array) -> Left:
        """Give the holders their part of the penalty as new vesting; leavers get none of it."""
        whole: Array = penalty.sum(axis=0)
        burn = whole * self.policy.penalty_burn
        stayers = np.maximum(self.held - still, 0.0)
        others: Array = stayers.sum(axis=0)
        part = np.where(others >= 1_000.0, whole * self.policy.holder, 0.0)
        self.credit(part * stayers / np.maximum(others, _TINY))
        return Left(taken - penalty, penalty, part, burn, whole - burn - part)
