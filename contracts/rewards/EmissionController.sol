// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ICanaries} from "../interfaces/ICanaries.sol";
import {IEmissionController} from "../interfaces/IEmissionController.sol";
import {IFeeRouter} from "../interfaces/IFeeRouter.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {IVestingVault} from "../interfaces/IVestingVault.sol";
import {LiveParams} from "../libraries/LiveParams.sol";
import {Params} from "../libraries/Params.sol";

/// @title Emission out of a reserve that was funded once, at genesis
/// @notice No owner, no mint, no way for the reserve to leave but by `claim`.
/// @dev The genesis of the token gives the reserve to this contract's address before it is
/// deployed; the constructor refuses to start without it, and nothing else ever looks at the
/// balance. Rates that a reward depends on are frozen by the roll of its epoch.
contract EmissionController is IEmissionController, LiveParams, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant _RESERVE_WEI = 600_000_000e18;
    uint256 private constant _EPOCH_S = 7 days;
    uint256 private constant _BPS = 10_000;
    uint256 private constant _WAD = 1e18;
    uint256 private constant _E9 = 1e9;
    uint256 private constant _CLAIM_FIRST = 2; // epochs after the one that was worked in
    uint256 private constant _CLAIM_LAST = 9;
    uint256 private constant _LOYAL_EPOCHS = 52; // age at which loyalty is whole
    uint256 private constant _EXCLUDED_MAX = 16;

    /// @dev One word; the amounts are parts of 600M NVY, under 2^90 wei.
    struct Books {
        uint96 reserve;
        uint96 reserved;
        uint16 availBps;
        uint48 lastEpoch;
    }

    /// @dev One word.
    struct Left {
        uint96 delegated;
        uint96 paid;
    }

    /// @inheritdoc IEmissionController
    address public immutable token;
    /// @inheritdoc IEmissionController
    address public immutable stakeManager;
    /// @inheritdoc IEmissionController
    address public immutable feeRouter;
    /// @inheritdoc IEmissionController
    address public immutable vault;
    /// @inheritdoc IEmissionController
    address public immutable canaries;
    /// @inheritdoc IEmissionController
    uint256 public immutable firstEpoch;

    /// @inheritdoc IEmissionController
    uint256 public baselineWei = Params.BASELINE_GENESIS_WEI;
    Books private _books;
    Left private _out;
    address[] private _excluded;
    mapping(uint256 epoch => Epoch) private _epochs;
    mapping(uint256 epoch => mapping(address provider => Weight)) private _weights;

    /// @param excluded_ holders whose tokens do not circulate: treasury, insurance, vault, grants
    constructor(
        address token_,
        address stakeManager_,
        address feeRouter_,
        address vault_,
        address canaries_,
        address params_,
        address[] memory excluded_
    ) LiveParams(params_) {
        uint256 balance = IERC20(token_).balanceOf(address(this)); // once, at creation
        if (balance < _RESERVE_WEI) revert EmissionController__NotFunded(balance, _RESERVE_WEI);
        uint256 count = excluded_.length;
        if (count > _EXCLUDED_MAX) revert EmissionController__TooManyExcluded(count, _EXCLUDED_MAX);
        token = token_;
        stakeManager = stakeManager_;
        feeRouter = feeRouter_;
        vault = vault_;
        canaries = canaries_;
        firstEpoch = block.timestamp / _EPOCH_S + 1;
        _excluded = excluded_;
        _books = Books(uint96(_RESERVE_WEI), 0, uint16(Params.AVAIL_GENESIS_BPS), 0);
        IERC20(token_).forceApprove(vault_, type(uint256).max);
    }

    // --- an epoch's life ---

    /// @inheritdoc IEmissionController
    function roll() external nonReentrant {
        uint256 epoch = _present() - 1;
        if (_books.lastEpoch == epoch) revert EmissionController__AlreadyRolled(epoch);
        _roll(epoch);
    }

    /// @inheritdoc IEmissionController
    function register(address provider) external nonReentrant {
        uint256 epoch = _present() - 1;
        if (_books.lastEpoch != epoch) _roll(epoch);
        Epoch storage e = _epochs[epoch];
        Weight memory old = _weights[epoch][provider];
        Weight memory found = _weigh(provider, epoch, e.loyaltyBps);
        if (found.fees == 0 && (found.stake == 0 || found.scoreBps == 0)) {
            revert EmissionController__NoWeight(provider, epoch);
        }
        if (old.loyalty != 0) found = _better(provider, epoch, old, found);
        _weights[epoch][provider] = found;
        e.availSum += uint128(_availWeight(found) - _availWeight(old));
        e.workSum += uint128(_workWeight(found) - _workWeight(old));
        emit EmissionRegistered(
            provider, epoch, found.fees, found.stake, found.scoreBps, found.loyalty
        );
    }

    /// @inheritdoc IEmissionController
    function claim(address provider, uint256 epoch)
        external
        nonReentrant
        returns (uint256 liquid, uint256 vested)
    {
        _requireOwnerOrOperator(provider);
        _requirePayable(epoch);
        Weight memory weight = _weights[epoch][provider];
        if (weight.loyalty == 0) revert EmissionController__NotRegistered(provider, epoch);
        Epoch memory e = _epochs[epoch];
        Reward memory reward = _reward(provider, e, weight);
        uint256 amount = reward.work + reward.avail;
        delete _weights[epoch][provider];
        _epochs[epoch].left = uint96(e.left - amount);
        _books.reserved -= uint96(amount);
        _out.delegated += uint96(reward.delegated);
        amount -= reward.delegated;
        (liquid, vested) = _leave(amount, e.liquidBps);
        emit EmissionClaimed(
            provider, epoch, reward.work, reward.avail, reward.delegated, liquid, vested
        );
        if (reward.delegated != 0) {
            IStakeManager(stakeManager).notifyReward(provider, reward.delegated);
        }
        _pay(provider, liquid, vested);
    }

    /// @inheritdoc IEmissionController
    function claimDelegated(address provider)
        external
        nonReentrant
        returns (uint256 liquid, uint256 vested)
    {
        uint256 amount = IStakeManager(stakeManager).takeReward(provider, msg.sender);
        if (amount == 0) revert EmissionController__NothingDelegated(provider, msg.sender);
        _out.delegated -= uint96(amount); // fits: the subtraction would fail above what is there
        uint256 word = _word(Params.WORD_EMISSION, Params.DEFAULT_EMISSION);
        (liquid, vested) = _leave(amount, Params.emissionLiquidBps(word));
        emit DelegatedEmissionClaimed(provider, msg.sender, liquid, vested);
        _pay(msg.sender, liquid, vested);
    }

    /// @inheritdoc IEmissionController
    function expire(uint256 epoch) external returns (uint256 amount) {
        uint256 last = epoch + _CLAIM_LAST;
        if (_present() <= last) {
            revert EmissionController__EpochNotOver(last, (last + 1) * _EPOCH_S);
        }
        amount = _epochs[epoch].left;
        if (amount == 0) revert EmissionController__NothingToExpire(epoch);
        _epochs[epoch].left = 0;
        _books.reserved -= uint96(amount);
        _books.reserve += uint96(amount);
        emit EmissionExpired(epoch, amount);
    }

    // --- views ---

    /// @inheritdoc IEmissionController
    function reserveWei() external view returns (uint256) {
        return _books.reserve;
    }

    /// @inheritdoc IEmissionController
    function reservedWei() external view returns (uint256) {
        return _books.reserved;
    }

    /// @inheritdoc IEmissionController
    function delegatedWei() external view returns (uint256) {
        return _out.delegated;
    }

    /// @inheritdoc IEmissionController
    function paidWei() external view returns (uint256) {
        return _out.paid;
    }

    /// @inheritdoc IEmissionController
    function availBps() external view returns (uint256) {
        return _books.availBps;
    }

    /// @inheritdoc IEmissionController
    function lastEpoch() external view returns (uint256) {
        return _books.lastEpoch;
    }

    /// @inheritdoc IEmissionController
    function epochOf(uint256 epoch) external view returns (Epoch memory) {
        return _epochs[epoch];
    }

    /// @inheritdoc IEmissionController
    function weightOf(address provider, uint256 epoch) external view returns (Weight memory) {
        return _weights[epoch][provider];
    }

    /// @inheritdoc IEmissionController
    function rewardOf(address provider, uint256 epoch) external view returns (Reward memory) {
        return _reward(provider, _epochs[epoch], _weights[epoch][provider]);
    }

    /// @inheritdoc IEmissionController
    function excluded() external view returns (address[] memory) {
        return _excluded;
    }

    /// @inheritdoc IEmissionController
    function circulatingWei() public view returns (uint256) {
        uint256 kept = _RESERVE_WEI - _out.paid;
        uint256 count = _excluded.length;
        for (uint256 i; i < count; ++i) {
            kept += IERC20(token).balanceOf(_excluded[i]);
        }
        return Math.saturatingSub(IERC20(token).totalSupply(), kept);
    }

    // --- the pools ---

    function _roll(uint256 epoch) private {
        if (epoch < firstEpoch) {
            revert EmissionController__EpochNotOver(firstEpoch, (firstEpoch + 1) * _EPOCH_S);
        }
        uint256 word = _word(Params.WORD_EMISSION, Params.DEFAULT_EMISSION);
        Books memory books = _books;
        uint256 baseline = baselineWei;
        uint256 fees = IFeeRouter(feeRouter).feesIn(epoch);
        uint256 budget = books.reserve * Params.rhoWad(word) / _WAD;
        uint256 avail = budget * books.availBps / _BPS;
        uint256 work = (budget - avail) * Math.min(fees, baseline) / baseline;
        uint256 next = _nextAvailBps(books.availBps, word);
        Epoch storage e = _epochs[epoch];
        e.availPool = uint96(avail);
        e.workPool = uint96(work);
        e.capE8 = uint32(_sinkBps(epoch) * Params.washCapBps(word));
        e.liquidBps = uint16(Params.emissionLiquidBps(word));
        e.loyaltyBps = uint16(Params.loyaltyBps(word));
        e.left = uint96(avail + work);
        _books = Books(
            uint96(books.reserve - avail - work),
            uint96(books.reserved + avail + work),
            uint16(next),
            uint48(epoch)
        );
        baselineWei = baseline + baseline * Params.baselineGrowthBps(word) / _BPS;
        emit EmissionRolled(epoch, budget, avail, work, fees, baseline, books.availBps, next);
    }

    /// @dev What a washer cannot get back from its own fees. Not the audit part: it may audit.
    function _sinkBps(uint256 epoch) private view returns (uint256) {
        IFeeRouter.Rates memory rates = IFeeRouter(feeRouter).ratesOf(epoch);
        return uint256(rates.burnBps) + rates.treasuryBps + rates.insuranceBps;
    }

    /// @dev One step towards the staked part of the supply that is aimed at.
    function _nextAvailBps(uint256 bps, uint256 word) private view returns (uint256) {
        uint256 staked = IStakeManager(stakeManager).totalStakeWei() * _BPS;
        uint256 circulating = circulatingWei();
        uint256 target = Params.stakeTargetBps(word);
        uint256 band = Params.stakeBandBps(word);
        if (staked < circulating * (target - band)) bps += Params.AVAIL_STEP_BPS;
        else if (staked > circulating * (target + band)) bps -= Params.AVAIL_STEP_BPS;
        return Math.min(Math.max(bps, Params.availFloorBps(word)), Params.availCeilBps(word));
    }

    // --- weights ---

    function _weigh(address provider, uint256 epoch, uint256 loyaltyBps)
        private
        view
        returns (Weight memory weight)
    {
        IStakeManager stakes = IStakeManager(stakeManager);
        (uint256 own, uint256 counted) = stakes.weightAt(provider, epoch);
        (uint256 passed, uint256 drawn) = ICanaries(canaries).scoreOf(provider, epoch);
        weight.fees = _fit(IFeeRouter(feeRouter).feesOf(provider, epoch));
        weight.stake = _fit(own + counted);
        if (drawn != 0) weight.scoreBps = uint16(_BPS * passed / drawn); // passed <= drawn
        uint256 age = Math.min(stakes.ageOf(provider) / _EPOCH_S, _LOYAL_EPOCHS);
        weight.loyalty = uint16(_BPS + loyaltyBps * age / _LOYAL_EPOCHS);
        if (counted == 0) return weight;
        (,, uint256 commissionBps) = stakes.poolStakeOf(provider);
        uint256 theirs = counted * (_BPS - commissionBps);
        weight.delegatedE9 = uint32(theirs * _E9 / ((own + counted) * _BPS));
    }

    /// @dev Anyone may register anyone, so registering again, early or late, must not do harm: score
    /// and loyalty only rise. Everything else is that of the end of the epoch, or stays.
    function _better(address provider, uint256 epoch, Weight memory old, Weight memory found)
        private
        pure
        returns (Weight memory)
    {
        if (found.scoreBps <= old.scoreBps && found.loyalty <= old.loyalty) {
            revert EmissionController__AlreadyRegistered(provider, epoch);
        }
        if (found.scoreBps < old.scoreBps) found.scoreBps = old.scoreBps;
        if (found.loyalty < old.loyalty) found.loyalty = old.loyalty;
        (found.fees, found.stake) = (old.fees, old.stake);
        found.delegatedE9 = old.delegatedE9;
        return found;
    }

    function _availWeight(Weight memory weight) private pure returns (uint256) {
        return uint256(weight.stake) * weight.scoreBps * weight.loyalty; // under 2^124
    }

    function _workWeight(Weight memory weight) private pure returns (uint256) {
        return uint256(weight.fees) * weight.loyalty; // under 2^110
    }

    /// @dev No supply reaches 2^96 wei; fees that circled so often count as that much.
    function _fit(uint256 amount) private pure returns (uint96) {
        return uint96(Math.min(amount, type(uint96).max));
    }

    // --- rewards ---

    function _reward(address provider, Epoch memory e, Weight memory weight)
        private
        view
        returns (Reward memory reward)
    {
        uint256 part = _workWeight(weight);
        if (part != 0) {
            uint256 cap = uint256(weight.fees) * e.capE8 / (_BPS * _BPS);
            reward.work = Math.min(e.workPool * part / e.workSum, cap);
        }
        part = _availWeight(weight);
        if (part == 0) return reward;
        reward.avail = e.availPool * part / e.availSum;
        if (weight.delegatedE9 == 0) return reward;
        // Delegators who all left meanwhile cannot be paid.
        (, uint256 shares,) = IStakeManager(stakeManager).poolStakeOf(provider);
        if (shares != 0) reward.delegated = reward.avail * weight.delegatedE9 / _E9;
    }

    /// @dev Counts an amount as paid, and says in which parts.
    function _leave(uint256 amount, uint256 liquidBps)
        private
        returns (uint256 liquid, uint256 vested)
    {
        _out.paid += uint96(amount);
        liquid = amount * liquidBps / _BPS;
        vested = amount - liquid;
    }

    function _pay(address account, uint256 liquid, uint256 vested) private {
        if (liquid != 0) IERC20(token).safeTransfer(account, liquid);
        if (vested != 0) IVestingVault(vault).deposit(account, vested);
    }

    // --- checks ---

    function _present() private view returns (uint256) {
        return block.timestamp / _EPOCH_S;
    }

    function _requirePayable(uint256 epoch) private view {
        uint256 present = _present();
        if (present < epoch + _CLAIM_FIRST) {
            uint256 registering = epoch + _CLAIM_FIRST - 1;
            revert EmissionController__EpochNotOver(registering, (registering + 1) * _EPOCH_S);
        }
        if (present > epoch + _CLAIM_LAST) {
            revert EmissionController__ClaimExpired(epoch, (epoch + _CLAIM_LAST + 1) * _EPOCH_S);
        }
    }

    function _requireOwnerOrOperator(address provider) private view {
        if (
            msg.sender != provider
                && IStakeManager(stakeManager).operatorOf(provider) != msg.sender
        ) revert EmissionController__NotOwnerNorOperator(provider, msg.sender);
    }
}
