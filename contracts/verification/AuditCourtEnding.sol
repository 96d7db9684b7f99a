// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IDisputeCourt} from "../interfaces/IDisputeCourt.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Params} from "../libraries/Params.sol";
import {AuditFacts, AuditSlot, AuditVote, Outcome, SlotPhase} from "../types/Audit.sol";
import {JobState, Opening} from "../types/Job.sol";
import {AuditCourtBase} from "./AuditCourtBase.sol";

// Facts are read into memory once: whatever draws and closes serves `drawAndOpen` too, which builds
// them there, and a second copy of that code would not fit the contract.
/* solhint-disable gas-calldata-parameters */

/// @title How audits end: the summary of the slots, the contest, and the auditors' locks
/// @dev Every path out of a failed audit refunds the client in the market before anything is slashed;
/// booking the slash is tried, never a condition.
abstract contract AuditCourtEnding is AuditCourtBase {
    /// @dev Fail votes that contests name: two a slot, eight slots.
    uint256 private constant _FAILING_MAX = 16;

    // --- a failed audit ---

    /// @inheritdoc IAuditCourt
    function concede(AuditFacts memory facts) external {
        _contestDeadline(facts);
        _requireOperator(facts.provider);
        emit AuditConceded(facts.jobId);
        _reject(facts);
    }

    /// @inheritdoc IAuditCourt
    function expireContest(AuditFacts memory facts) external {
        uint256 deadline = _contestDeadline(facts);
        _requireLate(facts.jobId, 0, deadline);
        _reject(facts);
    }

    /// @inheritdoc IAuditCourt
    function contest(AuditFacts memory facts, Opening calldata opening) external {
        bytes32 jobId = facts.jobId;
        uint256 deadline = _contestDeadline(facts);
        _requireInTime(jobId, 0, deadline);
        _requireOperator(facts.provider);
        IJobMarket(market).checkOpening(jobId, opening);
        delete _failures[jobId];
        address[] memory failing = _failing(facts);
        uint256 bond = _contestBond(facts.price);
        emit AuditContested(
            jobId,
            opening.outRoot,
            opening.envelopeCid,
            opening.resultKey,
            facts.seed0,
            bond * failing.length
        );
        _lock(jobId, facts.provider, bond * failing.length);
        uint40 backstop = uint40(block.timestamp + Params.AUDIT_BACKSTOP_S);
        _move(jobId, JobState.Disputed, backstop);
        IDisputeCourt(disputeCourt).openContest(facts, opening.outRoot, failing, bond);
    }

    /// @inheritdoc IAuditCourt
    function bookSlash(AuditFacts memory facts) external {
        _requireFacts(facts);
        if (!_failures[facts.jobId].slashPending) revert AuditCourt__NothingToBook(facts.jobId);
        _tryBook(facts);
    }

    // --- the auditors' locks ---

    /// @inheritdoc IAuditCourt
    function closeVotes(AuditFacts memory facts, uint8 slot) external {
        AuditSlot memory s = _slotOf(facts, slot);
        bytes32 jobId = facts.jobId;
        JobState ended = _stateOf(jobId);
        if (!_isOver(ended)) revert AuditCourt__VoteNotClosable(jobId, slot, 0);
        uint256 closed = s.phase < SlotPhase.Passed ? _abandon(facts, slot, s) : 0;
        Outcome right = _rightOutcome(ended, s);
        AuditVote[] storage votes = _votes[jobId][slot];
        uint256 length = votes.length;
        for (uint256 i; i < length; ++i) {
            AuditVote memory vote = votes[i];
            if (vote.isClosed) continue;
            votes[i].isClosed = true;
            ++closed;
            bool isRight = right == Outcome.None || vote.outcome == right;
            _closeLock(facts, slot, vote.round, vote.auditor, isRight);
        }
        if (closed == 0) revert AuditCourt__VoteNotClosable(jobId, slot, length);
    }

    // --- internal ---

    /// @dev Of an audit that failed and waits for the provider.
    function _contestDeadline(AuditFacts memory facts) private view returns (uint256 deadline) {
        _requireFacts(facts);
        deadline = _failures[facts.jobId].contestDeadline;
        if (deadline == 0) revert AuditCourt__NotFailed(facts.jobId);
    }

    /// @dev Called when a slot went cold: ends the audit once none is warm. FAIL outranks INVALID
    /// outranks PASS.
    function _closeIfCold(AuditFacts memory facts) internal {
        SlotPhase worst = SlotPhase.Skipped;
        for (uint256 slot; slot < facts.slots; ++slot) {
            SlotPhase phase = _phaseOf(facts.jobId, slot);
            if (phase < SlotPhase.Passed) return;
            if (_rank(phase) > _rank(worst)) worst = phase;
        }
        _closeAudit(facts, worst);
    }

    function _rank(SlotPhase phase) private pure returns (uint256) {
        if (phase == SlotPhase.Failed) return 3;
        if (phase == SlotPhase.Invalid) return 2;
        return phase == SlotPhase.Passed ? 1 : 0;
    }

    /// @dev A failed audit ends the streak whatever a dispute finds: nobody may save up passes.
    function _closeAudit(AuditFacts memory facts, SlotPhase worst) private {
        Outcome outcome; // None: every slot was skipped
        JobState to = JobState.Committed;
        uint256 streak = _streaks[facts.provider][facts.modelId];
        uint256 deadline = block.timestamp + Params.REVEAL_PERIOD_S;
        if (worst == SlotPhase.Passed) {
            (outcome, streak) = (Outcome.Pass, streak + 1);
        } else if (worst == SlotPhase.Invalid) {
            (outcome, streak, deadline, to) = (Outcome.NonFinite, 0, 0, JobState.Invalid);
        } else if (worst == SlotPhase.Failed) {
            (outcome, streak, to) = (Outcome.Fail, 0, JobState.Audited);
            deadline = block.timestamp + Params.CONTEST_PERIOD_S;
            _failures[facts.jobId].contestDeadline = uint40(deadline);
        }
        _setStreak(facts.provider, facts.modelId, streak);
        emit AuditClosed(facts.jobId, outcome, deadline);
        if (to != JobState.Audited) _move(facts.jobId, to, uint40(deadline));
    }

    function _reject(AuditFacts memory facts) private {
        _move(facts.jobId, JobState.Rejected, 0);
        _tryBook(facts);
    }

    /// @dev Never a condition of the refund, which has been made.
    function _tryBook(AuditFacts memory facts) private {
        delete _failures[facts.jobId];
        try IStakeManager(stakeManager).bookSlash(_verdict(facts)) {}
        catch {
            _failures[facts.jobId].slashPending = true;
            emit SlashBookingFailed(facts.jobId);
        }
    }

    function _verdict(AuditFacts memory facts)
        private
        view
        returns (IStakeManager.Verdict memory verdict)
    {
        verdict.slashId = facts.jobId;
        verdict.jobId = facts.jobId;
        verdict.provider = facts.provider;
        verdict.lockAmount = _job(facts.jobId).lock;
        verdict.price = facts.price;
        verdict.client = facts.client;
        verdict.finder = _failing(facts)[0];
    }

    /// @dev Auditors behind the failed slots, in the order of slots and rounds; never empty once an
    /// audit failed.
    function _failing(AuditFacts memory facts) private view returns (address[] memory failing) {
        address[] memory found = new address[](_FAILING_MAX);
        uint256 count;
        for (uint256 slot; slot < facts.slots; ++slot) {
            if (_phaseOf(facts.jobId, slot) != SlotPhase.Failed) continue;
            AuditVote[] storage votes = _votes[facts.jobId][slot];
            uint256 length = votes.length;
            for (uint256 i; i < length; ++i) {
                if (votes[i].outcome == Outcome.Fail) found[count++] = votes[i].auditor;
            }
        }
        failing = new address[](count);
        for (uint256 i; i < count; ++i) {
            failing[i] = found[i];
        }
    }

    function _contestBond(uint256 price) private pure returns (uint256 bond) {
        bond = (price * Params.CHALLENGE_BOND_BPS + _BPS - 1) / _BPS;
        if (bond < Params.CHALLENGE_BOND_MIN_WEI) bond = Params.CHALLENGE_BOND_MIN_WEI;
    }

    /// @dev Takes the slot of an ended job out of play and frees its auditor.
    function _abandon(AuditFacts memory facts, uint8 slot, AuditSlot memory s)
        private
        returns (uint256)
    {
        bool isSeated = s.phase != SlotPhase.Seating;
        s.phase = SlotPhase.Skipped;
        _store(facts.jobId, slot, s);
        if (isSeated) _closeLock(facts, slot, s.round, s.auditor, true);
        return 1;
    }

    /// @dev What the auditors of a slot should have found, by how the job ended; None judges nobody.
    /// A skipped slot outvoted nobody, and auditors that could not agree are not judged. A job may
    /// also be rejected for what no auditor could see (a forged answer, a bad envelope): that
    /// vindicates whoever said Fail and faults nobody who said Pass, unless the slot itself failed.
    function _rightOutcome(JobState ended, AuditSlot memory s) private pure returns (Outcome) {
        if (s.phase == SlotPhase.Skipped) return Outcome.None;
        if (ended == JobState.Accepted || ended == JobState.Settled) return Outcome.Pass;
        if (s.phase == SlotPhase.Failed) {
            bool isGuilty = ended == JobState.Rejected || ended == JobState.ProviderTraceTimeout;
            return isGuilty ? Outcome.Fail : Outcome.None;
        }
        bool isAgreed = s.phase == SlotPhase.Invalid && s.nonFinites > 1;
        return ended == JobState.Invalid && isAgreed ? Outcome.NonFinite : Outcome.None;
    }

    function _isOver(JobState state) private pure returns (bool) {
        return state != JobState.Audited && state != JobState.Committed && state != JobState.Revealed
            && state != JobState.Disputed;
    }
}
