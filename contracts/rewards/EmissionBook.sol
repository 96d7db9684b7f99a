// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ICanaries} from "../interfaces/ICanaries.sol";
import {IEmissionController} from "../interfaces/IEmissionController.sol";
import {IFeeRouter} from "../interfaces/IFeeRouter.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Params} from "../libraries/Params.sol";

/// @title The books of the emission, and what weights and rewards they come to
/// @dev Moves nothing.
abstract contract EmissionBook is IEmissionController {
    uint256 internal constant _RESERVE_WEI = 600_000_000e18;
    uint256 internal constant _EPOCH_S = 7 days;
    uint256 internal constant _BPS = 10_000;
    uint32 internal constant _HANDED_ON = 1 << 31; // of `delegatedE9`, which is 1e9 at most
    uint256 private constant _E9 = 1e9;
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
    /// @inheritdoc IEmissionController
    uint256 public vestingOwedWei;
    /// @inheritdoc IEmissionController
    mapping(address account => uint256) public vestingOwedOf;
    Books internal _books;
    Left internal _out;
    address[] private _excluded;
    mapping(uint256 epoch => Epoch) internal _epochs;
    mapping(uint256 epoch => mapping(address provider => Weight)) internal _weights;

    constructor(
        address token_,
        address stakeManager_,
        address feeRouter_,
        address vault_,
        address canaries_,
        address[] memory excluded_
    ) {
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

    // --- weights ---

    function _weigh(address provider, uint256 epoch, uint256 loyaltyBps)
        internal
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
        internal
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

    function _availWeight(Weight memory weight) internal pure returns (uint256) {
        return uint256(weight.stake) * weight.scoreBps * weight.loyalty; // under 2^124
    }

    function _workWeight(Weight memory weight) internal pure returns (uint256) {
        return uint256(weight.fees) * weight.loyalty; // under 2^110
    }

    /// @dev No supply reaches 2^96 wei; fees that circled so often count as that much.
    function _fit(uint256 amount) private pure returns (uint96) {
        return uint96(Math.min(amount, type(uint96).max));
    }

    function _reward(address provider, Epoch memory e, Weight memory weight)
        internal
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
        uint256 theirs = weight.delegatedE9;
        if (theirs == 0) return reward;
        if (theirs & _HANDED_ON == 0) {
            // Delegators who all left meanwhile cannot be paid.
            (, uint256 shares,) = IStakeManager(stakeManager).poolStakeOf(provider);
            if (shares == 0) return reward;
        }
        reward.delegated = reward.avail * (theirs & ~uint256(_HANDED_ON)) / _E9;
    }

    function _present() internal view returns (uint256) {
        return block.timestamp / _EPOCH_S;
    }
}
