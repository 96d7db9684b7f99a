// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IDisputeCourt} from "../interfaces/IDisputeCourt.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {AuditHashing} from "../libraries/AuditHashing.sol";
import {Lifecycle} from "../libraries/Lifecycle.sol";
import {Params} from "../libraries/Params.sol";
import {AuditFacts, AuditSlot, AuditVote, Outcome, SlotPhase} from "../types/Audit.sol";
import {JobState, Opening} from "../types/Job.sol";
import {AuditCourtBase} from "./AuditCourtBase.sol";

/// @title How audits end: the summary of the slots, the contest, and the auditors' locks
/// @dev Every path out of a failed audit refunds the client in the market before anything is slashed;
/// booking the slash is tried, never a condition.
abstract contract AuditCourtEnding is AuditCourtBase {
    /// @dev Fail votes that contests name: two a slot, eight slots.
    uint256 private constant _FAILING_MAX = 16;

    // --- a failed audit ---

    /// @inheritdoc IAuditCourt
    function concede(AuditFacts calldata facts) external {
        _requireFacts(facts);
        if (_failures[facts.jobId].contestDeadline == 0) revert AuditCourt__NotFailed(facts.jobId);
        _requireOperator(facts.provider);
        emit AuditConceded(facts.jobId);
        _reject(facts);
    }

    /// @inheritdoc IAuditCourt
    function expireContest(AuditFacts calldata facts) external {
        _requireFacts(facts);
        uint256 deadline = _failures[facts.jobId].contestDeadline;
        if (deadline == 0) revert AuditCourt__NotFailed(facts.jobId);
        if (block.timestamp <= deadline) {
            revert AuditCourt__DeadlineNotPassed(facts.jobId, 0, deadline, block.timestamp);
        }
        _reject(facts);
    }

    /// @inheritdoc IAuditCourt
    function contest(AuditFacts calldata facts, Opening calldata opening) external {
        _requireFacts(facts);
        bytes32 jobId = facts.jobId;
        uint256 deadline = _failures[jobId].contestDeadline;
        if (deadline == 0) revert AuditCourt__NotFailed(jobId);
        if (block.timestamp > deadline) {
            revert AuditCourt__DeadlinePassed(jobId, 0, deadline, block.timestamp);
        }
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
        IStakeManager(stakeManager).lock(facts.provider, jobId, bond * failing.length);
        uint40 backstop = uint40(block.timestamp + Params.AUDIT_BACKSTOP_S);
        IJobMarket(market).courtMove(jobId, JobState.Disputed, backstop);
        IDisputeCourt(disputeCourt).openContest(facts, opening.outRoot, failing, bond);
    }

    /// @inheritdoc IAuditCourt
    function bookSlash(AuditFacts calldata facts) external {
        _requireFacts(facts);
        if (!_failures[facts.jobId].slashPending) revert AuditCourt__NothingToBook(facts.jobId);
        delete _failures[facts.jobId];
        IStakeManager(stakeManager).bookSlash(_verdict(facts));
    }

    // --- the auditors' locks ---

    /// @inheritdoc IAuditCourt
    function closeVotes(AuditFacts calldata facts, uint8 slot) external {
        AuditSlot memory s = _slotOf(facts, slot);
        bytes32 jobId = facts.jobId;
        JobState ended = IJobMarket(market).stateOf(jobId);
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
            _closeVote(facts, slot, vote, right);
        }
        if (closed == 0) revert AuditCourt__VoteNotClosable(jobId, slot, length);
    }

    // --- internal ---

    /// @dev Called when a slot went cold: ends the audit once none is warm. FAIL outranks INVALID
    /// outranks PASS.
    function _closeIfCold(AuditFacts memory facts) internal {
        SlotPhase worst = SlotPhase.Skipped;
        for (uint256 slot; slot < facts.slots; ++slot) {
            SlotPhase phase = _slots[facts.jobId][slot].phase;
            if (phase < SlotPhase.Passed) return;
            if (_rank(phase) > _rank(worst)) worst = phase;
        }
        if (worst == SlotPhase.Failed) _fail(facts);
        else if (worst == SlotPhase.Invalid) _invalidate(facts);
        else _pass(facts, worst == SlotPhase.Passed);
    }

    function _rank(SlotPhase phase) private pure returns (uint256) {
        if (phase == SlotPhase.Failed) return 3;
        if (phase == SlotPhase.Invalid) return 2;
        return phase == SlotPhase.Passed ? 1 : 0;
    }

    function _pass(AuditFacts memory facts, bool isPass) private {
        uint40 deadline = Lifecycle.revealDeadline(block.timestamp);
        if (isPass) {
            _setStreak(facts.provider, facts.modelId, _streaks[facts.provider][facts.modelId] + 1);
        }
        emit AuditClosed(facts.jobId, isPass ? Outcome.Pass : Outcome.None, deadline);
        IJobMarket(market).courtMove(facts.jobId, JobState.Committed, deadline);
    }

    function _invalidate(AuditFacts memory facts) private {
        _setStreak(facts.provider, facts.modelId, 0);
        emit AuditClosed(facts.jobId, Outcome.NonFinite, 0);
        IJobMarket(market).courtMove(facts.jobId, JobState.Invalid, 0);
    }

    /// @dev The streak ends with the audit, whatever a dispute finds: nobody may save up passes.
    function _fail(AuditFacts memory facts) private {
        uint40 deadline = uint40(block.timestamp + Params.CONTEST_PERIOD_S);
        _failures[facts.jobId].contestDeadline = deadline;
        _setStreak(facts.provider, facts.modelId, 0);
        emit AuditClosed(facts.jobId, Outcome.Fail, deadline);
    }

    function _reject(AuditFacts calldata facts) private {
        bytes32 jobId = facts.jobId;
        delete _failures[jobId];
        IStakeManager.Verdict memory verdict = _verdict(facts);
        IJobMarket(market).courtMove(jobId, JobState.Rejected, 0);
        try IStakeManager(stakeManager).bookSlash(verdict) {}
        catch {
            _failures[jobId].slashPending = true;
            emit SlashBookingFailed(jobId);
        }
    }

    function _verdict(AuditFacts calldata facts)
        private
        view
        returns (IStakeManager.Verdict memory verdict)
    {
        verdict.slashId = facts.jobId;
        verdict.jobId = facts.jobId;
        verdict.provider = facts.provider;
        verdict.lockAmount = IJobMarket(market).job(facts.jobId).lock;
        verdict.price = facts.price;
        verdict.client = facts.client;
        verdict.finder = _failing(facts)[0];
    }

    /// @dev Auditors behind the failed slots, in the order of slots and rounds; never empty once an
    /// audit failed.
    function _failing(AuditFacts calldata facts) private view returns (address[] memory failing) {
        failing = new address[](_FAILING_MAX);
        uint256 count;
        for (uint256 slot; slot < facts.slots; ++slot) {
            if (_slots[facts.jobId][slot].phase != SlotPhase.Failed) continue;
            AuditVote[] storage votes = _votes[facts.jobId][slot];
            uint256 length = votes.length;
            for (uint256 i; i < length; ++i) {
                if (votes[i].outcome == Outcome.Fail) failing[count++] = votes[i].auditor;
            }
        }
        assembly ("memory-safe") {
            mstore(failing, count) // shortens the list to what was found
        }
    }

    function _contestBond(uint256 price) private pure returns (uint256 bond) {
        bond = (price * Params.CHALLENGE_BOND_BPS + _BPS - 1) / _BPS;
        if (bond < Params.CHALLENGE_BOND_MIN_WEI) bond = Params.CHALLENGE_BOND_MIN_WEI;
    }

    /// @dev Takes the slot of an ended job out of play and frees its auditor.
    function _abandon(AuditFacts calldata facts, uint8 slot, AuditSlot memory s)
        private
        returns (uint256)
    {
        bool isSeated = s.phase != SlotPhase.Seating;
        s.phase = SlotPhase.Skipped;
        _slots[facts.jobId][slot] = s;
        if (isSeated) {
            emit VoteClosed(facts.jobId, slot, s.auditor, true, 0);
            _unlock(AuditHashing.lockId(facts.jobId, slot, s.round), s.auditor, facts.pay);
        }
        return 1;
    }

    function _closeVote(AuditFacts calldata facts, uint8 slot, AuditVote memory vote, Outcome right)
        private
    {
        bool isRight = right == Outcome.None || vote.outcome == right;
        uint256 slashed = isRight ? 0 : _lockWei(facts.pay);
        bytes32 lockId = AuditHashing.lockId(facts.jobId, slot, vote.round);
        emit VoteClosed(facts.jobId, slot, vote.auditor, isRight, slashed);
        if (isRight) _unlock(lockId, vote.auditor, facts.pay);
        else _slash(lockId, vote.auditor, facts.pay, slashed);
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
