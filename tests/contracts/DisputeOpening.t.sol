// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../../contracts/interfaces/IAuditCourt.sol";
import {IDisputeCourt} from "../../contracts/interfaces/IDisputeCourt.sol";
import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {AuditFacts} from "../../contracts/types/Audit.sol";
import {
    DisputeFacts, DisputeKind, DisputePhase, RefereeVote
} from "../../contracts/types/Dispute.sol";
import {JobSpec, JobState, Opening} from "../../contracts/types/Job.sol";
import {DisputeBase} from "./DisputeBase.sol";

/// @notice See DisputeOpening.tree.
contract DisputeOpeningTest is DisputeBase {
    function _expectNotChallengeable(bytes32 jobId, JobState state) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__NotChallengeable.selector, jobId, state
            )
        );
    }

    function _try(bytes32 jobId, DisputeKind kind) private {
        JobSpec memory spec = _jobSpec(lastClass);
        Opening memory opening = _openingOf(lastSeed);
        AuditFacts memory audit;
        vm.prank(challenger);
        disputes.challenge(jobId, kind, spec, lastSalt, opening, audit);
    }

    function test_Challenge_BondsSuspendsTheJobAndWaitsForTheTrace() public {
        bytes32 jobId = _revealedJob(TENSOR);
        uint256 windowEnd = market.job(jobId).deadline;
        DisputeFacts memory f = _challenge(jobId, challenger, DisputeKind.WrongOutput);
        assertEq(f.disputeId, 1);
        assertEq(disputes.nextDisputeId(), 2);
        assertEq(f.modelId, modelId);
        assertEq(f.seed0, lastSeed);
        assertEq(f.provider, provider);
        assertEq(f.client, client);
        assertEq(f.challenger, challenger);
        assertEq(f.price, PRICE);
        assertEq(f.lock, LOCK);
        assertEq(f.bond, BOND);
        assertEq(f.tauSq, TAU_SQ);
        assertEq(f.pool, CPU);
        assertEq(f.openedAt, block.timestamp);
        assertEq(f.windowEnd, windowEnd);
        assertEq(f.rows, ROWS);
        assertFalse(f.isDrawn || f.isContest || f.isLate);
        assertEq(_court(), BOND);
        assertEq(market.freeOf(challenger), DEPOSIT - BOND);
        _assertState(jobId, JobState.Disputed);
        assertEq(market.job(jobId).deadline, block.timestamp + Params.AUDIT_BACKSTOP_S);
        _assertPhase(f, DisputePhase.Trace);
        assertEq(_deadline(f), block.timestamp + 2_400);
        (bytes32 hash,,,,) = disputes.disputeOf(1);
        assertEq(hash, keccak256(abi.encode(f)));
    }

    function test_Challenge_AtAHighPrice_TheBondIsOneAndAHalfPrices() public {
        bytes32 jobId = _revealedJob(TENSOR);
        vm.warp(block.timestamp + 1);
        DisputeFacts memory f = _challenge(jobId, challenger, DisputeKind.WrongOutput);
        assertEq(f.bond, BOND); // 150 % of PRICE is less than the minimum
        assertEq((uint256(f.price) * Params.CHALLENGE_BOND_BPS) / 10_000, 1.5e18);
    }

    function test_Challenge_OfTheOtherKinds_RequestsRefereesAtOnce() public {
        DisputeFacts memory f = _unavailable();
        _assertPhase(f, DisputePhase.Seating);
        (,,,, uint64 round) = disputes.disputeOf(f.disputeId);
        assertEq(round, block.number + 2);
        assertEq(_deadline(f), 0);
    }

    function test_Challenge_OfAnExactJob_DrawsFromItsClass() public {
        DisputeFacts memory f =
            _challenge(_revealedJob(EXACT), challenger, DisputeKind.WrongOutput);
        assertEq(f.pool, CLASS);
    }

    function test_Challenge_GivenNotRevealed_Reverts() public {
        bytes32 jobId = _auditedJob(TENSOR).jobId;
        _expectNotChallengeable(jobId, JobState.Audited);
        _try(jobId, DisputeKind.WrongOutput);
    }

    function test_Challenge_GivenTheWindowIsOver_RevertsUntilSettled() public {
        bytes32 jobId = _revealedJob(TENSOR);
        vm.warp(market.job(jobId).deadline);
        uint256 snapshot = vm.snapshotState();
        _try(jobId, DisputeKind.WrongOutput); // the last second
        vm.revertToState(snapshot);
        _miss(jobId);
        _expectNotChallengeable(jobId, JobState.Revealed);
        _try(jobId, DisputeKind.WrongOutput);
        market.settle(jobId);
        uint256 last = uint256(market.job(jobId).deadline) + Params.LATE_WINDOW_S;
        vm.warp(last + 1);
        _expectNotChallengeable(jobId, JobState.Settled);
        _try(jobId, DisputeKind.WrongOutput);
        vm.warp(last);
        _expectNotChallengeable(jobId, JobState.Settled); // nothing has to be served any more
        _try(jobId, DisputeKind.Unavailable);
        _try(jobId, DisputeKind.WrongOutput);
        _assertState(jobId, JobState.Settled);
    }

    function test_Challenge_GivenALateConviction_Reverts() public {
        DisputeFacts memory f = _late(DisputeKind.WrongOutput);
        _missPhase(f);
        disputes.advance(f);
        _expectNotChallengeable(f.jobId, JobState.Settled);
        _try(f.jobId, DisputeKind.WrongOutput);
    }

    function test_Challenge_OfADisputedJob_OnlyInsideItsWindow() public {
        DisputeFacts memory f = _unavailable();
        vm.warp(f.windowEnd);
        _try(f.jobId, DisputeKind.WrongOutput);
        vm.warp(f.windowEnd + 1);
        _expectNotChallengeable(f.jobId, JobState.Disputed);
        _try(f.jobId, DisputeKind.BadEnvelope);
    }

    function test_Challenge_ForgedAnswerWithoutAnAudit_Reverts() public {
        bytes32 jobId = _revealedJob(TENSOR);
        _expectNotChallengeable(jobId, JobState.Revealed);
        _try(jobId, DisputeKind.ForgedAnswer);
    }

    function test_Challenge_Twice_RevertsWhileTheFirstIsOpen() public {
        DisputeFacts memory f = _unavailable();
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__AlreadyChallenged.selector, f.jobId, challenger
            )
        );
        _try(f.jobId, DisputeKind.Unavailable);
        DisputeFacts memory g = _challenge(f.jobId, client, DisputeKind.Unavailable);
        assertEq(g.disputeId, 2);
    }

    function test_Challenge_WithAnotherSpecOrOpening_Reverts() public {
        bytes32 jobId = _revealedJob(TENSOR);
        JobSpec memory spec = _jobSpec(TENSOR);
        Opening memory opening = _openingOf(lastSeed);
        AuditFacts memory audit;
        spec.batch = 9;
        vm.expectPartialRevert(IJobMarket.JobMarket__WrongSpec.selector);
        vm.prank(challenger);
        disputes.challenge(jobId, DisputeKind.WrongOutput, spec, lastSalt, opening, audit);
        spec.batch = 8;
        opening.outRoot = 0;
        vm.expectPartialRevert(IJobMarket.JobMarket__WrongOpening.selector);
        vm.prank(challenger);
        disputes.challenge(jobId, DisputeKind.WrongOutput, spec, lastSalt, opening, audit);
        audit.jobId = jobId;
        opening = _openingOf(lastSeed);
        _expectWrongJob(jobId);
        vm.prank(challenger);
        disputes.challenge(jobId, DisputeKind.WrongOutput, spec, lastSalt, opening, audit);
    }

    function test_Challenge_OfAnAuditedJobWithOtherFacts_Reverts() public {
        (bytes32 jobId,) = _passedJob();
        _expectWrongJob(jobId);
        _try(jobId, DisputeKind.WrongOutput);
        AuditFacts memory audit = lastAudit;
        audit.slots = 2;
        JobSpec memory spec = _jobSpec(TENSOR);
        Opening memory opening = _openingOf(lastSeed);
        _expectWrongJob(jobId);
        vm.prank(challenger);
        disputes.challenge(jobId, DisputeKind.WrongOutput, spec, lastSalt, opening, audit);
    }

    function _expectWrongJob(bytes32 jobId) private {
        vm.expectRevert(
            abi.encodeWithSelector(IDisputeCourt.DisputeCourt__WrongJob.selector, jobId)
        );
    }

    function test_Challenge_WithoutMoney_Reverts() public {
        bytes32 jobId = _revealedJob(TENSOR);
        JobSpec memory spec = _jobSpec(TENSOR);
        Opening memory opening = _openingOf(lastSeed);
        AuditFacts memory audit;
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__InsufficientFree.selector, other, 0, BOND
            )
        );
        vm.prank(other);
        disputes.challenge(jobId, DisputeKind.WrongOutput, spec, lastSalt, opening, audit);
    }

    function test_Challenge_OfAClassWithoutCertificate_Reverts() public {
        // No such job can be opened; the market is made to tell of one.
        bytes32 jobId = _revealedJob(TENSOR);
        for (uint8 class = 2; class < 4; ++class) {
            bytes memory job = abi.encode(market.job(jobId));
            job[3 * 32 + 31] = bytes1(class);
            vm.mockCall(address(market), abi.encodeCall(market.job, (jobId)), job);
            _expectNotChallengeable(jobId, JobState.None);
            _try(jobId, DisputeKind.WrongOutput);
            vm.clearMockedCalls();
        }
    }

    function test_OpenContest_ByOthers_Reverts() public {
        AuditFacts memory audit;
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__OnlyAuditCourt.selector, address(this)
            )
        );
        disputes.openContest(audit, 0, new address[](1), 1);
    }

    function test_OpenContest_OneDisputeForEveryFailingAuditor() public {
        (DisputeFacts memory f, DisputeFacts memory g) = _contested();
        assertEq(disputes.openCountOf(f.jobId), 2);
        assertTrue(audits.wasDrawn(f.jobId, f.challenger));
        assertTrue(f.challenger != g.challenger);
        assertEq(f.outRoot, _opening(0).outRoot);
        assertEq(f.windowEnd, block.timestamp + 1_800);
        assertEq(market.job(f.jobId).deadline, block.timestamp + Params.AUDIT_BACKSTOP_S);
        assertEq(_court(), 0);
        _assertPhase(f, DisputePhase.Trace);
        _assertPhase(g, DisputePhase.Trace);
        _challenge(f.jobId, challenger, DisputeKind.BadEnvelope); // independent of the contest
    }

    function test_Views_NameTheOtherContracts() public view {
        assertEq(disputes.market(), address(market));
        assertEq(disputes.stakeManager(), address(stakes));
        assertEq(disputes.registry(), address(registry));
        assertEq(disputes.auditCourt(), address(audits));
        assertEq(disputes.beacon(), address(beacon));
        assertEq(disputes.refereeDraw().stakeManager(), address(stakes));
        assertEq(disputes.refereeDraw().auditCourt(), address(audits));
        assertEq(disputes.traceCheck().market(), address(market));
    }

    function test_OtherFacts_Revert() public {
        DisputeFacts memory f = _unavailable();
        bytes32 needed = keccak256(abi.encode(f));
        f.lock += 1;
        bytes memory expected = abi.encodeWithSelector(
            IDisputeCourt.DisputeCourt__UnknownDispute.selector,
            f.disputeId,
            keccak256(abi.encode(f)),
            needed
        );
        vm.expectRevert(expected);
        disputes.advance(f);
        vm.expectRevert(expected);
        disputes.drawReferees(f);
        vm.expectRevert(expected);
        disputes.appeal(f);
        vm.expectRevert(expected);
        disputes.bookSlash(f);
        vm.expectRevert(expected);
        disputes.closeReferee(f, 0, 0);
    }
}
