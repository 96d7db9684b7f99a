// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {IRandomnessBeacon} from "../../contracts/interfaces/IRandomnessBeacon.sol";
import {Job, JobState} from "../../contracts/types/Job.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice See Duties.tree.
contract DutiesTest is MarketBase {
    function _expectNotOperator(address caller) private {
        vm.prank(caller);
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__NotOperator.selector, provider, caller)
        );
    }

    function _drawAndReveal(bytes32 jobId) private {
        vm.prank(operator);
        market.drawAndReveal(jobId, _opening(0));
    }

    function _nameRound(uint64 round) private {
        vm.mockCall(address(beacon), abi.encodeCall(IRandomnessBeacon.request, ()), abi.encode(round));
    }

    function _expectRoundTooHigh(uint64 round) private {
        vm.expectRevert(
            abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 32, round)
        );
    }

    // --- commit ---

    function test_Commit_GivenNotAssigned_Reverts() public {
        bytes32 jobId = _committed();
        _expectWrongState(jobId, JobState.Committed, JobState.Assigned);
        vm.prank(operator);
        market.commit(jobId, "c", 0, new bytes(4));
        jobId = _posted();
        _miss(jobId);
        _expectWrongState(jobId, JobState.Unmatched, JobState.Assigned);
        vm.prank(operator);
        market.commit(jobId, "c", 0, new bytes(4));
    }

    function test_Commit_AtTheDeadlineStillAndLaterNot() public {
        bytes32 first = _assigned();
        bytes32 second = _assigned();
        vm.warp(market.job(first).deadline);
        _commit(first);
        _miss(second);
        _expectDeadlinePassed(second);
        vm.prank(operator);
        market.commit(second, "c", 0, new bytes(4));
    }

    function test_Commit_WhenNotCalledByTheOperator_Reverts() public {
        bytes32 jobId = _assigned();
        _expectNotOperator(provider);
        market.commit(jobId, "c", 0, new bytes(4));
    }

    function test_Commit_WhenZero_Reverts() public {
        bytes32 jobId = _assigned();
        vm.prank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__ZeroCommitment.selector, jobId)
        );
        market.commit(jobId, 0, 0, new bytes(4));
    }

    function testFuzz_Commit_WhenTheCidHasABadLength_Reverts(uint256 length) public {
        length = length % 2 == 0 ? bound(length, 0, 3) : bound(length, 129, 400);
        bytes32 jobId = _assigned();
        vm.prank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__BadCid.selector, length, 128)
        );
        market.commit(jobId, "c", 0, new bytes(length));
    }

    function testFuzz_Commit_BindsAndRequestsARound(bytes32 commitment, int8 shift) public {
        vm.assume(commitment != 0);
        shift = int8(bound(shift, -16, 16));
        bytes32 jobId = _assigned();
        bytes memory cid = new bytes(36);
        uint64 round = uint64(block.number + 2);
        vm.expectEmit(address(market));
        emit IJobMarket.JobCommitted(jobId, commitment, shift, cid, round, START + 1 hours);
        vm.prank(operator);
        market.commit(jobId, commitment, shift, cid);
        Job memory j = market.job(jobId);
        assertEq(j.binding, commitment);
        assertEq(j.shift, shift);
        assertEq(j.beaconRound, round);
        assertEq(j.deadline, START + 1 hours);
        _assertState(jobId, JobState.Committed);
    }

    function testFuzz_Commit_WhenTheShiftIsOutOfRange_Reverts(int8 shift) public {
        vm.assume(shift < -16 || shift > 16);
        bytes32 jobId = _assigned();
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__BadShift.selector, jobId, shift)
        );
        vm.prank(operator);
        market.commit(jobId, "c", shift, new bytes(4));
    }

    function testFuzz_Commit_GivenARoundTheRecordCannotHold_Reverts(uint64 round) public {
        round = uint64(bound(round, 1 << 32, type(uint64).max));
        bytes32 jobId = _assigned();
        _nameRound(round);
        _expectRoundTooHigh(round);
        vm.prank(operator);
        market.commit(jobId, "c", 0, new bytes(4));
        _nameRound(type(uint32).max);
        vm.prank(operator);
        market.commit(jobId, "c", 0, new bytes(4));
        assertEq(market.job(jobId).beaconRound, type(uint32).max);
    }

    // --- draw ---

    function test_Draw_GivenTheNewRoundIsOneTheRecordCannotHold_Reverts() public {
        bytes32 jobId = _committed();
        vm.roll(block.number + 2 + 257);
        _nameRound(1 << 32);
        _expectRoundTooHigh(1 << 32);
        market.draw(jobId);
    }

    function test_Draw_GivenNotCommitted_Reverts() public {
        bytes32 jobId = _assigned();
        _expectWrongState(jobId, JobState.Assigned, JobState.Committed);
        market.draw(jobId);
    }

    function test_Draw_AtTheDeadlineStillAndLaterNot() public {
        bytes32 jobId = _committed();
        _readyRound();
        _miss(jobId);
        _expectDeadlinePassed(jobId);
        market.draw(jobId);
        vm.warp(block.timestamp - 1);
        market.draw(jobId);
    }

    function testFuzz_Draw_GivenTheBlockIsNotMined_Reverts(uint256 blocks) public {
        blocks = bound(blocks, 0, 2);
        bytes32 jobId = _committed();
        uint64 round = market.job(jobId).beaconRound;
        vm.roll(block.number + blocks);
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__RoundPending.selector, jobId, round)
        );
        market.draw(jobId);
    }

    function test_Draw_GivenTheRoundLapsed_RequestsANewOne() public {
        bytes32 jobId = _committed();
        Job memory before = market.job(jobId);
        vm.roll(block.number + 2 + 257);
        uint64 round = uint64(block.number + 2);
        vm.expectEmit(address(market));
        emit IJobMarket.DrawRenewed(jobId, round);
        market.draw(jobId);
        Job memory j = market.job(jobId);
        assertEq(j.beaconRound, round);
        assertEq(j.binding, before.binding);
        assertEq(j.deadline, before.deadline, "time does not start again");
        _readyRound();
        _drawAndReveal(jobId);
        _assertState(jobId, JobState.Revealed);
    }

    function test_Draw_GivenDrawn_Reverts() public {
        (bytes32 jobId,) = _drawn();
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__AlreadyDrawn.selector, jobId)
        );
        market.draw(jobId);
    }

    function testFuzz_Draw_ByAnyone_FixesTheSeedOfPublicValues(address caller, uint8 late) public {
        bytes32 jobId = _committed();
        vm.roll(block.number + 3 + late);
        vm.warp(block.timestamp + 12 * (3 + uint256(late)));
        bytes32 seed0 = _seed0(jobId);
        bytes32 binding = keccak256(abi.encode(_commitment(jobId, provider), seed0));
        uint256 deadline = block.timestamp + 15 minutes;
        vm.expectEmit(address(market));
        emit IJobMarket.SeedDrawn(jobId, seed0, false, deadline);
        vm.prank(caller);
        market.draw(jobId);
        Job memory j = market.job(jobId);
        assertEq(j.binding, binding);
        assertEq(j.beaconRound, 0);
        assertEq(j.deadline, deadline);
        _assertState(jobId, JobState.Committed);
    }
}
