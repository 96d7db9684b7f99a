// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IFeeRouter} from "../interfaces/IFeeRouter.sol";
import {IFunded} from "../interfaces/IFunded.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IVaultStakes} from "../interfaces/IVaultStakes.sol";
import {IVestingVault} from "../interfaces/IVestingVault.sol";
import {LiveParams} from "../libraries/LiveParams.sol";
import {Params} from "../libraries/Params.sol";

/// @title The split of fees
/// @notice No owner, no pause, no upgrade. Between calls all money is free balance in the market:
/// unharvested fees, the pots, and what the vault has refused. With a zero AuditCourt the audit part is the insurance's.
/// @dev A provider's epochs with unharvested fees are a list, so that idle years cost nothing. Sums
/// fit 112 bits: every fee that ever comes back has lost at least 1 % to the fire, so that all fees
/// together stay under 100 times the supply, 2^97 wei.
contract FeeRouter is IFeeRouter, LiveParams, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant _BPS = 10_000;
    uint256 private constant _EPOCH_S = 604_800;
    uint256 private constant _EPOCHS_MAX = 64;
    /// @dev Gas that a deposit in the vault may use inside a harvest; with 26 idle epochs to settle and
    /// all of the gas for votes wasted it needs less.
    uint256 private constant _VEST_GAS = 500_000;
    /// @dev The 64th that a call keeps back, and what preparing it costs.
    uint256 private constant _VEST_GAS_NEEDED = _VEST_GAS + _VEST_GAS / 63 + 6_000;

    /// @dev Fees of a provider in an epoch; one word.
    struct Entry {
        uint112 fees; // wei
        uint112 harvested; // wei of them that are split
        uint32 next; // the provider's next epoch with fees
    }

    /// @dev Fees of all in an epoch, and how they are split; one word.
    struct Epoch {
        uint128 fees; // wei
        Rates rates; // frozen where fees != 0
    }

    /// @dev A provider's epochs with unharvested fees; one word.
    struct Queue {
        uint32 first; // zero: nothing to harvest
        uint32 last; // stays when all is harvested
    }

    /// @dev What waits for `sweep`, in wei; two words.
    struct Pots {
        uint128 burn;
        uint128 treasury;
        uint128 insurance;
        uint128 audits;
    }

    /// @dev The split of one sum, in wei.
    struct Split {
        uint256 burned;
        uint256 toTreasury;
        uint256 toInsurance;
        uint256 toAudits;
        uint256 vested;
        uint256 liquid;
    }

    address public immutable token;
    address public immutable market;
    address public immutable stakeManager;
    address public immutable channels;
    address public immutable auditCourt;
    address public immutable vault;
    address public immutable treasury;
    address public immutable insurance;

    mapping(address provider => Queue) private _queues;
    mapping(address provider => mapping(uint256 epoch => Entry)) private _entries;
    mapping(uint256 epoch => Epoch) private _epochs;
    Pots private _pots;
    /// @inheritdoc IFeeRouter
    mapping(address provider => uint256) public vestingOwedOf;

    /// @param channels_ the PaymentChannels; zero where there are none
    /// @param auditCourt_ zero where a deployment has no audits
    /// @param params_ the ProtocolParams; zero: the defaults for ever
    constructor(
        address token_,
        address market_,
        address stakeManager_,
        address channels_,
        address auditCourt_,
        address vault_,
        address treasury_,
        address insurance_,
        address params_
    ) LiveParams(params_) {
        token = token_;
        market = market_;
        stakeManager = stakeManager_;
        channels = channels_;
        auditCourt = auditCourt_;
        vault = vault_;
        treasury = treasury_;
        insurance = insurance_;
        // For ever: between calls there is no token here to take.
        IERC20(token_).forceApprove(market_, type(uint256).max);
        IERC20(token_).forceApprove(vault_, type(uint256).max);
        IERC20(token_).forceApprove(treasury_, type(uint256).max);
        IERC20(token_).forceApprove(insurance_, type(uint256).max);
    }

    /// @inheritdoc IFeeRouter
    /// @dev Never reverts for its two callers: it would block the end of a job.
    function record(address provider, uint256 amount) external {
        if (msg.sender != market && msg.sender != channels) {
            revert FeeRouter__OnlyMarket(msg.sender);
        }
        if (amount == 0) return;
        uint256 present = _epoch();
        _enqueue(provider, present);
        Epoch storage all = _epochs[present];
        uint256 fees = all.fees;
        if (fees == 0) all.rates = _ratesNow();
        unchecked {
            all.fees = uint128(fees + amount); // sums fit: see the contract
            _entries[provider][present].fees += uint112(amount);
        }
    }

    /// @inheritdoc IFeeRouter
    function harvest(address provider)
        external
        nonReentrant
        returns (uint256 liquid, uint256 vested)
    {
        if (
            msg.sender != provider && msg.sender != IVaultStakes(stakeManager).operatorOf(provider)
        ) {
            revert FeeRouter__NotOwnerNorOperator(provider, msg.sender);
        }
        bool hasEarned = IJobMarket(market).earnedOf(provider) != 0;
        if (_queues[provider].first != 0) {
            (liquid, vested) = _splitEpochs(provider);
            emit FeesHarvested(provider, liquid, vested);
            _pay(provider, liquid, vested);
        } else if (!hasEarned) {
            revert FeeRouter__NothingToHarvest(provider);
        }
        if (hasEarned) IJobMarket(market).harvest(provider);
    }

    /// @inheritdoc IFeeRouter
    function vest(address provider) external nonReentrant returns (uint256 amount) {
        amount = vestingOwedOf[provider];
        if (amount == 0) revert FeeRouter__NothingToVest(provider);
        vestingOwedOf[provider] = 0;
        emit OwedVested(provider, amount);
        IJobMarket(market).withdraw(amount);
        IVestingVault(vault).deposit(provider, amount);
    }

    /// @inheritdoc IFeeRouter
    function sweep() external nonReentrant {
        Pots memory p = _pots;
        uint256 sum = uint256(p.burn) + p.treasury + p.insurance;
        if (sum + p.audits == 0) revert FeeRouter__NothingToSweep();
        delete _pots;
        emit PotsSwept(p.burn, p.treasury, p.insurance, p.audits);
        if (p.audits != 0) IAuditCourt(auditCourt).fundPool(p.audits);
        if (sum != 0) IJobMarket(market).withdraw(sum);
        if (p.burn != 0) ERC20Burnable(token).burn(p.burn);
        if (p.treasury != 0) IFunded(treasury).fund(p.treasury);
        if (p.insurance != 0) IFunded(insurance).fund(p.insurance);
    }

    // --- views ---

    /// @inheritdoc IFeeRouter
    function feesOf(address provider, uint256 epoch) external view returns (uint256) {
        return _entries[provider][epoch].fees;
    }

    /// @inheritdoc IFeeRouter
    function feesIn(uint256 epoch) external view returns (uint256) {
        return _epochs[epoch].fees;
    }

    /// @inheritdoc IFeeRouter
    function ratesOf(uint256 epoch) external view returns (Rates memory) {
        Epoch storage all = _epochs[epoch];
        return all.fees == 0 ? _ratesNow() : all.rates;
    }

    /// @inheritdoc IFeeRouter
    function unharvestedOf(address provider) external view returns (uint256 sum) {
        Queue memory queue = _queues[provider];
        uint256 epoch = queue.first;
        for (uint256 i; i < _EPOCHS_MAX && epoch != 0; ++i) {
            Entry memory entry = _entries[provider][epoch];
            sum += entry.fees - entry.harvested;
            epoch = epoch == queue.last ? 0 : entry.next;
        }
    }

    /// @inheritdoc IFeeRouter
    function pots()
        external
        view
        returns (uint256 burn, uint256 treasury_, uint256 insurance_, uint256 audits)
    {
        return (_pots.burn, _pots.treasury, _pots.insurance, _pots.audits);
    }

    // --- recording ---

    /// @dev One read in the usual case, of a provider that had fees in this epoch already.
    function _enqueue(address provider, uint256 present) private {
        Queue storage queue = _queues[provider];
        uint256 first = queue.first;
        uint256 last = queue.last;
        if (last == present && first != 0) return;
        if (first == 0) queue.first = uint32(present);
        else _entries[provider][last].next = uint32(present);
        queue.last = uint32(present);
    }

    function _ratesNow() private view returns (Rates memory) {
        uint256 word = _word(Params.WORD_FEES, Params.DEFAULT_FEES);
        return Rates({
            burnBps: uint16(Params.burnBps(word)),
            treasuryBps: uint16(Params.treasuryBps(word)),
            insuranceBps: uint16(Params.insuranceBps(word)),
            auditBps: uint16(Params.auditBps(word)),
            vestBps: uint16(Params.vestBps(word))
        });
    }

    // --- splitting ---

    /// @dev Fills the pots; the caller pays the provider.
    function _splitEpochs(address provider) private returns (uint256 liquid, uint256 vested) {
        Queue storage queue = _queues[provider];
        Pots memory p = _pots;
        uint256 epoch = queue.first;
        uint256 last = queue.last;
        for (uint256 i; i < _EPOCHS_MAX && epoch != 0; ++i) {
            Entry storage entry = _entries[provider][epoch];
            uint112 fees = entry.fees;
            Split memory s = _split(provider, epoch, fees - entry.harvested);
            entry.harvested = fees;
            liquid += s.liquid;
            vested += s.vested;
            p.burn += uint128(s.burned);
            p.treasury += uint128(s.toTreasury);
            p.insurance += uint128(s.toInsurance);
            p.audits += uint128(s.toAudits);
            epoch = epoch == last ? 0 : entry.next;
        }
        queue.first = uint32(epoch);
        _pots = p;
    }

    /// @dev Rounded down, all of them; insurance takes the dust.
    function _split(address provider, uint256 epoch, uint256 amount)
        private
        returns (Split memory s)
    {
        Rates memory rates = _epochs[epoch].rates;
        s.burned = (amount * rates.burnBps) / _BPS;
        s.toTreasury = (amount * rates.treasuryBps) / _BPS;
        if (auditCourt != address(0)) s.toAudits = (amount * rates.auditBps) / _BPS;
        s.vested = (amount * rates.vestBps) / _BPS;
        uint256 taken = uint256(rates.burnBps) + rates.treasuryBps + rates.insuranceBps
            + rates.auditBps + rates.vestBps;
        s.liquid = (amount * (_BPS - taken)) / _BPS;
        s.toInsurance = amount - s.burned - s.toTreasury - s.toAudits - s.vested - s.liquid;
        emit FeesSplit(
            provider,
            epoch,
            amount,
            s.burned,
            s.toTreasury,
            s.toInsurance,
            s.toAudits,
            s.vested,
            s.liquid
        );
    }

    function _pay(address provider, uint256 liquid, uint256 vested) private {
        if (liquid + vested != 0) IJobMarket(market).withdraw(liquid + vested);
        if (vested != 0) _vest(provider, vested);
        if (liquid != 0) IERC20(token).safeTransfer(provider, liquid);
    }

    /// @dev The liquid part never depends on the vault: what it refuses goes back to the market.
    /// Running it out of gas on purpose is refused, or vesting tokens could be kept from a slash.
    function _vest(address provider, uint256 amount) private {
        uint256 left = gasleft();
        if (left < _VEST_GAS_NEEDED) revert FeeRouter__TooLittleGas(left, _VEST_GAS_NEEDED);
        try IVestingVault(vault).deposit{gas: _VEST_GAS}(provider, amount) {}
        catch {
            vestingOwedOf[provider] += amount;
            emit VestingOwed(provider, amount);
            IJobMarket(market).deposit(amount);
        }
    }

    function _epoch() private view returns (uint256) {
        return block.timestamp / _EPOCH_S;
    }
}
