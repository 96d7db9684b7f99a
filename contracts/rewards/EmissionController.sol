// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IEmissionController} from "../interfaces/IEmissionController.sol";
import {IFeeRouter} from "../interfaces/IFeeRouter.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {IVestingVault} from "../interfaces/IVestingVault.sol";
import {LiveParams} from "../libraries/LiveParams.sol";
import {Params} from "../libraries/Params.sol";
import {EmissionBook} from "./EmissionBook.sol";

/// @title Emission out of a reserve that was funded once, at genesis
/// @notice No owner, no mint, no way for the reserve to leave but by claims.
/// @dev The genesis of the token gives the reserve to this contract's address before it is
/// deployed; the constructor refuses to start without it, and nothing else ever looks at the
/// balance. Rates that a reward depends on are frozen by the roll of its epoch.
contract EmissionController is EmissionBook, LiveParams, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant _WAD = 1e18;
    uint256 private constant _CLAIM_FIRST = 2; // epochs after the one that was worked in
    uint256 private constant _CLAIM_LAST = 9;
    /// @dev Gas that a deposit in the vault may use inside a claim; as in FeeRouter.
    uint256 private constant _VEST_GAS = 500_000;
    /// @dev The 64th that a call keeps back, and what preparing it costs.
    uint256 private constant _VEST_GAS_NEEDED = _VEST_GAS + _VEST_GAS / 63 + 6_000;

    /// @param excluded_ holders whose tokens do not circulate: treasury, insurance, vault, grants
    constructor(
        address token_,
        address stakeManager_,
        address feeRouter_,
        address vault_,
        address canaries_,
        address params_,
        address[] memory excluded_
    )
        LiveParams(params_)
        EmissionBook(token_, stakeManager_, feeRouter_, vault_, canaries_, excluded_)
    {
        uint256 balance = IERC20(token_).balanceOf(address(this)); // once, at creation
        if (balance < _RESERVE_WEI) revert EmissionController__NotFunded(balance, _RESERVE_WEI);
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
        Weight memory weight = _payable(provider, epoch);
        Epoch memory e = _epochs[epoch];
        Reward memory reward = _reward(provider, e, weight);
        uint256 amount = reward.work + reward.avail - reward.delegated;
        uint256 handedOn = weight.delegatedE9 & _HANDED_ON == 0 ? reward.delegated : 0;
        delete _weights[epoch][provider];
        _take(epoch, e.left, amount, handedOn);
        (liquid, vested) = _leave(amount, e.liquidBps);
        emit EmissionClaimed(
            provider, epoch, reward.work, reward.avail, reward.delegated, liquid, vested
        );
        if (handedOn != 0) IStakeManager(stakeManager).notifyReward(provider, handedOn);
        _pay(provider, liquid, vested);
    }

    /// @inheritdoc IEmissionController
    function handOn(address provider, uint256 epoch)
        external
        nonReentrant
        returns (uint256 amount)
    {
        Weight memory weight = _payable(provider, epoch);
        Epoch memory e = _epochs[epoch];
        if (weight.delegatedE9 & _HANDED_ON == 0) amount = _reward(provider, e, weight).delegated;
        if (amount == 0) revert EmissionController__NothingToHandOn(provider, epoch);
        _weights[epoch][provider].delegatedE9 = weight.delegatedE9 | _HANDED_ON;
        _take(epoch, e.left, 0, amount);
        emit DelegatedHandedOn(provider, epoch, amount);
        IStakeManager(stakeManager).notifyReward(provider, amount);
    }

    /// @inheritdoc IEmissionController
    function vest(address account) external nonReentrant returns (uint256 amount) {
        amount = vestingOwedOf[account];
        if (amount == 0) revert EmissionController__NothingToVest(account);
        vestingOwedOf[account] = 0;
        vestingOwedWei -= amount;
        _out.paid += uint96(amount);
        emit OwedEmissionVested(account, amount);
        IVestingVault(vault).deposit(account, amount);
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

    // --- payments ---

    /// @dev Takes out of what is reserved for an epoch what leaves, and what is kept for delegators.
    function _take(uint256 epoch, uint256 left, uint256 leaving, uint256 handedOn) private {
        _epochs[epoch].left = uint96(left - leaving - handedOn);
        _books.reserved -= uint96(leaving + handedOn);
        _out.delegated += uint96(handedOn);
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
        if (vested != 0) _vest(account, vested);
    }

    /// @dev The liquid part never depends on the vault: what that refuses stays here, and did not
    /// leave. Running it out of gas on purpose is refused, or tokens could be kept from a slash.
    function _vest(address account, uint256 amount) private {
        uint256 gas = gasleft();
        if (gas < _VEST_GAS_NEEDED) {
            revert EmissionController__TooLittleGas(gas, _VEST_GAS_NEEDED);
        }
        try IVestingVault(vault).deposit{gas: _VEST_GAS}(account, amount) {}
        catch {
            _out.paid -= uint96(amount);
            vestingOwedWei += amount;
            vestingOwedOf[account] += amount;
            emit EmissionVestingOwed(account, amount);
        }
    }

    // --- checks ---

    /// @dev The weight of a provider in an epoch that can be paid.
    function _payable(address provider, uint256 epoch) private view returns (Weight memory weight) {
        uint256 present = _present();
        if (present < epoch + _CLAIM_FIRST) {
            uint256 registering = epoch + _CLAIM_FIRST - 1;
            revert EmissionController__EpochNotOver(registering, (registering + 1) * _EPOCH_S);
        }
        if (present > epoch + _CLAIM_LAST) {
            revert EmissionController__ClaimExpired(epoch, (epoch + _CLAIM_LAST + 1) * _EPOCH_S);
        }
        weight = _weights[epoch][provider];
        if (weight.loyalty == 0) revert EmissionController__NotRegistered(provider, epoch);
    }

    function _requireOwnerOrOperator(address provider) private view {
        if (
            msg.sender != provider
                && IStakeManager(stakeManager).operatorOf(provider) != msg.sender
        ) revert EmissionController__NotOwnerNorOperator(provider, msg.sender);
    }
}
