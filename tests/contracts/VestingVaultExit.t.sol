// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVestingVault} from "../../contracts/interfaces/IVestingVault.sol";
import {VaultNeighbours} from "./mocks/VaultNeighbours.sol";
import {VestingVaultBase} from "./VestingVaultBase.sol";

/// @notice See VestingVaultExit.tree.
contract VestingVaultExitTest is VestingVaultBase {
    uint256 private constant MUCH = 10_000_000e18;

    function setUp() public override {
        super.setUp();
        _deposit(owner, AMOUNT);
        _deposit(holder, MUCH);
    }

    function _nothingToExit(address account) private {
        vm.expectRevert(
            abi.encodeWithSelector(IVestingVault.VestingVault__NothingToExit.selector, account)
        );
    }

    // --- requestExit ---

    function test_Request_WhenZero_Reverts() public {
        vm.prank(owner);
        vm.expectRevert(IVestingVault.VestingVault__ZeroAmount.selector);
        vault.requestExit(0);
    }

    function testFuzz_Request_WhenAbove96Bits_Reverts(uint256 amount) public {
        uint256 max = type(uint96).max;
        amount = bound(amount, max + 1, type(uint256).max);
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVestingVault.VestingVault__AmountTooLarge.selector, amount, max
            )
        );
        vault.requestExit(amount);
    }

    function test_Request_GivenNothingHeld_Reverts() public {
        vm.prank(other);
        _nothingToExit(other);
        vault.requestExit(1);
    }

    function test_Request_AnnouncesAndReplaces() public {
        _announce(owner, 5);
        uint256 readyAt = block.timestamp + 24 hours;
        vm.expectEmit(address(vault));
        emit IVestingVault.ExitRequested(owner, 7, readyAt, readyAt + 72 hours);
        vm.prank(owner);
        vault.requestExit(7);
        (uint256 amount, uint256 from, uint256 until) = vault.exitOf(owner);
        assertEq(amount, 7);
        assertEq(from, readyAt);
        assertEq(until, readyAt + 72 hours);
    }

    // --- executeExit ---

    function test_Execute_WhilePaused_Reverts() public {
        _announce(owner, AMOUNT);
        uint256 until = block.timestamp + 60;
        neighbours.setPausedUntil(until);
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(IVestingVault.VestingVault__Paused.selector, until)
        );
        vault.executeExit(10_000);
        vm.warp(until);
        _leave(owner);
    }

    function test_Execute_GivenNothingAnnounced_Reverts() public {
        vm.prank(owner);
        _nothingToExit(owner);
        vault.executeExit(10_000);
    }

    function test_Execute_GivenNothingUnvested_Reverts() public {
        _skip(26);
        _announce(owner, AMOUNT);
        vm.prank(owner);
        _nothingToExit(owner);
        vault.executeExit(10_000);
    }

    function test_Execute_BeforeTheNoticeIsOver_Reverts() public {
        _announce(owner, AMOUNT);
        uint256 readyAt = block.timestamp;
        vm.warp(readyAt - 1);
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVestingVault.VestingVault__NoticeNotOver.selector, readyAt, readyAt - 1
            )
        );
        vault.executeExit(10_000);
    }

    function test_Execute_Within72Hours_Only() public {
        _announce(owner, AMOUNT);
        uint256 expiresAt = block.timestamp + 72 hours;
        vm.warp(expiresAt + 1);
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVestingVault.VestingVault__NoticeExpired.selector, expiresAt, expiresAt + 1
            )
        );
        vault.executeExit(10_000);
        vm.warp(expiresAt);
        _leave(owner);
    }

    function test_Execute_WhileASlashIsPending_Reverts() public {
        _announce(owner, AMOUNT);
        neighbours.setPendingSlash(owner, true);
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(IVestingVault.VestingVault__SlashPending.selector, owner)
        );
        vault.executeExit(10_000);
    }

    function test_Execute_WhenThePenaltyIsTooHigh_Reverts() public {
        _announce(owner, 260e18);
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVestingVault.VestingVault__PenaltyTooHigh.selector, 6_000, 5_999
            )
        );
        vault.executeExit(5_999);
        vm.prank(owner);
        vault.executeExit(6_000);
    }

    function testFuzz_Execute_PaysAllButThePenalty(uint256 amount, uint256 week) public {
        week = bound(week, 0, 24);
        amount = bound(amount, 1, 900e18);
        _skip(week);
        _announce(owner, amount);
        uint256 penalty = vault.penaltyOf(owner, amount);
        // 10 % and 50 % of the mean time left, (27 - week - 1 ... ) / 26: one bucket of 26 - week.
        uint256 expected = (amount * (1_000 * 26 + 5_000 * (26 - week)) + 259_999) / 260_000;
        assertEq(penalty, expected);
        assertEq(vault.allowanceOf(owner) >= amount, true);
        (uint256 paid, uint256 taken) = _leave(owner);
        assertEq(taken, penalty);
        assertEq(paid, amount - penalty);
        assertEq(token.balanceOf(owner), paid);
        assertEq(vault.heldOf(owner), AMOUNT - amount);
        assertEq(neighbours.kept(), AMOUNT - amount, "age");
        assertEq(neighbours.whole(), AMOUNT, "age");
        _assertBooks();
    }

    function test_Execute_TakesAtMostTheUnvested() public {
        _skip(25);
        _announce(owner, type(uint96).max);
        (uint256 paid, uint256 penalty) = _leave(owner);
        assertEq(paid + penalty, AMOUNT / 26);
        assertEq(vault.releasableOf(owner), AMOUNT / 26 * 25);
        assertEq(_release(owner), AMOUNT / 26 * 25);
        _assertBooks();
    }

    function test_Execute_GivenAFundThatRefuses_RevertsAndReleaseStill() public {
        _skip(1);
        _announce(owner, 1e18);
        neighbours.setHostile(true);
        vm.prank(owner);
        vm.expectRevert(VaultNeighbours.Hostile.selector);
        vault.executeExit(10_000);
        assertEq(_release(owner), AMOUNT / 26);
    }

    function test_Execute_WhatIsLeftVestsAsBefore() public {
        _announce(owner, 900e18);
        _leave(owner);
        uint256 left = AMOUNT - 900e18;
        _skip(13);
        assertApproxEqAbs(vault.releasableOf(owner), left / 2, 1e12);
        _skip(13);
        assertEq(_release(owner), left);
    }

    // --- parameters ---

    function test_Penalty_GivenARiseSinceTheLastDeposit_TheOldHold() public {
        _setValue(16, 2_000);
        _setValue(32, 5_500);
        assertEq(vault.penaltyOf(owner, 100e18), 60e18);
        _deposit(owner, 1e18);
        assertEq(vault.penaltyOf(owner, 100e18), 75e18, "a deposit takes over the present ones");
    }

    function test_Penalty_GivenAFall_TheNewHoldAtOnce() public {
        _setValue(16, 500);
        assertEq(vault.penaltyOf(owner, 100e18), 55e18);
        _setValue(32, 1_000);
        assertEq(vault.penaltyOf(owner, 100e18), 15e18);
        assertEq(vault.penaltyOf(owner, type(uint256).max), AMOUNT * 15 / 100, "of the unvested");
    }

    function testFuzz_Penalty_IsAtLeastFivePercent(uint256 amount, uint256 week) public {
        _setValue(16, 500);
        _setValue(32, 1_000);
        _skip(bound(week, 0, 25));
        amount = bound(amount, 1, vault.unvestedOf(owner));
        assertGe(vault.penaltyOf(owner, amount) * 20, amount);
    }

    // --- shares ---

    function test_Shares_SumAndReachTheirs() public {
        _announce(owner, 100e18);
        uint256 supply = token.totalSupply();
        vm.expectEmit(address(vault));
        emit IVestingVault.ExitExecuted(owner, 100e18, 60e18, 30e18, 15e18, 15e18);
        _leave(owner);
        assertEq(supply - token.totalSupply(), 15e18, "burned");
        assertEq(neighbours.funded(), 15e18, "insurance");
        assertEq(vault.undistributed(), 30e18, "holders");
        assertEq(token.allowance(address(vault), address(neighbours)), 0, "no approval stays");
        _assertBooks();
    }

    function testFuzz_Shares_TheLeaverGetsNone(uint256 amount) public {
        amount = bound(amount, 1e18, 900e18);
        _announce(owner, amount);
        _leave(owner);
        uint256 held = vault.heldOf(owner);
        assertEq(vault.releasableOf(owner) + vault.unvestedOf(owner), held);
        uint256 income = vault.undistributed();
        _skip(1);
        vm.expectEmit(true, false, false, false, address(vault));
        emit IVestingVault.IncomeCredited(holder, income);
        _release(holder);
        assertLe(vault.undistributed(), 1e3, "all but dust is the holder's");
        _skip(30);
        assertEq(_release(owner), held);
        _assertBooks();
    }

    function test_Shares_VestOverTheWeeksOfTheExit() public {
        _setValue(0, 13);
        _announce(owner, 130e18);
        _leave(owner);
        uint256 income = vault.undistributed();
        _setValue(0, 26);
        _skip(26);
        _release(holder); // settles: the income vests from now on
        assertApproxEqAbs(vault.heldOf(holder), income, 1e3);
        _skip(12);
        assertGt(vault.unvestedOf(holder), 0);
        _skip(1);
        assertEq(vault.unvestedOf(holder), 0);
        assertApproxEqAbs(_release(holder), income, 1e3);
        _assertBooks();
    }

    function test_Shares_GivenOthersHoldLittle_AreTheInsurances() public {
        _skip(26);
        _release(holder);
        _release(owner);
        _deposit(holder, 1_000e18 - 1);
        _deposit(owner, AMOUNT);
        _announce(owner, 100e18);
        _leave(owner);
        assertEq(neighbours.funded(), 45e18);
        assertEq(vault.undistributed(), 0);
        _deposit(holder, 1);
        _leave(owner, 100e18);
        assertEq(vault.undistributed(), 30e18);
        _assertBooks();
    }

    function _leave(address account, uint256 amount) private {
        _announce(account, amount);
        _leave(account);
    }

    // --- the limit ---

    function test_Limit_TheFirstExitFixesTheWindow() public {
        (uint256 cap, uint256 used) = vault.windowOf(block.timestamp / EPOCH);
        assertEq(cap + used, 0);
        _leave(owner, 100e18);
        (cap, used) = vault.windowOf(block.timestamp / EPOCH);
        assertEq(cap, (MUCH + AMOUNT) / 50, "2 %");
        assertEq(used, 100e18);
        _deposit(holder, MUCH);
        _leave(owner, 100e18);
        (cap, used) = vault.windowOf(block.timestamp / EPOCH);
        assertEq(cap, (MUCH + AMOUNT) / 50, "stays");
        assertEq(used, 200e18);
    }

    function test_Limit_OfASmallVaultIsTenThousand() public {
        _skip(27);
        _release(holder);
        _release(owner);
        _deposit(owner, AMOUNT);
        _announce(owner, AMOUNT);
        assertEq(vault.allowanceOf(owner), 10_000e18);
        (uint256 paid, uint256 penalty) = _leave(owner);
        assertEq(paid + penalty, 10_000e18);
        (uint256 amount,,) = vault.exitOf(owner);
        assertEq(amount, AMOUNT - 10_000e18, "stays announced");
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVestingVault.VestingVault__OutflowLimit.selector,
                owner,
                block.timestamp / EPOCH
            )
        );
        vault.executeExit(10_000);
        _skip(1);
        _leave(owner, AMOUNT);
    }

    function test_Limit_ByTheAccountsPart() public {
        uint256 total = MUCH + AMOUNT;
        uint256 cap = total / 50;
        // The owner holds 0.26 % of the vault: ten times that of the window.
        assertEq(vault.allowanceOf(owner), 10 * cap * AMOUNT / total);
        _leave(holder, cap / 2);
        // The owner, alone beside the leaver, has all of the holders' part.
        uint256 held = vault.releasableOf(owner) + vault.unvestedOf(owner);
        assertGt(held, AMOUNT);
        uint256 left = 2 * cap * held / (vault.totalHeld() + held - AMOUNT);
        assertEq(vault.allowanceOf(owner), left);
        assertGt(left, 1_000e18);
        _announce(owner, AMOUNT);
        (uint256 paid, uint256 penalty) = _leave(owner);
        assertEq(paid + penalty, left);
        assertEq(vault.allowanceOf(owner), 0);
        assertEq(vault.allowanceOf(holder), cap - cap / 2 - left, "what the window has left");
    }

    function test_Limit_IsAtLeastAThousand() public {
        _deposit(other, 1_500e18);
        assertEq(vault.allowanceOf(other), 1_000e18);
    }
}
