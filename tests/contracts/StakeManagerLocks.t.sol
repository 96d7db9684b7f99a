// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {stdError} from "forge-std/StdError.sol";

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {StakeManagerBase} from "./StakeManagerBase.sol";

/// @notice See StakeManagerLocks.tree. This contract stands in for the market.
contract StakeManagerLocksTest is StakeManagerBase {
    // --- locks ---

    function test_LockUnlockAndSlash_WhenNotCalledByTheMarket_Revert() public {
        bytes memory refusal =
            abi.encodeWithSelector(IStakeManager.StakeManager__OnlyCourt.selector, other);
        vm.startPrank(other);
        vm.expectRevert(refusal);
        stakes.lock(provider, JOB, 1);
        vm.expectRevert(refusal);
        stakes.unlock(provider, JOB, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__OnlyMarket.selector, other)
        );
        stakes.slashTimeout(provider, JOB, 1, 1, true);
    }

    function test_Lock_GivenNotRegistered_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__NotRegistered.selector, other)
        );
        stakes.lock(other, JOB, 1);
    }

    function testFuzz_Lock_GivenUnderTheMinimum_Reverts(uint256 left) public {
        uint256 minimum = Params.MIN_SELF_STAKE_WEI;
        left = bound(left, 0, minimum - 1);
        _unbond(STAKE - left);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__BelowMinimum.selector, provider, left, minimum
            )
        );
        stakes.lock(provider, JOB, 1);
    }

    function testFuzz_Lock_WhenFreeIsTooSmall_Reverts(uint256 unbonding, uint256 extra) public {
        unbonding = bound(unbonding, 1, STAKE - Params.MIN_SELF_STAKE_WEI);
        extra = bound(extra, 1, type(uint128).max);
        _unbond(unbonding); // backs nothing any more
        uint256 free = STAKE - unbonding;
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__InsufficientFree.selector, provider, free, free + extra
            )
        );
        stakes.lock(provider, JOB, free + extra);
    }

    function testFuzz_LockAndUnlock_TieAndFree(uint256 first, uint256 second) public {
        first = bound(first, 0, STAKE);
        second = bound(second, 0, STAKE - first);
        stakes.lock(provider, JOB, first);
        vm.expectEmit(address(stakes));
        emit IStakeManager.StakeLocked(provider, "second", second);
        stakes.lock(provider, "second", second);
        assertEq(_locked(), first + second);
        _solvent();
        vm.expectEmit(address(stakes));
        emit IStakeManager.StakeUnlocked(provider, JOB, first);
        stakes.unlock(provider, JOB, first);
        assertEq(_locked(), second);
        _solvent();
    }

    function test_Unlock_WhenMoreThanLocked_Reverts() public {
        stakes.lock(provider, JOB, 5);
        vm.expectRevert(stdError.arithmeticError);
        stakes.unlock(provider, JOB, 6);
    }

    // --- slashes ---

    function testFuzz_NoShow_TakesTenPercentOfTheLock(uint256 lock, uint256 price) public {
        lock = bound(lock, 0, STAKE);
        stakes.lock(provider, JOB, lock);
        uint256 toClient = stakes.slashTimeout(provider, JOB, lock, price, false);
        assertEq(_own(), STAKE - lock / 10, "own");
        assertEq(_locked(), 0, "lock freed");
        assertEq(token.balanceOf(address(this)), _balanceBefore() + toClient, "client share sent");
        _solvent();
    }

    function _balanceBefore() private view returns (uint256) {
        // What this contract kept of the genesis supply: it only ever paid out round sums.
        return 1_000_000_000e18 - 2 * STAKE - DEPOSIT;
    }

    function testFuzz_Full_TakesTheLockAndFivePercent(
        uint256 lock,
        uint256 others,
        uint256 unbonding
    ) public {
        lock = bound(lock, 0, STAKE);
        others = bound(others, 0, STAKE - lock);
        unbonding = bound(unbonding, 0, STAKE - lock - others);
        stakes.lock(provider, JOB, lock);
        stakes.lock(provider, "others", others);
        if (unbonding > 0) _unbond(unbonding);
        uint256 extra = STAKE * 5 / 100;
        uint256 fromUnbonding = extra < unbonding ? extra : unbonding;
        uint256 free = STAKE - lock - others - unbonding;
        uint256 fromFree = extra - fromUnbonding < free ? extra - fromUnbonding : free;
        uint256 supplyBefore = token.totalSupply();

        uint256 toClient = stakes.slashTimeout(provider, JOB, lock, type(uint256).max, true);

        IStakeManager.Stake memory s = stakes.stakeOf(provider);
        assertEq(s.locked, others, "other jobs' locks stay");
        assertEq(s.unbonding, unbonding - fromUnbonding, "unbonding is taken first");
        assertEq(s.own, STAKE - unbonding - lock - fromFree, "then free own stake");
        uint256 taken = lock + fromUnbonding + fromFree;
        uint256 burned = supplyBefore - token.totalSupply();
        assertEq(burned, taken * 30 / 100, "burned 30%");
        assertEq(toClient, taken * 15 / 100, "client 15%");
        assertEq(burned + toClient + stakes.insuranceWei(), taken, "shares sum to the slash");
        _solvent();
    }

    function testFuzz_Split_TheClientGetsAtMostThePrice(uint256 lock, uint96 price) public {
        lock = bound(lock, 0, STAKE);
        stakes.lock(provider, JOB, lock);
        uint256 toClient = stakes.slashTimeout(provider, JOB, lock, price, true);
        assertLe(toClient, price, "client share <= price");
        _solvent();
    }

    function test_Full_SaysWhatItDid() public {
        stakes.lock(provider, JOB, 100e18);
        // 100 of the lock and 5% of 10,000: 600; burned 180, client capped at 50, insurance 370.
        vm.expectEmit(address(stakes));
        emit IStakeManager.StakeUnlocked(provider, JOB, 100e18);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Slashed(provider, JOB, 600e18, 180e18, 50e18, 370e18);
        assertEq(stakes.slashTimeout(provider, JOB, 100e18, 50e18, true), 50e18);
    }

    function test_Slash_OfMoreThanIsLocked_Reverts() public {
        vm.expectRevert(stdError.arithmeticError);
        stakes.slashTimeout(provider, JOB, 1, 1, true);
    }

    // --- insurance ---

    function test_CollectInsurance_WhenCalledByAnother_Reverts() public {
        vm.prank(other);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__OnlyInsurance.selector, other)
        );
        stakes.collectInsurance();
    }

    function test_CollectInsurance_PaysEverythingOnce() public {
        stakes.lock(provider, JOB, 100e18);
        stakes.slashTimeout(provider, JOB, 100e18, 50e18, true);
        vm.startPrank(insurance);
        vm.expectEmit(address(stakes));
        emit IStakeManager.InsuranceCollected(insurance, 370e18);
        assertEq(stakes.collectInsurance(), 370e18);
        assertEq(token.balanceOf(insurance), 370e18);
        _solvent();
        vm.expectRevert(IStakeManager.StakeManager__ZeroAmount.selector);
        stakes.collectInsurance();
    }
}
