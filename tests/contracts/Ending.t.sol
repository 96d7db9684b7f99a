// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {JobState} from "../../contracts/types/Job.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice See Ending.tree.
contract EndingTest is MarketBase {
    function _confirm(bytes32 jobId) private {
        vm.prank(client);
        market.confirm(jobId);
    }

    function _assertPaid(bytes32 jobId) private view {
        assertEq(market.earnedOf(provider), PRICE, "paid = price");
        assertEq(market.freeOf(client), DEPOSIT - PRICE, "nothing refunded");
        assertEq(_locked(), 0, "lock freed");
        assertEq(_own(), STAKE, "no slash");
        assertFalse(market.isLockOpen(jobId));
        _assertState(jobId, JobState.Settled);
    }

    // --- confirm ---

    function test_Confirm_GivenNotRevealed_Reverts() public {
        bytes32 jobId = _committed();
        _expectWrongState(jobId, JobState.Committed, JobState.Revealed);
        _confirm(jobId);
    }

    function test_Confirm_AtTheEndOfTheWindowStillAndLaterNot() public {
        bytes32 jobId = _revealed();
        _miss(jobId);
        _expectDeadlinePassed(jobId);
        _confirm(jobId);
        vm.warp(block.timestamp - 1);
        _confirm(jobId);
    }

    function test_Confirm_WhenNotCalledByTheClient_Reverts() public {
        bytes32 jobId = _revealed();
        vm.prank(provider);
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__NotClient.selector, jobId, provider)
        );
        market.confirm(jobId);
    }

    function test_Confirm_PaysFreesAndEnds() public {
        bytes32 jobId = _revealed();
        vm.expectEmit(address(market));
        emit IJobMarket.JobConfirmed(jobId);
        vm.expectEmit(address(market));
        emit IJobMarket.JobSettled(jobId, provider, PRICE);
        _confirm(jobId);
        _assertPaid(jobId);
    }

    // --- settle ---

    function test_Settle_GivenTheWindowRuns_Reverts() public {
        bytes32 jobId = _revealed();
        vm.warp(market.job(jobId).deadline);
        _expectDeadlineNotPassed(jobId);
        market.settle(jobId);
    }

    function test_Settle_GivenAnyOtherState_Reverts() public {
        _expectWrongState("unknown", JobState.None, JobState.Accepted);
        market.settle("unknown");
        bytes32 jobId = _assigned();
        _expectWrongState(jobId, JobState.Assigned, JobState.Accepted);
        market.settle(jobId);
        _miss(jobId);
        _expectWrongState(jobId, JobState.ProviderCommitTimeout, JobState.Accepted);
        market.settle(jobId);
        jobId = _settled();
        _expectWrongState(jobId, JobState.Settled, JobState.Accepted);
        market.settle(jobId);
    }

    function testFuzz_Settle_ByAnyoneHoweverLate_Pays(address caller, uint32 late) public {
        bytes32 jobId = _revealed();
        _miss(jobId);
        vm.warp(block.timestamp + late);
        _assertState(jobId, JobState.Accepted);
        vm.prank(caller);
        market.settle(jobId);
        _assertPaid(jobId);
    }

    // --- settleBatch ---

    function test_SettleBatch_SettlesTheReadyAndSkipsTheRest() public {
        bytes32[] memory jobIds = new bytes32[](5);
        jobIds[0] = _revealed();
        jobIds[1] = _settled();
        jobIds[2] = _posted();
        jobIds[3] = jobIds[0];
        jobIds[4] = "unknown";
        vm.warp(START + 3 hours);
        vm.expectEmit(address(market));
        emit IJobMarket.JobSettled(jobIds[0], provider, PRICE);
        vm.expectEmit(address(market));
        emit IJobMarket.SettleSkipped(jobIds[1], JobState.Settled);
        vm.expectEmit(address(market));
        emit IJobMarket.SettleSkipped(jobIds[2], JobState.Unmatched);
        vm.expectEmit(address(market));
        emit IJobMarket.SettleSkipped(jobIds[0], JobState.Settled);
        vm.expectEmit(address(market));
        emit IJobMarket.SettleSkipped("unknown", JobState.None);
        market.settleBatch(jobIds);
        assertEq(market.earnedOf(provider), 2 * PRICE, "each job is paid once");
        assertEq(_locked(), 0);
    }

    function test_SettleBatch_GivenNothing_DoesNothing() public {
        market.settleBatch(new bytes32[](0));
    }

    // --- expire ---

    function test_Expire_GivenNoMissedDuty_Reverts() public {
        _expectWrongState("unknown", JobState.None, JobState.None);
        market.expire("unknown");
        bytes32 jobId = _revealed();
        _expectWrongState(jobId, JobState.Revealed, JobState.None);
        market.expire(jobId);
        _miss(jobId);
        _expectWrongState(jobId, JobState.Accepted, JobState.None);
        market.expire(jobId);
        market.settle(jobId);
        _expectWrongState(jobId, JobState.Settled, JobState.None);
        market.expire(jobId);
    }

    function test_Expire_GivenTheDeadlineHasNotPassed_Reverts() public {
        (bytes32 drawn,) = _drawn();
        bytes32[4] memory jobIds = [_posted(), _assigned(), _committed(), drawn];
        for (uint256 i; i < 4; ++i) {
            vm.warp(market.job(jobIds[i]).deadline);
            _expectDeadlineNotPassed(jobIds[i]);
            market.expire(jobIds[i]);
        }
    }

    function test_Expire_GivenNobodyTookIt_RefundsWithoutASlash() public {
        bytes32 jobId = _posted();
        _miss(jobId);
        vm.expectEmit(address(market));
        emit IJobMarket.JobExpired(jobId, JobState.Unmatched, PRICE);
        market.expire(jobId);
        assertEq(market.freeOf(client), DEPOSIT);
        assertEq(_own(), STAKE);
        assertFalse(market.isLockOpen(jobId));
    }

    function test_Expire_GivenNoCommitment_TakesATenthOfTheLock() public {
        bytes32 jobId = _assigned();
        _miss(jobId);
        _assertState(jobId, JobState.ProviderCommitTimeout);
        vm.expectEmit(address(market));
        emit IJobMarket.JobExpired(jobId, JobState.ProviderCommitTimeout, PRICE);
        vm.expectEmit(address(market));
        emit IJobMarket.SlashShareCredited(jobId, client, 0.3e18);
        vm.prank(other);
        market.expire(jobId);
        // 10% of the lock of 20: 2 taken, 0.6 burned, 0.3 to the client, 1.1 to the insurance.
        assertEq(market.freeOf(client), DEPOSIT + 0.3e18);
        assertEq(_own(), STAKE - 2e18);
        assertEq(_locked(), 0);
        assertEq(token.totalSupply(), token.CAP() - 0.6e18);
        assertEq(stakes.insuranceWei(), 1.1e18);
        assertEq(token.balanceOf(address(market)), DEPOSIT + 0.3e18, "market stays solvent");
    }

    function _assertFullSlash(bytes32 jobId) private {
        _miss(jobId);
        vm.expectEmit(address(market));
        emit IJobMarket.JobExpired(jobId, JobState.ProviderRevealTimeout, PRICE);
        market.expire(jobId);
        // The lock of 20 and 5% of 10,000: 520 taken; 15% would be 78, the cap is the price.
        assertEq(market.freeOf(client), DEPOSIT + PRICE);
        assertEq(_own(), STAKE - 520e18);
        assertEq(_locked(), 0);
        assertEq(token.totalSupply(), token.CAP() - 156e18);
        assertEq(stakes.insuranceWei(), 363e18);
        _assertState(jobId, JobState.ProviderRevealTimeout);
    }

    function test_Expire_GivenNoDraw_SlashesInFull() public {
        _assertFullSlash(_committed());
    }

    function test_Expire_GivenNoReveal_SlashesInFull() public {
        (bytes32 jobId,) = _drawn();
        _assertFullSlash(jobId);
    }

    function test_Expire_GivenExpired_Reverts() public {
        bytes32 jobId = _assigned();
        _miss(jobId);
        market.expire(jobId);
        _expectWrongState(jobId, JobState.ProviderCommitTimeout, JobState.None);
        market.expire(jobId);
    }

    // --- views, closeLock ---

    function test_StateOf_FollowsAWholeLife() public {
        bytes32 jobId = _posted();
        _assertState(jobId, JobState.Open);
        vm.prank(operator);
        _acceptAs(jobId, PRICE, LOCK);
        _assertState(jobId, JobState.Assigned);
        _commit(jobId);
        _assertState(jobId, JobState.Committed);
        _readyRound();
        market.draw(jobId);
        _assertState(jobId, JobState.Committed);
        vm.warp(uint256(market.job(jobId).deadline) + 1);
        _assertState(jobId, JobState.ProviderRevealTimeout);
        assertEq(uint8(market.job(jobId).state), uint8(JobState.Committed), "stored as written");
    }

    function test_TheMarketNamesItsParts() public view {
        assertEq(market.token(), address(token));
        assertEq(market.stakeManager(), address(stakes));
        assertEq(market.beacon(), address(beacon));
    }

    function test_CloseLock_GivenClosedOrLive_Reverts() public {
        bytes32 live = _assigned();
        bytes32 over = _settled();
        bytes32 back = _assigned();
        vm.prank(operator);
        market.cancel(back);
        bytes32[4] memory jobIds = [bytes32("unknown"), live, over, back];
        JobState[4] memory found =
            [JobState.None, JobState.Assigned, JobState.Settled, JobState.Cancelled];
        for (uint256 i; i < 4; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IJobMarket.JobMarket__LockNotClosable.selector, jobIds[i], found[i]
                )
            );
            market.closeLock(jobIds[i]);
        }
    }
}
