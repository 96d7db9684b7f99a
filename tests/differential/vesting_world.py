"""VestingVault in a bare EVM, amid surroundings that a test sets, beside its twin.

Every call goes to both sides. Refusals are compared by name and values; after a granted call every
word that the vault stores about the account, and about all, is what the twin says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from eth_utils.crypto import keccak
from tests.differential.plain_evm import Contract, PlainEvm, account

from neurovoyance.protocol.ids import ZERO_ADDRESS
from neurovoyance.tokenomics.params import pack
from neurovoyance.tokenomics.reverts import TwinRevert
from neurovoyance.tokenomics.vesting import EPOCH_S, WAD, Account, VestingVault

NVY = 10**18
CAP_WEI = 10**27
START_S = 2_977 * EPOCH_S + 5
RING = 28
DEPOSITOR = account(1)
HOLDERS = [account(number) for number in range(2, 7)]
OPERATORS = dict(zip(HOLDERS, (account(number) for number in range(12, 17)), strict=True))
STRANGER = account(20)
INCOME_SLOT, TOTALS_SLOT, ACCOUNTS_SLOT, ENDS_SLOT = 0, 1, 3, 4
BALANCES_SLOT, SUPPLY_SLOT = 0, 2
NEIGHBOURS = ("tests/contracts/mocks/VaultNeighbours.sol", "VaultNeighbours")
VAULT = ("contracts/rewards/VestingVault.sol", "VestingVault")


def mapped(slot: int, key: int) -> int:
    """Return the slot of a mapping's entry."""
    return int.from_bytes(keccak(key.to_bytes(32, "big") + slot.to_bytes(32, "big")), "big")


def fields(word: int, *widths: int) -> tuple[int, ...]:
    """Return the packed fields of a word, from its lowest bit."""
    found = []
    for width in widths:
        found.append(word & ((1 << width) - 1))
        word >>= width
    return tuple(found)


