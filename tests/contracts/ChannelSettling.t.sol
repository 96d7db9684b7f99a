// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPaymentChannels} from "../../contracts/interfaces/IPaymentChannels.sol";
import {ChannelBase} from "./ChannelBase.sol";
import {HostileStakeManager} from "./mocks/HostileStakeManager.sol";

/// @notice See ChannelRedeeming.tree: settle, and locks that cannot be freed.
contract ChannelSettlingTest is ChannelBase {
    function test_Settle_PaysAndFreesTheLock() public {
        bytes32 channelId = _opened();
        _redeem(channelId, 10e18);
        _afterWindow();
        vm.expectEmit(address(channels));
        emit IPaymentChannels.RedemptionSettled(channelId, provider, 10e18);
        vm.prank(other);
        channels.settle(channelId, provider);
        assertEq(market.earnedOf(provider), 10e18);
        assertEq(_locked(), 0);
        _assertReserve(channelId);
    }

    function test_Settle_InTheLastSecondOfTheWindow_Reverts() public {
        bytes32 channelId = _opened();
        _redeem(channelId, 10e18);
        vm.warp(block.timestamp + WINDOW);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__RedemptionPending.selector,
                channelId,
                provider,
                block.timestamp
            )
        );
        channels.settle(channelId, provider);
    }

    function _expectNothingPending(bytes32 channelId) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__NothingPending.selector, channelId, provider
            )
        );
    }

    function test_Settle_GivenNothingWaits_Reverts() public {
        bytes32 channelId = _opened();
        _expectNothingPending(channelId);
        channels.settle(channelId, provider);
    }

    function test_Settle_Twice_Reverts() public {
        bytes32 channelId = _settledOf(10e18);
        _expectNothingPending(channelId);
        channels.settle(channelId, provider);
    }

    // --- a lock that cannot be freed ---

    modifier underEveryAttack() {
        for (uint8 raw = 1; raw <= uint8(type(HostileStakeManager.Attack).max); ++raw) {
            uint256 snapshot = vm.snapshotState();
            _hostile().setAttack(HostileStakeManager.Attack(raw));
            _;
            assertFalse(_hostile().hasEntered(), "nobody gets back in");
            vm.revertToState(snapshot);
        }
    }

    function _hostile() private view returns (HostileStakeManager) {
        return HostileStakeManager(channels.stakeManager());
    }

    function _underAHostileStakeManager() private returns (bytes32 channelId) {
        HostileStakeManager hostile = new HostileStakeManager();
        hostile.setOperator(provider, operator);
        _redeploy(address(hostile), address(0));
        channelId = _opened();
        _redeem(channelId, 10e18);
        _afterWindow();
    }

    function test_Settle_PaysUnderEveryAttack() public {
        bytes32 channelId = _underAHostileStakeManager();
        _settleUnderEveryAttack(channelId);
    }

    function _settleUnderEveryAttack(bytes32 channelId) private underEveryAttack {
        channels.settle{gas: 300_000}(channelId, provider);
        assertEq(market.earnedOf(provider), 10e18, "paid");
        bool refuses = _hostile().attack() != HostileStakeManager.Attack.Reenter;
        assertEq(channels.openLockOf(channelId, provider), refuses ? 200e18 : 0);
    }

    function test_CloseLock_FreesItLater() public {
        bytes32 channelId = _underAHostileStakeManager();
        _hostile().setAttack(HostileStakeManager.Attack.Revert);
        vm.expectEmit(address(channels));
        emit IPaymentChannels.RedemptionLockLeftOpen(channelId, provider, 200e18);
        channels.settle(channelId, provider);
        vm.expectRevert(HostileStakeManager.HostileStakeManager__Refused.selector);
        channels.closeLock(channelId, provider);
        // A second one adds up.
        _redeem(channelId, 16e18);
        _afterWindow();
        channels.settle(channelId, provider);
        assertEq(channels.openLockOf(channelId, provider), 320e18);
        _hostile().setAttack(HostileStakeManager.Attack.None);
        vm.expectCall(
            address(_hostile()),
            abi.encodeCall(HostileStakeManager.unlock, (provider, channelId, 320e18))
        );
        vm.prank(other);
        channels.closeLock(channelId, provider);
        _expectNoLock(channelId);
        channels.closeLock(channelId, provider);
    }

    function _expectNoLock(bytes32 channelId) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__NoLockOpen.selector, channelId, provider
            )
        );
    }

    function test_Settle_StarvedOfGas_FailsAltogether() public {
        bytes32 channelId = _opened();
        _redeem(channelId, 10e18);
        _afterWindow();
        for (uint256 gas = 20_000; gas < 130_000; gas += 1_000) {
            uint256 snapshot = vm.snapshotState();
            (bool ok,) = address(channels).call{gas: gas}(
                abi.encodeCall(IPaymentChannels.settle, (channelId, provider))
            );
            assertEq(_locked(), ok ? 0 : 200e18, "paid and freed, or neither");
            vm.revertToState(snapshot);
        }
    }
}

/// @notice The same with the split of fees.
contract ChannelFeesTest is ChannelBase {
    function _hasRouter() internal pure override returns (bool) {
        return true;
    }

    function test_Settle_RecordsTheFee() public {
        _settledOf(10e18);
        assertEq(router.unharvestedOf(provider), 10e18);
        assertEq(market.freeOf(address(router)), 10e18);
        assertEq(market.earnedOf(provider), 0);
        assertEq(_locked(), 0);
    }
}
