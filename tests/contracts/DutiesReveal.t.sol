// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {JobSpec, JobState, Opening} from "../../contracts/types/Job.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice See DutiesReveal.tree.
contract DutiesRevealTest is MarketBase {
    function _expectNotOperator(address caller) private {
        vm.prank(caller);
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__NotOperator.selector, provider, caller)
        );
    }

    function _reveal(bytes32 jobId, Opening memory opening) private {
        vm.prank(operator);
        market.reveal(jobId, opening);
    }

    function _drawAndReveal(bytes32 jobId) private {
        vm.prank(operator);
        market.drawAndReveal(jobId, _opening(0));
    }

    // --- reveal ---

    function test_Reveal_GivenNotCommitted_Reverts() public {
        bytes32 jobId = _assigned();
        _expectWrongState(jobId, JobState.Assigned, JobState.Committed);
        _reveal(jobId, _opening(0));
    }

    function test_Reveal_AtTheDeadlineStillAndLaterNot() public {
        (bytes32 jobId, bytes32 seed0) = _drawn();
        _miss(jobId);
        _expectDeadlinePassed(jobId);
        _reveal(jobId, _opening(seed0));
        vm.warp(block.timestamp - 1);
        _reveal(jobId, _opening(seed0));
    }

    function test_Reveal_WhenNotCalledByTheOperator_Reverts() public {
        (bytes32 jobId, bytes32 seed0) = _drawn();
        _expectNotOperator(other);
        market.reveal(jobId, _opening(seed0));
    }

    function test_Reveal_GivenNotDrawn_Reverts() public {
        bytes32 jobId = _committed();
        vm.expectRevert(abi.encodeWithSelector(IJobMarket.JobMarket__NotDrawn.selector, jobId));
        _reveal(jobId, _opening(0));
    }

    function testFuzz_Reveal_WhenAnyPartDiffers_Reverts(uint8 part, uint256 bit) public {
        (bytes32 jobId, bytes32 seed0) = _drawn();
        Opening memory opening = _opening(seed0);
        bytes32 flip = bytes32(uint256(1) << bound(bit, 0, 255));
        part = part % 5;
        if (part == 0) opening.seed0 ^= flip;
        if (part == 1) opening.outRoot ^= flip;
        if (part == 2) opening.resultKey ^= flip;
        if (part == 3) opening.salt ^= flip;
        if (part == 4) opening.envelopeCid[bit % 36] ^= 0x01;
        vm.expectPartialRevert(IJobMarket.JobMarket__WrongOpening.selector);
        _reveal(jobId, opening);
    }

    function testFuzz_Reveal_WhenTheShiftIsNotTheAnnouncedOne_Reverts(int8 shift) public {
        vm.assume(shift != SHIFT);
        (bytes32 jobId, bytes32 seed0) = _drawn();
        Opening memory opening = _opening(seed0);
        opening.shift = shift;
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__BadShift.selector, jobId, shift)
        );
        _reveal(jobId, opening);
    }

    function test_DrawAndReveal_WhenTheShiftIsNotTheAnnouncedOne_Reverts() public {
        bytes32 jobId = _assigned();
        bytes32 commitment = _commitment(jobId, provider); // binds SHIFT
        vm.prank(operator);
        market.commit(jobId, commitment, SHIFT + 1, new bytes(36));
        _readyRound();
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__BadShift.selector, jobId, SHIFT)
        );
        _drawAndReveal(jobId);
    }

    function test_Reveal_WrongOpeningNamesBothBindings() public {
        (bytes32 jobId, bytes32 seed0) = _drawn();
        bytes32 c0 = _commitment(jobId, provider);
        bytes32 wrong = keccak256("wrong seed");
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__WrongOpening.selector,
                jobId,
                keccak256(abi.encode(c0, wrong)),
                keccak256(abi.encode(c0, seed0))
            )
        );
        _reveal(jobId, _opening(wrong));
    }

    function test_Reveal_WhenABadCidWasBound_Reverts() public {
        bytes32 jobId = _assigned();
        Opening memory opening = _opening(0);
        opening.envelopeCid = "cid";
        bytes32 commitment = keccak256(
            abi.encode(
                "NVY/commit/1",
                block.chainid,
                address(market),
                jobId,
                provider,
                opening.outRoot,
                keccak256("cid"),
                keccak256(abi.encode(opening.resultKey)),
                opening.shift,
                opening.salt
            )
        );
        vm.prank(operator);
        market.commit(jobId, commitment, SHIFT, new bytes(36));
        _readyRound();
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IJobMarket.JobMarket__BadCid.selector, 3, 128));
        market.drawAndReveal(jobId, opening);
    }

    function test_Reveal_PublishesAndStartsTheWindow() public {
        (bytes32 jobId, bytes32 seed0) = _drawn();
        Opening memory o = _opening(seed0);
        uint256 deadline = block.timestamp + 1_800;
        vm.expectEmit(address(market));
        emit IJobMarket.JobRevealed(
            jobId, o.outRoot, o.envelopeCid, o.resultKey, seed0, deadline
        );
        _reveal(jobId, o);
        assertEq(market.job(jobId).deadline, deadline);
        _assertState(jobId, JobState.Revealed);
    }

    // --- drawAndReveal ---

    function test_DrawAndReveal_ChecksAsDrawAndRevealDo() public {
        bytes32 jobId = _assigned();
        _expectWrongState(jobId, JobState.Assigned, JobState.Committed);
        _drawAndReveal(jobId);
        _commit(jobId);
        _expectNotOperator(provider);
        market.drawAndReveal(jobId, _opening(0));
        vm.expectPartialRevert(IJobMarket.JobMarket__RoundPending.selector);
        _drawAndReveal(jobId);
        _readyRound();
        Opening memory opening = _opening(0);
        opening.salt = "wrong";
        vm.expectPartialRevert(IJobMarket.JobMarket__WrongOpening.selector);
        vm.prank(operator);
        market.drawAndReveal(jobId, opening);
        market.draw(jobId);
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__AlreadyDrawn.selector, jobId)
        );
        _drawAndReveal(jobId);
        _miss(jobId);
        _expectDeadlinePassed(jobId);
        _drawAndReveal(jobId);
    }

    function test_DrawAndReveal_GivenTheRoundLapsed_OnlyRequestsANewOne() public {
        bytes32 jobId = _committed();
        vm.roll(block.number + 300);
        vm.expectEmit(address(market));
        emit IJobMarket.DrawRenewed(jobId, uint64(block.number + 2));
        _drawAndReveal(jobId);
        _assertState(jobId, JobState.Committed);
    }

    function testFuzz_DrawAndReveal_DoesBothWhateverSeedItCarries(bytes32 carried) public {
        bytes32 jobId = _committed();
        _readyRound();
        bytes32 seed0 = _seed0(jobId);
        Opening memory o = _opening(carried);
        vm.expectEmit(address(market));
        emit IJobMarket.SeedDrawn(jobId, seed0, false, block.timestamp + 15 minutes);
        vm.expectEmit(address(market));
        emit IJobMarket.JobRevealed(
            jobId, o.outRoot, o.envelopeCid, o.resultKey, seed0, block.timestamp + 1_800
        );
        vm.prank(operator);
        market.drawAndReveal(jobId, o);
        _assertState(jobId, JobState.Revealed);
    }

    function test_ACommitmentOfAnotherJobOrProvider_OpensNothing() public {
        bytes32 jobId = _assigned();
        bytes32[2] memory copied =
            [_commitment(keccak256("another job"), provider), _commitment(jobId, other)];
        for (uint256 i; i < 2; ++i) {
            jobId = i == 0 ? jobId : _assigned();
            vm.prank(operator);
            market.commit(jobId, copied[i], SHIFT, new bytes(36));
            _readyRound();
            vm.expectPartialRevert(IJobMarket.JobMarket__WrongOpening.selector);
            _drawAndReveal(jobId);
        }
    }

    // --- declareInvalid ---

    function _declareInvalid(bytes32 jobId) private {
        vm.prank(operator);
        market.declareInvalid(jobId, _spec(), _saltOf[jobId]);
    }

    function test_DeclareInvalid_GivenCommitted_ItIsTooLate() public {
        bytes32 jobId = _committed();
        _expectWrongState(jobId, JobState.Committed, JobState.Assigned);
        _declareInvalid(jobId);
    }

    function test_DeclareInvalid_GivenTheDeadlinePassed_Reverts() public {
        bytes32 jobId = _assigned();
        _miss(jobId);
        _expectDeadlinePassed(jobId);
        _declareInvalid(jobId);
    }

    function test_DeclareInvalid_WhenNotCalledByTheOperator_Reverts() public {
        bytes32 jobId = _assigned();
        _expectNotOperator(client);
        market.declareInvalid(jobId, _spec(), _saltOf[jobId]);
    }

    function test_DeclareInvalid_WhenTheSpecIsAnother_Reverts() public {
        bytes32 jobId = _assigned();
        JobSpec memory spec = _spec();
        spec.modelId = keccak256("another model");
        bytes32 found = market.jobIdOf(client, _saltOf[jobId], market.specHashOf(spec));
        bytes memory refusal =
            abi.encodeWithSelector(IJobMarket.JobMarket__WrongSpec.selector, jobId, found);
        vm.expectRevert(refusal);
        vm.prank(operator);
        market.declareInvalid(jobId, spec, _saltOf[jobId]);
        vm.expectRevert(refusal);
        market.checkSpec(jobId, spec, _saltOf[jobId]);
        market.checkSpec(jobId, _spec(), _saltOf[jobId]);
    }

    function test_DeclareInvalid_RefundsAndFreesWithoutASlash() public {
        bytes32 jobId = _assigned();
        vm.expectEmit(address(market));
        emit IJobMarket.JobInvalid(jobId, PRICE);
        _declareInvalid(jobId);
        assertEq(market.freeOf(client), DEPOSIT);
        assertEq(_own(), STAKE);
        assertEq(_locked(), 0);
        _assertState(jobId, JobState.Invalid);
        assertFalse(market.isLockOpen(jobId));
    }
}
