// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IProtocolParams} from "../interfaces/IProtocolParams.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {IVestingVault} from "../interfaces/IVestingVault.sol";
import {Params} from "../libraries/Params.sol";
import {SlashBook} from "./SlashBook.sol";

/// @title Slashes by verdict: booked, held, perhaps lowered by a vote, then split
/// @notice Nobody can raise a slash. What the vault adds is taken when the slash is final.
abstract contract VerdictBook is SlashBook {
    using SafeERC20 for IERC20;

    /// @dev Most that the finder of a wrong result gets, as a multiple of the price.
    uint256 private constant _FINDER_PRICES = 5;

    /// @dev Four words; the last one stays empty without delegators.
    struct HeldSlash {
        address provider;
        uint96 amount; // wei
        address client;
        uint96 price; // wei, the cap of the client's share; what the client lost, once it is final
        address finder;
        uint40 readyAt; // unix seconds; zero: no such slash was ever booked
        uint16 vestBps; // of what is unvested, and not yet taken
        bool byDisputeCourt;
        bool isFinal;
        bool isLate;
        uint96 delegated; // wei of `amount` that came from delegators
    }

    /// @dev The parts of a slash in wei.
    struct Split {
        uint256 burned;
        uint256 toClient;
        uint256 toFinder;
        uint256 toJudges;
        uint256 toInsurance;
    }

    mapping(bytes32 slashId => HeldSlash) private _held;

    // --- booking ---

    /// @inheritdoc IStakeManager
    function bookSlash(Verdict calldata verdict) external onlyCourt {
        bytes32 slashId = verdict.slashId;
        HeldSlash storage held = _held[slashId];
        if (held.readyAt != 0) revert StakeManager__SlashExists(slashId);
        uint256 word = _slashingWord();
        uint256 staked = _totals.stake;
        uint256 delegated = _takeDelegated(verdict, word);
        uint256 taken = _takeOwn(verdict, word) + delegated;
        uint256 readyAt = block.timestamp + _hold(taken, staked, word);
        _writeParties(held, verdict);
        held.amount = uint96(taken); // all stake together is under the supply, 2^90 wei
        held.readyAt = uint40(readyAt);
        if (vault != address(0)) {
            held.vestBps = verdict.isForgery ? uint16(BPS) : uint16(Params.vestSlashBps(word));
        }
        if (delegated != 0) held.delegated = uint96(delegated);
        ++_delegations[verdict.provider].pendingSlashes;
        if (!verdict.isLate) {
            emit StakeUnlocked(verdict.provider, verdict.jobId, verdict.lockAmount);
        }
        if (verdict.bondAmount != 0) {
            emit StakeUnlocked(verdict.provider, slashId, verdict.bondAmount);
        }
        emit SlashBooked(slashId, verdict.jobId, verdict.provider, taken, readyAt);
    }

    /// @inheritdoc IStakeManager
    function reduceSlash(bytes32 slashId, uint256 amount) external {
        if (
            params == address(0) || msg.sender != IProtocolParams(params).standardTimelock()
        ) revert StakeManager__OnlyTimelock(msg.sender);
        HeldSlash storage held = _requireHeld(slashId);
        uint256 booked = held.amount;
        if (amount >= booked) revert StakeManager__NotLower(slashId, booked, amount);
        uint256 off = booked - amount;
        uint256 delegated = held.delegated;
        uint256 fromPool = (off * delegated) / booked;
        held.amount = uint96(amount);
        held.vestBps = uint16((held.vestBps * amount) / booked);
        if (delegated != 0) held.delegated = uint96(delegated - fromPool);
        if (amount == 0) held.isLate = false; // no verdict is left to insure
        _totals.held = uint96(_totals.held - off);
        uint256 toPool = fromPool == 0 ? 0 : _returnDelegated(held.provider, fromPool);
        _returnOwn(held.provider, off - toPool);
        emit SlashReduced(slashId, amount, off - toPool, toPool);
    }

    // --- ending ---

    /// @inheritdoc IStakeManager
    function finalizeSlash(bytes32 slashId) external {
        HeldSlash storage held = _requireHeld(slashId);
        uint256 readyAt = held.readyAt;
        if (block.timestamp < readyAt) {
            revert StakeManager__SlashNotReady(slashId, readyAt, block.timestamp);
        }
        held.isFinal = true;
        uint256 amount = held.amount;
        _totals.held = uint96(_totals.held - amount);
        amount += _tryVesting(held, slashId);
        Split memory s = _split(held, amount);
        if (held.isLate) held.price = uint96(held.price - s.toClient);
        emit SlashFinalized(
            slashId, s.burned, s.toClient, s.toFinder, s.toJudges, s.toInsurance
        );
        _burnAndInsure(s.burned, s.toInsurance);
        IERC20(token).safeTransfer(market, s.toClient + s.toFinder + s.toJudges);
        _credit(held, slashId, s);
    }

    /// @inheritdoc IStakeManager
    function slashVesting(bytes32 slashId) external {
        HeldSlash storage held = _held[slashId];
        uint256 bps = held.vestBps;
        if (bps == 0 || !held.isFinal) revert StakeManager__NothingToSlash(slashId);
        _vestingTaken(held);
        uint256 taken = IVestingVault(vault).slash(held.provider, slashId, bps);
        uint256 burned = (taken * Params.slashBurnBps(_slashingWord())) / BPS;
        emit VestingSlashSplit(slashId, taken, burned, taken - burned);
        _burnAndInsure(burned, taken - burned);
    }

    /// @inheritdoc IStakeManager
    function collectInsurance() external returns (uint256 amount) {
        if (msg.sender != insurance) revert StakeManager__OnlyInsurance(msg.sender);
        amount = _totals.insurance;
        if (amount == 0) revert StakeManager__ZeroAmount();
        _totals.insurance = 0;
        emit InsuranceCollected(insurance, amount);
        IERC20(token).safeTransfer(insurance, amount);
    }

    // --- views ---

    /// @inheritdoc IStakeManager
    function heldSlashOf(bytes32 slashId)
        external
        view
        returns (address provider, uint256 amount, uint256 readyAt)
    {
        HeldSlash storage held = _held[slashId];
        if (!held.isFinal) return (held.provider, held.amount, held.readyAt);
    }

    /// @inheritdoc IStakeManager
    function hasPendingSlash(address provider) external view returns (bool) {
        return _delegations[provider].pendingSlashes != 0;
    }

    /// @inheritdoc IStakeManager
    function lossOf(bytes32 slashId) external view returns (address client, uint256 amount) {
        HeldSlash storage held = _held[slashId];
        if (held.isFinal && held.isLate) return (held.client, held.price);
    }

    // --- private ---

    function _takeDelegated(Verdict calldata v, uint256 word) private returns (uint256) {
        uint256 bps =
            v.isForgery ? Params.DELEGATED_FORGERY_BPS : Params.stakeSlashBps(word);
        return _slashDelegated(v.provider, v.slashId, bps);
    }

    function _takeOwn(Verdict calldata v, uint256 word) private returns (uint256) {
        uint256 bps = v.isForgery ? Params.forgerySlashBps(word) : Params.stakeSlashBps(word);
        // Of a late verdict the job's lock was freed: an equal sum of free stake.
        if (v.isLate) return _takeOwn(v.provider, v.bondAmount, v.lockAmount, bps);
        return _takeOwn(v.provider, uint256(v.bondAmount) + v.lockAmount, 0, bps);
    }

    function _writeParties(HeldSlash storage held, Verdict calldata v) private {
        held.provider = v.provider;
        held.client = v.client;
        held.price = v.price;
        held.finder = v.finder;
        held.byDisputeCourt = msg.sender == disputeCourt;
        held.isLate = v.isLate;
    }

    /// @dev How long a slash is held, and the breaker. Without ProtocolParams nobody could lower a
    /// slash, so that longer holding would help nobody.
    function _hold(uint256 taken, uint256 staked, uint256 word) private returns (uint256) {
        _totals.held = uint96(_totals.held + taken);
        if (params == address(0)) return Params.SLASH_HOLD_S;
        uint256 day = block.timestamp / 1 days;
        uint256 booked = taken;
        if (_totals.day == day) booked += _totals.booked;
        _totals.booked = uint96(booked);
        _totals.day = uint32(day);
        if (booked * BPS > staked * Params.BREAKER_SLASH_BPS) {
            // A verdict stands, whatever the breaker does.
            try IProtocolParams(params).trip() {} catch {}
        }
        bool isMuch = booked * BPS > staked * Params.dailySlashBps(word);
        return isMuch ? Params.SLASH_LONG_HOLD_S : Params.SLASH_HOLD_S;
    }

    function _returnOwn(address provider, uint256 amount) private {
        Account memory a = _load(provider);
        uint256 own = a.own;
        if (own == 0) a.since = uint40(block.timestamp);
        a.own = uint96(own + amount);
        _store(provider, a, own);
    }

    /// @dev The vault is asked before anything else is paid: a caller who gives it too little gas has
    /// too little for the rest.
    function _tryVesting(HeldSlash storage held, bytes32 slashId) private returns (uint256) {
        uint256 bps = held.vestBps;
        if (bps == 0) {
            _vestingTaken(held);
            return 0;
        }
        try IVestingVault(vault).slash(held.provider, slashId, bps) returns (uint256 taken) {
            _vestingTaken(held);
            return taken;
        } catch {
            emit VestingSlashFailed(slashId);
            return 0;
        }
    }

    function _vestingTaken(HeldSlash storage held) private {
        held.vestBps = 0;
        --_delegations[held.provider].pendingSlashes;
    }

    function _credit(HeldSlash storage held, bytes32 slashId, Split memory s) private {
        address court = held.byDisputeCourt ? disputeCourt : auditCourt;
        IJobMarket(market).creditSlash(
            slashId, held.client, s.toClient, held.finder, s.toFinder, court, s.toJudges
        );
    }

    function _split(HeldSlash storage held, uint256 amount) private view returns (Split memory s) {
        uint256 word = _slashingWord();
        uint256 price = held.price;
        s.burned = (amount * Params.slashBurnBps(word)) / BPS;
        s.toClient = Math.min((amount * Params.slashClientBps(word)) / BPS, price);
        if (held.finder != address(0)) {
            uint256 most = _FINDER_PRICES * price;
            s.toFinder = Math.min((amount * Params.slashFinderBps(word)) / BPS, most);
        }
        s.toJudges = (amount * Params.slashRefereeBps(word)) / BPS;
        s.toInsurance = amount - s.burned - s.toClient - s.toFinder - s.toJudges;
    }

    function _requireHeld(bytes32 slashId) private view returns (HeldSlash storage held) {
        held = _held[slashId];
        uint256 readyAt = held.readyAt;
        if (readyAt == 0 || held.isFinal) {
            revert StakeManager__SlashNotReady(slashId, readyAt, block.timestamp);
        }
    }
}
