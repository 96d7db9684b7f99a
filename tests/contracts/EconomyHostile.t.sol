// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Economy} from "../../contracts/types/Economy.sol";
import {JobState} from "../../contracts/types/Job.sol";
import {ChannelBase} from "./ChannelBase.sol";
import {
    BombingNeighbour,
    BurningNeighbour,
    KindNeighbour,
    RefusingNeighbour
} from "./mocks/HostileNeighbours.sol";

/// @notice See EconomyHostile.tree.
contract EconomyHostileTest is ChannelBase {
    /// @dev 300,000 less what every transaction costs before its first instruction.
    uint256 private constant CALL_GAS = 300_000 - 21_000 - 1_000;
    uint256 private constant AMOUNT = 100e18;

    address private params_ = makeAddr("params");
    address private votes_ = makeAddr("votes");
    address private vault_ = makeAddr("vault");
    address private emission_ = makeAddr("emission");

    function setUp() public override {
        vm.etch(params_, type(KindNeighbour).runtimeCode);
        vm.etch(votes_, type(KindNeighbour).runtimeCode);
        super.setUp();
    }

    function _hasRouter() internal pure override returns (bool) {
        return true;
    }

    function _economy() internal override returns (Economy memory economy) {
        economy = super._economy();
        (economy.params, economy.votes) = (params_, votes_);
        (economy.vault, economy.emission) = (vault_, emission_);
    }

    /// @dev Runs a test against each attack; what is sound is restored after each.
    modifier underEveryAttack(bool isMarketSound) {
        bytes[3] memory attacks = [
            type(RefusingNeighbour).runtimeCode,
            type(BurningNeighbour).runtimeCode,
            type(BombingNeighbour).runtimeCode
        ];
        for (uint256 i; i < attacks.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            _corrupt(attacks[i], isMarketSound);
            _;
            vm.revertToState(snapshot);
        }
    }

    /// @dev Either the market and its channels stay sound, or the StakeManager does.
    function _corrupt(bytes memory code, bool isMarketSound) private {
        address[6] memory always =
            [params_, votes_, vault_, emission_, address(router), address(beacon)];
        for (uint256 i; i < always.length; ++i) {
            vm.etch(always[i], code);
        }
        vm.etch(insurance, code);
        if (isMarketSound) {
            vm.etch(address(stakes), code);
        } else {
            vm.etch(address(market), code);
            vm.etch(address(channels), code);
        }
    }

    // --- StakeManager ---

    function test_WithdrawUnbonded_PaysUnderEveryAttack() public {
        vm.prank(provider);
        stakes.requestUnbonding(AMOUNT);
        vm.warp(block.timestamp + 21 days);
        _withdrawUnbonded();
    }

    function _withdrawUnbonded() private underEveryAttack(false) {
        vm.prank(provider);
        assertEq(stakes.withdrawUnbonded{gas: CALL_GAS}(), AMOUNT);
        assertEq(token.balanceOf(provider), AMOUNT, "paid");
    }

    function test_WithdrawUndelegated_PaysUnderEveryAttack() public {
        token.transfer(other, AMOUNT);
        vm.startPrank(other);
        token.approve(address(stakes), AMOUNT);
        stakes.delegate(provider, AMOUNT);
        (uint256 shares,,,) = stakes.delegationOf(provider, other);
        stakes.requestUndelegation(provider, shares);
        vm.stopPrank();
        vm.warp(block.timestamp + 21 days);
        _withdrawUndelegated();
    }

    function _withdrawUndelegated() private underEveryAttack(false) {
        vm.prank(other);
        stakes.withdrawUndelegated{gas: CALL_GAS}(provider);
        assertApproxEqAbs(token.balanceOf(other), AMOUNT, 1, "paid; rounding is the pool's");
    }

    // --- JobMarket ---

    function test_Withdraw_PaysUnderEveryAttack() public underEveryAttack(true) {
        vm.prank(client);
        market.withdraw{gas: CALL_GAS}(DEPOSIT);
        assertEq(token.balanceOf(client), DEPOSIT, "paid");
    }

    function test_Cancel_RefundsUnderEveryAttack() public {
        bytes32 jobId = _posted();
        _cancel(jobId);
    }

    function _cancel(bytes32 jobId) private underEveryAttack(true) {
        vm.prank(client);
        market.cancel{gas: CALL_GAS}(jobId);
        _assertRefunded(jobId, JobState.Cancelled);
    }

    function test_Expire_RefundsAnAssignedJobUnderEveryAttack() public {
        bytes32 jobId = _assigned();
        _miss(jobId);
        _expire(jobId, JobState.ProviderCommitTimeout);
    }

    function test_Expire_RefundsACommittedJobUnderEveryAttack() public {
        bytes32 jobId = _committed();
        _miss(jobId);
        _expire(jobId, JobState.ProviderRevealTimeout);
    }

    function _expire(bytes32 jobId, JobState state) private underEveryAttack(true) {
        market.expire{gas: CALL_GAS}(jobId);
        _assertRefunded(jobId, state);
    }

    function _assertRefunded(bytes32 jobId, JobState state) private view {
        assertEq(market.freeOf(client), DEPOSIT, "refunded");
        _assertState(jobId, state);
    }

    // --- PaymentChannels ---

    function test_Reclaim_RefundsUnderEveryAttack() public {
        bytes32 channelId = _opened();
        vm.prank(client);
        channels.requestClose(channelId);
        vm.warp(block.timestamp + 2 days);
        _reclaim(channelId);
    }

    function _reclaim(bytes32 channelId) private underEveryAttack(true) {
        channels.reclaim{gas: CALL_GAS}(channelId, _payees(provider));
        assertEq(market.freeOf(client), DEPOSIT, "refunded");
    }

    function test_CloseSide_RefundsUnderEveryAttack() public {
        bytes32 channelId = _opened();
        _closeSide(channelId);
    }

    function _closeSide(bytes32 channelId) private underEveryAttack(true) {
        vm.prank(provider);
        channels.closeSide{gas: CALL_GAS}(channelId, provider);
        assertEq(market.freeOf(client), DEPOSIT, "refunded");
    }
}
