// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeCourt} from "../../contracts/interfaces/IDisputeCourt.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {
    DisputeFacts, DisputeKind, DisputePhase, Referee, RefereeVote
} from "../../contracts/types/Dispute.sol";
import {DisputeBase} from "./DisputeBase.sol";

/// @notice See DisputeVoting.tree.
contract DisputeVotingTest is DisputeBase {
    function _expectNotReferee(DisputeFacts memory f, address owner) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__NotReferee.selector, f.disputeId, owner
            )
        );
    }

    function _weight(DisputeFacts memory f) private view returns (uint256 sum) {
        Referee[] memory sitting = _referees(f);
        for (uint256 i; i < sitting.length; ++i) {
            sum += sitting[i].weight;
        }
    }

    /// @dev All owners commit, up to a weight; returns how many did.
    function _commitUpTo(DisputeFacts memory f, uint256 weight, RefereeVote vote)
        private
        returns (uint256 count)
    {
        Referee[] memory sitting = _referees(f);
        uint256 sum;
        while (count < sitting.length && sum + sitting[count].weight <= weight) {
            sum += sitting[count].weight;
            _commitVote(f, sitting[count++].owner, vote);
        }
    }

    // --- the draw ---

    function test_Draw_FollowsPublicValues() public {
        DisputeFacts memory f = _unavailable();
        _expectWrongPhase(f, DisputePhase.Seating, DisputePhase.None);
        disputes.advance(f);
        (,,,, uint64 round) = disputes.disputeOf(f.disputeId);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__RoundPending.selector, f.disputeId, round
            )
        );
        disputes.drawReferees(f);
        _draw(f);
        Referee[] memory sitting = _referees(f);
        assertEq(_weight(f), 7);
        _assertPhase(f, DisputePhase.Vote);
        assertEq(_deadline(f), block.timestamp + Params.VOTE_PERIOD_S);
        uint256 seen;
        for (uint256 attempt; attempt < 7; ++attempt) {
            uint256 index = uint256(
                keccak256(abi.encode(blockhash(round), "referee", f.disputeId, 0, attempt))
            ) % 24;
            (address owner,,) = stakes.seatAt(CPU, index);
            for (uint256 i; i < sitting.length; ++i) {
                if (sitting[i].owner == owner) ++seen;
            }
        }
        assertEq(seen, 7, "every attempt hit one of them");
        _expectWrongPhase(f, DisputePhase.Vote, DisputePhase.Seating);
        disputes.drawReferees(f);
    }

    function test_Draw_LeavesOutPartiesAndAuditors() public {
        (bytes32 jobId, address auditor) = _passedJob();
        _fundClient(_referee(0));
        for (uint8 kind = 1; kind < 4; ++kind) {
            DisputeFacts memory f = _challenge(jobId, _referee(0), DisputeKind(kind));
            _draw(f);
            Referee[] memory sitting = _referees(f);
            for (uint256 i; i < sitting.length; ++i) {
                assertTrue(sitting[i].owner != auditor, "auditor");
                assertTrue(sitting[i].owner != _referee(0), "challenger");
            }
        }
    }

    function test_Draw_LeavesOutSeatsThatLeftBefore() public {
        uint256[] memory seats = new uint256[](2);
        for (uint256 i; i < OWNERS - 1; ++i) {
            // Pools alternate: seats of an owner in a pool are 2i and 2i + 1.
            (seats[0], seats[1]) = (2 * i, 2 * i + 1);
            if (i > 0) {
                vm.prank(_referee(i));
                stakes.leaveSeats(CPU, seats);
            }
            if (i == 5) vm.warp(block.timestamp + 2);
        }
        vm.warp(block.timestamp + 2);
        DisputeFacts memory f = _expectTwoOwners();
        assertLe(_referees(f).length, 2);
        assertEq(_weight(f), 7, "weights make up for it");
    }

    function _expectTwoOwners() private returns (DisputeFacts memory f) {
        // The job was assigned to a pool of the full size: the policy looks at assignment only.
        vm.mockCall(
            address(stakes), abi.encodeWithSignature("poolOf(bytes12)", CPU), abi.encode(24, 12)
        );
        f = _unavailable();
        vm.clearMockedCalls();
        _draw(f);
    }

    function test_Draw_FromAnEmptyPool_IsUndecided() public {
        for (uint256 i; i < OWNERS; ++i) {
            uint256[] memory seats = new uint256[](2);
            (seats[0], seats[1]) = (2 * i, 2 * i + 1);
            vm.prank(_referee(i));
            stakes.leaveSeats(CPU, seats);
        }
        vm.warp(block.timestamp + 2);
        DisputeFacts memory f = _expectTwoOwners();
        _assertPhase(f, DisputePhase.Undecided);
        assertEq(market.freeOf(challenger), DEPOSIT);
    }

    function test_Draw_GivenTheRoundLapsed_AsksForAnother() public {
        DisputeFacts memory f = _unavailable();
        vm.roll(block.number + 300);
        disputes.drawReferees(f);
        (,,,, uint64 round) = disputes.disputeOf(f.disputeId);
        assertEq(round, block.number + 2);
        _assertPhase(f, DisputePhase.Seating);
        _draw(f);
        _assertPhase(f, DisputePhase.Vote);
    }

    // --- commitVote ---

    function test_CommitVote_TheLastOneOpensTheReveal() public {
        DisputeFacts memory f = _unavailable();
        _draw(f);
        uint256 count = _commitUpTo(f, 7, RefereeVote.Clear);
        assertEq(count, _referees(f).length);
        _assertPhase(f, DisputePhase.VoteReveal);
        assertEq(_deadline(f), block.timestamp + Params.VOTE_REVEAL_PERIOD_S);
    }

    function test_CommitVote_Refusals() public {
        DisputeFacts memory f = _unavailable();
        address owner = _referee(0);
        _expectWrongPhase(f, DisputePhase.Seating, DisputePhase.Vote);
        vm.prank(_hotKey(owner));
        disputes.commitVote(f, owner, "c");
        _draw(f);
        owner = _referees(f)[0].owner;
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__NotOperator.selector, owner, owner
            )
        );
        vm.prank(owner);
        disputes.commitVote(f, owner, "c");
        _expectNotReferee(f, provider);
        vm.prank(operator);
        disputes.commitVote(f, provider, "c");
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__ZeroCommitment.selector, f.disputeId
            )
        );
        vm.prank(_hotKey(owner));
        disputes.commitVote(f, owner, 0);
        _commitVote(f, owner, RefereeVote.Guilty);
        _expectNotReferee(f, owner);
        vm.prank(_hotKey(owner));
        disputes.commitVote(f, owner, "again");
        address next = _referees(f)[1].owner;
        vm.warp(_deadline(f) + 1);
        _expectPassed(f);
        vm.prank(_hotKey(next));
        disputes.commitVote(f, next, "c");
    }

    // --- revealVote ---

    function test_RevealVote_Refusals() public {
        DisputeFacts memory f = _unavailable();
        _draw(f);
        address owner = _referees(f)[0].owner;
        address idle = _referees(f)[1].owner;
        _expectWrongPhase(f, DisputePhase.Vote, DisputePhase.VoteReveal);
        _revealVote(f, owner, RefereeVote.Clear);
        _commitVote(f, owner, RefereeVote.Clear);
        _commitVote(f, _referees(f)[2].owner, RefereeVote.Clear);
        _expectNotPassed(f);
        disputes.advance(f);
        _missPhase(f);
        disputes.advance(f);
        _assertPhase(f, DisputePhase.VoteReveal);
        vm.expectRevert(
            abi.encodeWithSelector(IDisputeCourt.DisputeCourt__BadVote.selector, f.disputeId)
        );
        _revealVote(f, owner, RefereeVote.None);
        _expectNotReferee(f, idle);
        _revealVote(f, idle, RefereeVote.Clear);
        bytes32 found = _voteHash(f, 0, owner, RefereeVote.Guilty);
        bytes32 needed = _voteHash(f, 0, owner, RefereeVote.Clear);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__WrongOpening.selector,
                f.disputeId,
                bytes32(bytes30(found)),
                bytes32(bytes30(needed))
            )
        );
        _revealVote(f, owner, RefereeVote.Guilty);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__NotOperator.selector, owner, other
            )
        );
        vm.prank(other);
        disputes.revealVote(f, owner, RefereeVote.Clear, VOTE_SALT);
        _revealVote(f, owner, RefereeVote.Clear);
        _expectNotReferee(f, owner);
        _revealVote(f, owner, RefereeVote.Clear);
        address last = _referees(f)[2].owner;
        vm.warp(_deadline(f) + 1);
        _expectPassed(f);
        _revealVote(f, last, RefereeVote.Clear);
    }

    // --- counting ---

    function test_Tally_AVerdictWaitsForAnAppeal() public {
        DisputeFacts memory f = _unavailable();
        _sit(f, RefereeVote.Unavailable, 0, RefereeVote.None);
        _assertPhase(f, DisputePhase.Appeal);
        assertEq(_deadline(f), block.timestamp + Params.APPEAL_PERIOD_S);
        _expectNotPassed(f);
        disputes.advance(f);
    }

    function test_Tally_MostlyAbstaining_Escalates() public {
        DisputeFacts memory f = _unavailable();
        _sit(f, RefereeVote.Abstain, 1, RefereeVote.Guilty);
        assertEq(_level(f), 1);
        _assertPhase(f, DisputePhase.Seating);
        _draw(f);
        assertEq(_weight(f), 21);
    }

    function test_Tally_WithoutAQuorum_SitsOnceMoreWithOthers_ThenEscalates() public {
        DisputeFacts memory f = _unavailable();
        _draw(f);
        Referee[] memory first = _referees(f);
        uint256 count = _commitUpTo(f, 3, RefereeVote.Guilty);
        assertGt(count, 0);
        _missPhase(f);
        disputes.advance(f);
        for (uint256 i; i + 1 < count; ++i) {
            _revealVote(f, first[i].owner, RefereeVote.Guilty);
        }
        _expectNotPassed(f);
        disputes.advance(f);
        _missPhase(f);
        disputes.advance(f);
        _assertPhase(f, DisputePhase.Seating);
        assertEq(_level(f), 0, "the same level");
        _draw(f);
        Referee[] memory both = _referees(f);
        assertGt(both.length, first.length);
        for (uint256 i; i < first.length; ++i) {
            assertEq(both[i].owner, first[i].owner, "appended");
            for (uint256 j = first.length; j < both.length; ++j) {
                assertTrue(both[j].owner != first[i].owner, "others");
            }
        }
        // Who sat before cannot act in the second sitting.
        _expectNotReferee(f, first[0].owner);
        vm.prank(_hotKey(first[0].owner));
        disputes.commitVote(f, first[0].owner, "c");
        _missPhase(f);
        disputes.advance(f); // nobody committed at all
        assertEq(_level(f), 1);
        _assertPhase(f, DisputePhase.Seating);
        _judge(f, RefereeVote.Guilty);
        _assertPhase(f, DisputePhase.Guilty);
        // All no-shows of both sittings lose a percent of a seat for every vote.
        uint256 last = both.length - 1;
        uint256 own = stakes.stakeOf(both[last].owner).own;
        disputes.closeReferee(f, 0, last);
        assertEq(
            own - stakes.stakeOf(both[last].owner).own, 10e18 * uint256(both[last].weight)
        );
        _expectNotReferee(f, address(0));
        disputes.closeReferee(f, 0, both.length);
    }

    function test_Tally_ASecondSittingWithoutAnybody_Escalates() public {
        DisputeFacts memory f = _unavailable();
        for (uint256 i; i < 2; ++i) {
            _sit(f, RefereeVote.Abstain, 0, RefereeVote.None);
        }
        assertEq(_level(f), 2);
        _draw(f); // 43 seats: all twelve owners
        assertEq(_weight(f), 43);
        _missPhase(f);
        disputes.advance(f);
        _draw(f); // whoever is left, or nobody
        if (_phase(f) == DisputePhase.Vote) {
            _missPhase(f);
            disputes.advance(f);
            disputes.advance(f);
        }
        _assertPhase(f, DisputePhase.Undecided);
    }

    // --- appeal ---

    function test_Appeal_Refusals() public {
        DisputeFacts memory f = _unavailable();
        _expectWrongPhase(f, DisputePhase.Seating, DisputePhase.Appeal);
        disputes.appeal(f);
        _sit(f, RefereeVote.Guilty, 0, RefereeVote.None);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__CannotAppeal.selector, f.disputeId, challenger
            )
        );
        vm.prank(challenger);
        disputes.appeal(f);
        vm.warp(_deadline(f) + 1);
        _expectPassed(f);
        vm.prank(operator);
        disputes.appeal(f);
        vm.warp(_deadline(f));
        vm.prank(operator);
        disputes.appeal(f);
        assertEq(_level(f), 1);
    }
}
