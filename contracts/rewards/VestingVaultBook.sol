// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IVestingVault} from "../interfaces/IVestingVault.sol";
import {IVotingPower} from "../interfaces/IVotingPower.sol";
import {LiveParams} from "../libraries/LiveParams.sol";

/// @title The buckets of every account: what vests when, and how it is lowered
/// @notice An account's `held` is the debt in wei. `rate` and `ends` are raw units worth
/// `scale / 1e18` wei each, so that a slash or an early exit lowers one number instead of 26.
/// @dev Between calls releasable * 1e18 + weekWeight * scale <= held * 1e18, and rate is the sum of
/// the live entries. Division leaves its dust in `held`, where it comes out with the last bucket.
abstract contract VestingVaultBook is IVestingVault, LiveParams, ReentrancyGuardTransient {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant WAD = 1e18;
    uint256 internal constant EPOCH_S = 604_800;
    uint256 internal constant WEEKS = 26;
    /// @dev One more than WEEKS would do; two entries share a word, and 28 fill 14.
    uint256 internal constant RING = 28;
    /// @dev Unit of the accumulator of penalty income.
    uint256 internal constant ACC_UNIT = 1e24;
    uint256 private constant _SCALE_MIN = WAD / 256;
    /// @dev What reporting votes may cost. A release stays under 300,000 if all of it is wasted.
    uint256 private constant _VOTES_GAS = 130_000;
    /// @dev The 64th that a call keeps back, and what preparing it costs.
    uint256 private constant _VOTES_GAS_NEEDED = _VOTES_GAS + _VOTES_GAS / 63 + 6_000;

    /// @dev Four words.
    struct Account {
        uint96 rate; // raw units that vest in each epoch now
        uint96 releasable; // wei
        uint32 lastEpoch; // up to which it is settled
        uint32 ringId; // of `_ends`; a new one where everything unvested was taken
        uint112 weekWeight; // sum over raw units of the weeks that are left
        uint64 scale; // wei of 1e18 raw units; 0 reads as 1e18
        uint16 p0; // penalty in bps that does not depend on time, as of its last deposit
        uint16 p1; // penalty in bps at 26 weeks left, beside p0
        uint48 exitReadyAt; // unix seconds
        uint96 held; // wei
        uint96 exitAmount; // wei announced
        uint32 window; // epoch of usedInWindow
        uint128 accPaid; // `acc` up to which penalty income is settled
        uint96 usedInWindow; // wei taken out early in that epoch
    }

    /// @dev Penalty income of all; one word.
    struct Income {
        uint128 acc; // income per wei held, in 1 / ACC_UNIT; starts at 1
        uint96 undistributed; // wei
        uint8 vestEpochs; // over which the last penalty vests
    }

    /// @dev What all accounts together hold, and the window of early exits; two words.
    struct Totals {
        uint96 held; // wei
        uint32 window; // epoch of the last early exit
        uint96 windowCap; // wei that may leave early in it
        uint96 windowUsed; // wei that left early in it
    }

    /// @dev What settling an account changes beside its record.
    struct Change {
        uint256 passed; // bits of the ring's entries that are over
        uint256 before; // held, wei
        uint256 income; // wei
        uint256 q; // raw units that income adds
        uint256 vestEpochs;
    }

    /// @notice The VotingPower; zero where nobody votes.
    address public immutable votes;

    Income internal _income;
    Totals internal _totals;
    mapping(address account => Account) internal _accounts;
    /// @dev Raw units whose last week an epoch is, plus 1; an empty entry counts as 1, and a passed
    /// one is left at 1, which is cheaper than to empty it.
    mapping(address account => mapping(uint256 ringId => uint96[RING])) internal _ends;
    mapping(address account => int256) private _votesOwed;

    constructor(address params_, address votes_) LiveParams(params_) {
        votes = votes_;
        _income.acc = 1;
    }

    /// @inheritdoc IVestingVault
    function syncVotes(address account) external nonReentrant {
        int256 change = _votesOwed[account];
        if (change == 0) return;
        _votesOwed[account] = 0;
        IVotingPower(votes).move(account, change);
    }

    /// @inheritdoc IVestingVault
    function votesOwedOf(address account) external view returns (int256) {
        return _votesOwed[account];
    }

    // --- settling ---

    /// @return a the account as it stands now, penalty income included
    function _settled(address account) internal view returns (Account memory a, Change memory c) {
        a = _accounts[account];
        c.before = a.held;
        c.passed = _pass(a, _ends[account][a.ringId]);
        Income memory all = _income;
        c.income = (c.before * (all.acc - a.accPaid)) / ACC_UNIT;
        a.accPaid = all.acc;
        if (c.income == 0) return (a, c);
        c.vestEpochs = all.vestEpochs;
        c.q = _credit(a, c.income, c.vestEpochs);
    }

    /// @dev Settles; the caller changes `a` further and ends with `_store`.
    function _settle(address account) internal returns (Account memory a, uint256 before) {
        Change memory c;
        (a, c) = _settled(account);
        before = c.before;
        uint96[RING] storage ends = _ends[account][a.ringId];
        for (uint256 i; c.passed >> i != 0; ++i) {
            if ((c.passed >> i) & 1 != 0) ends[i] = 1;
        }
        if (c.income == 0) return (a, before);
        _addEnd(ends, c.q, c.vestEpochs);
        _income.undistributed -= uint96(c.income); // sums of rounded parts never exceed the whole
        emit IncomeCredited(account, c.income);
    }

    /// @dev Lets the epochs since `lastEpoch` pass, 26 at most: no bucket ends later.
    /// @return passed bits of the entries that are over
    function _pass(Account memory a, uint96[RING] storage ends)
        private
        view
        returns (uint256 passed)
    {
        uint256 present = _epoch();
        uint256 rate = a.rate;
        if (rate != 0) {
            uint256 scale = _scaleOf(a);
            uint256 releasable = a.releasable;
            uint256 weekWeight = a.weekWeight;
            uint256 last = Math.min(present, a.lastEpoch + WEEKS);
            for (uint256 j = a.lastEpoch + 1; j <= last && rate != 0; ++j) {
                releasable += (rate * scale) / WAD;
                weekWeight -= rate;
                uint256 end = ends[j % RING];
                if (end > 1) {
                    rate -= end - 1;
                    passed |= 1 << (j % RING);
                }
            }
            a.rate = uint96(rate); // fell
            a.releasable = uint96(releasable); // <= held
            a.weekWeight = uint112(weekWeight); // fell
        }
        if (rate == 0) (a.releasable, a.scale) = (a.held, uint64(WAD)); // dust leaves here
        a.lastEpoch = uint32(present);
    }

    // --- raising and lowering ---

    /// @dev The caller adds the raw units to the ring, too.
    /// @return q raw units that vest in each of the next `vestEpochs` epochs
    function _credit(Account memory a, uint256 amount, uint256 vestEpochs)
        internal
        pure
        returns (uint256 q)
    {
        uint256 weight = vestEpochs * _scaleOf(a); // of one raw unit, in wei / 1e18
        q = (amount * WAD) / weight;
        a.held = _fit(a.held + amount);
        uint256 rate = a.rate + q;
        _fit(rate + 1); // an entry of the ring is at most that
        a.rate = uint96(rate);
        a.weekWeight += uint112(q * vestEpochs); // <= 26 * 2^96
        a.releasable = rate == 0
            ? a.held
            : uint96(a.releasable + amount - Math.ceilDiv(q * weight, WAD)); // <= held
    }

    function _addEnd(uint96[RING] storage ends, uint256 q, uint256 vestEpochs) internal {
        uint256 index = (_epoch() + vestEpochs) % RING;
        ends[index] = uint96(Math.max(ends[index], 1) + q); // <= rate + 1, which fits
    }

    /// @dev Takes `amount`, at most what is unvested, out of all buckets in proportion.
    function _reduce(address account, Account memory a, uint256 amount) internal {
        uint256 unvested = a.held - a.releasable;
        a.held = uint96(a.held - amount);
        if (amount == unvested) {
            ++a.ringId;
            (a.rate, a.weekWeight, a.scale) = (0, 0, uint64(WAD));
        } else {
            uint256 scale = _scaleOf(a);
            scale -= Math.min(scale, Math.ceilDiv(amount * WAD, a.weekWeight));
            a.scale = uint64(scale);
            if (scale < _SCALE_MIN) _renormalise(a, _ends[account][a.ringId]);
        }
        if (a.rate == 0) a.releasable = a.held;
    }

    /// @dev Makes a raw unit worth a wei again. After this many reductions it would else be too
    /// coarse, and raw numbers too large.
    function _renormalise(Account memory a, uint96[RING] storage ends) private {
        uint256 scale = a.scale;
        uint256 present = _epoch();
        uint256 rate;
        uint256 weekWeight;
        for (uint256 left = 1; left <= WEEKS; ++left) {
            uint256 index = (present + left) % RING;
            uint256 end = ends[index];
            if (end < 2) continue;
            end = ((end - 1) * scale) / WAD;
            ends[index] = uint96(end + 1); // fell
            rate += end;
            weekWeight += end * left;
        }
        (a.rate, a.weekWeight, a.scale) = (uint96(rate), uint112(weekWeight), uint64(WAD)); // fell
    }

    // --- storing, and telling VotingPower ---

    function _store(address account, Account memory a, uint256 before) internal {
        _accounts[account] = a;
        _totals.held = _fit(uint256(_totals.held) + a.held - before);
    }

    /// @dev Never reverts for VotingPower's sake: a release depends on the token alone. Running it
    /// out of gas on purpose is refused, or votes could be kept after the tokens have left.
    function _moveVotes(address account, uint256 before, uint256 held) internal {
        if (votes == address(0) || held == before) return;
        uint256 left = gasleft();
        if (left < _VOTES_GAS_NEEDED) revert VestingVault__TooLittleGas(left, _VOTES_GAS_NEEDED);
        int256 change = int256(held) - int256(before); // both fit 96 bits
        try IVotingPower(votes).move{gas: _VOTES_GAS}(account, change) {}
        catch {
            _votesOwed[account] += change;
            emit VotesOwed(account, change);
        }
    }

    // --- small parts ---

    function _epoch() internal view returns (uint256) {
        return block.timestamp / EPOCH_S;
    }

    function _scaleOf(Account memory a) internal pure returns (uint256) {
        return a.scale == 0 ? WAD : a.scale;
    }

    function _fit(uint256 value) internal pure returns (uint96) {
        if (value > type(uint96).max) {
            revert VestingVault__AmountTooLarge(value, type(uint96).max);
        }
        return uint96(value);
    }
}
