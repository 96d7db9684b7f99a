// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {IVotingPower} from "../interfaces/IVotingPower.sol";
import {LiveParams} from "../libraries/LiveParams.sol";
import {Params} from "../libraries/Params.sol";
import {Economy} from "../types/Economy.sol";

/// @title Own stake: records, age, and what it was at the end of the last epoch
/// @notice Whoever changes own stake does it by `_load` and `_store`, so that the total, the votes and
/// the weight of the last epoch always follow.
abstract contract StakeBook is IStakeManager, LiveParams {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant EPOCH_S = 604_800;

    /// @dev Two words. The supply is under 2^90 wei, so there are under 2^24 seats.
    struct Account {
        uint96 own;
        uint96 locked;
        uint24 seats;
        uint40 since; // unix seconds: the beginning of the age; of use only with own stake
        uint96 unbonding;
        uint40 unbondingReadyAt;
        uint96 before; // own at the end of the epoch before `changed`
        uint24 changed; // epoch of the latest change; 0 also for the epoch in which staking began
    }

    /// @dev Two words.
    struct Totals {
        uint96 stake; // own and delegated, without what unbonds
        uint96 insurance;
        uint96 held; // slashes that are booked and not final
        uint96 booked; // by verdicts on `day`
        uint32 day; // unix seconds / 86400
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
    address public immutable channels;
    /// @inheritdoc IStakeManager
    address public immutable vault;
    /// @inheritdoc IStakeManager
    address public immutable votes;
    /// @inheritdoc IStakeManager
    address public immutable emission;

    mapping(address provider => Account) internal _accounts;
    mapping(address provider => address) internal _operators;
    Totals internal _totals;

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
        channels = economy.channels;
        vault = economy.vault;
        votes = economy.votes;
        emission = economy.emission;
    }

    /// @inheritdoc IStakeManager
    function scaleAge(address provider, uint256 kept, uint256 whole) external {
        if (msg.sender != vault) revert StakeManager__OnlyVault(msg.sender);
        Account memory a = _load(provider);
        if (a.own == 0 || kept >= whole) return;
        uint256 age = ((block.timestamp - a.since) * kept) / whole;
        a.since = uint40(block.timestamp - age);
        _accounts[provider] = a;
    }

    // --- views ---

    /// @inheritdoc IStakeManager
    function ageOf(address provider) external view returns (uint256 ageS) {
        Account storage a = _accounts[provider];
        if (a.own != 0) return block.timestamp - a.since;
    }

    /// @inheritdoc IStakeManager
    function totalStakeWei() external view returns (uint256) {
        return _totals.stake;
    }

    /// @inheritdoc IStakeManager
    function insuranceWei() external view returns (uint256) {
        return _totals.insurance;
    }

    /// @inheritdoc IStakeManager
    function heldWei() external view returns (uint256) {
        return _totals.held;
    }

    // --- own stake ---

    /// @dev Reads an account that will change, and keeps what it was at the end of the last epoch.
    /// From no stake at all nothing is kept, which makes a first stake cheaper: then `since` falls
    /// into the present epoch, which says the same.
    function _load(address provider) internal view returns (Account memory a) {
        a = _accounts[provider];
        uint256 epoch = _epoch();
        if (a.changed < epoch && a.own != 0) {
            a.before = a.since / EPOCH_S == epoch ? 0 : a.own;
            a.changed = uint24(epoch);
        }
    }

    /// @dev Writes an account whose own stake was `before`; the total and the votes follow.
    function _store(address provider, Account memory a, uint256 before) internal {
        _accounts[provider] = a;
        uint256 own = a.own;
        if (own == before) return;
        _totals.stake = uint96(_totals.stake + own - before);
        if (votes == address(0)) return;
        IVotingPower(votes).move(provider, int256(own) - int256(before)); // both fit 96 bits
    }

    /// @dev Own stake at the end of an epoch, the last one or the present one.
    function _ownAt(address provider, uint256 epoch) internal view returns (uint256) {
        Account storage a = _accounts[provider];
        if (a.changed > epoch) return a.before;
        return a.since / EPOCH_S > epoch ? 0 : a.own;
    }

    // --- small parts ---

    function _slashingWord() internal view returns (uint256) {
        return _word(Params.WORD_SLASHING, Params.DEFAULT_SLASHING);
    }

    function _hiringWord() internal view returns (uint256) {
        return _word(Params.WORD_HIRING, Params.DEFAULT_HIRING);
    }

    function _epoch() internal view returns (uint256) {
        return block.timestamp / EPOCH_S;
    }

    function _requireRegistered(address provider) internal view {
        if (_operators[provider] == address(0)) revert StakeManager__NotRegistered(provider);
    }

    /// @dev Tokens that exist are fewer; larger amounts would be cut off before the token refuses.
    function _requireAmount(uint256 amount) internal pure {
        if (amount == 0) revert StakeManager__ZeroAmount();
        if (amount > type(uint96).max) {
            revert StakeManager__AmountTooLarge(amount, type(uint96).max);
        }
    }
}
