// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Params} from "../libraries/Params.sol";
import {Economy} from "../types/Economy.sol";
import {StakeBook} from "./StakeBook.sol";
import {VerdictBook} from "./VerdictBook.sol";

/// @title The book of stakes
/// @notice Counts only what it was told: tokens sent here without a call belong to nobody.
/// @dev Holds exactly sum(own + unbonding) + sum(pools, and what unbonds of them) + insuranceWei +
/// heldWei. Amounts fit uint96: the supply is under 2^90 wei. SafeERC20 although the token is ours: a
/// deployer's wrong address then fails loudly without an error path of our own that no test could
/// reach. No reentrancy guard: every function does its token calls after its writes, the token has no
/// hooks, and of the other contracts, all fixed at deployment, none calls back while it is called.
contract StakeManager is VerdictBook {
    using SafeERC20 for IERC20;

    /// @param token_ the token that is staked
    /// @param market_ the JobMarket, which may not be deployed yet; fixed for ever
    /// @param insurance_ who collects the insurance share of slashes
    /// @param auditCourt_ zero where a deployment has no audits
    /// @param disputeCourt_ zero where a deployment has no audits
    /// @param economy parameters, votes, vault, emission and channels; zero where there are none
    constructor(
        address token_,
        address market_,
        address insurance_,
        address auditCourt_,
        address disputeCourt_,
        Economy memory economy
    ) StakeBook(token_, market_, insurance_, auditCourt_, disputeCourt_, economy) {}

    // --- identity ---

    /// @inheritdoc IStakeManager
    function register(address operator, string calldata endpoint) external {
        if (_operators[msg.sender] != address(0)) revert StakeManager__AlreadyRegistered(msg.sender);
        if (operator == address(0)) revert StakeManager__ZeroAddress();
        _operators[msg.sender] = operator;
        emit ProviderRegistered(msg.sender, operator);
        emit EndpointChanged(msg.sender, endpoint);
    }

    /// @inheritdoc IStakeManager
    function setOperator(address operator) external {
        _requireRegistered(msg.sender);
        if (operator == address(0)) revert StakeManager__ZeroAddress();
        _operators[msg.sender] = operator;
        emit OperatorChanged(msg.sender, operator);
    }

    /// @inheritdoc IStakeManager
    function setEndpoint(address provider, string calldata endpoint) external {
        _requireRegistered(provider);
        if (msg.sender != provider && msg.sender != _operators[provider]) {
            revert StakeManager__NotOwnerNorOperator(provider, msg.sender);
        }
        emit EndpointChanged(provider, endpoint);
    }

    // --- stake ---

    /// @inheritdoc IStakeManager
    function stake(uint256 amount) external {
        _stake(amount);
    }

    /// @inheritdoc IStakeManager
    function stakeWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        // A permit that someone else submitted first has done its work: the allowance decides.
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _stake(amount);
    }

    /// @inheritdoc IStakeManager
    function requestUnbonding(uint256 amount) external {
        if (amount == 0) revert StakeManager__ZeroAmount();
        Account memory a = _load(msg.sender);
        uint256 own = a.own;
        uint256 free = own - a.locked;
        if (amount > free) revert StakeManager__InsufficientFree(msg.sender, free, amount);
        _checkSeats(a.seats, own - amount);
        uint256 unbonding = a.unbonding + amount;
        uint256 readyAt = block.timestamp + Params.unbondingS(_slashingWord());
        a.own = uint96(own - amount);
        a.unbonding = uint96(unbonding);
        a.unbondingReadyAt = uint40(readyAt);
        _store(msg.sender, a, own);
        emit UnbondingRequested(msg.sender, amount, unbonding, readyAt);
    }

    /// @inheritdoc IStakeManager
    function withdrawUnbonded() external returns (uint256 amount) {
        Account storage s = _accounts[msg.sender];
        amount = s.unbonding;
        uint256 readyAt = s.unbondingReadyAt;
        if (amount == 0) revert StakeManager__NothingUnbonding(msg.sender);
        if (block.timestamp < readyAt) {
            revert StakeManager__UnbondingNotFinished(msg.sender, readyAt, block.timestamp);
        }
        s.unbonding = 0; // readyAt stays: the next request then finds a used slot, 17,100 gas cheaper
        emit UnbondingWithdrawn(msg.sender, amount);
        IERC20(token).safeTransfer(msg.sender, amount);
    }

    // --- jobs ---

    /// @inheritdoc IStakeManager
    function lock(address provider, bytes32 jobId, uint256 amount) external {
        _requireCaller();
        Account storage s = _accounts[provider];
        uint256 own = s.own;
        uint256 locked = s.locked;
        // Not for courts: a drawn auditor with little stake has to lock what it has. Nor for channels,
        // whose work is done already. Whoever has the highest minimum need not be asked for the present one.
        if (own < Params.MIN_SELF_STAKE_WEI_MAX && msg.sender == market) {
            _checkMinimum(provider, own);
        }
        if (amount > own - locked) {
            revert StakeManager__InsufficientFree(provider, own - locked, amount);
        }
        s.locked = uint96(locked + amount);
        emit StakeLocked(provider, jobId, amount);
    }

    /// @inheritdoc IStakeManager
    function unlock(address provider, bytes32 jobId, uint256 amount) external {
        _requireCaller();
        Account storage s = _accounts[provider];
        s.locked = uint96(s.locked - amount);
        emit StakeUnlocked(provider, jobId, amount);
    }

    // --- views ---

    /// @inheritdoc IStakeManager
    function operatorOf(address provider) external view returns (address) {
        return _operators[provider];
    }

    /// @inheritdoc IStakeManager
    function stakeOf(address provider) external view returns (Stake memory) {
        Account storage a = _accounts[provider];
        return Stake(a.own, a.locked, a.seats, a.unbonding, a.unbondingReadyAt);
    }

    /// @inheritdoc IStakeManager
    function freeOf(address provider) external view returns (uint256) {
        Account storage s = _accounts[provider];
        return s.own - s.locked;
    }

    // --- internal ---

    function _stake(uint256 amount) private {
        _requireAmount(amount);
        Account memory a = _load(msg.sender);
        uint256 own = a.own;
        uint256 age;
        if (own == 0) _requireRegistered(msg.sender); // whoever has stake is registered
        else age = ((block.timestamp - a.since) * own) / (own + amount);
        a.since = uint40(block.timestamp - age);
        a.own = uint96(own + amount); // the transfer below fails unless the tokens exist, so it fits
        _store(msg.sender, a, own);
        emit Staked(msg.sender, amount, own + amount);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
    }

    function _checkMinimum(address provider, uint256 own) private view {
        uint256 minimum = Params.minSelfStakeWei(_hiringWord());
        if (own >= minimum) return;
        _requireRegistered(provider); // whoever has stake is registered
        revert StakeManager__BelowMinimum(provider, own, minimum);
    }

    function _checkSeats(uint256 seats, uint256 ownLeft) private view {
        if (seats == 0) return;
        uint256 needed = seats * Params.SEAT_WEI;
        if (ownLeft < needed) {
            revert StakeManager__SeatsTaken(msg.sender, seats, ownLeft, needed);
        }
    }

    function _requireCaller() private view {
        if (
            msg.sender != market && msg.sender != auditCourt && msg.sender != disputeCourt
                && msg.sender != channels
        ) {
            revert StakeManager__OnlyCourt(msg.sender);
        }
    }
}
