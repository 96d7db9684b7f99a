// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {AuditHashing} from "../libraries/AuditHashing.sol";
import {Params} from "../libraries/Params.sol";
import {AuditFacts, AuditSlot, AuditVote, SlotPhase} from "../types/Audit.sol";
import {JobState} from "../types/Job.sol";

/// @title The records of audits, and what every part of the court asks them
/// @dev One word per audit (the hash of its facts), one per slot, one per slot for what was committed
/// and answered. Lists of former auditors and of votes grow only where a slot needs another round.
abstract contract AuditCourtBase is IAuditCourt {
    /// @notice What a failed audit leaves open.
    struct Failure {
        uint40 contestDeadline; // last second to contest; zero once decided
        bool slashPending; // the slash could not be booked yet
    }

    uint256 internal constant _BPS = 10_000;

    /// @inheritdoc IAuditCourt
    address public immutable market;
    /// @inheritdoc IAuditCourt
    address public immutable stakeManager;
    /// @inheritdoc IAuditCourt
    address public immutable registry;
    /// @inheritdoc IAuditCourt
    address public immutable disputeCourt;

    mapping(bytes32 jobId => bytes32) internal _factsHashes;
    mapping(bytes32 jobId => mapping(uint256 slot => AuditSlot)) internal _slots;
    /// @dev The auditor's commitment; once answered, AuditHashing.seal of both.
    mapping(bytes32 jobId => mapping(uint256 slot => bytes32)) internal _seals;
    mapping(bytes32 jobId => mapping(uint256 slot => AuditVote[])) internal _votes;
    /// @dev Owners drawn in rounds that are over. Those of the present rounds stand in the slots.
    mapping(bytes32 jobId => address[]) internal _formerAuditors;
    mapping(bytes32 jobId => Failure) internal _failures;
    mapping(address provider => mapping(bytes32 modelId => uint256)) internal _streaks;

    constructor(address market_, address stakeManager_, address registry_, address disputeCourt_) {
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
        return _slots[jobId][slot];
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
    function wasDrawn(bytes32 jobId, address owner) external view returns (bool) {
        if (owner == address(0)) return false; // an empty slot names nobody
        for (uint256 slot; _slots[jobId][slot].phase != SlotPhase.None; ++slot) {
            if (_slots[jobId][slot].auditor == owner) return true;
        }
        address[] storage former = _formerAuditors[jobId];
        uint256 length = former.length;
        for (uint256 i; i < length; ++i) {
            if (former[i] == owner) return true;
        }
        return false;
    }

    // --- checks ---

    function _requireFacts(AuditFacts calldata facts) internal view {
        bytes32 needed = _factsHashes[facts.jobId];
        bytes32 found = keccak256(abi.encode(facts)); // AuditHashing.factsHash, from calldata
        if (found != needed) revert AuditCourt__UnknownAudit(facts.jobId, found, needed);
    }

    /// @dev The slot, after checking the facts.
    function _slotOf(AuditFacts calldata facts, uint8 slot)
        internal
        view
        returns (AuditSlot memory s)
    {
        _requireFacts(facts);
        if (slot >= facts.slots) revert AuditCourt__BadSlot(facts.jobId, slot, facts.slots);
        return _slots[facts.jobId][slot];
    }

    /// @dev The slot, in the phase `needed` and not late.
    function _inTime(AuditFacts calldata facts, uint8 slot, SlotPhase needed)
        internal
        view
        returns (AuditSlot memory s)
    {
        s = _slotOf(facts, slot);
        if (s.phase != needed) _wrongPhase(facts.jobId, slot, s.phase, needed);
        if (block.timestamp > s.deadline) {
            revert AuditCourt__DeadlinePassed(facts.jobId, slot, s.deadline, block.timestamp);
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
        JobState found = IJobMarket(market).stateOf(jobId);
        if (found != JobState.Audited) revert AuditCourt__JobEnded(jobId, found);
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

    function _unlock(bytes32 lockId, address auditor, uint256 pay) internal {
        IStakeManager(stakeManager).unlock(auditor, lockId, _lockWei(pay));
    }

    function _slash(bytes32 lockId, address auditor, uint256 pay, uint256 taken) internal {
        IStakeManager(stakeManager).slashLock(auditor, lockId, _lockWei(pay), taken);
    }

    // --- records ---

    function _setStreak(address provider, bytes32 modelId, uint256 passes) internal {
        if (_streaks[provider][modelId] == passes) return;
        _streaks[provider][modelId] = passes;
        emit StreakChanged(provider, modelId, passes);
    }
}
