// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {IVotingPower} from "../../contracts/interfaces/IVotingPower.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {StakeManager} from "../../contracts/staking/StakeManager.sol";
import {Economy} from "../../contracts/types/Economy.sol";
import {StakingBase} from "./StakingBase.sol";

/// @notice See Delegation.tree.
contract DelegationTest is StakingBase {
    // --- delegate ---

    function test_Delegate_WhenZeroOrTooMuch_Reverts() public {
        vm.expectRevert(IStakeManager.StakeManager__ZeroAmount.selector);
        stakes.delegate(provider, 0);
        uint256 max = type(uint96).max;
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__AmountTooLarge.selector, max + 1, max
            )
        );
        stakes.delegate(provider, max + 1);
    }

    function test_Delegate_GivenNotRegistered_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__NotRegistered.selector, alice)
        );
        stakes.delegate(alice, 1);
    }

    function test_Delegate_GivenNoAllowance_RevertsAndNothingChanges() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(stakes), 0, 5
            )
        );
        vm.prank(alice);
        stakes.delegate(provider, 5);
        assertEq(_pool(), 0);
        _assertSolvent();
    }

    function testFuzz_Delegate_TheFirstGetsAMillionSharesAWei(uint256 amount) public {
        amount = bound(amount, 1, 1e26);
        _give(alice, amount);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Delegated(provider, alice, amount, amount * 1e6);
        vm.prank(alice);
        stakes.delegate(provider, amount);
        assertEq(_worth(alice), amount);
        assertEq(_pool(), amount);
        assertEq(stakes.totalStakeWei(), STAKE + amount);
        _assertSolvent();
    }

    function testFuzz_Delegate_TokensSentWithoutACallRobNobody(uint256 first, uint256 sent, uint256 amount)
        public
    {
        first = bound(first, 1, 1e18);
        sent = bound(sent, 0, 1e26);
        amount = bound(amount, 1, 1e26);
        _delegate(alice, first);
        token.transfer(address(stakes), sent);
        _delegate(bob, amount);
        assertGe(_worth(bob) + 1, amount, "at most a wei by rounding");
        assertLe(_worth(alice), first);
    }

    function testFuzz_Delegate_IntoAPoolOfDust_GivesFullWorth(uint256 first, uint256 left, uint256 amount)
        public
    {
        first = bound(first, 1, 1e24);
        amount = bound(amount, 1, 1e26);
        uint256 shares = _delegate(alice, first);
        left = bound(left, 0, shares - 1);
        _undelegate(alice, shares - left);
        _delegate(bob, amount);
        assertGe(_worth(bob) + 2, amount);
        _assertSolvent();
    }

    function test_Delegate_WhenSharesWouldNotFit_Reverts() public {
        _delegate(alice, 1e24);
        // Each forgery leaves 90 %: after 140 of them a wei is 2.5 million times as many shares.
        for (uint256 i; i < 140; ++i) {
            _forge(bytes32(i + 1));
        }
        (uint256 assets, uint256 shares,) = stakes.poolStakeOf(provider);
        uint256 amount = 2e26;
        uint256 needed = shares + amount * (shares + 1e6) / (assets + 1);
        assertGt(needed, type(uint128).max);
        _give(bob, amount);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__AmountTooLarge.selector, needed, type(uint128).max
            )
        );
        vm.prank(bob);
        stakes.delegate(provider, amount);
        _undelegate(alice, shares);
        assertApproxEqAbs(_unbonding(alice), assets, 1, "who is in gets out");
    }

    // --- leaving ---

    function test_RequestUndelegation_WhenZero_Reverts() public {
        vm.expectRevert(IStakeManager.StakeManager__ZeroAmount.selector);
        _undelegate(alice, 0);
    }

    function testFuzz_RequestUndelegation_WhenAboveOnesShares_Reverts(uint256 more) public {
        uint256 shares = _delegate(alice, 5e18);
        _delegate(bob, 5e18);
        more = bound(more, shares + 1, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__TooFewShares.selector, provider, alice, shares, more
            )
        );
        _undelegate(alice, more);
    }

    function test_RequestUndelegation_UnbondsForTheTimeOfTheRequest() public {
        uint256 shares = _delegate(alice, 8e18);
        vm.expectEmit(address(stakes));
        emit IStakeManager.UndelegationRequested(
            provider, alice, shares / 4, 2e18, START + 21 days
        );
        _undelegate(alice, shares / 4);
        _set(Params.WORD_SLASHING, 128, 32, 14 days);
        (uint256 left, uint256 worth, uint256 leaving, uint256 readyAt) =
            stakes.delegationOf(provider, alice);
        assertEq(left, shares - shares / 4);
        assertEq(worth, 6e18);
        assertEq(leaving, 2e18);
        assertEq(readyAt, START + 21 days);
        _assertSolvent();
        _undelegate(alice, 1e24);
        (,,, readyAt) = stakes.delegationOf(provider, alice);
        assertEq(readyAt, START + 14 days);
    }

    function testFuzz_RequestUndelegation_MergesAndRestartsTheClock(uint32 pause) public {
        uint256 shares = _delegate(alice, 8e18);
        _undelegate(alice, shares / 4);
        vm.warp(START + pause);
        _undelegate(alice, shares / 2);
        (,, uint256 leaving, uint256 readyAt) = stakes.delegationOf(provider, alice);
        assertEq(leaving, 6e18);
        assertEq(readyAt, START + pause + 21 days);
    }

    function testFuzz_InAndOut_NeverGains(uint256 first, uint256 amount, uint8 slashes) public {
        _delegate(bob, bound(first, 1, 1e24));
        for (uint256 i; i < slashes % 4; ++i) {
            _book(bytes32(i + 1));
        }
        amount = bound(amount, 1, 1e24);
        uint256 before = _worth(bob);
        uint256 shares = _delegate(alice, amount);
        if (shares != 0) _undelegate(alice, shares);
        assertLe(_unbonding(alice), amount);
        assertGe(_worth(bob), before);
    }

    function test_WithdrawUndelegated_GivenNothing_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__NothingUnbonding.selector, alice)
        );
        _withdraw(alice);
    }

    function testFuzz_WithdrawUndelegated_GivenTooEarly_Reverts(uint256 early) public {
        _undelegate(alice, _delegate(alice, 5e18));
        uint256 readyAt = START + 21 days;
        early = bound(early, START, readyAt - 1);
        vm.warp(early);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__UnbondingNotFinished.selector, alice, readyAt, early
            )
        );
        _withdraw(alice);
    }

    function test_WithdrawUndelegated_PaysOnce() public {
        _undelegate(alice, _delegate(alice, 5e18));
        vm.warp(START + 21 days);
        vm.expectEmit(address(stakes));
        emit IStakeManager.UndelegationWithdrawn(provider, alice, 5e18);
        assertEq(_withdraw(alice), 5e18);
        assertEq(token.balanceOf(alice), 5e18);
        _assertSolvent();
        vm.expectRevert();
        _withdraw(alice);
        (,, uint256 leaving, uint256 readyAt) = stakes.delegationOf(provider, alice);
        assertEq(leaving + readyAt, 0);
    }

    function test_FinishedUnbonding_CannotBeBlocked() public {
        _undelegate(alice, _delegate(alice, 5e18));
        _unbond(provider, 7e18);
        vm.warp(START + 21 days);
        vm.etch(address(votes), hex"fe");
        vm.etch(address(neighbours), hex"fe");
        vm.etch(address(market), hex"fe");
        assertEq(_withdraw(alice), 5e18);
        vm.prank(provider);
        assertEq(stakes.withdrawUnbonded(), 7e18);
    }

    // --- slashes ---

    function _twoWithOneLeaving() private {
        uint256 shares = _delegate(alice, 1_000e18);
        _delegate(bob, 400e18);
        _undelegate(alice, shares / 2);
    }

    function test_AVerdict_TakesFivePercentOfAll() public {
        _twoWithOneLeaving();
        vm.expectEmit(address(stakes));
        emit IStakeManager.DelegationSlashed(provider, SLASH, 45e18, 25e18);
        assertEq(_book(SLASH), 500e18 + 70e18);
        assertApproxEqAbs(_worth(alice), 475e18, 1);
        assertApproxEqAbs(_worth(bob), 380e18, 1);
        assertApproxEqAbs(_unbonding(alice), 475e18, 1);
        _assertSolvent();
    }

    function test_AForgery_TakesTenPercent() public {
        _twoWithOneLeaving();
        assertEq(_forge(SLASH), 5_000e18 + 140e18);
        assertApproxEqAbs(_worth(alice), 450e18, 1);
        _assertSolvent();
    }

    function test_ATimeout_TakesFivePercentWhenFull() public {
        _twoWithOneLeaving();
        vm.startPrank(address(market));
        stakes.lock(provider, JOB, 100e18);
        stakes.slashTimeout(provider, JOB, 50e18, 0, false);
        assertEq(_worth(bob), 400e18);
        vm.expectEmit(address(stakes));
        emit IStakeManager.DelegationSlashed(provider, JOB, 45e18, 25e18);
        stakes.slashTimeout(provider, JOB, 50e18, 0, true);
        vm.stopPrank();
        assertApproxEqAbs(_worth(bob), 380e18, 1);
        _assertSolvent();
    }

    function test_Locks_NeverCountDelegatedStake() public {
        _delegate(alice, 1_000e18);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__InsufficientFree.selector, provider, STAKE, STAKE + 1
            )
        );
        vm.prank(address(market));
        stakes.lock(provider, JOB, STAKE + 1);
    }

    // --- weights ---

    function _weight(uint256 epoch) private view returns (uint256 own, uint256 counted) {
        return stakes.weightAt(provider, epoch);
    }

    function testFuzz_WeightAt_CountsUpToTheMultiple(uint256 amount, uint256 multiple) public {
        amount = bound(amount, 1, 2e26);
        multiple = bound(multiple, 0, 10);
        _delegate(alice, amount);
        _set(Params.WORD_HIRING, 160, 16, multiple);
        (uint256 own, uint256 counted) = _weight(START / WEEK);
        assertEq(own, STAKE);
        assertEq(counted, amount < multiple * STAKE ? amount : multiple * STAKE);
    }

    function test_WeightAt_KeepsTheEndOfTheLastEpoch() public {
        uint256 epoch = START / WEEK;
        uint256 shares = _delegate(alice, 100e18);
        (, uint256 counted) = _weight(epoch - 1);
        assertEq(counted, 0);
        vm.warp(START + WEEK);
        _undelegate(alice, shares / 2);
        _delegate(bob, 7e18);
        (, counted) = _weight(epoch);
        assertEq(counted, 100e18);
        (, counted) = _weight(epoch + 1);
        assertEq(counted, 57e18);
        vm.warp(START + 2 * WEEK);
        (, counted) = _weight(epoch + 1);
        assertEq(counted, 57e18, "nothing happened since");
        _book(SLASH);
        (, counted) = _weight(epoch + 1);
        assertEq(counted, 57e18, "slashed later");
    }

    function test_WeightAt_OfAnotherEpoch_Reverts() public {
        uint256 present = START / WEEK;
        uint256[2] memory epochs = [present + 1, present - 2];
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IStakeManager.StakeManager__UnknownEpoch.selector, epochs[i], present
                )
            );
            stakes.weightAt(provider, epochs[i]);
        }
    }

    // --- commission ---

    function _commission(uint256 bps) private {
        vm.prank(provider);
        stakes.setCommission(bps);
    }

    function _commissionNow() private view returns (uint256 bps) {
        (,, bps) = stakes.poolStakeOf(provider);
    }

    function test_SetCommission_GivenNotRegisteredOrTooHigh_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__NotRegistered.selector, alice)
        );
        vm.prank(alice);
        stakes.setCommission(0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__CommissionTooHigh.selector, 3_001, 3_000
            )
        );
        _commission(3_001);
    }

    function test_SetCommission_ARiseWaitsACutDoesNot() public {
        vm.expectEmit(address(stakes));
        emit IStakeManager.CommissionChanged(provider, 3_000, START + 14 days);
        _commission(3_000);
        (uint256 next, uint256 since) = stakes.commissionOf(provider);
        assertEq(_commissionNow(), 0);
        assertEq(next, 3_000);
        assertEq(since, START + 14 days);
        vm.warp(START + 14 days - 1);
        assertEq(_commissionNow(), 0);
        vm.warp(START + 14 days);
        assertEq(_commissionNow(), 3_000);
        (next, since) = stakes.commissionOf(provider);
        assertEq(next, 3_000);
        assertEq(since, 0);
        vm.expectEmit(address(stakes));
        emit IStakeManager.CommissionChanged(provider, 1_000, block.timestamp);
        _commission(1_000);
        assertEq(_commissionNow(), 1_000);
    }

    function test_SetCommission_ReplacesARiseThatWaits() public {
        _commission(2_000);
        vm.warp(START + 13 days);
        _commission(500);
        vm.warp(START + 20 days);
        assertEq(_commissionNow(), 0, "the clock began again");
        _commission(0);
        vm.warp(START + 60 days);
        assertEq(_commissionNow(), 0);
    }

    // --- rewards ---

    function _reward(uint256 amount) private {
        vm.prank(emission);
        stakes.notifyReward(provider, amount);
    }

    function _take(address who) private returns (uint256) {
        vm.prank(emission);
        return stakes.takeReward(provider, who);
    }

    function test_Rewards_WhenNotCalledByEmission_Revert() public {
        bytes memory refusal =
            abi.encodeWithSelector(IStakeManager.StakeManager__OnlyEmission.selector, alice);
        vm.startPrank(alice);
        vm.expectRevert(refusal);
        stakes.notifyReward(provider, 1);
        vm.expectRevert(refusal);
        stakes.takeReward(provider, alice);
    }

    function test_NotifyReward_WhenZeroOrWithoutDelegators_Reverts() public {
        vm.expectRevert(IStakeManager.StakeManager__ZeroAmount.selector);
        _reward(0);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__NoDelegators.selector, provider)
        );
        _reward(1);
    }

    function test_Rewards_GoBySharesToThoseWhoWereThere() public {
        uint256 shares = _delegate(alice, 300e18);
        vm.expectEmit(address(stakes));
        emit IStakeManager.RewardNotified(provider, 40e18);
        _reward(40e18);
        _delegate(bob, 100e18);
        _reward(40e18);
        _undelegate(alice, shares);
        _reward(10e18);
        assertApproxEqAbs(stakes.rewardOf(provider, alice), 70e18, 1e9);
        assertApproxEqAbs(stakes.rewardOf(provider, bob), 20e18, 1e9);
        uint256 owed = stakes.rewardOf(provider, alice);
        vm.expectEmit(address(stakes));
        emit IStakeManager.RewardTaken(provider, alice, owed);
        assertEq(_take(alice), owed);
        assertEq(_take(alice), 0);
        assertEq(_take(other), 0);
    }

    function testFuzz_Rewards_PartsAreAtMostTheWhole(uint96 a, uint96 b, uint96 amount) public {
        _delegate(alice, bound(a, 1, 1e26));
        _delegate(bob, bound(b, 1, 1e26));
        uint256 reward = bound(amount, 1, 1e26);
        _reward(reward);
        assertLe(_take(alice) + _take(bob), reward);
    }

    // --- votes ---

    function test_Votes_FollowDelegation() public {
        uint256 shares = _delegate(alice, 90e18);
        assertEq(votes.unitsOf(alice), 90e18);
        assertEq(votes.unitsOf(provider), STAKE);
        _undelegate(alice, shares / 3);
        assertEq(votes.unitsOf(alice), 60e18);
        _unbond(provider, 1_000e18);
        assertEq(votes.unitsOf(provider), STAKE - 1_000e18);
    }

    function test_Votes_OfASlashedPool_AreSynced() public {
        _delegate(alice, 100e18);
        _book(SLASH);
        assertEq(votes.unitsOf(alice), 100e18, "not yet");
        assertEq(votes.unitsOf(provider), STAKE - 500e18, "own stake at once");
        vm.prank(other);
        stakes.syncVotes(provider, alice);
        assertApproxEqAbs(votes.unitsOf(alice), 95e18, 1);
        vm.expectCall(address(votes), abi.encodeWithSelector(IVotingPower.move.selector), 0);
        stakes.syncVotes(provider, alice);
    }

    function test_WithoutVotes_EverythingElseWorks() public {
        Economy memory none;
        stakes = new StakeManager(address(token), address(market), insurance, audits, disputes, none);
        _register(provider);
        _stake(provider, STAKE);
        uint256 shares = _delegate(alice, 100e18);
        stakes.syncVotes(provider, alice);
        _book(SLASH);
        _undelegate(alice, shares);
        vm.warp(START + 21 days);
        assertApproxEqAbs(_withdraw(alice), 95e18, 1);
        _assertSolvent();
    }
}
