// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {IVotingPower} from "../../contracts/interfaces/IVotingPower.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {StakeManager} from "../../contracts/staking/StakeManager.sol";
import {Economy} from "../../contracts/types/Economy.sol";
import {StakingBase} from "./StakingBase.sol";

/// @notice See DelegationRewards.tree.
contract DelegationRewardsTest is StakingBase {
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
