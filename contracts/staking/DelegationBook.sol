// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {IVotingPower} from "../interfaces/IVotingPower.sol";
import {Params} from "../libraries/Params.sol";
import {RewardBook} from "./RewardBook.sol";

/// @title Delegated stake: pools of shares
/// @notice A provider has two pools: what is delegated, and what of it unbonds. A slash lowers both by
/// the same part, whatever the number of delegators; each delegator holds shares of both. Shares and
/// wei relate as (shares + 1e6) to (wei + 1), rounded down for whoever asks: who comes first cannot
/// make the shares of the next one vanish. Tokens that were sent without a call are in no pool.
abstract contract DelegationBook is RewardBook {
    using SafeERC20 for IERC20;

    uint256 private constant _OFFSET = 1e6;

    // --- delegators ---

    /// @inheritdoc IStakeManager
    function delegate(address provider, uint256 amount) external {
        _requireAmount(amount);
        _requireRegistered(provider);
        Delegations storage p = _delegations[provider];
        Delegation storage d = _settled(p, _delegationOf[provider][msg.sender]);
        uint256 assets = _keep(p);
        uint256 shares = _toShares(amount, assets, p.shares);
        _setPool(p, assets + amount, _fit(p.shares + shares));
        d.shares = uint128(d.shares + shares); // at most all of the pool's
        _report(p, d, msg.sender);
        emit Delegated(provider, msg.sender, amount, shares);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IStakeManager
    function requestUndelegation(address provider, uint256 shares) external {
        if (shares == 0) revert StakeManager__ZeroAmount();
        Delegations storage p = _delegations[provider];
        Delegation storage d = _settled(p, _delegationOf[provider][msg.sender]);
        uint256 mine = d.shares;
        if (shares > mine) {
            revert StakeManager__TooFewShares(provider, msg.sender, mine, shares);
        }
        uint256 assets = _keep(p);
        uint256 amount = _toAmount(shares, assets, p.shares);
        _setPool(p, assets - amount, uint128(p.shares - shares));
        d.shares = uint128(mine - shares);
        uint256 readyAt = block.timestamp + Params.unbondingS(_slashingWord());
        _unbond(p, d, amount, readyAt);
        _report(p, d, msg.sender);
        emit UndelegationRequested(provider, msg.sender, shares, amount, readyAt);
    }

    /// @inheritdoc IStakeManager
    function withdrawUndelegated(address provider) external returns (uint256 amount) {
        Delegations storage p = _delegations[provider];
        Delegation storage d = _delegationOf[provider][msg.sender];
        uint256 shares = d.leavingShares;
        uint256 readyAt = d.readyAt;
        if (shares == 0) revert StakeManager__NothingUnbonding(msg.sender);
        if (block.timestamp < readyAt) {
            revert StakeManager__UnbondingNotFinished(msg.sender, readyAt, block.timestamp);
        }
        amount = _toAmount(shares, p.leaving, p.leavingShares);
        p.leaving = uint96(p.leaving - amount);
        p.leavingShares = uint128(p.leavingShares - shares);
        d.leavingShares = 0;
        emit UndelegationWithdrawn(provider, msg.sender, amount);
        IERC20(token).safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IStakeManager
    function syncVotes(address provider, address delegator) external {
        _report(_delegations[provider], _delegationOf[provider][delegator], delegator);
    }

    // --- views ---

    /// @inheritdoc IStakeManager
    function weightAt(address provider, uint256 epoch)
        external
        view
        returns (uint256 own, uint256 counted)
    {
        uint256 present = _epoch();
        if (epoch > present || epoch + 1 < present) {
            revert StakeManager__UnknownEpoch(epoch, present);
        }
        own = _ownAt(provider, epoch);
        Delegations storage p = _delegations[provider];
        counted = Math.min(
            p.changed > epoch ? p.before : p.assets, own * Params.delegationMultiple(_hiringWord())
        );
    }

    /// @inheritdoc IStakeManager
    function delegationOf(address provider, address delegator)
        external
        view
        returns (uint256 shares, uint256 amountWei, uint256 unbondingWei, uint256 readyAt)
    {
        Delegations storage p = _delegations[provider];
        Delegation storage d = _delegationOf[provider][delegator];
        shares = d.shares;
        amountWei = _toAmount(shares, p.assets, p.shares);
        uint256 leaving = d.leavingShares;
        if (leaving == 0) return (shares, amountWei, 0, 0);
        return (shares, amountWei, _toAmount(leaving, p.leaving, p.leavingShares), d.readyAt);
    }

    /// @inheritdoc IStakeManager
    function undelegatingOf(address provider)
        external
        view
        returns (uint256 unbondingWei, uint256 shares)
    {
        Delegations storage p = _delegations[provider];
        return (p.leaving, p.leavingShares);
    }

    // --- for slashes ---

    /// @dev Takes `bps` of what is delegated and of what unbonds of it.
    function _slashDelegated(address provider, bytes32 slashId, uint256 bps)
        internal
        returns (uint256)
    {
        Delegations storage p = _delegations[provider];
        uint256 fromPool = (p.assets * bps) / BPS;
        uint256 fromLeaving = (p.leaving * bps) / BPS;
        if (fromPool + fromLeaving == 0) return 0;
        _setPool(p, _keep(p) - fromPool, p.shares);
        p.leaving = uint96(p.leaving - fromLeaving);
        emit DelegationSlashed(provider, slashId, fromPool, fromLeaving);
        return fromPool + fromLeaving;
    }

    /// @dev Returns wei to the pool, at most as much as it has: so the shares of who comes later stay
    /// small parts. Says how much.
    function _returnDelegated(address provider, uint256 amount) internal returns (uint256 returned) {
        Delegations storage p = _delegations[provider];
        uint256 assets = _keep(p);
        returned = Math.min(amount, assets);
        _setPool(p, assets + returned, p.shares);
    }

    // --- private ---

    /// @dev Keeps what the pool was at the end of the last epoch; every change follows upon this.
    function _keep(Delegations storage p) private returns (uint256 assets) {
        assets = p.assets;
        uint256 epoch = _epoch();
        if (p.changed == epoch) return assets;
        p.before = uint96(assets);
        p.changed = uint32(epoch);
    }

    function _setPool(Delegations storage p, uint256 assets, uint128 shares) private {
        _totals.stake = uint96(_totals.stake + assets - p.assets);
        p.assets = uint96(assets); // of tokens that exist, or the transfer that follows fails
        p.shares = shares;
    }

    function _unbond(Delegations storage p, Delegation storage d, uint256 amount, uint256 readyAt)
        private
    {
        uint256 all = p.leavingShares;
        uint256 shares = _toShares(amount, p.leaving, all);
        p.leaving = uint96(p.leaving + amount);
        p.leavingShares = _fit(all + shares);
        d.leavingShares = uint128(d.leavingShares + shares);
        d.readyAt = uint40(readyAt);
    }

    function _report(Delegations storage p, Delegation storage d, address delegator) private {
        if (votes == address(0)) return;
        uint256 before = d.voted;
        uint256 units = _toAmount(d.shares, p.assets, p.shares);
        if (units == before) return;
        d.voted = uint96(units);
        IVotingPower(votes).move(delegator, int256(units) - int256(before)); // both fit 96 bits
    }

    function _toShares(uint256 amount, uint256 assets, uint256 shares)
        private
        pure
        returns (uint256)
    {
        return (amount * (shares + _OFFSET)) / (assets + 1);
    }

    function _toAmount(uint256 shares, uint256 assets, uint256 all) private pure returns (uint256) {
        return (shares * (assets + 1)) / (all + _OFFSET);
    }

    /// @dev Reached only after a hundred slashes of one pool: wei have become that small a part of it.
    function _fit(uint256 shares) private pure returns (uint128) {
        if (shares > type(uint128).max) {
            revert StakeManager__AmountTooLarge(shares, type(uint128).max);
        }
        return uint128(shares);
    }
}
