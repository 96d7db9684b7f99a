// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Params} from "../libraries/Params.sol";
import {SeatBook} from "./SeatBook.sol";

/// @title What delegators earn, and the provider's part of it
/// @notice Rewards are a sum per share that only grows: a delegator's part is its shares times what
/// was added since it was last brought up to date. The tokens stay with EmissionController.
abstract contract RewardBook is SeatBook {
    uint256 private constant _REWARD_BITS = 64;

    /// @dev Four words.
    struct Delegations {
        uint96 assets; // wei
        uint128 shares;
        uint32 changed; // epoch of the latest change
        uint96 before; // assets at the end of the epoch before `changed`
        uint160 rewards; // per share since ever, times 2^64; all emission is under 2^90 wei
        uint96 leaving; // wei that unbond
        uint128 leavingShares;
        uint16 commissionBps;
        uint16 nextBps; // applies from `risesAt`, unless that is zero
        uint40 risesAt; // unix seconds
        uint32 pendingSlashes; // of the provider
    }

    /// @dev Three words.
    struct Delegation {
        uint128 shares;
        uint96 voted; // wei, as VotingPower was told
        uint160 rewardsPaid; // the pool's `rewards` when `owed` was brought up to date
        uint96 owed; // wei of rewards
        uint128 leavingShares;
        uint40 readyAt; // unix seconds
    }

    mapping(address provider => Delegations) internal _delegations;
    mapping(address provider => mapping(address delegator => Delegation)) internal _delegationOf;

    /// @inheritdoc IStakeManager
    function setCommission(uint256 bps) external {
        _requireRegistered(msg.sender);
        if (bps > Params.COMMISSION_MAX_BPS) {
            revert StakeManager__CommissionTooHigh(bps, Params.COMMISSION_MAX_BPS);
        }
        Delegations storage p = _delegations[msg.sender];
        uint256 present = _commission(p);
        bool rises = bps > present;
        uint256 since = rises ? block.timestamp + Params.COMMISSION_NOTICE_S : block.timestamp;
        p.commissionBps = uint16(rises ? present : bps);
        p.nextBps = uint16(bps);
        p.risesAt = rises ? uint40(since) : 0;
        emit CommissionChanged(msg.sender, bps, since);
    }

    /// @inheritdoc IStakeManager
    function notifyReward(address provider, uint256 amount) external {
        if (msg.sender != emission) revert StakeManager__OnlyEmission(msg.sender);
        _requireAmount(amount);
        Delegations storage p = _delegations[provider];
        uint256 shares = p.shares;
        if (shares == 0) revert StakeManager__NoDelegators(provider);
        p.rewards += uint160((amount << _REWARD_BITS) / shares);
        emit RewardNotified(provider, amount);
    }

    /// @inheritdoc IStakeManager
    function takeReward(address provider, address delegator) external returns (uint256 amount) {
        if (msg.sender != emission) revert StakeManager__OnlyEmission(msg.sender);
        Delegation storage d = _settled(_delegations[provider], _delegationOf[provider][delegator]);
        amount = d.owed;
        d.owed = 0;
        emit RewardTaken(provider, delegator, amount);
    }

    /// @inheritdoc IStakeManager
    function rewardOf(address provider, address delegator) external view returns (uint256) {
        return _owed(_delegations[provider], _delegationOf[provider][delegator]);
    }

    /// @inheritdoc IStakeManager
    function poolStakeOf(address provider)
        external
        view
        returns (uint256 delegatedWei, uint256 shares, uint256 commissionBps)
    {
        Delegations storage p = _delegations[provider];
        return (p.assets, p.shares, _commission(p));
    }

    /// @inheritdoc IStakeManager
    function commissionOf(address provider) external view returns (uint256 nextBps, uint256 since) {
        Delegations storage p = _delegations[provider];
        if (block.timestamp < p.risesAt) return (p.nextBps, p.risesAt);
        return (_commission(p), 0);
    }

    // --- internal ---

    /// @dev Brings the rewards up to date, which every change of shares needs.
    function _settled(Delegations storage p, Delegation storage d)
        internal
        returns (Delegation storage)
    {
        uint256 owed = _owed(p, d);
        d.rewardsPaid = p.rewards;
        d.owed = uint96(owed); // under 2^90, as is all emission
        return d;
    }

    function _owed(Delegations storage p, Delegation storage d) private view returns (uint256) {
        return d.owed + ((uint256(p.rewards - d.rewardsPaid) * d.shares) >> _REWARD_BITS);
    }

    function _commission(Delegations storage p) private view returns (uint256) {
        uint256 risesAt = p.risesAt;
        return risesAt != 0 && block.timestamp >= risesAt ? p.nextBps : p.commissionBps;
    }
}
