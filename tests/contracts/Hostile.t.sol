// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {JobMarket} from "../../contracts/market/JobMarket.sol";
import {JobState} from "../../contracts/types/Job.sol";
import {MarketBase} from "./MarketBase.sol";
import {HostileStakeManager} from "./mocks/HostileStakeManager.sol";

/// @notice See Hostile.tree.
contract HostileTest is MarketBase {
    /// @dev 300,000 less what every transaction costs before its first instruction.
    uint256 private constant CALL_GAS = 300_000 - 21_000 - 1_000;

    HostileStakeManager private hostile;
    JobMarket private realMarket;

    function setUp() public override {
        super.setUp();
        realMarket = market;
        hostile = new HostileStakeManager();
        hostile.setOperator(provider, operator);
        market = new JobMarket(
            address(token), address(hostile), address(beacon), address(0), address(0), _economy()
        );
        _fundClient(client);
    }

    modifier underEveryAttack() {
        for (uint8 raw = 1; raw <= uint8(type(HostileStakeManager.Attack).max); ++raw) {
            uint256 snapshot = vm.snapshotState();
            hostile.setAttack(HostileStakeManager.Attack(raw));
            _;
            assertFalse(hostile.hasEntered(), "nobody gets back in");
            vm.revertToState(snapshot);
        }
    }

    /// @dev Whether a lock stays open under the attack that runs. Who only calls back lets it close.
    function _refuses() private view returns (bool) {
        return hostile.attack() != HostileStakeManager.Attack.Reenter;
    }

    function _expectLeftOpen(bytes32 jobId) private {
        if (!_refuses()) return;
        vm.expectEmit(address(market));
        emit IJobMarket.LockCloseFailed(jobId);
    }

    function _assertRefunded(bytes32 jobId, JobState state) private view {
        assertEq(market.freeOf(client), DEPOSIT, "refunded");
        assertEq(market.isLockOpen(jobId), _refuses(), "lock remembered");
        _assertState(jobId, state);
    }

    function _assertPaid(bytes32 jobId) private view {
        assertEq(market.earnedOf(provider), PRICE, "paid");
        assertEq(market.isLockOpen(jobId), _refuses(), "lock remembered");
        _assertState(jobId, JobState.Settled);
    }

    // --- money moves under every attack ---

    function test_Expire_RefundsAnAssignedJob() public underEveryAttack {
        bytes32 jobId = _assigned();
        _miss(jobId);
        _expectLeftOpen(jobId);
        market.expire{gas: CALL_GAS}(jobId);
        _assertRefunded(jobId, JobState.ProviderCommitTimeout);
    }

    function test_Expire_RefundsACommittedJob() public underEveryAttack {
        bytes32 jobId = _committed();
        _miss(jobId);
        _expectLeftOpen(jobId);
        market.expire{gas: CALL_GAS}(jobId);
        _assertRefunded(jobId, JobState.ProviderRevealTimeout);
    }

    function test_DeclareInvalid_Refunds() public underEveryAttack {
        bytes32 jobId = _assigned();
        _expectLeftOpen(jobId);
        vm.prank(operator);
        market.declareInvalid{gas: CALL_GAS}(jobId, _spec(), _saltOf[jobId]);
        _assertRefunded(jobId, JobState.Invalid);
    }

    function test_HandBack_Refunds() public underEveryAttack {
        bytes32 jobId = _assigned();
        _expectLeftOpen(jobId);
        vm.prank(operator);
        market.cancel{gas: CALL_GAS}(jobId);
        _assertRefunded(jobId, JobState.Cancelled);
    }

    function test_Settle_Pays() public underEveryAttack {
        bytes32 jobId = _revealed();
        _miss(jobId);
        _expectLeftOpen(jobId);
        market.settle{gas: CALL_GAS}(jobId);
        _assertPaid(jobId);
    }

    function test_SettleBatch_Pays() public underEveryAttack {
        bytes32[] memory jobIds = new bytes32[](1);
        jobIds[0] = _revealed();
        _miss(jobIds[0]);
        _expectLeftOpen(jobIds[0]);
        market.settleBatch{gas: CALL_GAS}(jobIds);
        _assertPaid(jobIds[0]);
    }

    function test_Confirm_Pays() public underEveryAttack {
        bytes32 jobId = _revealed();
        _expectLeftOpen(jobId);
        vm.prank(client);
        market.confirm{gas: CALL_GAS}(jobId);
        _assertPaid(jobId);
    }

    function test_ListingsAreRefundedWithoutAskingIt() public underEveryAttack {
        bytes32 cancelled = _posted();
        bytes32 unmatched = _posted();
        vm.prank(client);
        market.cancel{gas: CALL_GAS}(cancelled);
        _miss(unmatched);
        market.expire{gas: CALL_GAS}(unmatched);
        assertEq(market.freeOf(client), DEPOSIT);
        assertEq(hostile.closed(), 0);
    }

    function test_WithdrawAndHarvest_PayOut() public underEveryAttack {
        _settled();
        vm.prank(client);
        market.withdraw{gas: CALL_GAS}(DEPOSIT - PRICE);
        vm.prank(provider);
        market.harvest{gas: CALL_GAS}(provider);
        assertEq(token.balanceOf(client), DEPOSIT - PRICE);
        assertEq(token.balanceOf(provider), PRICE);
        assertEq(token.balanceOf(address(market)), 0);
    }

    function test_NobodyGetsBackInToEndAnotherJob() public {
        bytes32 first = _assigned();
        bytes32 second = _assigned();
        hostile.setVictim(second);
        hostile.setAttack(HostileStakeManager.Attack.Reenter);
        _miss(first);
        market.expire(first);
        assertFalse(hostile.hasEntered(), "the guard holds");
        assertEq(market.freeOf(client), DEPOSIT - PRICE, "only the first was refunded");
        market.expire(second);
    }

    function test_NobodyGetsBackInToHandAnotherJobBack() public {
        bytes32 first = _assigned();
        vm.warp(block.timestamp + 10);
        bytes32 second = _assigned();
        hostile.setOperator(provider, address(hostile));
        hostile.setVictim(second);
        hostile.setAttack(HostileStakeManager.Attack.Reenter);
        _miss(first);
        market.expire(first);
        assertFalse(hostile.hasEntered(), "the guard holds");
        assertEq(market.freeOf(client), DEPOSIT - PRICE, "only the first was refunded");
        vm.prank(address(hostile)); // by itself the call was allowed
        market.cancel(second);
        _assertState(second, JobState.Cancelled);
    }

    // --- a lock that could not be closed ---

    function _leftOpen(bytes32 jobId) private returns (bytes32) {
        hostile.setAttack(HostileStakeManager.Attack.Revert);
        _miss(jobId);
        if (market.stateOf(jobId) == JobState.Accepted) market.settle(jobId);
        else market.expire(jobId);
        assertTrue(market.isLockOpen(jobId));
        return jobId;
    }

    function test_CloseLock_FailsWithTheReasonAsLongAsItIsRefused() public {
        bytes32 jobId = _leftOpen(_assigned());
        vm.expectRevert(HostileStakeManager.HostileStakeManager__Refused.selector);
        market.closeLock(jobId);
        assertTrue(market.isLockOpen(jobId), "and can be tried again");
    }

    function _expectClose(bytes32 jobId, bytes memory call) private {
        hostile.setAttack(HostileStakeManager.Attack.None);
        vm.expectCall(address(hostile), call);
        vm.prank(other);
        market.closeLock(jobId);
        assertFalse(market.isLockOpen(jobId));
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__LockNotClosable.selector, jobId, market.stateOf(jobId)
            )
        );
        market.closeLock(jobId);
    }

    function test_CloseLock_AfterAPayment_Unlocks() public {
        bytes32 jobId = _leftOpen(_revealed());
        _expectClose(jobId, abi.encodeCall(IStakeManager.unlock, (provider, jobId, LOCK)));
    }

    function test_CloseLock_AfterInvalid_Unlocks() public {
        bytes32 jobId = _assigned();
        hostile.setAttack(HostileStakeManager.Attack.Revert);
        vm.prank(operator);
        market.declareInvalid(jobId, _spec(), _saltOf[jobId]);
        _expectClose(jobId, abi.encodeCall(IStakeManager.unlock, (provider, jobId, LOCK)));
    }

    function test_CloseLock_AfterAJobWasHandedBack_Unlocks() public {
        bytes32 jobId = _assigned();
        hostile.setAttack(HostileStakeManager.Attack.Revert);
        vm.prank(operator);
        market.cancel(jobId);
        _miss(jobId); // however late, never the slash of a missed commitment
        _expectClose(jobId, abi.encodeCall(IStakeManager.unlock, (provider, jobId, LOCK)));
    }

    function test_CloseLock_AfterACommitTimeout_SlashesInPart() public {
        bytes32 jobId = _leftOpen(_assigned());
        _expectClose(
            jobId,
            abi.encodeCall(IStakeManager.slashTimeout, (provider, jobId, LOCK, PRICE, false))
        );
    }

    function test_CloseLock_AfterARevealTimeout_SlashesInFull() public {
        bytes32 jobId = _leftOpen(_committed());
        _expectClose(
            jobId,
            abi.encodeCall(IStakeManager.slashTimeout, (provider, jobId, LOCK, PRICE, true))
        );
    }

    // --- with the real StakeManager ---

    function testFuzz_StarvingItOfGas_FailsAltogetherOrSlashes(uint256 gas_) public {
        market = realMarket;
        bytes32 jobId = _committed();
        _miss(jobId);
        gas_ = bound(gas_, 20_000, 400_000);
        (bool ok,) = address(market).call{gas: gas_}(abi.encodeCall(market.expire, (jobId)));
        if (ok) {
            assertEq(_own(), STAKE - 520e18, "slashed");
            assertFalse(market.isLockOpen(jobId));
        } else {
            _assertState(jobId, JobState.ProviderRevealTimeout);
            assertEq(_locked(), LOCK, "nothing happened");
        }
    }

    function test_GivenTheLockWasLeftOpen_CloseLockSlashesAsExpireWouldHave() public {
        market = realMarket;
        bytes32 jobId = _committed();
        _miss(jobId);
        vm.mockCallRevert(
            address(stakes), abi.encodeWithSelector(IStakeManager.slashTimeout.selector), "busy"
        );
        market.expire(jobId);
        assertEq(market.freeOf(client), DEPOSIT, "the refund did not wait");
        assertEq(_locked(), LOCK);
        vm.clearMockedCalls();
        vm.expectEmit(address(market));
        emit IJobMarket.SlashShareCredited(jobId, client, PRICE);
        market.closeLock(jobId);
        assertEq(market.freeOf(client), DEPOSIT + PRICE);
        assertEq(_own(), STAKE - 520e18);
        assertEq(_locked(), 0);
    }
}
