// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInsuranceFund} from "../../contracts/interfaces/IInsuranceFund.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {PoolCourt} from "./mocks/PoolCourt.sol";
import {InsuranceFundBase} from "./InsuranceFundBase.sol";

/// @notice See InsuranceFund.tree; what votes grant is in InsuranceFundGrants.t.sol.
contract InsuranceFundTest is InsuranceFundBase {
    /// @dev A late verdict about a job of that price, final; the client's share is 75 NVY.
    function _lateVerdict(bytes32 slashId, uint96 price) private {
        IStakeManager.Verdict memory v = _verdict(slashId);
        (v.isLate, v.price) = (true, price);
        _book(v);
        vm.warp(block.timestamp + 2 days);
        stakes.finalizeSlash(slashId);
    }

    // --- coming in ---

    function test_Fund_WhenZero_Reverts() public {
        vm.expectRevert(IInsuranceFund.InsuranceFund__ZeroAmount.selector);
        fund.fund(0);
    }

    function test_Fund_CountsWhatItTakesAlone() public {
        token.approve(address(fund), 5e18);
        vm.expectEmit(address(fund));
        emit IInsuranceFund.InsuranceFunded(address(this), 5e18);
        fund.fund(5e18);
        assertEq(fund.holdings(), FUND + 5e18);
        _assertCounted();
        token.transfer(address(fund), 9e18);
        assertEq(fund.holdings(), FUND + 5e18);
        (uint256 held, uint256 paid) = fund.epochBook();
        assertEq(held, FUND, "as the epoch began");
        assertEq(paid, 0);
        token.transfer(address(neighbours), 3e18);
        neighbours.fund(address(fund), 3e18);
        assertEq(fund.holdings(), FUND + 8e18);
    }

    function test_Collect_TakesTheInsuranceOfSlashes() public {
        vm.startPrank(audits);
        stakes.slashFree(provider, JOB, 100e18);
        vm.stopPrank();
        vm.expectEmit(address(fund));
        emit IInsuranceFund.InsuranceFunded(address(stakes), 70e18);
        assertEq(fund.collect(), 70e18);
        assertEq(fund.holdings(), FUND + 70e18);
        _assertCounted();
    }

    // --- limits ---

    function test_Limits_InTheEpochOfTheFirstFunding_NothingIsPaid() public {
        vm.warp(START);
        fund = _deploy(address(neighbours));
        _fund(FUND);
        assertEq(fund.leftNow(), 0);
        _expectOverLimit(1, 0);
        _claim(1);
    }

    function test_Limits_PerPaymentAndPerEpoch() public {
        _fund(FUND);
        assertEq(fund.leftNow(), 2_000e18, "of what was held when the epoch began");
        _expectOverLimit(2_000e18 + 1, 2_000e18);
        _claim(2_000e18 + 1);
        _claim(1_500e18);
        _claim(1_500e18);
        assertEq(fund.leftNow(), 1_000e18);
        _expectOverLimit(1_000e18 + 1, 1_000e18);
        _claim(1_000e18 + 1);
        _claim(1_000e18);
        _expectOverLimit(1, 0);
        _claim(1);
        vm.warp(NOW + WEEK);
        assertEq(fund.leftNow(), (2 * FUND - 4_000e18) / 10);
        _assertCounted();
    }

    function test_Limits_AreLive() public {
        _set(Params.WORD_FUNDS, 0, 16, 2_000);
        _set(Params.WORD_FUNDS, 16, 16, 3_000);
        assertEq(fund.leftNow(), 4_000e18);
        _claim(4_000e18);
        assertEq(fund.leftNow(), 2_000e18);
        _set(Params.WORD_FUNDS, 16, 16, 500);
        assertEq(fund.leftNow(), 0);
    }

    function testFuzz_Limits_AnEpochPaysAtMostItsPart(uint256 seed) public {
        uint256 paid;
        for (uint256 i; i < 12; ++i) {
            uint256 step = uint256(keccak256(abi.encode(seed, i)));
            if (step % 3 == 0) _fund(1 + step % 1e22);
            uint256 amount = bound(step, 1, 3_000e18);
            if (amount > fund.leftNow()) continue;
            _claim(amount);
            paid += amount;
        }
        assertLe(paid, FUND / 5);
        _assertCounted();
    }

    // --- verdicts ---

    function _expectNoVerdict(bytes32 slashId) private {
        vm.expectRevert(
            abi.encodeWithSelector(IInsuranceFund.InsuranceFund__NoVerdict.selector, slashId)
        );
        fund.payVerdict(slashId);
    }

    function test_PayVerdict_GivenNoneOrNoLoss_Reverts() public {
        _expectNoVerdict(SLASH);
        _book(SLASH);
        vm.warp(NOW + 2 days);
        stakes.finalizeSlash(SLASH);
        _expectNoVerdict(SLASH);
        _lateVerdict("small", 5e18);
        _expectNoVerdict("small");
    }

    function test_PayVerdict_PaysWhatTheShareLeft_Once() public {
        _lateVerdict(SLASH, 1_000e18);
        vm.expectEmit(address(fund));
        emit IInsuranceFund.VerdictPaid(SLASH, client, 925e18);
        assertEq(fund.payVerdict(SLASH), 925e18);
        assertEq(token.balanceOf(client), 925e18);
        assertEq(market.freeOf(client), 75e18);
        assertTrue(fund.isPaid(SLASH));
        _assertCounted();
        vm.expectRevert(
            abi.encodeWithSelector(IInsuranceFund.InsuranceFund__AlreadyPaid.selector, SLASH)
        );
        fund.payVerdict(SLASH);
    }

    function test_PayVerdict_AboveTheLimit_CanBePaidLater() public {
        _lateVerdict(SLASH, 3_000e18);
        _expectOverLimit(2_925e18, 2_000e18);
        fund.payVerdict(SLASH);
        _fund(FUND);
        vm.warp(NOW + WEEK);
        assertEq(fund.payVerdict(SLASH), 2_925e18);
    }

    // --- the pool ---

    function _setPool(uint256 amount) private {
        uint256 pool = market.freeOf(audits);
        assertLe(pool, amount);
        token.approve(address(market), amount - pool);
        market.deposit(amount - pool);
        PoolCourt(audits).fundPool(amount - pool);
    }

    function test_TopUpPool_GivenEnough_Reverts() public {
        _setPool(10_000e18);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInsuranceFund.InsuranceFund__PoolFull.selector, 10_000e18, 10_000e18
            )
        );
        fund.topUpPool();
    }

    function test_TopUpPool_FillsUp() public {
        _setPool(9_400e18);
        vm.expectEmit(address(fund));
        emit IInsuranceFund.PoolToppedUp(600e18);
        assertEq(fund.topUpPool(), 600e18);
        assertEq(market.freeOf(audits), 10_000e18);
        assertEq(market.freeOf(address(fund)), 0);
        _assertCounted();
    }

    function test_TopUpPool_AsFarAsTheLimitsAllow() public {
        assertEq(fund.topUpPool(), 2_000e18);
        assertEq(fund.topUpPool(), 2_000e18);
        _expectOverLimit(6_000e18, 0);
        fund.topUpPool();
        assertEq(market.freeOf(audits), 4_000e18);
    }

    // --- the breaker ---

    function _claimMuch() private {
        _set(Params.WORD_FUNDS, 0, 16, 2_000);
        _set(Params.WORD_FUNDS, 16, 16, 3_000);
        _claim(3_000e18);
        _claim(1_000e18);
        assertEq(neighbours.trips(), 0, "20 % exactly");
    }

    function test_Breaker_TripsAboveTwentyPercentOfADay() public {
        _claimMuch();
        _claim(1);
        assertEq(neighbours.trips(), 1);
    }

    function test_Breaker_TheNextDayBeginsAnew() public {
        _claimMuch();
        vm.warp(NOW + 1 days);
        _claim(1_000e18);
        assertEq(neighbours.trips(), 0);
    }

    function test_Breaker_ThatRefusesStopsNothing() public {
        _claimMuch();
        neighbours.setRefuses(true);
        _claim(1);
        assertEq(neighbours.trips(), 0);
        assertEq(token.balanceOf(client), 4_000e18 + 1);
    }

    function test_WithoutParams_TheDefaultsApply() public {
        fund = _deploy(address(0));
        _fund(FUND);
        vm.warp(NOW + WEEK);
        assertEq(fund.leftNow(), 2_000e18);
        _claim(2_000e18);
        _claim(2_000e18);
        _expectOverLimit(1, 0);
        _claim(1);
        assertEq(neighbours.trips(), 0);
    }
}
