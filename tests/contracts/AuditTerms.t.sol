// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {Job, JobSpec, JobState, Offer} from "../../contracts/types/Job.sol";
import {CourtBase} from "./CourtBase.sol";
import {SmallCourt} from "./mocks/SmallCourt.sol";

/// @notice See AuditTerms.tree.
contract AuditTermsTest is CourtBase {
    uint8 private constant WHOLE = 8;
    uint8 private constant DRAWN = 16;

    function _accept(bytes32 jobId, uint96 price) private {
        vm.prank(operator);
        _acceptAs(jobId, price, LOCK);
    }

    function _asked(uint96 price) private view returns (SmallCourt.Asked memory) {
        JobSpec memory spec = _spec();
        return SmallCourt.Asked(
            spec.modelId, spec.jobClass, provider, price, LOCK, spec.declaredGain, spec.auditSlots
        );
    }

    // --- post ---

    function test_Post_EscrowsPriceAndWholePay() public {
        bytes32 jobId = _posted();
        assertEq(_spentByClient(), 2 * uint256(PRICE));
        assertEq(market.job(jobId).held, PRICE);
    }

    function test_Post_GivenOnlyThePriceIsThere_Reverts() public {
        vm.startPrank(client);
        market.withdraw(DEPOSIT - PRICE);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__InsufficientFree.selector, client, PRICE, 2 * uint256(PRICE)
            )
        );
        market.post(_spec(), "s", PRICE, LOCK, uint40(block.timestamp + 1 hours), "src");
    }

    // --- accept, open ---

    function test_Accept_AsksFreezesAndReturnsTheRest() public {
        bytes32 jobId = _posted();
        uint96 price = PRICE / 2;
        audits.expect(_asked(price));
        vm.expectEmit(address(market));
        emit IJobMarket.AuditTermsFrozen(jobId, P_ECON, P, PREMIUM / 2);
        _accept(jobId, price);
        Job memory j = market.job(jobId);
        assertEq(j.pEconBps, P_ECON);
        assertEq(j.pBps, P);
        assertEq(j.held, PREMIUM / 2);
        assertEq(j.flags, 0);
        assertEq(j.price, price);
        assertEq(_spentByClient(), price + PREMIUM / 2);
    }

    function test_Open_AsksFreezesAndEscrows() public {
        audits.expect(_asked(PRICE));
        Offer memory offer = _offer();
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        bytes32 jobId = market.jobIdOf(client, "s", offer.specHash);
        vm.expectEmit(address(market));
        emit IJobMarket.AuditTermsFrozen(jobId, P_ECON, P, PREMIUM);
        vm.prank(client);
        market.open(_spec(), "s", offer, signature);
        Job memory j = market.job(jobId);
        assertEq(j.pEconBps, P_ECON);
        assertEq(j.pBps, P);
        assertEq(j.held, PREMIUM);
        assertEq(j.flags, 0);
        assertEq(_spentByClient(), PRICE + PREMIUM);
    }

    function test_AcceptAndOpen_GivenTheCourtRefuses_Revert() public {
        bytes32 jobId = _posted();
        Offer memory offer = _offer();
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        audits.setRefuses(true);
        bytes memory refusal =
            abi.encodeWithSelector(SmallCourt.SmallCourt__Refused.selector, _spec().modelId);
        vm.expectRevert(refusal);
        _accept(jobId, PRICE);
        vm.expectRevert(refusal);
        vm.prank(client);
        market.open(_spec(), "s", offer, signature);
    }

    function test_AcceptAndOpen_GivenAPoorPool_HoldTheWholePay() public {
        _shrinkPool(20e18 - 1); // 5 % of 20e18 is the pay
        bytes32 jobId = _posted();
        _accept(jobId, PRICE);
        assertEq(market.job(jobId).held, PRICE);
        assertEq(market.job(jobId).flags, WHOLE);
        jobId = _assigned();
        assertEq(market.job(jobId).held, PRICE);
        assertEq(market.job(jobId).flags, WHOLE);
        assertEq(_spentByClient(), 4 * uint256(PRICE));
    }

    // --- before a commitment ---

    function test_CancelAndUnmatched_ReturnEverything() public {
        bytes32 first = _posted();
        bytes32 second = _posted();
        vm.expectEmit(address(market));
        emit IJobMarket.JobCancelled(first, 2 * uint256(PRICE));
        vm.prank(client);
        market.cancel(first);
        _miss(second);
        vm.expectEmit(address(market));
        emit IJobMarket.JobExpired(second, JobState.Unmatched, 2 * uint256(PRICE));
        market.expire(second);
        assertEq(_spentByClient(), 0);
        assertEq(_pool(), POOL);
    }

    function test_CommitTimeout_ReturnsEverything() public {
        bytes32 jobId = _assigned();
        _miss(jobId);
        market.expire(jobId);
        // 15 % of a slash of 2 NVY is under the price
        assertEq(market.freeOf(client), DEPOSIT + 0.3e18);
        assertEq(_pool(), POOL);
    }

    function test_HandBack_ReturnsEverythingAndLeavesTheStreak() public {
        bytes32 withPremium = _assigned();
        _shrinkPool(20e18 - 1);
        bytes32 withWholePay = _assigned();
        assertEq(market.job(withWholePay).flags, WHOLE);
        uint256 pool = _pool();
        vm.expectEmit(address(market));
        emit IJobMarket.JobCancelled(withPremium, PRICE + PREMIUM);
        vm.prank(operator);
        market.cancel(withPremium);
        vm.expectEmit(address(market));
        emit IJobMarket.JobCancelled(withWholePay, 2 * uint256(PRICE));
        vm.prank(operator);
        market.cancel(withWholePay);
        assertEq(_spentByClient(), 0);
        assertEq(_pool(), pool);
        assertEq(audits.streaksEnded(provider, _spec().modelId), 0);
        assertEq(_locked(), 0);
    }

    function test_DeclareInvalid_ReturnsEverythingAndEndsTheStreak() public {
        bytes32 jobId = _assigned();
        vm.prank(operator);
        market.declareInvalid(jobId, _spec(), _saltOf[jobId]);
        assertEq(_spentByClient(), 0);
        assertEq(_pool(), POOL);
        assertEq(audits.streaksEnded(provider, _spec().modelId), 1);
        assertEq(_locked(), 0);
    }

    function test_DeclareInvalid_GivenTheStreakCannotBeEnded_Reverts() public {
        bytes32 jobId = _assigned();
        audits.setMarket(other);
        vm.expectRevert(
            abi.encodeWithSelector(SmallCourt.SmallCourt__NotTheMarket.selector, market)
        );
        vm.prank(operator);
        market.declareInvalid(jobId, _spec(), _saltOf[jobId]);
    }

    // --- draw ---

    function test_Draw_GivenNoAudit_StaysCommitted() public {
        _undrawn();
        (bytes32 jobId, bytes32 seed0) = _drawn();
        _assertState(jobId, JobState.Committed);
        assertEq(market.job(jobId).deadline, block.timestamp + 15 minutes);
        assertEq(market.job(jobId).flags, 0);
        vm.prank(operator);
        market.reveal(jobId, _opening(seed0));
        _assertState(jobId, JobState.Revealed);
    }

    function test_Draw_GivenAnAudit_IsDrawnAndFunded() public {
        audits.setTerms(P_ECON, 10_000);
        bytes32 jobId = _committed();
        uint256 committedAt = block.timestamp;
        vm.warp(committedAt + 40 minutes);
        _readyRound();
        bytes32 seed0 = _seed0(jobId);
        uint256 held = market.job(jobId).held;
        assertEq(held, PREMIUM, "the client's part does not grow");
        vm.expectEmit(address(market));
        emit IJobMarket.SeedDrawn(jobId, seed0, true, committedAt + 2 hours);
        vm.expectEmit(address(market));
        emit IJobMarket.AuditFeesPaid(jobId, held, 0, 0);
        market.draw(jobId);
        Job memory j = market.job(jobId);
        assertEq(uint8(j.state), uint8(JobState.Drawn));
        assertEq(j.deadline, committedAt + 2 hours);
        assertEq(j.flags, DRAWN);
        assertEq(j.beaconRound, 0);
        assertEq(j.binding, keccak256(abi.encode(_commitment(jobId, provider), seed0)));
        assertEq(_pool(), POOL + held);
        _expectWrongState(jobId, JobState.Drawn, JobState.Committed);
        market.draw(jobId);
        _expectWrongState(jobId, JobState.Drawn, JobState.Committed);
        vm.prank(operator);
        market.reveal(jobId, _opening(seed0));
    }

    function test_DrawAndReveal_GivenAnAudit_OnlyDraws() public {
        audits.setTerms(P_ECON, 10_000);
        bytes32 jobId = _committed();
        _readyRound();
        vm.prank(operator);
        market.drawAndReveal(jobId, _opening(0));
        _assertState(jobId, JobState.Drawn);
    }

    function _lapsed() private returns (bytes32 jobId) {
        _undrawn();
        jobId = _committed();
        vm.roll(block.number + 300);
        market.draw(jobId);
        assertEq(market.job(jobId).pBps, 10_000);
    }

    function test_Draw_GivenTheRoundLapsed_TheAuditIsCertain() public {
        bytes32 jobId = _lapsed();
        _readyRound();
        market.draw(jobId);
        _assertState(jobId, JobState.Drawn);
    }
}