class VestingWorld:
    """Vault, surroundings and token, with the twin.

    Attributes:
        paid_wei: what every holder has got out.
        burned_wei: by penalties.
        insured_wei: by penalties.
        slashed_wei: sent to the StakeManager.
    """

    def __init__(self) -> None:
        self.evm = PlainEvm(START_S)
        self.token = self.evm.deploy_token([DEPOSITOR], [CAP_WEI])
        args = (self.token.address, pack("vesting"))
        self.neighbours = self.evm.deploy(*NEIGHBOURS, args)
        world = self.neighbours.address
        parts = (self.token.address, world, DEPOSITOR, DEPOSITOR, world, world, ZERO_ADDRESS)
        self.vault: Contract = self.evm.deploy(*VAULT, parts)
        self.token.send(DEPOSITOR, "approve", self.vault.address, 2**256 - 1)
        for holder, operator in OPERATORS.items():
            self.neighbours.send(DEPOSITOR, "setOperator", holder, operator)
        self.evm.keep()
        self.reset()

    def reset(self) -> None:
        """Go back to the beginning, for another sequence."""
        self.evm.reset()
        self.twin = VestingVault(
            depositors=frozenset({DEPOSITOR}),
            stake_manager=self.neighbours.address,
            operators=dict(OPERATORS),
        )
        self.paid_wei = dict.fromkeys(HOLDERS, 0)
        self.burned_wei = self.insured_wei = self.slashed_wei = 0
        self.seen: Counter[str] = Counter()

    @property
    def now_s(self) -> int:
        return self.evm.now_s

    @property
    def epoch(self) -> int:
        return self.evm.now_s // EPOCH_S

    def set_values(self, **values: int) -> None:
        """Let parameters change, in the contract's surroundings and in the twin."""
        self.twin.values.update(values)
        self.neighbours.send(DEPOSITOR, "setWord", pack("vesting", self.twin.values))

    # --- both sides ---

    def both(
        self, act: Callable[[], Any], sender: str, function: str, *args: Any
    ) -> tuple[bool, Any]:
        """Call the vault and do ``act`` on the twin; return whether both granted it, and what."""
        answer = self.vault.send(sender, function, *args)
        before = (self.twin.undistributed_wei, self._scales())
        try:
            expected = act()
        except TwinRevert as refused:
            self.seen[refused.name] += 1
            assert answer.refusal == (refused.name, refused.values), (function, answer)
            return False, refused.name
        assert answer.refusal is None, (function, answer, expected)
        self.seen[function] += 1
        self.seen["income"] += self.twin.undistributed_wei < before[0]
        self.seen["renewed"] += sum(
            new == WAD > old and held
            for (old, _), (new, held) in zip(before[1], self._scales(), strict=True)
        )
        return True, (answer.values, expected)

    def _scales(self) -> list[tuple[int, bool]]:
        accounts = map(self.twin.account_of, HOLDERS)
        return [(a.scale, a.rate > 0) for a in accounts]

    def deposit(self, holder: str, amount_wei: int, sender: str = DEPOSITOR) -> bool:
        """Deposit; return whether it was granted."""
        done, _ = self.both(
            lambda: self.twin.deposit(sender, holder, amount_wei, self.now_s),
            sender, "deposit", holder, amount_wei,
        )  # fmt: skip
        return done

    def release(self, holder: str, sender: str) -> int:
        """Release; return what was paid, wei."""
        done, found = self.both(
            lambda: self.twin.release(sender, holder, self.now_s), sender, "release", holder
        )
        if not done:
            return 0
        (amount_wei,), expected = found
        assert amount_wei == expected
        self.paid_wei[holder] += amount_wei
        return int(amount_wei)

    def request_exit(self, holder: str, amount_wei: int) -> bool:
        """Announce an exit; return whether it was granted."""
        done, _ = self.both(
            lambda: self.twin.request_exit(holder, amount_wei, self.now_s),
            holder, "requestExit", amount_wei,
        )  # fmt: skip
        return done

    def execute_exit(self, holder: str, max_bps: int = 10_000) -> Any:
        """Leave early; return the twin's account of it, or the name of the refusal."""
        done, found = self.both(
            lambda: self.twin.execute_exit(holder, max_bps, self.now_s),
            holder, "executeExit", max_bps,
        )  # fmt: skip
        if not done:
            return found
        values, gone = found
        assert values == (gone.paid_wei, gone.penalty_wei)
        sinks = gone.to_holders_wei + gone.burned_wei + gone.to_insurance_wei
        assert sinks == gone.penalty_wei
        kept_wei = self.twin.account_of(holder).held_wei
        aged = (self.neighbours.ask("kept"), self.neighbours.ask("whole"))
        assert aged == (kept_wei, kept_wei + gone.amount_wei)
        self.paid_wei[holder] += gone.paid_wei
        self.burned_wei += gone.burned_wei
        self.insured_wei += gone.to_insurance_wei
        return gone

    def slash(self, holder: str, bps: int) -> int:
        """Slash as the StakeManager; return what was taken, wei."""
        manager = self.neighbours.address
        done, found = self.both(
            lambda: self.twin.slash(manager, holder, bps, self.now_s),
            manager, "slash", holder, bytes(32), bps,
        )  # fmt: skip
        assert done
        (taken_wei,), expected = found
        assert taken_wei == expected
        self.slashed_wei += taken_wei
        return int(taken_wei)

    # --- comparing ---

    def compare(self) -> None:
        """Assert that every stored word, and every token, is what the twin says."""
        twin, evm = self.twin, self.evm
        acc, undistributed_wei, weeks = fields(evm.storage(self.vault, INCOME_SLOT), 128, 96, 8)
        assert (acc, undistributed_wei) == (twin.acc, twin.undistributed_wei)
        assert weeks == twin.income_epochs
        totals = fields(evm.storage(self.vault, TOTALS_SLOT), 96, 32, 96)
        assert totals == (twin.total_held_wei, twin.window, twin.window_cap_wei)
        assert evm.storage(self.vault, TOTALS_SLOT + 1) == twin.window_used_wei
        assert sum(a.held_wei for a in twin.accounts.values()) == twin.total_held_wei
        for holder in HOLDERS:
            self._compare_account(holder, twin.account_of(holder))
            assert self._balance_wei(holder) == self.paid_wei[holder]
        balance_wei = self._balance_wei(self.vault.address)
        assert balance_wei == twin.total_held_wei + twin.undistributed_wei
        sunk_wei = self.insured_wei + self.slashed_wei
        assert self._balance_wei(self.neighbours.address) == sunk_wei
        supply_wei = evm.storage(self.token, SUPPLY_SLOT)
        assert supply_wei == CAP_WEI - self.burned_wei

    def _balance_wei(self, holder: str) -> int:
        return self.evm.storage(self.token, mapped(BALANCES_SLOT, int(holder, 16)))

    def _compare_account(self, holder: str, a: Account) -> None:
        evm, number = self.evm, int(holder, 16)
        base = mapped(ACCOUNTS_SLOT, number)
        words = [evm.storage(self.vault, base + i) for i in range(4)]
        rate, releasable_wei, last_epoch, ring_id = fields(words[0], 96, 96, 32, 32)
        assert (rate, releasable_wei, last_epoch) == (a.rate, a.releasable_wei, a.last_epoch)
        weight, scale, *rest = fields(words[1], 112, 64, 16, 16, 48)
        assert (weight, scale or WAD) == (a.week_weight, a.scale)
        assert tuple(rest) == (a.p0_bps, a.p1_bps, a.exit_ready_at_s)
        found = fields(words[2], 96, 96, 32)
        assert found == (a.held_wei, a.exit_amount_wei, a.window)
        assert fields(words[3], 128, 96) == (a.acc_paid, a.used_in_window_wei)
        self._compare_ring(mapped(mapped(ENDS_SLOT, number), ring_id), a)

    def _compare_ring(self, base: int, a: Account) -> None:
        ring: list[int] = []
        for word in range(RING // 2):
            ring += fields(self.evm.storage(self.vault, base + word), 96, 96)
        for epoch in range(a.last_epoch + 1, a.last_epoch + RING - 1):
            assert max(ring[epoch % RING], 1) - 1 == a.ends.get(epoch, 0), epoch
        assert sum(a.ends.values()) == a.rate
        assert a.releasable_wei * WAD + a.week_weight * a.scale <= a.held_wei * WAD

    def compare_views(self, holder: str, amount_wei: int) -> None:
        """Assert that what an owner is shown is what the twin says."""
        ask, twin, now_s = self.vault.ask, self.twin, self.now_s
        a, _ = twin.settled(holder, now_s)
        assert ask("releasableOf", holder) == a.releasable_wei
        assert ask("unvestedOf", holder) == a.unvested_wei
        schedule = twin.schedule_of(holder, now_s)
        assert list(ask("scheduleOf", holder)) == schedule
        assert sum(schedule) == a.unvested_wei
        assert ask("allowanceOf", holder) == twin.allowance_of(holder, now_s)
        assert ask("penaltyOf", holder, amount_wei) == twin.penalty_of(holder, amount_wei, now_s)
