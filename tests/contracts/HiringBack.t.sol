// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Job, JobState, Offer} from "../../contracts/types/Job.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice See Hiring.tree: cancel of a job that a provider has, which is handing it back.
contract HiringBackTest is MarketBase {
    function _handBack(bytes32 jobId) private {
        vm.prank(operator);
        market.cancel(jobId);
    }

    function _accepted() private returns (bytes32 jobId) {
        jobId = _posted();
        vm.prank(operator);
        _acceptAs(jobId, PRICE / 4, LOCK);
    }

    function _expectNotOperator(address caller) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__NotOperator.selector, provider, caller
            )
        );
    }

    /// @dev As before the job, in the market and in the stake.
    function _assertNothingLost() private view {
        assertEq(market.freeOf(client), DEPOSIT, "refunded");
        assertEq(_locked(), 0, "freed");
        assertEq(_own(), STAKE, "not slashed");
        assertEq(stakes.insuranceWei(), 0);
        assertEq(token.totalSupply(), token.CAP(), "nothing burned");
        assertEq(market.earnedOf(provider), 0);
        assertEq(token.balanceOf(address(market)), DEPOSIT);
    }

    // --- who and when ---

    function test_HandBack_WhenNotCalledByTheOperator_Reverts() public {
        bytes32 jobId = _assigned();
        address rival = makeAddr("rival");
        _fundProvider(makeAddr("rival owner"), rival);
        address[4] memory callers = [client, provider, rival, other];
        for (uint256 i; i < callers.length; ++i) {
            _expectNotOperator(callers[i]);
            vm.prank(callers[i]);
            market.cancel(jobId);
        }
        _assertState(jobId, JobState.Assigned);
        assertEq(_locked(), LOCK);
    }

    function test_HandBack_GivenTheOperatorWasReplaced_OnlyTheNewOneDoes() public {
        bytes32 jobId = _assigned();
        vm.prank(provider);
        stakes.setOperator(other);
        _expectNotOperator(operator);
        _handBack(jobId);
        vm.prank(other);
        market.cancel(jobId);
        _assertState(jobId, JobState.Cancelled);
    }

    function _expectTooLate(bytes32 jobId, JobState found) private {
        address[2] memory callers = [operator, client];
        for (uint256 i; i < callers.length; ++i) {
            _expectWrongState(jobId, found, JobState.Assigned);
            vm.prank(callers[i]);
            market.cancel(jobId);
        }
    }

    function test_HandBack_GivenACommitment_Reverts() public {
        bytes32 jobId = _committed();
        _expectTooLate(jobId, JobState.Committed);
        _readyRound();
        market.draw(jobId);
        _expectTooLate(jobId, JobState.Committed);
        jobId = _revealed();
        _expectTooLate(jobId, JobState.Revealed);
        _miss(jobId);
        _expectTooLate(jobId, JobState.Accepted);
        market.settle(jobId);
        _expectTooLate(jobId, JobState.Settled);
    }

    function test_HandBack_GivenItHasEnded_Reverts() public {
        bytes32 invalid = _assigned();
        vm.prank(operator);
        market.declareInvalid(invalid, _spec(), _saltOf[invalid]);
        _expectTooLate(invalid, JobState.Invalid);
        bytes32 missed = _assigned();
        _miss(missed);
        market.expire(missed);
        _expectTooLate(missed, JobState.ProviderCommitTimeout);
    }

    function test_HandBack_GivenTheDeadlinePassed_Reverts() public {
        bytes32 jobId = _assigned();
        _miss(jobId);
        _expectDeadlinePassed(jobId);
        _handBack(jobId);
        vm.warp(block.timestamp - 1);
        _handBack(jobId);
        _assertNothingLost();
    }

    // --- what it does ---

    function test_HandBack_RefundsAndFreesTheLock() public {
        bytes32[2] memory jobIds = [_assigned(), _accepted()];
        uint256[2] memory prices = [uint256(PRICE), PRICE / 4];
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit(address(market));
            emit IJobMarket.JobCancelled(jobIds[i], prices[i]);
            vm.expectCall(
                address(stakes), abi.encodeCall(IStakeManager.unlock, (provider, jobIds[i], LOCK))
            );
            _handBack(jobIds[i]);
            _assertState(jobIds[i], JobState.Cancelled);
            assertFalse(market.isLockOpen(jobIds[i]));
            _expectTooLate(jobIds[i], JobState.Cancelled);
        }
        _assertNothingLost();
    }

    function test_HandBack_LeavesNothingToExpireOrSettle() public {
        bytes32 jobId = _assigned();
        _handBack(jobId);
        _miss(jobId);
        _assertState(jobId, JobState.Cancelled);
        _expectWrongState(jobId, JobState.Cancelled, JobState.None);
        market.expire(jobId);
        _expectWrongState(jobId, JobState.Cancelled, JobState.Accepted);
        market.settle(jobId);
        _assertNothingLost();
    }

    function test_HandBack_KeepsTheProviderAndFreesTheClientToHireAnother() public {
        Offer memory offer = _offer();
        bytes32 jobId = _openWith(offer);
        _handBack(jobId);
        Job memory j = market.job(jobId);
        assertEq(j.provider, provider, "handed back by whom");
        assertEq(j.client, client);
        assertEq(j.price, PRICE);
        assertTrue(market.isNonceUsed(provider, offer.nonce), "its offer is not taken twice");
        provider = makeAddr("second");
        _fundProvider(provider, operator);
        vm.prank(client);
        market.withdraw(DEPOSIT - PRICE); // the refund is all the client has
        _assertState(_assigned(), JobState.Assigned);
    }
}
