// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeCourt} from "../../contracts/interfaces/IDisputeCourt.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {
    DisputeFacts, DisputeKind, DisputePhase, Referee, RefereeVote
} from "../../contracts/types/Dispute.sol";
import {JobState} from "../../contracts/types/Job.sol";
import {DisputeBase} from "./DisputeBase.sol";

/// @notice See DisputeEnding.tree.
contract DisputeEndingTest is DisputeBase {
    uint256 private constant SLASH = 20e18 + 500e18; // lock and 5 % of STAKE
    uint256 private constant FORGERY = 20e18 + 5_000e18;

    function _closeAll(DisputeFacts memory f, uint8 level) private {
        uint256 count = disputes.refereesOf(f.disputeId, level).length;
        for (uint256 i; i < count; ++i) {
            disputes.closeReferee(f, level, i);
        }
    }

    function _finalize(DisputeFacts memory f) private {
        vm.warp(block.timestamp + Params.SLASH_HOLD_S);
        stakes.finalizeSlash(f.jobId);
    }

    function _expectNothingDue(DisputeFacts memory f, address payee) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__NothingDue.selector, f.disputeId, payee
            )
        );
    }

    function _expectNothingToBook(DisputeFacts memory f) private {
        vm.expectRevert(
            abi.encodeWithSelector(IDisputeCourt.DisputeCourt__NothingToBook.selector, f.disputeId)
        );
    }

    // --- guilty ---

    function test_Guilty_RefundsReturnsTheBondAndBooksTheSlash() public {
        DisputeFacts memory f = _pointed();
        uint256 before = market.freeOf(client);
        _judge(f, RefereeVote.Guilty);
        _assertState(f.jobId, JobState.Rejected);
        _assertPhase(f, DisputePhase.Guilty);
        assertEq(market.freeOf(client) - before, PRICE, "refund");
        assertEq(market.freeOf(challenger), DEPOSIT, "bond back");
        assertEq(_court(), 0, "court");
        (address who, uint256 amount,) = stakes.heldSlashOf(f.jobId);
        assertEq(who, provider);
        assertEq(amount, SLASH);
        assertEq(_own(), STAKE - SLASH, "own");
        assertEq(_locked(), 0, "locked");
        assertEq(disputes.openCountOf(f.jobId), 0);
    }

    function test_Guilty_AfterTheHoldTheRefereesShareExactly() public {
        DisputeFacts memory f = _pointed();
        _judge(f, RefereeVote.Guilty);
        Referee[] memory sitting = disputes.refereesOf(f.disputeId, 0);
        _expectNothingDue(f, sitting[0].owner);
        disputes.closeReferee(f, 0, 0);
        _finalize(f);
        uint256 judges = (SLASH * 1_500) / 10_000;
        assertEq(_court(), judges, "judges' share");
        assertEq(market.freeOf(challenger) - DEPOSIT, 5 * PRICE, "finder: capped at five prices");
        _closeAll(f, 0);
        assertEq(_court(), 0, "nothing stays");
        uint256 sum;
        for (uint256 i; i < sitting.length; ++i) {
            uint256 earned = market.earnedOf(sitting[i].owner);
            sum += earned;
            assertApproxEqAbs(earned, (judges * sitting[i].weight) / 7, 7, "by weight");
            assertTrue(disputes.refereesOf(f.disputeId, 0)[i].isPaid);
        }
        assertEq(sum, judges, "to the wei");
        _expectNothingDue(f, sitting[0].owner);
        disputes.closeReferee(f, 0, 0);
    }

    function test_Guilty_MinorityAndNoShowsLoseStake() public {
        DisputeFacts memory f = _pointed();
        _sit(f, RefereeVote.Unavailable, 1, RefereeVote.Clear);
        _missPhase(f);
        disputes.advance(f);
        Referee memory odd = disputes.refereesOf(f.disputeId, 0)[0];
        uint256 own = stakes.stakeOf(odd.owner).own;
        disputes.closeReferee(f, 0, 0); // needs no finalized slash
        assertEq(own - stakes.stakeOf(odd.owner).own, 50e18 * uint256(odd.weight), "5 % of a seat");
        _assertState(f.jobId, JobState.Rejected);
    }

    function test_Guilty_OfAForgeryTakesHalfTheStake_AndOnlyAnAuditorIsFinder() public {
        (bytes32 jobId,) = _passedJob();
        DisputeFacts memory f = _challenge(jobId, challenger, DisputeKind.ForgedAnswer);
        assertTrue(f.isDrawn);
        _judge(f, RefereeVote.Guilty);
        (, uint256 amount,) = stakes.heldSlashOf(jobId);
        assertEq(amount, FORGERY);
        _finalize(f);
        assertEq(market.freeOf(challenger), DEPOSIT, "a stranger finds nothing in an audited job");
    }

    function test_Guilty_TheDrawnAuditorIsFinder() public {
        (bytes32 jobId, address auditor) = _passedJob();
        _fundClient(auditor);
        DisputeFacts memory f = _challenge(jobId, auditor, DisputeKind.ForgedAnswer);
        uint256 before = market.freeOf(auditor) + BOND;
        _judge(f, RefereeVote.Guilty);
        _finalize(f);
        assertEq(market.freeOf(auditor) - before, 5 * PRICE, "finder");
    }

    function test_Guilty_OthersBecomeDroppedWithTheirBonds() public {
        bytes32 jobId = _revealedJob(TENSOR);
        DisputeFacts memory f = _challenge(jobId, challenger, DisputeKind.Unavailable);
        DisputeFacts memory g = _challenge(jobId, challenger, DisputeKind.BadEnvelope);
        assertEq(disputes.openCountOf(jobId), 2);
        assertEq(_court(), 2 * BOND);
        _judge(f, RefereeVote.Guilty);
        disputes.advance(g);
        _assertPhase(g, DisputePhase.Dropped);
        assertEq(market.freeOf(challenger), DEPOSIT);
        assertEq(_court(), 0);
        vm.expectRevert();
        disputes.closeReferee(g, 0, 0);
        _expectWrongPhase(g, DisputePhase.Dropped, DisputePhase.None);
        disputes.advance(g);
    }

    // --- booking ---

    function test_BookSlash_RepeatsWhatFailed() public {
        DisputeFacts memory f = _pointed();
        _expectNothingToBook(f);
        disputes.bookSlash(f);
        _sit(f, RefereeVote.Guilty, 0, RefereeVote.Guilty);
        _missPhase(f);
        vm.mockCallRevert(
            address(stakes), abi.encodeWithSelector(IStakeManager.bookSlash.selector), "no"
        );
        vm.expectEmit(address(disputes));
        emit IDisputeCourt.DisputeSlashFailed(f.disputeId);
        disputes.advance(f);
        _assertState(f.jobId, JobState.Rejected);
        assertEq(market.freeOf(client), DEPOSIT, "refunded whatever happens");
        address first = disputes.refereesOf(f.disputeId, 0)[0].owner;
        _expectNothingDue(f, first);
        disputes.closeReferee(f, 0, 0);
        vm.clearMockedCalls();
        vm.prank(other);
        disputes.bookSlash(f);
        (, uint256 amount,) = stakes.heldSlashOf(f.jobId);
        assertEq(amount, SLASH);
        _expectNothingToBook(f);
        disputes.bookSlash(f);
        _finalize(f);
        _closeAll(f, 0);
        assertEq(_court(), 0);
    }

    // --- clear ---

    function test_Clear_SplitsTheBondAndLetsTheJobSettle() public {
        DisputeFacts memory f = _pointed();
        _judge(f, RefereeVote.Clear);
        _assertPhase(f, DisputePhase.Clear);
        _assertState(f.jobId, JobState.Accepted); // the window ran meanwhile
        assertEq(market.earnedOf(provider), BOND / 2, "half to the provider");
        assertEq(_court(), BOND / 2, "half for the referees");
        _closeAll(f, 0);
        assertEq(_court(), 0);
        market.settle(f.jobId);
        assertEq(market.earnedOf(provider), BOND / 2 + PRICE);
        assertEq(_locked(), 0);
        assertEq(_own(), STAKE);
    }

    function test_Clear_InsideTheWindow_TheJobIsRevealedAgain_AndCanBeChallenged() public {
        DisputeFacts memory f = _unavailable();
        _sit(f, RefereeVote.Clear, 0, RefereeVote.Clear);
        _missPhase(f);
        disputes.advance(f); // 1,800 s of appeal end with the window, but for a second
        assertEq(market.job(f.jobId).deadline, f.windowEnd);
    }

    function test_Clear_WithAnotherOpen_TheJobStaysDisputed() public {
        bytes32 jobId = _revealedJob(TENSOR);
        DisputeFacts memory f = _challenge(jobId, challenger, DisputeKind.Unavailable);
        DisputeFacts memory g = _challenge(jobId, challenger, DisputeKind.BadEnvelope);
        _judge(f, RefereeVote.Clear);
        _assertState(jobId, JobState.Disputed);
        _judge(g, RefereeVote.Clear);
        _assertState(jobId, JobState.Accepted);
    }

    // --- undecided and dropped ---

    function test_Undecided_AtTheLastLevel_InvalidatesAndReturnsEverything() public {
        DisputeFacts memory f = _unavailable();
        for (uint256 level; level < 3; ++level) {
            assertEq(_level(f), level);
            _sit(f, RefereeVote.Abstain, 0, RefereeVote.Abstain);
        }
        _assertPhase(f, DisputePhase.Appeal);
        vm.prank(challenger);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__CannotAppeal.selector, f.disputeId, challenger
            )
        );
        disputes.appeal(f);
        disputes.advance(f); // at once
        _assertPhase(f, DisputePhase.Undecided);
        _assertState(f.jobId, JobState.Invalid);
        assertEq(market.freeOf(client), DEPOSIT);
        assertEq(market.freeOf(challenger), DEPOSIT);
        assertEq(_own(), STAKE);
        assertEq(_locked(), 0);
        _closeAll(f, 2); // abstaining costs nothing
        assertEq(_court(), 0);
    }

    function test_Dropped_WhenTheMarketEndedTheJob() public {
        DisputeFacts memory f = _pointed();
        _miss(f.jobId); // the backstop
        disputes.advance(f);
        _assertPhase(f, DisputePhase.Dropped);
        assertEq(market.freeOf(challenger), DEPOSIT);
        market.expire(f.jobId);
        _assertState(f.jobId, JobState.RefereeTimeout);
        assertEq(market.freeOf(client), DEPOSIT);
        assertEq(_locked(), 0);
        assertEq(_court(), 0);
    }

    // --- time-outs of the parties ---

    function test_NoTrace_ConvictsAndTheJudgesShareIsTheAuditPools() public {
        DisputeFacts memory f = _wrongOutput();
        _expectNotPassed(f);
        disputes.advance(f);
        _missPhase(f);
        disputes.advance(f);
        _assertState(f.jobId, JobState.ProviderTraceTimeout);
        assertEq(market.freeOf(client), DEPOSIT);
        assertEq(market.freeOf(challenger), DEPOSIT);
        assertEq(_own(), STAKE - SLASH);
        _expectNothingDue(f, address(audits));
        disputes.closeReferee(f, 0, 0);
        _finalize(f);
        uint256 pool = _pool();
        disputes.closeReferee(f, 0, 0);
        assertEq(_pool() - pool, (SLASH * 1_500) / 10_000);
        assertEq(_court(), 0);
        _expectNothingDue(f, address(audits));
        disputes.closeReferee(f, 0, 0);
    }

    function test_NoPoint_TheChallengerLosesItsBond() public {
        DisputeFacts memory f = _traced();
        _expectNotPassed(f);
        disputes.advance(f);
        uint256 pool = _pool();
        _missPhase(f);
        disputes.advance(f);
        _assertPhase(f, DisputePhase.Dropped);
        _assertState(f.jobId, JobState.Accepted);
        assertEq(market.earnedOf(provider), BOND / 2);
        assertEq(_pool() - pool, BOND / 2);
        assertEq(_court(), 0);
    }

    // --- appeals ---

    function test_Appeal_TheProviderWins_AndTheFirstMajorityPays() public {
        DisputeFacts memory f = _pointed();
        _sit(f, RefereeVote.Guilty, 0, RefereeVote.Guilty);
        uint256 lockedBefore = _locked();
        vm.prank(operator);
        disputes.appeal(f);
        assertEq(_locked() - lockedBefore, 2 * BOND, "doubled bond");
        assertEq(_level(f), 1);
        _sit(f, RefereeVote.Clear, 0, RefereeVote.Clear);
        _missPhase(f);
        disputes.advance(f);
        _assertPhase(f, DisputePhase.Clear);
        market.settle(f.jobId);
        assertEq(_locked(), 0, "bond and lock free");
        address first = disputes.refereesOf(f.disputeId, 0)[0].owner;
        uint256 own = stakes.stakeOf(first).own;
        disputes.closeReferee(f, 0, 0);
        assertLt(stakes.stakeOf(first).own, own, "minority in the end");
        _closeAll(f, 1);
        assertEq(_court(), 0);
    }

    function test_Appeal_TheProviderLosesAgain_TheBondIsSlashedToo() public {
        DisputeFacts memory f = _pointed();
        _sit(f, RefereeVote.Guilty, 0, RefereeVote.Guilty);
        vm.prank(operator);
        disputes.appeal(f);
        _judge(f, RefereeVote.Guilty);
        (, uint256 amount,) = stakes.heldSlashOf(f.jobId);
        assertEq(amount, SLASH + 2 * BOND);
        assertEq(_locked(), 0);
        _finalize(f);
        _closeAll(f, 0);
        _closeAll(f, 1);
        assertEq(_court(), 0, "both levels share");
    }

    function test_Appeal_TheChallengerLosesTwice() public {
        DisputeFacts memory f = _pointed();
        _sit(f, RefereeVote.Clear, 0, RefereeVote.Clear);
        vm.prank(challenger);
        disputes.appeal(f);
        assertEq(_court(), 3 * BOND);
        _sit(f, RefereeVote.Clear, 0, RefereeVote.Clear);
        vm.prank(challenger);
        disputes.appeal(f);
        assertEq(_court(), 7 * BOND);
        _sit(f, RefereeVote.Clear, 0, RefereeVote.Clear);
        disputes.advance(f); // the last level waits for nobody
        assertEq(market.earnedOf(provider), (7 * BOND) / 2);
        for (uint8 level; level < 3; ++level) {
            _closeAll(f, level);
        }
        assertEq(_court(), 0);
    }
}
