// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Params} from "../libraries/Params.sol";
import {DelegationBook} from "./DelegationBook.sol";

/// @title Slashes at once: missed deadlines, and penalties of courts
/// @notice Shares of a slash always sum to it; what rounding and caps leave is the insurance's.
abstract contract SlashBook is DelegationBook {
    using SafeERC20 for IERC20;

    modifier onlyCourt() {
        _requireCourt();
        _;
    }

    /// @inheritdoc IStakeManager
    function slashTimeout(address provider, bytes32 jobId, uint256 amount, uint256 price, bool full)
        external
        returns (uint256 toClient)
    {
        if (msg.sender != market) revert StakeManager__OnlyMarket(msg.sender);
        uint256 word = _slashingWord();
        uint256 taken = full
            ? _takeFull(provider, jobId, amount, word)
            : _takeLock(provider, amount, (amount * Params.noShowBps(_hiringWord())) / BPS);
        uint256 burned = (taken * Params.slashBurnBps(word)) / BPS;
        toClient = Math.min((taken * Params.slashClientBps(word)) / BPS, price);
        // Nobody found or judged a time-out: their shares, the dust and what the client's cap leaves
        // over are the insurance's.
        uint256 toInsurance = taken - burned - toClient;
        emit StakeUnlocked(provider, jobId, amount);
        emit Slashed(provider, jobId, taken, burned, toClient, toInsurance);
        _burnAndInsure(burned, toInsurance);
        IERC20(token).safeTransfer(market, toClient);
    }

    /// @inheritdoc IStakeManager
    function slashLock(address owner, bytes32 lockId, uint256 amount, uint256 taken)
        external
        onlyCourt
    {
        if (taken > amount) revert StakeManager__AmountTooLarge(taken, amount);
        _takeLock(owner, amount, taken);
        emit StakeUnlocked(owner, lockId, amount);
        _penalise(owner, lockId, taken);
    }

    /// @inheritdoc IStakeManager
    function slashFree(address owner, bytes32 lockId, uint256 amount)
        external
        onlyCourt
        returns (uint256 taken)
    {
        Account memory a = _load(owner);
        uint256 own = a.own;
        taken = _takeFree(a, amount);
        _store(owner, a, own);
        _penalise(owner, lockId, taken);
    }

    // --- taking ---

    /// @dev Takes a lock whole, and stakeSlashBps of own, unbonding and delegated stake.
    function _takeFull(address provider, bytes32 jobId, uint256 amount, uint256 word)
        private
        returns (uint256)
    {
        uint256 bps = Params.stakeSlashBps(word);
        return _takeOwn(provider, amount, 0, bps) + _slashDelegated(provider, jobId, bps);
    }

    /// @dev Frees a lock of `amount` and takes `taken`, at most as much, of it.
    function _takeLock(address provider, uint256 amount, uint256 taken) private returns (uint256) {
        Account memory a = _load(provider);
        uint256 own = a.own;
        _takeLocked(a, amount, taken);
        _store(provider, a, own);
        return taken;
    }

    /// @dev Takes a lock of `locked` whole, and `equal` and `bps` of own and unbonding stake as far
    /// as other locks leave them.
    function _takeOwn(address provider, uint256 locked, uint256 equal, uint256 bps)
        internal
        returns (uint256 taken)
    {
        Account memory a = _load(provider);
        uint256 own = a.own;
        uint256 extra = equal + ((own + a.unbonding) * bps) / BPS;
        _takeLocked(a, locked, locked);
        taken = locked + _takeFree(a, extra);
        _store(provider, a, own);
    }

    function _takeLocked(Account memory a, uint256 amount, uint256 taken) private pure {
        a.locked = uint96(a.locked - amount);
        a.own = uint96(a.own - taken);
    }

    /// @dev Takes up to `amount` from unbonding first, then from own stake that nothing locks.
    function _takeFree(Account memory a, uint256 amount) private pure returns (uint256) {
        uint256 fromUnbonding = Math.min(amount, a.unbonding);
        uint256 fromOwn = Math.min(amount - fromUnbonding, a.own - a.locked);
        a.unbonding = uint96(a.unbonding - fromUnbonding);
        a.own = uint96(a.own - fromOwn);
        return fromUnbonding + fromOwn;
    }

    // --- sharing ---

    function _penalise(address owner, bytes32 lockId, uint256 taken) private {
        uint256 burned = (taken * Params.slashBurnBps(_slashingWord())) / BPS;
        emit LockSlashed(owner, lockId, taken, burned, taken - burned);
        _burnAndInsure(burned, taken - burned);
    }

    function _burnAndInsure(uint256 burned, uint256 toInsurance) internal {
        _totals.insurance = uint96(_totals.insurance + toInsurance);
        ERC20Burnable(token).burn(burned);
    }

    function _requireCourt() private view {
        if (msg.sender != auditCourt && msg.sender != disputeCourt) {
            revert StakeManager__OnlyCourt(msg.sender);
        }
    }
}
