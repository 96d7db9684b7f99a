// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {StakingBase} from "./StakingBase.sol";

/// @notice See Loyalty.tree. START is not the beginning of an epoch.
contract LoyaltyTest is StakingBase {
    uint256 private constant EPOCH = START / WEEK;

    function _scale(uint256 kept, uint256 whole) private {
        vm.prank(address(neighbours));
        stakes.scaleAge(provider, kept, whole);
    }

    function _ownAt(uint256 epoch) private view returns (uint256 own) {
        (own,) = stakes.weightAt(provider, epoch);
    }

    // --- age ---

    function test_AgeOf_WithoutStake_IsZero() public {
        assertEq(stakes.ageOf(alice), 0);
        vm.warp(START + 5);
        assertEq(stakes.ageOf(provider), 5);
        _unbond(provider, STAKE);
        assertEq(stakes.ageOf(provider), 0);
    }

    function testFuzz_AgeOf_AddingAverages(uint256 age, uint256 amount) public {
        age = bound(age, 0, 3650 days);
        amount = bound(amount, 1, 1e26);
        vm.warp(START + age);
        _stake(provider, amount);
        assertEq(stakes.ageOf(provider), age * STAKE / (STAKE + amount));
    }

    function test_AgeOf_UnbondingAPartAndSlashesLeaveIt() public {
        vm.warp(START + 9 days);
        _unbond(provider, STAKE / 2);
        _book(SLASH);
        assertEq(stakes.ageOf(provider), 9 days);
    }

    function test_AgeOf_FullUnbondingResets() public {
        vm.warp(START + 9 days);
        _unbond(provider, STAKE);
        _stake(provider, 1);
        assertEq(stakes.ageOf(provider), 0);
        vm.warp(START + 10 days);
        assertEq(stakes.ageOf(provider), 1 days);
    }

    function test_ScaleAge_WhenNotCalledByTheVault_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__OnlyVault.selector, address(this))
        );
        stakes.scaleAge(provider, 1, 2);
    }

    function testFuzz_ScaleAge_Multiplies(uint256 age, uint96 kept, uint96 whole) public {
        age = bound(age, 0, 3650 days);
        vm.warp(START + age);
        _scale(kept, whole);
        assertEq(stakes.ageOf(provider), kept < whole ? age * kept / whole : age);
        assertEq(_own(), STAKE);
    }

    function test_ScaleAge_WithoutStake_DoesNothing() public {
        _unbond(provider, STAKE);
        _scale(0, 1);
        assertEq(stakes.ageOf(provider), 0);
        assertEq(_ownAt(EPOCH), 0);
    }

    function test_ScaleAge_LeavesWeights() public {
        vm.warp(START + WEEK);
        _scale(0, 1);
        assertEq(stakes.ageOf(provider), 0);
        assertEq(_ownAt(EPOCH), STAKE, "the age says that it is new, the record that it is not");
        assertEq(_ownAt(EPOCH + 1), STAKE);
    }

    // --- weights ---

    function test_WeightAt_FirstStake_CountsFromItsEpochOn() public {
        assertEq(_ownAt(EPOCH - 1), 0);
        assertEq(_ownAt(EPOCH), STAKE);
        _stake(provider, 5);
        assertEq(_ownAt(EPOCH - 1), 0);
        assertEq(_ownAt(EPOCH), STAKE + 5);
        _unbond(provider, 7);
        assertEq(_ownAt(EPOCH - 1), 0);
        assertEq(_ownAt(EPOCH), STAKE - 2);
    }

    function test_WeightAt_ReturningAfterLeaving() public {
        vm.warp(START + WEEK);
        _unbond(provider, STAKE);
        _stake(provider, 3);
        assertEq(_ownAt(EPOCH), STAKE, "left and came back within the epoch");
        assertEq(_ownAt(EPOCH + 1), 3);
        vm.warp(START + 2 * WEEK);
        _unbond(provider, 3);
        vm.warp(START + 4 * WEEK);
        _stake(provider, 9);
        assertEq(_ownAt(EPOCH + 3), 0);
        _stake(provider, 1);
        assertEq(_ownAt(EPOCH + 3), 0);
        assertEq(_ownAt(EPOCH + 4), 10);
    }

    function test_WeightAt_KeepsTheEndOfTheLastEpoch() public {
        vm.warp(START + WEEK);
        _stake(provider, 5);
        _book(SLASH);
        assertEq(_ownAt(EPOCH), STAKE);
        vm.warp(START + 2 * WEEK);
        uint256 own = _own();
        assertEq(_ownAt(EPOCH + 1), own);
        _unbond(provider, 1);
        assertEq(_ownAt(EPOCH + 1), own);
        assertEq(_ownAt(EPOCH + 2), own - 1);
    }

    function testFuzz_WeightAt_AgreesWithAListOfWhatWas(uint256 seed) public {
        uint256 atEnd = 0; // of the epoch before the present one
        uint256 epoch = EPOCH;
        for (uint256 i; i < 24; ++i) {
            uint256 own = _own();
            vm.warp(block.timestamp + (seed >> (i * 3)) % 4 * (WEEK / 3));
            if (block.timestamp / WEEK > epoch) atEnd = own;
            epoch = block.timestamp / WEEK;
            uint256 kind = uint256(keccak256(abi.encode(seed, i))) % 4;
            if (kind == 0) _stake(provider, 1 + i * 1e18);
            if (kind == 1 && own != 0) _unbond(provider, i % 3 == 0 ? own : own / 2 + 1);
            if (kind == 2) _book(bytes32(i + 1));
            if (kind == 3) _scale(i, 24);
            assertEq(_ownAt(epoch - 1), atEnd);
            assertEq(_ownAt(epoch), _own());
        }
    }
}
