// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Params} from "../../contracts/libraries/Params.sol";
import {
    DisputeFacts, DisputeKind, DisputePhase, RefereeVote
} from "../../contracts/types/Dispute.sol";
import {JobState} from "../../contracts/types/Job.sol";
import {DisputeBase} from "./DisputeBase.sol";

/// @notice See DisputeEnding.tree: contests, and disputes of settled jobs.
contract DisputeContestTest is DisputeBase {
    uint256 private constant SLASH = 20e18 + 500e18; // lock and 5 % of STAKE

    // --- contests ---

    function test_Contest_Cleared_BondsFreeAndTheJobGoesOn() public {
        (DisputeFacts memory f, DisputeFacts memory g) = _contested();
        assertTrue(f.isContest && f.isDrawn);
        assertEq(f.bond, BOND);
        assertEq(_locked(), LOCK + 2 * BOND);
        _post(f, _trace(f));
        _post(g, _trace(g));
        _point(f);
        _judge(f, RefereeVote.Clear);
        _assertState(f.jobId, JobState.Disputed);
        assertEq(_locked(), LOCK + BOND);
        _missPhase(g);
        disputes.advance(g); // its auditor did not point
        _assertPhase(g, DisputePhase.Dropped);
        _assertState(f.jobId, JobState.Accepted);
        assertEq(_locked(), LOCK);
        assertEq(_court(), 0, "no bond of the auditors");
        uint256 count = disputes.refereesOf(f.disputeId, 0).length;
        for (uint256 i; i < count; ++i) {
            disputes.closeReferee(f, 0, i); // nothing to share
        }
        assertEq(_court(), 0);
    }

    function test_Contest_Lost_TakesOneBond() public {
        (DisputeFacts memory f, DisputeFacts memory g) = _contested();
        _missPhase(f);
        disputes.advance(f);
        _assertState(f.jobId, JobState.ProviderTraceTimeout);
        (, uint256 amount,) = stakes.heldSlashOf(f.jobId);
        assertEq(amount, SLASH + BOND);
        disputes.advance(g);
        _assertPhase(g, DisputePhase.Dropped);
        assertEq(_locked(), 0);
        assertEq(_own(), STAKE - SLASH - BOND);
    }

    // --- late ---

    function test_Late_GuiltySlashesWithoutMovingTheJob() public {
        DisputeFacts memory f = _late(DisputeKind.WrongOutput);
        DisputeFacts memory g = _challenge(f.jobId, challenger, DisputeKind.BadEnvelope);
        assertTrue(f.isLate);
        _missPhase(f);
        disputes.advance(f);
        _assertState(f.jobId, JobState.Settled);
        (, uint256 amount,) = stakes.heldSlashOf(f.jobId);
        assertEq(amount, SLASH);
        disputes.advance(g);
        _assertPhase(g, DisputePhase.Dropped);
        assertEq(market.freeOf(challenger), DEPOSIT);
    }

    function test_Late_ClearAndUndecided() public {
        DisputeFacts memory f = _late(DisputeKind.BadEnvelope);
        _judge(f, RefereeVote.Clear);
        _assertState(f.jobId, JobState.Settled);
        f = _late(DisputeKind.BadEnvelope);
        for (uint256 level; level < 3; ++level) {
            _sit(f, RefereeVote.Abstain, 0, RefereeVote.Abstain);
        }
        disputes.advance(f);
        _assertPhase(f, DisputePhase.Undecided);
        _assertState(f.jobId, JobState.Settled);
    }

    function test_Late_TheBackstopDropsIt() public {
        DisputeFacts memory f = _late(DisputeKind.BadEnvelope);
        vm.warp(block.timestamp + Params.AUDIT_BACKSTOP_S);
        _expectWrongPhase(f, DisputePhase.Seating, DisputePhase.None);
        disputes.advance(f);
        vm.warp(block.timestamp + 1);
        disputes.advance(f);
        _assertPhase(f, DisputePhase.Dropped);
        assertEq(market.freeOf(challenger), DEPOSIT);
    }
}
