// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {AuditHashing} from "../libraries/AuditHashing.sol";
import {Distance} from "../libraries/Distance.sol";
import {Params} from "../libraries/Params.sol";
import {AuditFacts, AuditSlot, AuditVote, Outcome, SlotPhase} from "../types/Audit.sol";
import {JobClass, JobState} from "../types/Job.sol";
import {AuditCourtSeats} from "./AuditCourtSeats.sol";

// Facts are read into memory once: whatever draws and closes serves `drawAndOpen` too, which builds
// them there, and a second copy of that code would not fit the contract.
/* solhint-disable gas-calldata-parameters */

/// @title The rounds of a slot: an auditor commits, the provider answers, the auditor reveals
/// @dev Neither can copy the other: the provider answers after the commitment, and the answer is
/// under a seed that no other round uses.
abstract contract AuditCourtRounds is AuditCourtSeats {
    uint8 private constant _FLAG_NON_FINITE = 4;

    /// @dev What a reveal came to.
    struct Finding {
        Outcome outcome;
        uint256 distanceSq;
        uint256 normSq;
    }

    // --- phases ---

    /// @inheritdoc IAuditCourt
    function seat(AuditFacts memory facts, uint8 slot) external {
        AuditSlot memory s = _slotOf(facts, slot);
        if (s.phase != SlotPhase.Seating) {
            _wrongPhase(facts.jobId, slot, s.phase, SlotPhase.Seating);
        }
        _requireLive(facts.jobId);
        _drawSeat(facts, slot, s);
    }

    /// @inheritdoc IAuditCourt
    function commitAudit(AuditFacts memory facts, uint8 slot, bytes32 commitment) external {
        AuditSlot memory s = _inTime(facts, slot, SlotPhase.Commit);
        _requireOperator(s.auditor);
        if (commitment == 0) revert AuditCourt__ZeroCommitment(facts.jobId);
        uint40 deadline = uint40(block.timestamp + Params.ANSWER_PERIOD_S);
        s.phase = SlotPhase.Answer;
        s.deadline = deadline;
        _store(facts.jobId, slot, s);
        _seals[facts.jobId][slot] = commitment;
        emit AuditorCommitted(facts.jobId, slot, s.round, commitment, deadline);
    }

    /// @inheritdoc IAuditCourt
    function answer(AuditFacts memory facts, uint8 slot, bytes32[4] memory z0) external {
        AuditSlot memory s = _inTime(facts, slot, SlotPhase.Answer);
        _requireOperator(facts.provider);
        _checkAnswer(facts, z0);
        uint40 deadline = uint40(block.timestamp + Params.ANSWER_PERIOD_S);
        s.phase = SlotPhase.Reveal;
        s.deadline = deadline;
        _store(facts.jobId, slot, s);
        _seals[facts.jobId][slot] = AuditHashing.seal(_seals[facts.jobId][slot], z0);
        emit AuditAnswered(facts.jobId, slot, s.round, z0, deadline);
    }

    /// @inheritdoc IAuditCourt
    function revealAudit(
        AuditFacts memory facts,
        uint8 slot,
        bytes32[4] memory z1,
        uint8 flags,
        bytes32 salt,
        bytes32[4] memory z0
    ) external {
        AuditSlot memory s = _inTime(facts, slot, SlotPhase.Reveal);
        _requireOperator(s.auditor);
        _checkFlags(facts.jobId, flags, z1);
        bytes32 committed = AuditHashing.commitment(
            facts.jobId, slot, s.round, s.auditor, z1, flags, salt
        );
        bytes32 found = AuditHashing.seal(committed, z0);
        bytes32 needed = _seals[facts.jobId][slot];
        if (found != needed) revert AuditCourt__WrongOpening(facts.jobId, found, needed);
        Finding memory finding = _compare(facts, z1, flags, z0);
        _announce(facts, slot, s, flags, finding);
        _count(facts, slot, s, finding.outcome);
    }

    /// @inheritdoc IAuditCourt
    function expire(AuditFacts memory facts, uint8 slot) external {
        AuditSlot memory s = _slotOf(facts, slot);
        SlotPhase phase = s.phase;
        if (phase < SlotPhase.Commit || phase > SlotPhase.Reveal) {
            _wrongPhase(facts.jobId, slot, phase, SlotPhase.Commit);
        }
        _requireLate(facts.jobId, slot, s.deadline);
        _requireLive(facts.jobId);
        if (phase == SlotPhase.Answer) _expireAnswer(facts, slot, s);
        else _expireAuditor(facts, slot, s);
    }

    // --- internal ---

    /// @dev The provider did not answer: its fault is plain, the auditor that committed did its part.
    function _expireAnswer(AuditFacts memory facts, uint8 slot, AuditSlot memory s) private {
        s.phase = SlotPhase.Skipped; // cold, so that the auditor is freed once
        _store(facts.jobId, slot, s);
        _setStreak(facts.provider, facts.modelId, 0);
        _move(facts.jobId, JobState.ProviderAnswerTimeout, 0);
        _closeLock(facts, slot, s.round, s.auditor, true);
        _pay(s.auditor, facts.pay);
    }

    function _expireAuditor(AuditFacts memory facts, uint8 slot, AuditSlot memory s) private {
        uint256 amount = _lockWei(facts.pay);
        uint256 taken =
            s.phase == SlotPhase.Commit ? (amount * Params.AUDIT_LATE_BPS) / _BPS : amount;
        ++_missed[s.auditor][block.timestamp / _EPOCH_S];
        emit AuditorLate(facts.jobId, slot, s.round, s.auditor, taken);
        _slash(AuditHashing.lockId(facts.jobId, slot, s.round), s.auditor, amount, taken);
        _redraw(facts, slot, s);
    }

    function _announce(
        AuditFacts memory facts,
        uint8 slot,
        AuditSlot memory s,
        uint8 flags,
        Finding memory finding
    ) private {
        uint256 paid = _pay(s.auditor, facts.pay);
        emit AuditRevealed(
            facts.jobId,
            slot,
            s.round,
            s.auditor,
            finding.outcome,
            flags,
            finding.distanceSq,
            finding.normSq,
            paid
        );
    }

    function _isReAudited(bytes32 seed0, uint8 slot) private view returns (bool) {
        uint256 word = _word(Params.WORD_HIRING, Params.DEFAULT_HIRING);
        return AuditHashing.isReAudited(seed0, slot, Params.reAuditBps(word));
    }

    /// @dev Counts a vote: closes the slot, or calls the next round.
    function _count(AuditFacts memory facts, uint8 slot, AuditSlot memory s, Outcome outcome)
        private
    {
        if (outcome == Outcome.Pass) ++s.passes;
        else if (outcome == Outcome.Fail) ++s.fails;
        else ++s.nonFinites;
        bool isFirst = s.passes + s.fails + s.nonFinites == 1;
        if (isFirst && outcome == Outcome.Pass && !_isReAudited(facts.seed0, slot)) {
            _close(facts, slot, s, SlotPhase.Passed);
            _closeLock(facts, slot, s.round, s.auditor, true);
            return;
        }
        _votes[facts.jobId][slot].push(AuditVote(s.auditor, s.round, outcome, false));
        SlotPhase phase = _decided(s);
        if (phase != SlotPhase.None) {
            _close(facts, slot, s, phase);
        } else {
            _requireLive(facts.jobId);
            _redraw(facts, slot, s);
        }
    }

    function _close(AuditFacts memory facts, uint8 slot, AuditSlot memory s, SlotPhase phase)
        private
    {
        s.phase = phase;
        _store(facts.jobId, slot, s);
        _closeIfCold(facts);
    }

    /// @dev Two equal votes decide, three different ones cannot be decided.
    function _decided(AuditSlot memory s) private pure returns (SlotPhase) {
        if (s.passes > 1) return SlotPhase.Passed;
        if (s.fails > 1) return SlotPhase.Failed;
        if (s.nonFinites > 1 || s.passes + s.fails + s.nonFinites > 2) return SlotPhase.Invalid;
        return SlotPhase.None;
    }

    function _compare(
        AuditFacts memory facts,
        bytes32[4] memory z1,
        uint8 flags,
        bytes32[4] memory z0
    ) private pure returns (Finding memory finding) {
        bool isPass;
        if (facts.jobClass == uint8(JobClass.EXACT)) {
            isPass = z1[0] == z0[0] && z1[1] | z1[2] | z1[3] == 0;
        } else {
            (finding.distanceSq, finding.normSq) = Distance.measure(z0, z1);
            isPass = Distance.isWithin(finding.distanceSq, finding.normSq, facts.tauSq);
        }
        if (flags == _FLAG_NON_FINITE) finding.outcome = Outcome.NonFinite;
        else finding.outcome = flags == 0 && isPass ? Outcome.Pass : Outcome.Fail;
    }

    function _checkAnswer(AuditFacts memory facts, bytes32[4] memory z0) private pure {
        if (facts.jobClass == uint8(JobClass.EXACT)) {
            if (z0[1] | z0[2] | z0[3] != 0) revert AuditCourt__BadAnswer(facts.jobId);
            return;
        }
        (uint256 normSq, uint256 clamped) = Distance.norm(z0);
        if (clamped != Distance.ELEMENTS) {
            revert AuditCourt__Clamped(facts.jobId, clamped, Distance.element(z0, clamped));
        }
        if (Distance.isTooSmall(normSq, facts.shift)) {
            revert AuditCourt__TooSmall(facts.jobId, normSq, facts.shift);
        }
    }

    function _checkFlags(bytes32 jobId, uint8 flags, bytes32[4] memory z1) private pure {
        bool isKnown = flags < 3 || flags == _FLAG_NON_FINITE;
        bool isZero = z1[0] | z1[1] | z1[2] | z1[3] == 0;
        if (!isKnown || (flags == _FLAG_NON_FINITE && !isZero)) {
            revert AuditCourt__BadFlags(jobId, flags);
        }
    }
}
