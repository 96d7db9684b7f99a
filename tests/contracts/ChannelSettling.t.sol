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

    function test_Settle_GivenOneWaits_PaysTheOthers() public {
        bytes32 channelId = _opened();
        for (uint96 i = 1; i < 4; ++i) {
            _redeem(channelId, i * 10e18);
            if (i < 3) _afterWindow();
        }
        vm.expectEmit(address(channels));
        emit IPaymentChannels.RedemptionSettled(channelId, provider, 20e18);
        channels.settle(channelId, provider);
        assertEq(market.earnedOf(provider), 20e18);
        assertEq(_locked(), 200e18, "of the one that waits");
        _assertReserve(channelId);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__RedemptionPending.selector,
                channelId,
                provider,
                _redemption(channelId).dueAt
            )
        );
        channels.settle(channelId, provider);
        _afterWindow();
        channels.settle(channelId, provider);
        assertEq(market.earnedOf(provider), 30e18);
        assertEq(_locked(), 0);
        _assertReserve(channelId);
    }

    function testFuzz_Settle_WheneverCalled_PaysTheSameInTheEnd(uint256 seed) public {
        bytes32 channelId = _opened();
        uint96 promised;
        for (uint256 i; i < 8; ++i) {
            promised += uint96(bound(uint256(keccak256(abi.encode(seed, i))), 1, 10e18));
            _redeem(channelId, promised);
            if (seed >> i & 1 != 0) try channels.settle(channelId, provider) {} catch {}
            _afterWindow();
            if (seed >> (8 + i) & 1 != 0) channels.settle(channelId, provider);
            _assertReserve(channelId);
        }
        if (seed >> 15 & 1 == 0) channels.settle(channelId, provider);
        assertEq(market.earnedOf(provider), promised);
        assertEq(_locked(), 0);
    }

    // --- several channels together ---

    function _batch() private returns (bytes32[] memory ids) {
        ids = new bytes32[](4);
        for (uint256 i; i < 3; ++i) {
            vm.prank(client);
            ids[i] = channels.open(bytes32(i), _allotments(provider, ALLOTMENT, MULTIPLE));
            _redeem(ids[i], 10e18);
            if (i == 1) _afterWindow();
        }
        ids[3] = ids[0]; // once more, and the third still waits
    }

    function test_SettleBatch_PaysInOneSumAndPassesOverWhatIsNotDue() public {
        bytes32[] memory ids = _batch();
        vm.expectCall(
            address(market), abi.encodeCall(market.courtPay, (provider, 20e18, true)), 1
        );
        vm.prank(other);
        assertEq(channels.settleBatch(ids, provider), 20e18);
        assertEq(market.earnedOf(provider), 20e18);
        assertEq(_locked(), 200e18);
        assertEq(channels.settleBatch(ids, provider), 0, "nothing is due: nothing happens");
        assertEq(channels.settleBatch(ids, other), 0);
    }

    function test_SettleBatch_OfNoneOrTooMany_Reverts() public {
        uint256[2] memory counts = [uint256(0), 33];
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IPaymentChannels.PaymentChannels__BadCount.selector, counts[i], 32
                )
            );
            channels.settleBatch(new bytes32[](counts[i]), provider);
        }
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

    function test_Redeem_GivenTheLockCannotShrink_RemembersTheRest() public {
        bytes32 channelId = _underAHostileStakeManager();
        _hostile().setAttack(HostileStakeManager.Attack.Revert);
        vm.expectEmit(address(channels));
        emit IPaymentChannels.RedemptionLockLeftOpen(channelId, provider, 80e18);
        _redeem(channelId, 16e18);
        assertEq(channels.openLockOf(channelId, provider), 80e18);
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
