// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {AuditHashing} from "../libraries/AuditHashing.sol";
import {AuditSlots} from "../libraries/AuditSlots.sol";
import {LiveParams} from "../libraries/LiveParams.sol";
import {Params} from "../libraries/Params.sol";
import {AuditFacts, AuditSlot, AuditVote, SlotPhase} from "../types/Audit.sol";
import {Job, JobSpec, JobState} from "../types/Job.sol";

/// @title The records of audits, and what every part of the court asks them
/// @dev One word per audit (the hash of its facts), one per slot, one per slot for what was committed
/// and answered. Lists of former auditors and of votes grow only where a slot needs another round.
abstract contract AuditCourtBase is IAuditCourt, LiveParams {
    /// @notice What a failed audit leaves open.
    struct Failure {
        uint40 contestDeadline; // last second to contest; zero once decided
        bool slashPending; // the slash could not be booked yet
    }

    uint256 internal constant _BPS = 10_000;
    uint256 internal constant _SLOTS_MAX = 8;
    uint256 internal constant _EPOCH_S = 7 days;

    /// @inheritdoc IAuditCourt
    address public immutable market;
    /// @inheritdoc IAuditCourt
    address public immutable stakeManager;
    /// @inheritdoc IAuditCourt
    address public immutable registry;
    /// @inheritdoc IAuditCourt
    address public immutable disputeCourt;

    mapping(bytes32 jobId => bytes32) internal _factsHashes;
    mapping(bytes32 jobId => mapping(uint256 slot => uint256 word)) internal _slots; // AuditSlots
    /// @dev The auditor's commitment; once answered, AuditHashing.seal of both.
    mapping(bytes32 jobId => mapping(uint256 slot => bytes32)) internal _seals;
    mapping(bytes32 jobId => mapping(uint256 slot => AuditVote[])) internal _votes;
    /// @dev Owners drawn in rounds that are over. Those of the present rounds stand in the slots.
    mapping(bytes32 jobId => address[]) internal _formerAuditors;
    mapping(bytes32 jobId => Failure) internal _failures;
    mapping(address provider => mapping(bytes32 modelId => uint256)) internal _streaks;
    /// @dev Counted when it is found, so that nobody can be registered for an epoch before it counts.
    mapping(address owner => mapping(uint256 epoch => uint256)) internal _missed;

    constructor(
        address market_,
        address stakeManager_,
        address registry_,
        address disputeCourt_,
        address params_
    ) LiveParams(params_) {
        market = market_;
        stakeManager = stakeManager_;
        registry = registry_;
        disputeCourt = disputeCourt_;
    }

    // --- views ---

    /// @inheritdoc IAuditCourt
    function auditOf(bytes32 jobId) external view returns (bytes32 factsHash) {
        return _factsHashes[jobId];
    }

    /// @inheritdoc IAuditCourt
    function slotOf(bytes32 jobId, uint8 slot) external view returns (AuditSlot memory) {
        return _load(jobId, slot);
    }

    /// @inheritdoc IAuditCourt
    function votesOf(bytes32 jobId, uint8 slot) external view returns (AuditVote[] memory) {
        return _votes[jobId][slot];
    }

    /// @inheritdoc IAuditCourt
    function contestDeadlineOf(bytes32 jobId) external view returns (uint256) {
        return _failures[jobId].contestDeadline;
    }

    /// @inheritdoc IAuditCourt
    function streakOf(address provider, bytes32 modelId) external view returns (uint256 passes) {
        return _streaks[provider][modelId];
    }

    /// @inheritdoc IAuditCourt
    function missedOf(address owner, uint256 epoch) external view returns (uint256 count) {
        return _missed[owner][epoch];
    }

    /// @inheritdoc IAuditCourt
    function wasDrawn(bytes32 jobId, address owner) external view returns (bool) {
        return owner != address(0) && _isAmong(_drawnOwners(jobId), owner);
    }

    // --- checks ---

    function _requireFacts(AuditFacts memory facts) internal view {
        bytes32 needed = _factsHashes[facts.jobId];
        bytes32 found = AuditHashing.factsHash(facts);
        if (found != needed) revert AuditCourt__UnknownAudit(facts.jobId, found, needed);
    }

    /// @dev The slot, after checking the facts.
    function _slotOf(AuditFacts memory facts, uint8 slot)
        internal
        view
        returns (AuditSlot memory s)
    {
        _requireFacts(facts);
        if (slot >= facts.slots) revert AuditCourt__BadSlot(facts.jobId, slot, facts.slots);
        return _load(facts.jobId, slot);
    }

    /// @dev The slot, in the phase `needed` and not late.
    function _inTime(AuditFacts memory facts, uint8 slot, SlotPhase needed)
        internal
        view
        returns (AuditSlot memory s)
    {
        s = _slotOf(facts, slot);
        if (s.phase != needed) _wrongPhase(facts.jobId, slot, s.phase, needed);
        _requireInTime(facts.jobId, slot, s.deadline);
    }

    function _requireInTime(bytes32 jobId, uint8 slot, uint256 deadline) internal view {
        if (block.timestamp > deadline) {
            revert AuditCourt__DeadlinePassed(jobId, slot, deadline, block.timestamp);
        }
    }

    function _requireLate(bytes32 jobId, uint8 slot, uint256 deadline) internal view {
        if (block.timestamp <= deadline) {
            revert AuditCourt__DeadlineNotPassed(jobId, slot, deadline, block.timestamp);
        }
    }

    function _wrongPhase(bytes32 jobId, uint8 slot, SlotPhase found, SlotPhase needed)
        internal
        pure
    {
        revert AuditCourt__WrongPhase(jobId, slot, uint8(found), uint8(needed));
    }

    function _requireOperator(address owner) internal view {
        if (IStakeManager(stakeManager).operatorOf(owner) != msg.sender) {
            revert AuditCourt__NotOperator(owner, msg.sender);
        }
    }

    /// @dev Nobody may be drawn, or made to pay, for an audit whose job ended another way.
    function _requireLive(bytes32 jobId) internal view {
        JobState found = _stateOf(jobId);
        if (found != JobState.Audited) revert AuditCourt__JobEnded(jobId, found);
    }

    // --- the market ---

    function _move(bytes32 jobId, JobState to, uint40 deadline) internal {
        IJobMarket(market).courtMove(jobId, to, deadline);
    }

    function _job(bytes32 jobId) internal view returns (Job memory) {
        return IJobMarket(market).job(jobId);
    }

    function _stateOf(bytes32 jobId) internal view returns (JobState) {
        return IJobMarket(market).stateOf(jobId);
    }

    function _checkSpec(bytes32 jobId, JobSpec calldata spec, bytes32 salt) internal view {
        IJobMarket(market).checkSpec(jobId, spec, salt);
    }

    // --- who was drawn ---

    /// @dev Everybody drawn for the job so far; zeros for slots without an auditor.
    function _drawnOwners(bytes32 jobId) internal view returns (address[] memory drawn) {
        address[] storage former = _formerAuditors[jobId];
        uint256 count = former.length;
        drawn = new address[](count + _SLOTS_MAX);
        for (uint256 i; i < count; ++i) {
            drawn[i] = former[i];
        }
        for (uint256 slot; slot < _SLOTS_MAX; ++slot) {
            uint256 word = _slots[jobId][slot];
            if (word == 0) break; // no more slots
            drawn[count + slot] = AuditSlots.auditorOf(word);
        }
    }

    function _isAmong(address[] memory list, address owner) internal pure returns (bool) {
        uint256 length = list.length;
        for (uint256 i; i < length; ++i) {
            if (list[i] == owner) return true;
        }
        return false;
    }

    // --- money ---

    /// @dev Wei an auditor locks, 19 times its pay: a vote it is outvoted on never pays.
    function _lockWei(uint256 pay) internal pure returns (uint256) {
        return pay * Params.AUDIT_LOCK_MULTIPLE;
    }

    /// @dev Pays an auditor out of the pool, or what is left of it.
    function _pay(address auditor, uint256 pay) internal returns (uint256 paid) {
        uint256 pool = IJobMarket(market).freeOf(address(this));
        paid = pay < pool ? pay : pool;
        if (paid != 0) IJobMarket(market).courtPay(auditor, paid, true);
    }

    function _lock(bytes32 lockId, address owner, uint256 amount) internal {
        IStakeManager(stakeManager).lock(owner, lockId, amount);
    }

    /// @dev Frees an auditor's lock, or takes all of it.
    function _closeLock(AuditFacts memory facts, uint8 slot, uint8 r, address auditor, bool isRight)
        internal
    {
        uint256 amount = _lockWei(facts.pay);
        bytes32 lockId = AuditHashing.lockId(facts.jobId, slot, r);
        emit VoteClosed(facts.jobId, slot, auditor, isRight, isRight ? 0 : amount);
        if (isRight) IStakeManager(stakeManager).unlock(auditor, lockId, amount);
        else _slash(lockId, auditor, amount, amount);
    }

    function _slash(bytes32 lockId, address auditor, uint256 amount, uint256 taken) internal {
        IStakeManager(stakeManager).slashLock(auditor, lockId, amount, taken);
    }

    // --- records ---

    function _load(bytes32 jobId, uint256 slot) internal view returns (AuditSlot memory) {
        return AuditSlots.unpack(_slots[jobId][slot]);
    }

    function _phaseOf(bytes32 jobId, uint256 slot) internal view returns (SlotPhase) {
        return AuditSlots.phaseOf(_slots[jobId][slot]);
    }

    function _store(bytes32 jobId, uint256 slot, AuditSlot memory s) internal {
        _slots[jobId][slot] = AuditSlots.pack(s);
    }

    function _setStreak(address provider, bytes32 modelId, uint256 passes) internal {
        if (_streaks[provider][modelId] == passes) return;
        _streaks[provider][modelId] = passes;
        emit StreakChanged(provider, modelId, passes);
    }
}
