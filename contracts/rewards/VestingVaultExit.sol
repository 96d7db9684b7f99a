// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IFunded} from "../interfaces/IFunded.sol";
import {IProtocolParams} from "../interfaces/IProtocolParams.sol";
import {IVaultStakes} from "../interfaces/IVaultStakes.sol";
import {IVestingVault} from "../interfaces/IVestingVault.sol";
import {Params} from "../libraries/Params.sol";
import {VestingVaultBook} from "./VestingVaultBook.sol";

/// @title Leaving early: the notice, the limit of an epoch, the penalty and who gets it
/// @notice The penalty goes to those who stay, to the fire and to insurance; the leaver gets none
/// of it. Where others hold too little to be paid by the wei, insurance takes their part.
abstract contract VestingVaultExit is VestingVaultBook {
    using SafeERC20 for IERC20;

    uint256 private constant _NOTICE_S = 24 hours;
    uint256 private constant _OPEN_S = 72 hours;
    uint256 private constant _WINDOW_CAP_MIN = 10_000e18;
    uint256 private constant _ALLOWANCE_MIN = 1_000e18;
    uint256 private constant _HOLDERS_MIN = 1_000e18;
    /// @dev An account's part of the window, in multiples of its part of the vault: while less than
    /// half of the window is used, and then.
    uint256 private constant _EARLY_MULTIPLE = 10;
    uint256 private constant _LATE_MULTIPLE = 2;

    /// @dev Where a penalty goes; the parts sum to it.
    struct Shares {
        uint256 toHolders;
        uint256 burned;
        uint256 toInsurance;
    }

    address public immutable token;
    address public immutable stakeManager;
    address public immutable insurance;

    constructor(
        address token_,
        address stakeManager_,
        address insurance_,
        address params_,
        address votes_
    ) VestingVaultBook(params_, votes_) {
        token = token_;
        stakeManager = stakeManager_;
        insurance = insurance_;
    }

    /// @inheritdoc IVestingVault
    function requestExit(uint256 amount) external {
        if (amount == 0) revert VestingVault__ZeroAmount();
        Account storage a = _accounts[msg.sender];
        if (a.held == 0) revert VestingVault__NothingToExit(msg.sender);
        uint256 readyAt = block.timestamp + _NOTICE_S;
        a.exitAmount = _fit(amount);
        a.exitReadyAt = uint48(readyAt);
        emit ExitRequested(msg.sender, amount, readyAt, readyAt + _OPEN_S);
    }

    /// @inheritdoc IVestingVault
    function executeExit(uint256 maxPenaltyBps)
        external
        nonReentrant
        returns (uint256 paid, uint256 penalty)
    {
        _checkExit(msg.sender);
        (Account memory a, uint256 before) = _settle(msg.sender);
        uint256 held = a.held;
        uint256 word = _vestingWord();
        uint256 amount = _takeAllowance(msg.sender, a, before, word);
        penalty = _penaltyOf(a, amount, word);
        uint256 bps = Math.ceilDiv(penalty * BPS, amount);
        if (bps > maxPenaltyBps) revert VestingVault__PenaltyTooHigh(bps, maxPenaltyBps);
        paid = amount - penalty;
        _reduce(msg.sender, a, amount);
        Shares memory shares = _share(a, before, penalty, word);
        _store(msg.sender, a, before);
        emit ExitExecuted(
            msg.sender, amount, penalty, shares.toHolders, shares.burned, shares.toInsurance
        );
        _moveVotes(msg.sender, before, a.held);
        IVaultStakes(stakeManager).scaleAge(msg.sender, a.held, held);
        _handOn(shares);
        IERC20(token).safeTransfer(msg.sender, paid);
    }

    // --- views ---

    /// @inheritdoc IVestingVault
    function penaltyOf(address account, uint256 amount) external view returns (uint256) {
        (Account memory a,) = _settled(account);
        return _penaltyOf(a, Math.min(amount, _unvested(a)), _vestingWord());
    }

    /// @inheritdoc IVestingVault
    function allowanceOf(address account) external view returns (uint256) {
        (Account memory a, Change memory c) = _settled(account);
        (uint256 cap, uint256 used) = _window(a, c.before, _vestingWord());
        return Math.min(_allowance(a, c.before, cap, used), _unvested(a));
    }

    /// @inheritdoc IVestingVault
    function exitOf(address account)
        external
        view
        returns (uint256 amount, uint256 readyAt, uint256 expiresAt)
    {
        Account storage a = _accounts[account];
        if (a.exitAmount == 0) return (0, 0, 0);
        return (a.exitAmount, a.exitReadyAt, a.exitReadyAt + _OPEN_S);
    }

    /// @inheritdoc IVestingVault
    function windowOf(uint256 epoch) external view returns (uint256 cap, uint256 used) {
        if (epoch == _totals.window) return (_totals.windowCap, _totals.windowUsed);
    }

    // --- the notice ---

    function _checkExit(address account) private view {
        uint256 until = params == address(0) ? 0 : IProtocolParams(params).pausedUntil();
        if (block.timestamp < until) revert VestingVault__Paused(until);
        Account storage a = _accounts[account];
        if (a.exitAmount == 0) revert VestingVault__NothingToExit(account);
        uint256 readyAt = a.exitReadyAt;
        if (block.timestamp < readyAt) {
            revert VestingVault__NoticeNotOver(readyAt, block.timestamp);
        }
        if (block.timestamp > readyAt + _OPEN_S) {
            revert VestingVault__NoticeExpired(readyAt + _OPEN_S, block.timestamp);
        }
        if (IVaultStakes(stakeManager).hasPendingSlash(account)) {
            revert VestingVault__SlashPending(account);
        }
    }

    // --- the limit ---

    /// @dev Opens the epoch's window if this is its first exit, and counts the amount in it.
    /// @return amount wei that leave now
    function _takeAllowance(address account, Account memory a, uint256 before, uint256 word)
        private
        returns (uint256 amount)
    {
        uint256 unvested = _unvested(a);
        if (unvested == 0) revert VestingVault__NothingToExit(account);
        (uint256 cap, uint256 used) = _window(a, before, word);
        uint256 allowed = _allowance(a, before, cap, used);
        uint256 epoch = _epoch();
        if (allowed == 0) revert VestingVault__OutflowLimit(account, epoch);
        amount = Math.min(Math.min(a.exitAmount, allowed), unvested);
        a.exitAmount = uint96(a.exitAmount - amount);
        a.usedInWindow = uint96(amount + (a.window == epoch ? a.usedInWindow : 0)); // <= cap
        a.window = uint32(epoch);
        _totals.window = uint32(epoch);
        _totals.windowCap = uint96(cap); // <= what all hold, or 10,000 tokens
        _totals.windowUsed = uint96(used + amount); // <= cap
    }

    /// @return cap wei that may leave early in this epoch
    /// @return used wei that did
    function _window(Account memory a, uint256 before, uint256 word)
        private
        view
        returns (uint256 cap, uint256 used)
    {
        Totals storage t = _totals;
        if (t.window == _epoch()) return (t.windowCap, t.windowUsed);
        uint256 part = (_totalOf(a, before) * Params.exitCapBps(word)) / BPS;
        return (Math.max(_WINDOW_CAP_MIN, part), 0);
    }

    /// @dev The account's part that is left, and never more than the window has left.
    function _allowance(Account memory a, uint256 before, uint256 cap, uint256 used)
        private
        view
        returns (uint256)
    {
        if (a.held == 0) return 0;
        uint256 multiple = 2 * used < cap ? _EARLY_MULTIPLE : _LATE_MULTIPLE;
        uint256 part = (multiple * cap * a.held) / _totalOf(a, before);
        uint256 own = Math.max(_ALLOWANCE_MIN, part);
        uint256 taken = a.window == _epoch() ? a.usedInWindow : 0;
        return Math.min(Math.saturatingSub(own, taken), cap - used);
    }

    /// @dev What all hold, the account settled.
    function _totalOf(Account memory a, uint256 before) private view returns (uint256) {
        return uint256(_totals.held) + a.held - before;
    }

    // --- the penalty ---

    /// @dev 10 % and up to 50 % by the mean time left, at the defaults. Parameters are those of the
    /// account's last deposit; where the present ones are lower, those.
    function _penaltyOf(Account memory a, uint256 amount, uint256 word)
        private
        pure
        returns (uint256)
    {
        if (amount == 0) return 0;
        uint256 base = Math.min(a.p0, Params.exitBaseBps(word)) * WEEKS * a.rate;
        uint256 slope = Math.min(a.p1, Params.exitSlopeBps(word)) * a.weekWeight;
        return Math.ceilDiv(amount * (base + slope), BPS * WEEKS * a.rate);
    }

    /// @dev Gives the holders their part. The leaver has been settled and is now paid up to the
    /// accumulator with this penalty in it: it gets none.
    function _share(Account memory a, uint256 before, uint256 penalty, uint256 word)
        private
        returns (Shares memory shares)
    {
        uint256 others = _totals.held - before;
        shares.burned = (penalty * Params.penaltyBurnBps(word)) / BPS;
        if (others >= _HOLDERS_MIN) {
            Income storage all = _income;
            uint256 part = (penalty * Params.holderBps(word)) / BPS;
            all.acc = SafeCast.toUint128(all.acc + (part * ACC_UNIT) / others);
            all.undistributed = _fit(all.undistributed + part);
            all.vestEpochs = uint8(Params.vestEpochs(word)); // 13 .. 26
            a.accPaid = all.acc;
            shares.toHolders = part;
        }
        shares.toInsurance = penalty - shares.toHolders - shares.burned;
    }

    function _handOn(Shares memory shares) private {
        if (shares.burned != 0) ERC20Burnable(token).burn(shares.burned);
        if (shares.toInsurance == 0) return;
        // By the wei and each time: with a standing approval a release would depend on the fund.
        IERC20(token).forceApprove(insurance, shares.toInsurance);
        IFunded(insurance).fund(shares.toInsurance);
    }

    // --- small parts ---

    function _unvested(Account memory a) internal pure returns (uint256) {
        return a.held - a.releasable;
    }

    function _vestingWord() internal view returns (uint256) {
        return _word(Params.WORD_VESTING, Params.DEFAULT_VESTING);
    }
}
