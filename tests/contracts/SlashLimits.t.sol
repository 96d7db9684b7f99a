// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {StakeManager} from "../../contracts/staking/StakeManager.sol";
import {Economy} from "../../contracts/types/Economy.sol";
import {StakingBase} from "./StakingBase.sol";

/// @notice See SlashLimits.tree.
contract SlashLimitsTest is StakingBase {
    function _readyAt(bytes32 slashId) private view returns (uint256 readyAt) {
        (,, readyAt) = stakes.heldSlashOf(slashId);
    }

    function _amount(bytes32 slashId) private view returns (uint256 amount) {
        (, amount,) = stakes.heldSlashOf(slashId);
    }

    function _reduce(bytes32 slashId, uint256 amount) private {
        vm.prank(timelock);
        stakes.reduceSlash(slashId, amount);
        _assertSolvent();
    }

    function _vest(uint256 amount) private {
        token.transfer(address(neighbours), amount);
        neighbours.setUnvested(provider, amount);
    }

    function _late(bytes32 slashId) private view returns (IStakeManager.Verdict memory v) {
        v = _verdict(slashId);
        v.isLate = true;
    }

    // --- the daily limit ---

    function test_BookSlash_AboveTheDailyLimit_IsHeldFourteenDays() public {
        // 500, 475 and 451.25 of 10,000, 9,500 and 9,025: 5 %, 10.3 %, 15.8 %.
        _book("one");
        _book("two");
        _book("three");
        assertEq(_readyAt("one"), START + 2 days);
        assertEq(_readyAt("two"), START + 2 days);
        assertEq(_readyAt("three"), START + 14 days);
        IStakeManager.Verdict memory v = _verdict("small");
        _set(Params.WORD_SLASHING, 0, 16, 100);
        _book(v);
        assertEq(_readyAt("small"), START + 14 days, "all of that day");
        uint256 tomorrow = START - START % 1 days + 1 days;
        vm.warp(tomorrow);
        _book("tomorrow");
        assertEq(_readyAt("tomorrow"), tomorrow + 2 days);
    }

    function testFuzz_BookSlash_TheLimitIsExact(uint256 equal) public {
        IStakeManager.Verdict memory v = _late(SLASH);
        equal = bound(equal, 0, STAKE / 2);
        v.lockAmount = uint96(equal);
        _book(v);
        bool isMuch = equal + 500e18 > STAKE * 15 / 100;
        assertEq(_readyAt(SLASH), START + (isMuch ? 14 days : 2 days));
    }

    function test_BookSlash_AboveFivePercent_TripsTheBreaker() public {
        _book("one");
        assertEq(neighbours.trips(), 0, "not above");
        _book("two");
        assertEq(neighbours.trips(), 1);
        neighbours.setRefuses(true);
        assertGt(_book("three"), 0);
        assertEq(neighbours.trips(), 1);
    }

    function _bare() private {
        Economy memory none;
        stakes = new StakeManager(address(token), address(market), insurance, audits, disputes, none);
        _register(provider);
        _stake(provider, STAKE);
    }

    function test_WithoutParams_NeitherLimitNorBreakerNorReduction() public {
        _bare();
        _forge(SLASH);
        assertEq(_readyAt(SLASH), START + 2 days);
        assertEq(neighbours.trips(), 0);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__OnlyTimelock.selector, timelock)
        );
        vm.prank(timelock);
        stakes.reduceSlash(SLASH, 0);
    }

    // --- live parameters ---

    function test_LiveRates_Apply() public {
        _set(Params.WORD_SLASHING, 0, 16, 1_000);
        _set(Params.WORD_SLASHING, 32, 16, 2_000);
        _set(Params.WORD_HIRING, 176, 16, 3_000);
        assertEq(_book("wrong"), 1_000e18);
        assertEq(_forge("forged"), 1_800e18);
        vm.startPrank(address(market));
        stakes.lock(provider, JOB, 10e18);
        uint256 own = _own();
        stakes.slashTimeout(provider, JOB, 10e18, 0, false);
        assertEq(own - _own(), 3e18);
        vm.stopPrank();
    }

    function test_LiveShares_ApplyAtTheSplit() public {
        _book(SLASH);
        _set(Params.WORD_SLASHING, 48, 16, 4_000);
        _set(Params.WORD_SLASHING, 64, 16, 1_000);
        _set(Params.WORD_SLASHING, 80, 16, 500);
        _set(Params.WORD_SLASHING, 96, 16, 0);
        vm.warp(START + 2 days);
        vm.expectEmit(address(stakes));
        emit IStakeManager.SlashFinalized(SLASH, 200e18, 0, 50e18, 25e18, 225e18);
        stakes.finalizeSlash(SLASH);
    }

    function test_LiveUnbonding_IsFixedByTheRequest() public {
        _set(Params.WORD_SLASHING, 128, 32, 14 days);
        _unbond(provider, 5);
        _set(Params.WORD_SLASHING, 128, 32, 21 days);
        assertEq(stakes.stakeOf(provider).unbondingReadyAt, START + 14 days);
    }

    function test_LiveMinimum_IsForJobsAlone() public {
        uint256 minimum = 100_000e18;
        _set(Params.WORD_HIRING, 64, 96, minimum);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__BelowMinimum.selector, provider, STAKE, minimum
            )
        );
        vm.prank(address(market));
        stakes.lock(provider, JOB, 1);
        vm.prank(audits);
        stakes.lock(provider, JOB, 1);
        vm.startPrank(channels);
        stakes.lock(provider, JOB, 1);
        stakes.unlock(provider, JOB, 1);
        vm.stopPrank();
        assertEq(stakes.stakeOf(provider).locked, 1);
        _stake(provider, minimum - STAKE);
        vm.prank(address(market));
        stakes.lock(provider, JOB, 1);
    }

    // --- reducing ---

    function test_ReduceSlash_WhenCalledByAnother_Reverts() public {
        _book(SLASH);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__OnlyTimelock.selector, other)
        );
        vm.prank(other);
        stakes.reduceSlash(SLASH, 0);
    }

    function test_ReduceSlash_GivenUnknownOrFinal_Reverts() public {
        bytes4 refusal = IStakeManager.StakeManager__SlashNotReady.selector;
        vm.startPrank(timelock);
        vm.expectRevert(abi.encodeWithSelector(refusal, SLASH, 0, START));
        stakes.reduceSlash(SLASH, 0);
        vm.stopPrank();
        _book(SLASH);
        vm.warp(START + 2 days);
        stakes.finalizeSlash(SLASH);
        vm.expectRevert(
            abi.encodeWithSelector(refusal, SLASH, START + 2 days, START + 2 days)
        );
        vm.prank(timelock);
        stakes.reduceSlash(SLASH, 0);
    }

    function testFuzz_ReduceSlash_WhenNotLower_Reverts(uint256 amount) public {
        uint256 booked = _book(SLASH);
        amount = bound(amount, booked, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__NotLower.selector, SLASH, booked, amount
            )
        );
        vm.prank(timelock);
        stakes.reduceSlash(SLASH, amount);
    }

    function test_ReduceSlash_ReturnsWhereItCameFrom() public {
        _delegate(alice, 10_000e18);
        assertEq(_book(SLASH), 1_000e18);
        vm.expectEmit(address(stakes));
        emit IStakeManager.SlashReduced(SLASH, 400e18, 300e18, 300e18);
        _reduce(SLASH, 400e18);
        assertEq(_own(), STAKE - 200e18);
        assertEq(_pool(), 9_800e18);
        assertApproxEqAbs(_worth(alice), 9_800e18, 1);
        assertEq(stakes.heldWei(), 400e18);
        assertEq(votes.unitsOf(provider), STAKE - 200e18);
        _reduce(SLASH, 0);
        assertEq(_own(), STAKE);
        assertEq(_pool(), 10_000e18);
        assertEq(stakes.totalStakeWei(), STAKE + 10_000e18);
    }

    function test_ReduceSlash_APoolGetsAtMostWhatItHas() public {
        uint256 shares = _delegate(alice, 10_000e18);
        _book(SLASH);
        _undelegate(alice, shares - shares / 100);
        uint256 left = _pool();
        _reduce(SLASH, 0);
        assertEq(_pool(), 2 * left);
        assertEq(_own(), STAKE + 500e18 - left);
        _delegate(bob, 1_000e18);
        assertGe(_worth(bob) + 2, 1_000e18, "the next one's shares are worth what they cost");
    }

    function test_ReduceSlash_LowersTheVaultsPart() public {
        _vest(1_000e18);
        _book(SLASH);
        _reduce(SLASH, 250e18);
        vm.warp(START + 2 days);
        stakes.finalizeSlash(SLASH);
        assertEq(neighbours.unvested(provider), 900e18, "a tenth instead of a fifth");
        _book("again");
        _reduce("again", 0);
        vm.warp(START + 4 days);
        stakes.finalizeSlash("again");
        assertEq(neighbours.unvested(provider), 900e18);
        assertFalse(stakes.hasPendingSlash(provider));
    }

    function test_ReduceSlash_ToWhoLeft_ReturnsStakeWithoutAge() public {
        _book(SLASH);
        vm.warp(START + 1 days);
        _unbond(provider, STAKE - 500e18);
        _reduce(SLASH, 0);
        assertEq(_own(), 500e18);
        assertEq(stakes.ageOf(provider), 0);
        vm.warp(START + 2 days);
        assertEq(stakes.ageOf(provider), 1 days);
    }

    // --- the vault ---

    function test_FinalizeSlash_TakesTheVaultsPartAndSplitsTheWhole() public {
        _vest(1_000e18);
        _book(SLASH);
        _set(Params.WORD_SLASHING, 16, 16, 3_000);
        vm.warp(START + 2 days);
        uint256 whole = 700e18;
        vm.expectEmit(address(stakes));
        emit IStakeManager.SlashFinalized(
            SLASH,
            whole * 30 / 100,
            whole * 15 / 100,
            whole * 25 / 100,
            whole * 15 / 100,
            whole * 15 / 100
        );
        stakes.finalizeSlash(SLASH);
        assertEq(neighbours.unvested(provider), 800e18, "vestSlashBps of the booking");
        _assertSolvent();
    }

    function test_FinalizeSlash_OfAForgery_TakesEverythingUnvested() public {
        _vest(1_000e18);
        _forge(SLASH);
        vm.warp(START + 14 days);
        stakes.finalizeSlash(SLASH);
        assertEq(neighbours.unvested(provider), 0);
        _assertSolvent();
    }

    function test_FinalizeSlash_AVaultThatRefusesStopsNothing() public {
        _vest(1_000e18);
        _book(SLASH);
        vm.warp(START + 2 days);
        neighbours.setRefuses(true);
        vm.expectEmit(address(stakes));
        emit IStakeManager.VestingSlashFailed(SLASH);
        stakes.finalizeSlash(SLASH);
        assertEq(market.freeOf(finder), 125e18);
        assertTrue(stakes.hasPendingSlash(provider));
        vm.expectRevert();
        stakes.slashVesting(SLASH);
        neighbours.setRefuses(false);
        uint256 insured = stakes.insuranceWei();
        vm.expectEmit(address(stakes));
        emit IStakeManager.VestingSlashSplit(SLASH, 200e18, 60e18, 140e18);
        stakes.slashVesting(SLASH);
        assertEq(stakes.insuranceWei(), insured + 140e18);
        assertFalse(stakes.hasPendingSlash(provider));
        _assertSolvent();
        _expectNothing();
    }

    function _expectNothing() private {
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__NothingToSlash.selector, SLASH)
        );
        stakes.slashVesting(SLASH);
    }

    function test_SlashVesting_GivenUnknownOrNotFinal_Reverts() public {
        _expectNothing();
        _book(SLASH);
        _expectNothing();
        vm.warp(START + 2 days);
        stakes.finalizeSlash(SLASH);
        _expectNothing();
    }

    function testFuzz_FinalizeSlash_WithLittleGas_NeverSkipsTheVault(uint256 gas_) public {
        _vest(1_000e18);
        _book(SLASH);
        vm.warp(START + 2 days);
        gas_ = bound(gas_, 20_000, 600_000);
        try stakes.finalizeSlash{gas: gas_}(SLASH) {
            assertEq(neighbours.unvested(provider), 800e18);
        } catch {
            assertEq(_amount(SLASH), 500e18, "nothing happened");
        }
    }

    function test_HasPendingSlash_FromTheBookingToTheEnd() public {
        assertFalse(stakes.hasPendingSlash(provider));
        _book("one");
        _book("two");
        vm.warp(START + 2 days);
        stakes.finalizeSlash("one");
        assertTrue(stakes.hasPendingSlash(provider));
        stakes.finalizeSlash("two");
        assertFalse(stakes.hasPendingSlash(provider));
    }

    // --- losses ---

    function _loss(bytes32 slashId) private view returns (uint256 amount) {
        (, amount) = stakes.lossOf(slashId);
    }

    function test_LossOf_IsWhatTheShareLeft() public {
        _book(_late(SLASH));
        _book("in time");
        _book(_late("pardoned"));
        assertEq(_loss(SLASH), 0, "not final");
        _reduce("pardoned", 0);
        vm.warp(START + 14 days);
        stakes.finalizeSlash(SLASH);
        stakes.finalizeSlash("in time");
        stakes.finalizeSlash("pardoned");
        (address who, uint256 amount) = stakes.lossOf(SLASH);
        assertEq(who, client);
        assertEq(amount, 1_000e18 - 75e18, "the price less 15 % of 500");
        assertEq(_loss("in time"), 0);
        assertEq(_loss("pardoned"), 0);
        assertEq(_loss("unknown"), 0);
    }
}
