// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Params} from "../../contracts/libraries/Params.sol";
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
}
