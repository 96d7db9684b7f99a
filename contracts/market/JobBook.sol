// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {Lifecycle} from "../libraries/Lifecycle.sol";
import {Economy} from "../types/Economy.sol";
import {Job, JobSpec, JobState, Opening} from "../types/Job.sol";
import {Ledger} from "./Ledger.sol";

/// @title The records of jobs, and the closing of their locks
/// @notice Closing a lock is tried where a job ends but never a condition of a refund or payment.
abstract contract JobBook is Ledger {
    /// @dev Gas that closing a lock may use inside a refund or a payment: a quarter more than the
    /// StakeManager needs on a new voting day, and little enough to leave the refund its own.
    uint256 private constant _CLOSE_LOCK_GAS = 190_000;

    /// @dev Bits of `Job.flags`; the lowest three are the audit slots less one.
    uint8 internal constant FLAG_SLOTS = 7;
    uint8 internal constant FLAG_WHOLE = 8;
    uint8 internal constant FLAG_DRAWN = 16;

    /// @notice What an assignment freezes about audits; all zero where a deployment has none.
    struct Terms {
        uint16 pEconBps;
        uint16 pBps;
        uint96 held; // wei beside the price
        bool isWhole; // held is the whole audit pay
    }

    mapping(bytes32 jobId => Job) private _jobs;
    mapping(bytes32 jobId => bool) private _lockOpen;

    constructor(
        address token_,
        address stakeManager_,
        address auditCourt_,
        address disputeCourt_,
        Economy memory economy
    )
        Ledger(token_, stakeManager_, auditCourt_, disputeCourt_, economy)
    {}

    /// @inheritdoc IJobMarket
    function closeLock(bytes32 jobId) external nonReentrant {
        Job storage j = _jobs[jobId];
        JobState ended = j.state;
        if (!_lockOpen[jobId]) revert JobMarket__LockNotClosable(jobId, _effectiveState(j));
        _lockOpen[jobId] = false;
        bool full = Lifecycle.isFullSlash(ended);
        if (full || ended == JobState.ProviderCommitTimeout) {
            _creditSlash(
                j,
                jobId,
                IStakeManager(stakeManager).slashTimeout(j.provider, jobId, j.lock, j.price, full)
            );
        } else {
            IStakeManager(stakeManager).unlock(j.provider, jobId, j.lock);
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

    /// @inheritdoc IJobMarket
    function checkOpening(bytes32 jobId, Opening calldata opening) external view {
        _checkOpening(_jobs[jobId], jobId, opening);
    }

    /// @inheritdoc IJobMarket
    function checkSpec(bytes32 jobId, JobSpec calldata spec, bytes32 salt) external view {
        _checkSpec(_jobs[jobId].client, jobId, spec, salt);
    }

    // --- records ---

    function _record(bytes32 jobId) internal view returns (Job storage) {
        return _jobs[jobId];
    }

    /// @dev The first slot of a new job. The fields of a slot follow each other, so that the compiler
    /// joins their writes; spec fields were checked against their bounds.
    function _writeDuty(
        Job storage j,
        JobState state,
        address provider,
        uint40 deadline,
        uint8 jobClass
    ) internal {
        j.state = state;
        j.jobClass = jobClass;
        j.provider = provider;
        j.deadline = deadline;
    }

    /// @dev The money of a new job: its second and third slot.
    function _writeMoney(
        Job storage j,
        JobSpec calldata spec,
        uint88 price,
        uint88 lock,
        Terms memory terms
    ) internal {
        uint24 window = uint24(spec.window);
        uint16 maxRuntime = uint16(spec.maxRuntime);
        uint8 flags = (spec.auditSlots - 1) | (terms.isWhole ? FLAG_WHOLE : 0);
        uint16 pBps = terms.pBps;
        uint16 pEconBps = terms.pEconBps;
        uint96 held = terms.held;
        j.price = price;
        j.lock = lock;
        j.window = window;
        j.pBps = pBps;
        j.pEconBps = pEconBps;
        j.maxRuntime = maxRuntime;
        j.flags = flags;
        j.client = msg.sender;
        j.held = held;
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

    /// @dev Before the draw the binding is C0 alone, which no opening gives.
    function _checkOpening(Job storage j, bytes32 jobId, Opening calldata opening) internal view {
        _checkShift(j, jobId, opening);
        bytes32 found =
            Hashing.binding(Hashing.commitment(jobId, j.provider, opening), opening.seed0);
        bytes32 needed = j.binding;
        if (found != needed) revert JobMarket__WrongOpening(jobId, found, needed);
    }

    /// @dev C0 hides its shift; auditors worked with the one that was announced beside it.
    function _checkShift(Job storage j, bytes32 jobId, Opening calldata opening) internal view {
        if (opening.shift != j.shift) revert JobMarket__BadShift(jobId, opening.shift);
    }

    function _checkSpec(address client, bytes32 jobId, JobSpec calldata spec, bytes32 salt)
        internal
        view
    {
        bytes32 found = Hashing.jobId(client, salt, Hashing.specHash(spec));
        if (found != jobId) revert JobMarket__WrongSpec(jobId, found);
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
        bool full = Lifecycle.isFullSlash(ended);
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
