// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICanaries} from "../../contracts/interfaces/ICanaries.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {AuditFacts} from "../../contracts/types/Audit.sol";
import {Job, JobSpec, JobState, Offer} from "../../contracts/types/Job.sol";
import {CanaryBase} from "./CanaryBase.sol";

/// @notice See Canaries.tree: take, miss and score.
contract CanaryScoreTest is CanaryBase {
    // --- take ---

    function test_Take_GivenItIsNotDrawn_Reverts() public {
        Offer memory offer = _offer();
        _expectState(7, ICanaries.CanaryState.Drawn);
        canaries.take(7, offer, "");
    }

    function test_Take_WhenTheOfferIsAnothers_Reverts() public {
        uint256 id = _drawnCanary();
        Offer memory offer = _canaryOffer(id);
        offer.provider = other;
        vm.expectRevert(
            abi.encodeWithSelector(
                ICanaries.Canaries__WrongProvider.selector, id, other, provider
            )
        );
        canaries.take(id, offer, "");
    }

    function test_Take_GivenTheHourIsOver_Reverts() public {
        uint256 id = _drawnCanary();
        uint256 takeBy = canaries.canaryOf(id).takeBy;
        vm.warp(takeBy + 1);
        Offer memory offer = _canaryOffer(id);
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        vm.expectRevert(
            abi.encodeWithSelector(ICanaries.Canaries__TooLate.selector, id, takeBy, takeBy + 1)
        );
        canaries.take(id, offer, signature);
        vm.warp(takeBy);
        canaries.take(id, offer, signature);
    }

    function test_Take_WhenTheTermsAreOthers_Reverts() public {
        uint256 id = _drawnCanary();
        for (uint256 i; i < 2; ++i) {
            Offer memory offer = _canaryOffer(id);
            if (i == 0) offer.price -= 1;
            else offer.lock += 1;
            vm.expectRevert(
                abi.encodeWithSelector(
                    ICanaries.Canaries__WrongTerms.selector, id, CANARY_PRICE, 5 * CANARY_PRICE
                )
            );
            canaries.take(id, offer, "");
        }
    }

    function test_Take_OpensAJobWhoseAuditIsCertain() public {
        (uint256 id, bytes32 jobId, JobSpec memory spec) = _taken();
        Job memory job = market.job(jobId);
        assertEq(job.client, address(canaries));
        assertEq(job.provider, provider);
        assertEq(job.price, CANARY_PRICE);
        assertEq(job.pBps, 10_000);
        assertEq(job.pEconBps, 10_000);
        assertEq(_budget(), BUDGET - 2 * CANARY_PRICE);
        bytes32 seed = canaries.canaryOf(id).seed;
        assertEq(spec.inputCid, abi.encodePacked(hex"01550020", seed));
        assertEq(spec.batch, 4);
        assertEq(spec.maxRuntime, 60);
        assertEq(canaries.canaryOf(id).jobId, jobId);
        (spec,,) = canaries.specOf(id);
        assertEq(spec.modelId, 0, "no longer asked for");
    }

    /// @dev Within the bounds of all parameters.
    function testFuzz_Take_TheAuditIsCertainAtAnyTerms(
        uint256 multiple,
        uint256 detect,
        uint256 price
    ) public {
        multiple = bound(multiple, Params.LOCK_MIN_MULTIPLE_MIN, Params.LOCK_MIN_MULTIPLE_MAX);
        detect = bound(detect, Params.DETECT_BPS_MIN, Params.DETECT_BPS_MAX);
        price = bound(price, Params.CANARY_PRICE_WEI_MIN, Params.CANARY_PRICE_WEI_MAX);
        uint256 word = Params.DEFAULT_HIRING & ~uint256(0xffffffff);
        words.set(Params.WORD_HIRING, word | multiple | detect << 16);
        word = Params.DEFAULT_FUNDS & ~(uint256(type(uint96).max) << 112);
        words.set(Params.WORD_FUNDS, word | price << 112);
        (, bytes32 jobId,) = _taken();
        assertEq(market.job(jobId).pEconBps, 10_000);
        assertEq(market.job(jobId).price, price);
        assertEq(market.job(jobId).lock, multiple * price);
    }

    // --- miss ---

    function test_Miss_GivenItIsNotDrawn_Reverts() public {
        _expectState(7, ICanaries.CanaryState.Drawn);
        canaries.miss(7);
    }

    function test_Miss_GivenTheHourIsNotOver_Reverts() public {
        uint256 id = _drawnCanary();
        uint256 takeBy = canaries.canaryOf(id).takeBy;
        vm.warp(takeBy);
        vm.expectRevert(
            abi.encodeWithSelector(ICanaries.Canaries__NotMissed.selector, id, takeBy, takeBy)
        );
        canaries.miss(id);
    }

    function test_Miss_GivenTheBudgetWasSpent_Voids() public {
        uint256 id = _drawnCanary();
        vm.warp(block.timestamp + 3_601);
        uint256 free = _budget();
        vm.prank(address(canaries));
        market.withdraw(free);
        canaries.miss(id);
        _assertEnded(id, ICanaries.CanaryState.Void, 0, 0);
    }

    function test_Miss_GivenTheModelWasSuspended_Voids() public {
        uint256 id = _drawnCanary();
        vm.warp(block.timestamp + 3_601);
        vm.prank(arbiter);
        registry.suspend(modelId);
        vm.expectEmit(address(canaries));
        emit ICanaries.CanaryVoided(id, provider);
        canaries.miss(id);
        _assertEnded(id, ICanaries.CanaryState.Void, 0, 0);
    }

    function test_Miss_Fails() public {
        uint256 id = _drawnCanary();
        vm.warp(block.timestamp + 3_601);
        canaries.miss(id);
        _assertEnded(id, ICanaries.CanaryState.Failed, 0, 1);
    }

    // --- score ---

    function test_Score_GivenItIsNotTaken_Reverts() public {
        uint256 id = _drawnCanary();
        _expectState(id, ICanaries.CanaryState.Taken);
        canaries.score(id);
    }

    function _expectNotOver(uint256 id, bytes32 jobId, JobState state) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                ICanaries.Canaries__JobNotOver.selector, id, jobId, uint8(state)
            )
        );
    }

    function test_Score_GivenTheJobIsNotOver_Reverts() public {
        (uint256 id, bytes32 jobId,) = _taken();
        _expectNotOver(id, jobId, JobState.Assigned);
        canaries.score(id);
    }

    function test_Score_GivenTheWindowRuns_Reverts() public {
        (uint256 id, AuditFacts memory facts) = _acceptedCanary();
        vm.warp(block.timestamp - 1);
        _expectNotOver(id, facts.jobId, JobState.Revealed);
        canaries.score(id);
    }

    function test_Score_GivenItCanBeSettled_SettlesAndPasses() public {
        (uint256 id, AuditFacts memory facts) = _acceptedCanary();
        canaries.score(id);
        _assertState(facts.jobId, JobState.Settled);
        _assertEnded(id, ICanaries.CanaryState.Passed, 1, 1);
        assertEq(market.earnedOf(provider), CANARY_PRICE);
        _expectState(id, ICanaries.CanaryState.Taken);
        canaries.score(id);
    }

    function test_Score_GivenItWasSettled_Passes() public {
        (uint256 id, AuditFacts memory facts) = _acceptedCanary();
        market.settle(facts.jobId);
        canaries.score(id);
        _assertEnded(id, ICanaries.CanaryState.Passed, 1, 1);
    }

    function test_Score_GivenNoCommitment_ExpiresAndFails() public {
        (uint256 id, bytes32 jobId,) = _taken();
        _miss(jobId);
        canaries.score(id);
        _assertState(jobId, JobState.ProviderCommitTimeout);
        _assertEnded(id, ICanaries.CanaryState.Failed, 0, 1);
        assertGe(_budget(), BUDGET, "price, premium and a share of the slash");
    }

    function test_Score_GivenItWasDeclaredInvalid_Fails() public {
        (uint256 id, bytes32 jobId, JobSpec memory spec) = _taken();
        vm.prank(operator);
        market.declareInvalid(jobId, spec, bytes32(id));
        canaries.score(id);
        _assertEnded(id, ICanaries.CanaryState.Failed, 0, 1);
        assertEq(_budget(), BUDGET);
    }

    function test_Score_GivenItWasHandedBack_Fails() public {
        (uint256 id, bytes32 jobId,) = _taken();
        vm.prank(operator);
        market.cancel(jobId);
        canaries.score(id);
        _assertState(jobId, JobState.Cancelled);
        _assertEnded(id, ICanaries.CanaryState.Failed, 0, 1);
        assertEq(_budget(), BUDGET);
    }

    function test_Score_GivenTheModelWasSuspended_Voids() public {
        (uint256 id, bytes32 jobId, JobSpec memory spec) = _taken();
        vm.prank(arbiter);
        registry.suspend(modelId);
        audits.voidJob(jobId, spec, bytes32(id));
        canaries.score(id);
        _assertEnded(id, ICanaries.CanaryState.Void, 0, 0);
    }

    function test_Score_GivenNoAuditCouldBeHeld_Voids() public {
        (uint256 id, AuditFacts memory facts) = _auditedCanary();
        _miss(facts.jobId);
        canaries.score(id);
        _assertState(facts.jobId, JobState.AuditorTimeout);
        _assertEnded(id, ICanaries.CanaryState.Void, 0, 0);
    }
}
