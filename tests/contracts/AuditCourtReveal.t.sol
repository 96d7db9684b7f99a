// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../../contracts/interfaces/IAuditCourt.sol";
import {AuditFacts, AuditSlot, Outcome, SlotPhase} from "../../contracts/types/Audit.sol";
import {JobSpec, JobState} from "../../contracts/types/Job.sol";
import {AuditBase} from "./AuditBase.sol";

/// @notice See AuditCourtRounds.tree: revealAudit.
contract AuditCourtRevealTest is AuditBase {
    // --- revealAudit ---

    function test_RevealAudit_OnlyTheAuditorInTime() public {
        AuditFacts memory f = _awaitingAnswer();
        bytes32[4] memory z1 = _z1(Outcome.Pass);
        _expectWrongPhase(f, 0, SlotPhase.Answer, SlotPhase.Reveal);
        audits.revealAudit(f, 0, z1, 0, AUDIT_SALT, _fill(UNIT));
        _answer(f, 0, _fill(UNIT));
        address auditor = _seat(f, 0).auditor;
        _expectNotOperator(auditor, other);
        vm.prank(other);
        audits.revealAudit(f, 0, z1, 0, AUDIT_SALT, _fill(UNIT));
        uint256 deadline = _seat(f, 0).deadline;
        _missSlot(f, 0);
        _expectLate(f, 0, deadline);
        vm.prank(_hotKey(auditor));
        audits.revealAudit(f, 0, z1, 0, AUDIT_SALT, _fill(UNIT));
        vm.warp(deadline);
        _revealAudit(f, 0, z1, 0, _fill(UNIT));
    }

    function test_RevealAudit_KnowsItsFlags() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        address hot = _hotKey(_answered(f, 0, Outcome.Pass));
        uint8[4] memory bad = [3, 4, 5, 8];
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IAuditCourt.AuditCourt__BadFlags.selector, f.jobId, bad[i]
                )
            );
            vm.prank(hot);
            audits.revealAudit(f, 0, _z1(Outcome.Pass), bad[i], AUDIT_SALT, _fill(UNIT));
        }
    }

    function _expectWrongOpening() private {
        vm.expectPartialRevert(IAuditCourt.AuditCourt__WrongOpening.selector);
    }

    function test_RevealAudit_OpensExactlyWhatWasBound() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        address hot = _hotKey(_answered(f, 0, Outcome.Pass));
        bytes32[4] memory z1 = _z1(Outcome.Pass);
        vm.startPrank(hot);
        _expectWrongOpening();
        audits.revealAudit(f, 0, _fill(UNIT), 0, AUDIT_SALT, _fill(UNIT));
        _expectWrongOpening();
        audits.revealAudit(f, 0, z1, 1, AUDIT_SALT, _fill(UNIT));
        _expectWrongOpening();
        audits.revealAudit(f, 0, z1, 0, bytes32("other"), _fill(UNIT));
        _expectWrongOpening();
        audits.revealAudit(f, 0, z1, 0, AUDIT_SALT, _fill(UNIT + 1));
        vm.stopPrank();
    }

    function test_RevealAudit_ACopiedCommitmentCannotBeOpened() public {
        AuditFacts memory f = _audited(TENSOR, 2);
        bytes32 copied = _auditCommitment(f, 0, _z1(Outcome.Pass), 0);
        _answered(f, 0, Outcome.Pass);
        address copier = _seat(f, 1).auditor;
        vm.prank(_hotKey(copier));
        audits.commitAudit(f, 1, copied);
        _answer(f, 1, _fill(UNIT));
        _expectWrongOpening();
        vm.prank(_hotKey(copier));
        audits.revealAudit(f, 1, _z1(Outcome.Pass), 0, AUDIT_SALT, _fill(UNIT));
    }

    function test_Pass_PaysFreesAndLetsTheProviderReveal() public {
        AuditFacts memory f = _auditedWith(false);
        uint256 pool = _pool();
        address auditor = _answered(f, 0, Outcome.Pass);
        uint256 earned = market.earnedOf(auditor);
        uint256 locked = _lockedOf(auditor);
        uint256 streak = audits.streakOf(provider, modelId);
        vm.expectEmit(address(audits));
        emit IAuditCourt.AuditRevealed(
            f.jobId, 0, 0, auditor, Outcome.Pass, 0, 32, 32 * uint256(2 ** 24) ** 2, PRICE
        );
        vm.expectEmit(address(audits));
        emit IAuditCourt.StreakChanged(provider, modelId, streak + 1);
        vm.expectEmit(address(audits));
        emit IAuditCourt.AuditClosed(f.jobId, Outcome.Pass, block.timestamp + 900);
        _revealAudit(f, 0, _z1(Outcome.Pass), 0, _fill(UNIT));
        assertEq(market.earnedOf(auditor), earned + PRICE);
        assertEq(_pool(), pool - PRICE);
        assertEq(_lockedOf(auditor), locked - AUDIT_LOCK);
        assertEq(_ownOf(auditor), STAKE);
        assertEq(audits.votesOf(f.jobId, 0).length, 0);
        _assertState(f.jobId, JobState.Committed);
        _revealAndSettle(f);
        assertEq(market.earnedOf(provider), PRICE);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAuditCourt.AuditCourt__VoteNotClosable.selector, f.jobId, 0, 0
            )
        );
        audits.closeVotes(f, 0);
    }

    function test_Pass_DrawnForAnotherAudit() public {
        AuditFacts memory f = _auditedWith(true);
        address first = _round(f, 0, Outcome.Pass);
        assertGe(_lockedOf(first), AUDIT_LOCK);
        _assertPhase(f, 0, SlotPhase.Commit);
        assertEq(_seat(f, 0).round, 1);
        address second = _round(f, 0, Outcome.Pass);
        assertTrue(first != second);
        _assertPhase(f, 0, SlotPhase.Passed);
        assertEq(audits.votesOf(f.jobId, 0).length, 2);
        _assertState(f.jobId, JobState.Committed);
    }

    function test_TwoPassesOutvoteAFail() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        _round(f, 0, Outcome.Fail);
        _round(f, 0, Outcome.Pass);
        _assertPhase(f, 0, SlotPhase.Commit);
        _round(f, 0, Outcome.Pass);
        _assertPhase(f, 0, SlotPhase.Passed);
        assertEq(audits.streakOf(provider, modelId), 1);
        assertEq(_pool(), POOL + PRICE - 3 * PRICE, "three were paid");
    }

    function test_TwoFailsLeadToAContest() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        _round(f, 0, Outcome.Fail);
        _answered(f, 0, Outcome.Fail);
        vm.expectEmit(address(audits));
        emit IAuditCourt.AuditClosed(f.jobId, Outcome.Fail, block.timestamp + 1_800);
        _revealAudit(f, 0, _z1(Outcome.Fail), 0, _fill(UNIT));
        assertEq(audits.contestDeadlineOf(f.jobId), block.timestamp + 1_800);
        _assertState(f.jobId, JobState.Audited);
        AuditSlot memory s = _seat(f, 0);
        assertEq(s.fails, 2);
    }

    function _assertInvalid(AuditFacts memory f) private view {
        _assertPhase(f, 0, SlotPhase.Invalid);
        _assertState(f.jobId, JobState.Invalid);
        assertEq(market.freeOf(client), DEPOSIT - PRICE, "all but the premium");
        assertEq(_ownOf(provider), STAKE);
        assertEq(_locked(), 0);
    }

    function test_TwoNonFiniteVotesEndTheJob() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        _round(f, 0, Outcome.NonFinite);
        _answered(f, 0, Outcome.NonFinite);
        vm.expectEmit(address(audits));
        emit IAuditCourt.AuditClosed(f.jobId, Outcome.NonFinite, 0);
        _revealAudit(f, 0, _z1(Outcome.NonFinite), 4, _fill(UNIT));
        _assertInvalid(f);
    }

    function test_ThreeDifferentVotesEndTheJob() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        _round(f, 0, Outcome.Fail);
        _round(f, 0, Outcome.NonFinite);
        _round(f, 0, Outcome.Pass);
        _assertInvalid(f);
        assertEq(audits.votesOf(f.jobId, 0).length, 3);
    }

    function test_Flags_FailWhateverTheDistance() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        for (uint8 flags = 1; flags < 3; ++flags) {
            _commitAudit(f, 0, _fill(UNIT), flags);
            _answer(f, 0, _fill(UNIT));
            _revealAudit(f, 0, _fill(UNIT), flags, _fill(UNIT));
        }
        _assertPhase(f, 0, SlotPhase.Failed);
    }

    function _exactRound(AuditFacts memory f, bytes32[4] memory z1) private {
        bytes32[4] memory z0;
        z0[0] = bytes32("root");
        _commitAudit(f, 0, z1, 0);
        _answer(f, 0, z0);
        _revealAudit(f, 0, z1, 0, z0);
    }

    function test_Exact_EqualityDecides() public {
        AuditFacts memory f = _audited(EXACT, 1);
        assertEq(f.pool, CLASS);
        assertEq(f.tauSq, 0);
        bytes32[4] memory z;
        z[0] = bytes32(uint256(bytes32("root")) + 1);
        _exactRound(f, z);
        assertEq(_seat(f, 0).fails, 1);
        (z[0], z[3]) = (bytes32("root"), bytes32(uint256(1)));
        _exactRound(f, z);
        assertEq(_seat(f, 0).fails, 2);
        f = _audited(EXACT, 1);
        z[3] = 0;
        _exactRound(f, z);
        assertEq(_seat(f, 0).passes, 1);
    }

    function test_Exact_AnswerIsOneWord() public {
        AuditFacts memory f = _audited(EXACT, 1);
        bytes32[4] memory z;
        _commitAudit(f, 0, z, 0);
        for (uint256 i = 1; i < 4; ++i) {
            bytes32[4] memory bad;
            bad[i] = bytes32(uint256(1));
            vm.expectRevert(
                abi.encodeWithSelector(IAuditCourt.AuditCourt__BadAnswer.selector, f.jobId)
            );
            vm.prank(operator);
            audits.answer(f, 0, bad);
        }
    }

    /// @dev The provider's answers differ by round as honest ones do: each is under its own seed.
    function testFuzz_LazyAuditorsNeverPass(uint256 seed) public {
        AuditFacts memory f = _audited(TENSOR, 2);
        bytes32[4] memory z0;
        bytes32[4] memory other0;
        bytes32[4] memory random;
        for (uint256 i; i < 4; ++i) {
            z0[i] = bytes32(_lanes(uint256(keccak256(abi.encode(seed, i, "a")))));
            other0[i] = bytes32(_lanes(uint256(keccak256(abi.encode(seed, i, "b")))));
            random[i] = keccak256(abi.encode(seed, i, "c"));
        }
        _lazy(f, 0, z0, random);
        _lazy(f, 1, other0, z0); // copies the answer of the other slot
        bytes32[4] memory zero;
        _lazy(f, 1, z0, zero);
        assertEq(_seat(f, 0).passes + _seat(f, 1).passes, 0);
    }

    /// @dev Every lane of the size of an honest one, sign and low bits random.
    function _lanes(uint256 entropy) private pure returns (uint256 word) {
        for (uint256 i; i < 8; ++i) {
            int32 size = int32(2 ** 24 + int256(entropy >> (i * 24) & 0xffffff));
            int32 value = entropy >> (200 + i) & 1 == 1 ? -size : size;
            word = word << 32 | uint32(value);
        }
    }

    function _lazy(AuditFacts memory f, uint8 slot, bytes32[4] memory z0, bytes32[4] memory z1)
        private
    {
        _commitAudit(f, slot, z1, 0);
        _answer(f, slot, z0);
        _revealAudit(f, slot, z1, 0, z0);
    }

    function test_Reveal_PaysWhatThePoolHas() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        uint256 pool = _pool();
        vm.prank(address(audits));
        market.courtPay(other, pool - 0.4e18, false);
        address auditor = _round(f, 0, Outcome.Fail);
        assertEq(market.earnedOf(auditor), 0.4e18);
        assertEq(_pool(), 0);
        auditor = _round(f, 0, Outcome.Fail);
        assertEq(market.earnedOf(auditor), 0);
        _assertPhase(f, 0, SlotPhase.Failed);
    }

    function _closeSlot(AuditFacts memory f, uint8 slot, Outcome outcome) private {
        _round(f, slot, outcome);
        if (_seat(f, slot).phase < SlotPhase.Passed) _round(f, slot, outcome);
    }

    function test_FailOutranksInvalidOutranksPass() public {
        AuditFacts memory f = _audited(TENSOR, 3);
        _closeSlot(f, 0, Outcome.NonFinite);
        _assertState(f.jobId, JobState.Audited);
        _closeSlot(f, 1, Outcome.Pass);
        _closeSlot(f, 2, Outcome.Fail);
        assertGt(audits.contestDeadlineOf(f.jobId), 0);
        f = _audited(TENSOR, 3);
        _closeSlot(f, 0, Outcome.Pass);
        _closeSlot(f, 1, Outcome.NonFinite);
        _closeSlot(f, 2, Outcome.Pass);
        _assertState(f.jobId, JobState.Invalid);
    }
}

