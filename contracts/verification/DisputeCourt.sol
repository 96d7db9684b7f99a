// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IDisputeCourt} from "../interfaces/IDisputeCourt.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {Head} from "../libraries/DisputeHead.sol";
import {Params} from "../libraries/Params.sol";
import {AuditFacts, Model} from "../types/Audit.sol";
import {DisputeFacts, DisputeKind, DisputePhase, RefereeVote} from "../types/Dispute.sol";
import {Job, JobClass, JobSpec, JobState, Opening} from "../types/Job.sol";
import {DisputeBook} from "./DisputeBook.sol";
import {DisputeTrace} from "./DisputeTrace.sol";

/// @title The court of disputes: opening them, and what follows when somebody is late
/// @notice No owner, no pause, no upgrade.
contract DisputeCourt is DisputeTrace {
    uint256 private constant _BPS = 10_000;
    uint256 private constant _AUDIT_FACTS_AT = 4 + 5 * 32;
    uint256 private constant _AUDIT_FACTS_BYTES = 15 * 32;

    constructor(
        address market_,
        address stakeManager_,
        address registry_,
        address auditCourt_,
        address beacon_
    ) DisputeBook(market_, stakeManager_, registry_, auditCourt_, beacon_) {}

    // --- opening ---

    /// @inheritdoc IDisputeCourt
    function challenge(
        bytes32 jobId,
        DisputeKind kind,
        JobSpec calldata spec,
        bytes32 salt,
        Opening calldata opening,
        AuditFacts calldata auditFacts
    ) external returns (uint256 disputeId) {
        Job memory j = _job(jobId);
        DisputeFacts memory facts;
        (facts.windowEnd, facts.isLate) = _windowOf(jobId, j);
        facts.isDrawn = _isDrawn(jobId, auditFacts.jobId);
        facts.kind = kind;
        if (
            (kind == DisputeKind.ForgedAnswer && !facts.isDrawn)
                || (kind == DisputeKind.Unavailable && facts.isLate)
        ) revert DisputeCourt__NotChallengeable(jobId, uint8(j.state));
        IJobMarket(market).checkSpec(jobId, spec, salt);
        IJobMarket(market).checkOpening(jobId, opening);
        disputeId = nextDisputeId;
        facts.disputeId = disputeId;
        facts.jobId = jobId;
        facts.seed0 = opening.seed0;
        facts.outRoot = opening.outRoot;
        facts.challenger = msg.sender;
        _fillJob(facts, j);
        _fillModel(facts, spec.modelId);
        facts.bond = uint96(
            Math.max(
                Math.ceilDiv(uint256(j.price) * Params.CHALLENGE_BOND_BPS, _BPS),
                Params.CHALLENGE_BOND_MIN_WEI
            )
        );
        _begin(facts);
        _collect(msg.sender, facts.bond);
        if (j.state == JobState.Revealed) {
            uint40 backstop = uint40(block.timestamp + Params.AUDIT_BACKSTOP_S);
            _move(jobId, JobState.Disputed, backstop);
        }
    }

    /// @inheritdoc IDisputeCourt
    /// @dev The AuditCourt moved the job to Disputed and locked the bonds before.
    function openContest(
        AuditFacts calldata auditFacts,
        bytes32 outRoot,
        address[] calldata auditors,
        uint256 bond
    ) external {
        if (msg.sender != auditCourt) revert DisputeCourt__OnlyAuditCourt(msg.sender);
        bytes32 jobId = auditFacts.jobId;
        Job memory j = _job(jobId);
        DisputeFacts memory facts;
        facts.jobId = jobId;
        facts.seed0 = auditFacts.seed0;
        facts.outRoot = outRoot;
        facts.windowEnd = uint40(block.timestamp + j.window);
        facts.isDrawn = true;
        facts.isContest = true;
        facts.bond = uint96(bond);
        _fillJob(facts, j);
        _fillModel(facts, auditFacts.modelId);
        for (uint256 i; i < auditors.length; ++i) {
            facts.disputeId = nextDisputeId;
            facts.challenger = auditors[i];
            _begin(facts);
        }
    }

    // --- time ---

    /// @inheritdoc IDisputeCourt
    function advance(DisputeFacts calldata facts) external {
        Head memory h = _headOf(facts);
        uint256 disputeId = facts.disputeId;
        DisputePhase phase = h.phase;
        if (phase == DisputePhase.None || phase > DisputePhase.Appeal) {
            revert DisputeCourt__WrongPhase(disputeId, phase, DisputePhase.None);
        }
        if (_hasJobEnded(facts)) {
            _giveUp(facts, h, DisputePhase.Dropped);
            return;
        }
        if (phase == DisputePhase.Seating) {
            revert DisputeCourt__WrongPhase(disputeId, phase, DisputePhase.None);
        }
        uint256 deadline = h.deadline;
        if (block.timestamp <= deadline) {
            revert DisputeCourt__DeadlineNotPassed(disputeId, deadline, block.timestamp);
        }
        if (phase == DisputePhase.Trace) _convict(facts, h, JobState.ProviderTraceTimeout);
        else if (phase == DisputePhase.Point) _acquit(facts, h, DisputePhase.Dropped);
        else if (phase == DisputePhase.Vote) _endVote(disputeId, h);
        else if (phase == DisputePhase.VoteReveal) _tally(disputeId, h);
        else _execute(facts, h);
    }

    /// @dev The verdict is final: not appealed in time, or of the last level.
    function _execute(DisputeFacts calldata facts, Head memory h) private {
        RefereeVote verdict = h.verdict;
        if (verdict == RefereeVote.Guilty) _convict(facts, h, JobState.Rejected);
        else if (verdict == RefereeVote.Clear) _acquit(facts, h, DisputePhase.Clear);
        else _giveUp(facts, h, DisputePhase.Undecided);
    }

    // --- facts ---

    /// @dev Files a dispute; kinds that need no trace go to the referees at once.
    function _begin(DisputeFacts memory facts) private {
        facts.openedAt = uint40(block.timestamp);
        _file(facts);
        Head memory h;
        h.pool = facts.pool;
        if (facts.kind != DisputeKind.WrongOutput) {
            _requestReferees(facts.disputeId, h);
            return;
        }
        h.phase = DisputePhase.Trace;
        h.deadline = _traceDeadline(facts.maxRuntime);
        _save(facts.disputeId, h);
    }

    /// @dev A disputed job can be challenged as long as its window would have run: a lost or staged
    /// dispute bars nobody.
    function _windowOf(bytes32 jobId, Job memory j)
        private
        view
        returns (uint40 windowEnd, bool isLate)
    {
        JobDocket storage d = _dockets[jobId];
        windowEnd = j.state == JobState.Disputed ? d.windowEnd : j.deadline;
        isLate = j.state == JobState.Settled;
        bool isOpen = j.state == JobState.Revealed || j.state == JobState.Disputed;
        if (isLate) isOpen = !d.isConvicted;
        uint256 last = isLate ? windowEnd + Params.LATE_WINDOW_S : windowEnd;
        if (!isOpen || block.timestamp > last) {
            revert DisputeCourt__NotChallengeable(jobId, uint8(j.state));
        }
    }

    /// @dev The facts of the audit are the last argument of `challenge`, behind five words of others.
    function _isDrawn(bytes32 jobId, bytes32 auditedJobId) private view returns (bool) {
        bytes32 needed = IAuditCourt(auditCourt).auditOf(jobId);
        if (needed == 0 && auditedJobId == 0) return false;
        bytes32 found = keccak256(msg.data[_AUDIT_FACTS_AT:_AUDIT_FACTS_AT + _AUDIT_FACTS_BYTES]);
        if (found != needed) revert DisputeCourt__WrongJob(jobId);
        return true;
    }

    function _fillJob(DisputeFacts memory facts, Job memory j) private pure {
        facts.provider = j.provider;
        facts.client = j.client;
        facts.price = j.price;
        facts.lock = j.lock;
        facts.maxRuntime = j.maxRuntime;
        facts.jobClass = j.jobClass;
    }

    /// @dev Only classes that can be certified have rules for referees.
    function _fillModel(DisputeFacts memory facts, bytes32 modelId) private view {
        Model memory model = IModelRegistry(registry).model(modelId);
        bool isExact = facts.jobClass == uint8(JobClass.EXACT);
        facts.pool = isExact ? model.exactPool : model.tensorPool;
        if ((!isExact && facts.jobClass != uint8(JobClass.TENSOR)) || facts.pool == 0) {
            revert DisputeCourt__NotChallengeable(facts.jobId, uint8(JobState.None));
        }
        facts.modelId = modelId;
        facts.tauSq = model.tauSq;
        facts.rows = model.rows;
        facts.verifyRowsHash = model.verifyRowsHash;
    }
}
