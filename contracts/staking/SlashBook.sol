// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {LiveParams} from "../libraries/LiveParams.sol";
import {Params} from "../libraries/Params.sol";
import {Economy} from "../types/Economy.sol";
import {SeatBook} from "./SeatBook.sol";

/// @title Slashes: of missed deadlines at once, of verdicts after a time of holding
/// @notice Shares of a slash always sum to it; what rounding and caps leave is the insurance's.
abstract contract SlashBook is SeatBook, LiveParams {
    using SafeERC20 for IERC20;

    uint256 internal constant BPS = 10_000;
    /// @dev Most that the finder of a wrong result gets, as a multiple of the price.
    uint256 private constant _FINDER_PRICES = 5;

    /// @dev Three words.
    struct HeldSlash {
        address provider;
        uint96 amount; // wei
        address client;
        uint96 price; // wei, the cap of the client's share
        address finder;
        uint40 readyAt; // unix seconds; zero: no such slash was ever booked
        bool byDisputeCourt;
        bool isFinal;
    }

    /// @inheritdoc IStakeManager
    address public immutable token;
    /// @inheritdoc IStakeManager
    address public immutable market;
    /// @inheritdoc IStakeManager
    address public immutable insurance;
    /// @inheritdoc IStakeManager
    address public immutable auditCourt;
    /// @inheritdoc IStakeManager
    address public immutable disputeCourt;

    /// @inheritdoc IStakeManager
    uint256 public insuranceWei;
    /// @inheritdoc IStakeManager
    uint256 public heldWei;
    mapping(bytes32 slashId => HeldSlash) private _held;

    modifier onlyCourt() {
        _requireCourt();
        _;
    }

    constructor(
        address token_,
        address market_,
        address insurance_,
        address auditCourt_,
        address disputeCourt_,
        Economy memory economy
    ) LiveParams(economy.params) {
        if (token_ == address(0) || market_ == address(0) || insurance_ == address(0)) {
            revert StakeManager__ZeroAddress();
        }
        token = token_;
        market = market_;
        insurance = insurance_;
        auditCourt = auditCourt_;
        disputeCourt = disputeCourt_;
    }

    // --- at once ---

    /// @inheritdoc IStakeManager
    function slashTimeout(address provider, bytes32 jobId, uint256 amount, uint256 price, bool full)
        external
        returns (uint256 toClient)
    {
        if (msg.sender != market) revert StakeManager__OnlyMarket(msg.sender);
        uint256 taken = full
            ? _takeFull(provider, amount, 0, Params.STAKE_SLASH_BPS)
            : _takeLocked(provider, amount, (amount * Params.NO_SHOW_BPS) / BPS);
        uint256 burned = (taken * Params.SLASH_BURN_BPS) / BPS;
        toClient = Math.min((taken * Params.SLASH_CLIENT_BPS) / BPS, price);
        // Nobody found or judged a time-out: their shares, the dust and what the client's cap leaves
        // over are the insurance's.
        uint256 toInsurance = taken - burned - toClient;
        insuranceWei += toInsurance;
        emit StakeUnlocked(provider, jobId, amount);
        emit Slashed(provider, jobId, taken, burned, toClient, toInsurance);
        ERC20Burnable(token).burn(burned);
        IERC20(token).safeTransfer(market, toClient);
    }

    /// @inheritdoc IStakeManager
    function slashLock(address owner, bytes32 lockId, uint256 amount, uint256 taken)
        external
        onlyCourt
    {
        if (taken > amount) revert StakeManager__AmountTooLarge(taken, amount);
        _takeLocked(owner, amount, taken);
        emit StakeUnlocked(owner, lockId, amount);
        _burnAndInsure(owner, lockId, taken);
    }

    /// @inheritdoc IStakeManager
    function slashFree(address owner, bytes32 lockId, uint256 amount)
        external
        onlyCourt
        returns (uint256 taken)
    {
        taken = _takeFree(_stakes[owner], amount);
        _burnAndInsure(owner, lockId, taken);
    }

    // --- by verdict ---

    /// @inheritdoc IStakeManager
    function bookSlash(Verdict calldata verdict) external onlyCourt {
        bytes32 slashId = verdict.slashId;
        HeldSlash storage held = _held[slashId];
        if (held.readyAt != 0) revert StakeManager__SlashExists(slashId);
        uint256 bps = verdict.isForgery ? Params.FORGERY_SLASH_BPS : Params.STAKE_SLASH_BPS;
        uint256 locked = verdict.bondAmount;
        uint256 equal; // what the job's lock would be, had it not been freed
        if (verdict.isLate) equal = verdict.lockAmount;
        else locked += verdict.lockAmount;
        uint256 taken = _takeFull(verdict.provider, locked, equal, bps);
        uint256 readyAt = block.timestamp + Params.SLASH_HOLD_S;
        held.provider = verdict.provider;
        held.amount = uint96(taken); // own and unbonding together are under the supply, 2^90 wei
        held.client = verdict.client;
        held.price = verdict.price;
        held.finder = verdict.finder;
        held.readyAt = uint40(readyAt);
        held.byDisputeCourt = msg.sender == disputeCourt;
        heldWei += taken;
        _announceUnlocks(verdict);
        emit SlashBooked(slashId, verdict.jobId, verdict.provider, taken, readyAt);
    }

    /// @inheritdoc IStakeManager
    function finalizeSlash(bytes32 slashId) external {
        HeldSlash storage held = _held[slashId];
        uint256 readyAt = held.readyAt;
        if (readyAt == 0 || held.isFinal || block.timestamp < readyAt) {
            revert StakeManager__SlashNotReady(slashId, readyAt, block.timestamp);
        }
        held.isFinal = true;
        uint256 amount = held.amount;
        address finder = held.finder;
        uint256 price = held.price;
        uint256 burned = (amount * Params.SLASH_BURN_BPS) / BPS;
        uint256 toClient = Math.min((amount * Params.SLASH_CLIENT_BPS) / BPS, price);
        uint256 toFinder = finder == address(0)
            ? 0
            : Math.min((amount * Params.SLASH_FINDER_BPS) / BPS, _FINDER_PRICES * price);
        uint256 toJudges = (amount * Params.SLASH_REFEREE_BPS) / BPS;
        uint256 toMarket = toClient + toFinder + toJudges;
        heldWei -= amount;
        insuranceWei += amount - burned - toMarket;
        emit SlashFinalized(
            slashId, burned, toClient, toFinder, toJudges, amount - burned - toMarket
        );
        ERC20Burnable(token).burn(burned);
        IERC20(token).safeTransfer(market, toMarket);
        address court = held.byDisputeCourt ? disputeCourt : auditCourt;
        IJobMarket(market).creditSlash(
            slashId, held.client, toClient, finder, toFinder, court, toJudges
        );
    }

    /// @inheritdoc IStakeManager
    function collectInsurance() external returns (uint256 amount) {
        if (msg.sender != insurance) revert StakeManager__OnlyInsurance(msg.sender);
        amount = insuranceWei;
        if (amount == 0) revert StakeManager__ZeroAmount();
        insuranceWei = 0;
        emit InsuranceCollected(insurance, amount);
        IERC20(token).safeTransfer(insurance, amount);
    }

    /// @inheritdoc IStakeManager
    function heldSlashOf(bytes32 slashId)
        external
        view
        returns (address provider, uint256 amount, uint256 readyAt)
    {
        HeldSlash storage held = _held[slashId];
        if (!held.isFinal) return (held.provider, held.amount, held.readyAt);
    }

    // --- internal ---

    function _requireCourt() private view {
        if (msg.sender != auditCourt && msg.sender != disputeCourt) {
            revert StakeManager__OnlyCourt(msg.sender);
        }
    }

    /// @dev Frees a lock of `amount` and takes `taken`, at most as much, of it.
    function _takeLocked(address provider, uint256 amount, uint256 taken)
        private
        returns (uint256)
    {
        Stake storage s = _stakes[provider];
        s.locked = uint96(s.locked - amount);
        s.own = uint96(s.own - taken);
        return taken;
    }

    /// @dev Takes a lock of `locked` whole, and `equal` and `bps` of own and unbonding stake as far
    /// as other locks leave them.
    function _takeFull(address provider, uint256 locked, uint256 equal, uint256 bps)
        private
        returns (uint256)
    {
        Stake storage s = _stakes[provider];
        uint256 extra = equal + ((uint256(s.own) + s.unbonding) * bps) / BPS;
        return _takeLocked(provider, locked, locked) + _takeFree(s, extra);
    }

    /// @dev Takes up to `amount` from unbonding first, then from own stake that nothing locks.
    function _takeFree(Stake storage s, uint256 amount) private returns (uint256 taken) {
        uint256 own = s.own;
        uint256 unbonding = s.unbonding;
        uint256 fromUnbonding = Math.min(amount, unbonding);
        uint256 fromOwn = Math.min(amount - fromUnbonding, own - s.locked);
        if (fromUnbonding != 0) s.unbonding = uint96(unbonding - fromUnbonding);
        s.own = uint96(own - fromOwn);
        return fromUnbonding + fromOwn;
    }

    function _announceUnlocks(Verdict calldata v) private {
        if (!v.isLate) emit StakeUnlocked(v.provider, v.jobId, v.lockAmount);
        if (v.bondAmount != 0) emit StakeUnlocked(v.provider, v.slashId, v.bondAmount);
    }

    function _burnAndInsure(address owner, bytes32 lockId, uint256 taken) private {
        uint256 burned = (taken * Params.SLASH_BURN_BPS) / BPS;
        insuranceWei += taken - burned;
        emit LockSlashed(owner, lockId, taken, burned, taken - burned);
        ERC20Burnable(token).burn(burned);
    }
}