/// @notice The record of a provider, where the economic part is all that stays.
contract AuditCourtStreakTest is AuditBase {
    function _minBps() internal pure override returns (uint16) {
        return 200;
    }

    function _pass() private {
        AuditFacts memory f = _audited(TENSOR, 1);
        _round(f, 0, Outcome.Pass);
        if (_seat(f, 0).phase == SlotPhase.Commit) _round(f, 0, Outcome.Pass);
        _assertPhase(f, 0, SlotPhase.Passed);
    }

    function _terms() private view returns (uint16 pEcon, uint16 p) {
        return audits.terms(modelId, 1, provider, PRICE, LOCK, 0, 1);
    }

    function test_TenPassesLowerTheProbabilityAFailRaisesIt() public {
        for (uint256 i; i < 10; ++i) {
            (, uint16 before) = _terms();
            assertEq(before, 10_000);
            _pass();
        }
        (uint16 pEcon, uint16 p) = _terms();
        assertEq(pEcon, 627);
        assertEq(p, 909);
        assertEq(audits.streakOf(provider, modelId), 10);
        JobSpec memory spec = _auditSpec(TENSOR, 1);
        (bytes32 jobId, bytes32 salt) = _openJob(spec);
        vm.expectEmit(address(audits));
        emit IAuditCourt.StreakChanged(provider, modelId, 0);
        vm.prank(operator);
        market.declareInvalid(jobId, spec, salt);
        (, p) = _terms();
        assertEq(p, 10_000);
    }
}
