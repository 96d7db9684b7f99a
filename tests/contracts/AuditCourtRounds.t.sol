// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../../contracts/interfaces/IAuditCourt.sol";
import {AuditFacts, AuditSlot, Outcome, SlotPhase} from "../../contracts/types/Audit.sol";
import {JobState} from "../../contracts/types/Job.sol";
import {AuditBase} from "./AuditBase.sol";

/// @notice See AuditCourtRounds.tree: all but revealAudit and the record of passes.
contract AuditCourtRoundsTest is AuditBase {
    // --- whatever is called ---

    function test_EveryCall_NeedsTheFactsOfTheAudit() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        bytes32 needed = audits.auditOf(f.jobId);
        f.pay += 1;
        bytes memory unknown = abi.encodeWithSelector(
            IAuditCourt.AuditCourt__UnknownAudit.selector,
            f.jobId,
            keccak256(abi.encode(f)),
            needed
        );
        bytes32[4] memory z;
        bytes[9] memory calls = [
            abi.encodeCall(IAuditCourt.seat, (f, 0)),
            abi.encodeCall(IAuditCourt.commitAudit, (f, 0, bytes32("c"))),
            abi.encodeCall(IAuditCourt.answer, (f, 0, z)),
            abi.encodeCall(IAuditCourt.revealAudit, (f, 0, z, 0, 0, z)),
            abi.encodeCall(IAuditCourt.expire, (f, 0)),
            abi.encodeCall(IAuditCourt.concede, (f)),
            abi.encodeCall(IAuditCourt.expireContest, (f)),
            abi.encodeCall(IAuditCourt.closeVotes, (f, 0)),
            abi.encodeCall(IAuditCourt.bookSlash, (f))
        ];
        for (uint256 i; i < calls.length; ++i) {
            (bool ok, bytes memory reason) = address(audits).call(calls[i]);
            assertFalse(ok);
            assertEq(reason, unknown);
        }
        vm.expectRevert(unknown);
        audits.contest(f, _opening(f.seed0));
        f.pay -= 1;
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCourt.AuditCourt__BadSlot.selector, f.jobId, 1, 1)
        );
        audits.commitAudit(f, 1, bytes32("c"));
    }

    // --- commitAudit ---

    function test_CommitAudit_GivesTheProviderTime() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        AuditSlot memory s = _seat(f, 0);
        vm.warp(s.deadline);
        bytes32 commitment = _auditCommitment(f, 0, _z1(Outcome.Pass), 0);
        vm.expectEmit(address(audits));
        emit IAuditCourt.AuditorCommitted(f.jobId, 0, 0, commitment, block.timestamp + 900);
        vm.prank(_hotKey(s.auditor));
        audits.commitAudit(f, 0, commitment);
        _assertPhase(f, 0, SlotPhase.Answer);
        assertEq(_seat(f, 0).deadline, block.timestamp + 900);
        _expectWrongPhase(f, 0, SlotPhase.Answer, SlotPhase.Commit);
        audits.commitAudit(f, 0, commitment);
    }

    function test_CommitAudit_OnlyTheAuditorInTimeAndNotZero() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        AuditSlot memory s = _seat(f, 0);
        _expectNotOperator(s.auditor, operator);
        vm.prank(operator);
        audits.commitAudit(f, 0, bytes32("c"));
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCourt.AuditCourt__ZeroCommitment.selector, f.jobId)
        );
        vm.prank(_hotKey(s.auditor));
        audits.commitAudit(f, 0, 0);
        _missSlot(f, 0);
        _expectLate(f, 0, s.deadline);
        vm.prank(_hotKey(s.auditor));
        audits.commitAudit(f, 0, bytes32("c"));
    }

    // --- answer ---

    function test_Answer_GivesTheAuditorTime() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        _expectWrongPhase(f, 0, SlotPhase.Commit, SlotPhase.Answer);
        audits.answer(f, 0, _fill(UNIT));
        _commitAudit(f, 0, _z1(Outcome.Pass), 0);
        _expectNotOperator(provider, other);
        vm.prank(other);
        audits.answer(f, 0, _fill(UNIT));
        vm.expectEmit(address(audits));
        emit IAuditCourt.AuditAnswered(f.jobId, 0, 0, _fill(UNIT), block.timestamp + 900);
        _answer(f, 0, _fill(UNIT));
        _assertPhase(f, 0, SlotPhase.Reveal);
        assertEq(_seat(f, 0).deadline, block.timestamp + 900);
    }

    function test_Answer_InTime() public {
        AuditFacts memory f = _awaitingAnswer();
        uint256 deadline = _seat(f, 0).deadline;
        _missSlot(f, 0);
        _expectLate(f, 0, deadline);
        vm.prank(operator);
        audits.answer(f, 0, _fill(UNIT));
        vm.warp(deadline);
        _answer(f, 0, _fill(UNIT));
    }

    function test_Answer_RefusesTheClamp() public {
        AuditFacts memory f = _awaitingAnswer();
        int32[2] memory bad = [type(int32).max, type(int32).min];
        for (uint256 i; i < 2; ++i) {
            bytes32[4] memory z0 = _fill(UNIT);
            z0[2] = bytes32(
                (uint256(z0[2]) & ~(uint256(0xffffffff) << 160)) | uint256(uint32(bad[i])) << 160
            );
            vm.expectRevert(
                abi.encodeWithSelector(
                    IAuditCourt.AuditCourt__Clamped.selector, f.jobId, 18, bad[i]
                )
            );
            vm.prank(operator);
            audits.answer(f, 0, z0);
        }
        _answer(f, 0, _fill(type(int32).max - 1));
    }

    function test_Answer_RefusesATooSmallShift() public {
        AuditFacts memory f = _awaitingAnswer();
        bytes32[4] memory small = _fill(2 ** 23 - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAuditCourt.AuditCourt__TooSmall.selector,
                f.jobId,
                32 * uint256(2 ** 23 - 1) ** 2,
                SHIFT
            )
        );
        vm.prank(operator);
        audits.answer(f, 0, small);
        _answer(f, 0, _fill(2 ** 23)); // N = 2^51
    }

    // --- expire ---

    function test_Expire_NeedsAPhaseThatIsLate() public {
        AuditFacts memory f = _auditedWith(false);
        uint256 deadline = _seat(f, 0).deadline;
        vm.warp(deadline);
        _expectEarly(f, 0, deadline);
        audits.expire(f, 0);
        _round(f, 0, Outcome.Pass);
        vm.warp(block.timestamp + 10_000);
        _expectWrongPhase(f, 0, SlotPhase.Passed, SlotPhase.Commit);
        audits.expire(f, 0);
    }

    function test_Expire_ALateCommitmentCostsATenth() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        address late = _seat(f, 0).auditor;
        uint256 insured = stakes.insuranceWei();
        _missSlot(f, 0);
        vm.expectEmit(address(audits));
        emit IAuditCourt.AuditorLate(f.jobId, 0, 0, late, 1.9e18);
        vm.prank(other);
        audits.expire(f, 0);
        assertEq(_ownOf(late), STAKE - 1.9e18);
        assertEq(_lockedOf(late), 0);
        assertEq(stakes.insuranceWei(), insured + 1.33e18, "30 % burned");
        assertTrue(_seat(f, 0).auditor != late);
        _assertPhase(f, 0, SlotPhase.Commit);
        assertEq(audits.missedOf(late, block.timestamp / 7 days), 1);
        assertEq(audits.missedOf(late, block.timestamp / 7 days + 1), 0);
    }

    function test_Expire_AMissedRevealCostsTheLock() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        address late = _answered(f, 0, Outcome.Pass);
        _missSlot(f, 0);
        audits.expire(f, 0);
        assertEq(_ownOf(late), STAKE - AUDIT_LOCK);
        assertEq(_lockedOf(late), 0);
        assertEq(_seat(f, 0).round, 1);
        assertEq(market.earnedOf(late), 0);
        assertEq(audits.missedOf(late, block.timestamp / 7 days), 1);
    }

    function test_Expire_AMissedAnswerEndsTheJob() public {
        AuditFacts memory f = _audited(TENSOR, 2);
        address auditor = _seat(f, 0).auditor;
        address waiting = _seat(f, 1).auditor;
        _commitAudit(f, 0, _z1(Outcome.Pass), 0);
        _missSlot(f, 0);
        audits.expire(f, 0);
        _assertState(f.jobId, JobState.ProviderAnswerTimeout);
        assertEq(_ownOf(provider), STAKE - LOCK - STAKE / 20);
        uint256 share = (LOCK + STAKE / 20) * 15 / 100;
        assertGe(share, PRICE);
        assertEq(market.freeOf(client), DEPOSIT - 2 * PRICE + PRICE, "price, and its share; no premium");
        assertEq(market.earnedOf(auditor), PRICE);
        assertEq(_lockedOf(auditor), 0);
        audits.closeVotes(f, 1);
        assertEq(_lockedOf(waiting), 0);
        assertEq(_ownOf(waiting), STAKE);
        assertEq(audits.streakOf(provider, modelId), 0);
        assertEq(audits.missedOf(auditor, block.timestamp / 7 days), 0, "it did its part");
    }

    function test_Expire_SixDrawsSkipTheSlot() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        for (uint256 i; i < 6; ++i) {
            assertEq(_seat(f, 0).round, i);
            _missSlot(f, 0);
            audits.expire(f, 0);
        }
        _assertPhase(f, 0, SlotPhase.Skipped);
        _assertState(f.jobId, JobState.Committed);
        assertEq(market.job(f.jobId).window, 3_600);
        _revealAndSettle(f);
        assertEq(market.earnedOf(provider), PRICE);
        assertEq(audits.streakOf(provider, modelId), 0, "nobody passed anything");
    }
}
