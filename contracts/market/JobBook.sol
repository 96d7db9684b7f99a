// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Lifecycle} from "../libraries/Lifecycle.sol";
import {Job, JobSpec, JobState} from "../types/Job.sol";
import {Ledger} from "./Ledger.sol";

/// @title The records of jobs, and the closing of their locks
/// @notice Closing a lock is tried where a job ends but never a condition of a refund or payment.
abstract contract JobBook is Ledger {
    /// @dev Gas that closing a lock may use inside a refund or a payment: twice what the
    /// StakeManager needs, and little enough to leave the refund its own.
    uint256 private constant _CLOSE_LOCK_GAS = 150_000;

    mapping(bytes32 jobId => Job) private _jobs;
    mapping(bytes32 jobId => bool) private _lockOpen;

    constructor(address token_, address stakeManager_) Ledger(token_, stakeManager_) {}

    /// @inheritdoc IJobMarket
    function closeLock(bytes32 jobId) external nonReentrant {
        Job storage j = _jobs[jobId];
        JobState ended = j.state;
        if (!_lockOpen[jobId]) revert JobMarket__LockNotClosable(jobId, _effectiveState(j));
        _lockOpen[jobId] = false;
        if (ended == JobState.Settled || ended == JobState.Invalid) {
            IStakeManager(stakeManager).unlock(j.provider, jobId, j.lock);
        } else {
            bool full = ended == JobState.ProviderRevealTimeout;
            _creditSlash(
                j,
                jobId,
                IStakeManager(stakeManager).slashTimeout(j.provider, jobId, j.lock, j.price, full)
            );
        }
    }

    /// @inheritdoc IJobMarket
    function job(bytes32 jobId) external view returns (Job memory) {
        return _jobs[jobId];
    }

    /// @inheritdoc IJobMarket
    function stateOf(bytes32 jobId) external view returns (JobState) {
        return _effectiveState(_jobs[jobId]);
    }

    /// @inheritdoc IJobMarket
    function isLockOpen(bytes32 jobId) external view returns (bool) {
        return _lockOpen[jobId];
    }

    // --- records ---

    function _record(bytes32 jobId) internal view returns (Job storage) {
        return _jobs[jobId];
    }

    /// @dev The record of a new job. The spec is read and checked before the first write, and the
    /// fields of a slot follow each other, so that the compiler joins their writes.
    function _write(
        bytes32 jobId,
        JobSpec calldata spec,
        JobState state,
        address provider,
        uint96 price,
        uint96 lock,
        uint40 deadline
    ) internal {
        Job storage j = _jobs[jobId];
        uint8 jobClass = spec.jobClass;
        uint24 window = uint24(spec.window); // checked against its bounds, as is maxRuntime
        uint16 maxRuntime = uint16(spec.maxRuntime);
        j.state = state;
        j.jobClass = jobClass;
        j.provider = provider;
        j.deadline = deadline;
        j.price = price;
        j.lock = lock;
        j.window = window;
        j.maxRuntime = maxRuntime;
        j.client = msg.sender;
    }

    /// @dev The record of a job that is in the state `needed` and not late.
    function _inTime(bytes32 jobId, JobState needed) internal view returns (Job storage j) {
        j = _jobs[jobId];
        if (j.state != needed) {
            revert JobMarket__WrongState(jobId, _effectiveState(j), needed);
        }
        uint256 deadline = j.deadline;
        if (block.timestamp > deadline) {
            revert JobMarket__DeadlinePassed(jobId, deadline, block.timestamp);
        }
    }

    function _effectiveState(Job storage j) internal view returns (JobState) {
        return Lifecycle.effectiveState(j.state, j.deadline, block.timestamp);
    }

    // --- locks ---

    function _tryUnlock(bytes32 jobId, address provider, uint256 lock) internal {
        try IStakeManager(stakeManager).unlock{gas: _CLOSE_LOCK_GAS}(provider, jobId, lock) {}
        catch {
            _leaveLockOpen(jobId);
        }
    }

    function _trySlash(Job storage j, bytes32 jobId, JobState ended) internal {
        bool full = ended == JobState.ProviderRevealTimeout;
        try IStakeManager(stakeManager).slashTimeout{gas: _CLOSE_LOCK_GAS}(
            j.provider, jobId, j.lock, j.price, full
        ) returns (uint256 toClient) {
            _creditSlash(j, jobId, toClient);
        } catch {
            _leaveLockOpen(jobId);
        }
    }

    function _creditSlash(Job storage j, bytes32 jobId, uint256 toClient) private {
        address client = j.client;
        _credit(client, toClient);
        emit SlashShareCredited(jobId, client, toClient);
    }

    function _leaveLockOpen(bytes32 jobId) private {
        _lockOpen[jobId] = true;
        emit LockCloseFailed(jobId);
    }
}
