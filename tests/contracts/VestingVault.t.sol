// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVestingVault} from "../../contracts/interfaces/IVestingVault.sol";
import {VestingVault} from "../../contracts/rewards/VestingVault.sol";
import {VestingVaultBase} from "./VestingVaultBase.sol";

/// @notice See VestingVault.tree.
contract VestingVaultTest is VestingVaultBase {
    // --- deposit ---

    function test_Deposit_WhenCalledByAnother_Reverts() public {
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(IVestingVault.VestingVault__OnlyDepositor.selector, owner)
        );
        vault.deposit(owner, 1);
    }

    function test_Deposit_WhenZero_Reverts() public {
        vm.expectRevert(IVestingVault.VestingVault__ZeroAmount.selector);
        vault.deposit(owner, 0);
    }

    function testFuzz_Deposit_WhenAbove96Bits_Reverts(uint256 amount) public {
        uint256 max = type(uint96).max;
        amount = bound(amount, max + 1, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVestingVault.VestingVault__AmountTooLarge.selector, amount, max
            )
        );
        vault.deposit(owner, amount);
    }

    function test_Deposit_TakesTokensAndRaisesDebtAndVotes() public {
        vm.expectEmit(address(vault));
        emit IVestingVault.VestingDeposited(owner, AMOUNT, 26);
        _deposit(owner, AMOUNT);
        assertEq(vault.heldOf(owner), AMOUNT);
        assertEq(vault.unvestedOf(owner), AMOUNT);
        assertEq(vault.releasableOf(owner), 0);
        _assertBooks();
    }

    function test_Deposit_ByTheEmissionController() public {
        address emission = vault.emission();
        token.transfer(emission, 5);
        vm.startPrank(emission);
        token.approve(address(vault), 5);
        vault.deposit(holder, 5);
        assertEq(vault.heldOf(holder), 5);
    }

    function test_Deposit_VestsInEqualPartsOver26Epochs() public {
        uint256 amount = AMOUNT + 17;
        _deposit(owner, amount);
        for (uint256 week = 1; week < 26; ++week) {
            _skip(1);
            assertEq(vault.releasableOf(owner), 17 + week * (amount / 26), "linear, dust at once");
        }
        _skip(1);
        assertEq(vault.releasableOf(owner), amount);
    }

    function test_Deposit_GivenOtherWeeks_VestsOverThose() public {
        _deposit(owner, 26e18);
        _setValue(0, 13);
        vm.expectEmit(address(vault));
        emit IVestingVault.VestingDeposited(owner, 13e18, 13);
        _deposit(owner, 13e18);
        _skip(1);
        assertEq(vault.releasableOf(owner), 2e18);
        _skip(12);
        assertEq(vault.releasableOf(owner), 26e18);
        _skip(1);
        assertEq(vault.releasableOf(owner), 27e18);
        _skip(12);
        assertEq(vault.releasableOf(owner), 39e18);
    }

    function testFuzz_Deposit_WhenSmallerThanItsWeeks_IsReleasable(uint256 amount) public {
        amount = bound(amount, 1, 25);
        _deposit(owner, amount);
        assertEq(vault.releasableOf(owner), amount);
    }

    function testFuzz_Deposit_SplittingNeverVestsSooner(uint256 amount, uint256 seed, uint8 week)
        public
    {
        amount = bound(amount, 100, 1_000_000e18);
        uint256 parts = 2 + seed % 7;
        uint256 left = amount;
        for (uint256 i = 1; i < parts; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 part = 1 + seed % (left - (parts - i));
            _deposit(owner, part);
            left -= part;
        }
        _deposit(owner, left);
        _deposit(holder, amount);
        _skip(week % 28);
        uint256 whole = vault.releasableOf(holder);
        assertLe(vault.releasableOf(owner), whole + 26 * parts);
        assertLe(whole, vault.releasableOf(owner) + 26 * parts);
    }

    function test_Deposit_InEveryEpochForYears() public {
        uint256 released;
        for (uint256 week; week < 120; ++week) {
            _deposit(owner, 26e18);
            if (week % 7 == 6) released += _release(owner);
            _skip(1);
        }
        assertEq(released + vault.releasableOf(owner) + vault.unvestedOf(owner), 120 * 26e18);
        assertEq(vault.unvestedOf(owner), 25 * 26 / 2 * 1e18, "26 buckets, one behind the other");
        _skip(26);
        released += _release(owner);
        assertEq(released, 120 * 26e18);
        _assertBooks();
    }

    // --- release ---

    function test_Release_WhenCalledByAnother_Reverts() public {
        vm.prank(other);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVestingVault.VestingVault__NotOwnerNorOperator.selector, owner, other
            )
        );
        vault.release(owner);
    }

    function test_Release_GivenNothingVested_Reverts() public {
        _deposit(owner, AMOUNT);
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(IVestingVault.VestingVault__NothingToRelease.selector, owner)
        );
        vault.release(owner);
    }

    function test_Release_PaysTheAccount() public {
        _deposit(owner, AMOUNT);
        _deposit(holder, AMOUNT);
        address[2] memory callers = [owner, operator];
        for (uint256 i; i < 2; ++i) {
            _skip(1);
            vm.expectEmit(address(vault));
            emit IVestingVault.Released(owner, AMOUNT / 26);
            vm.prank(callers[i]);
            assertEq(vault.release(owner), AMOUNT / 26);
            assertEq(token.balanceOf(owner), (i + 1) * (AMOUNT / 26));
            _assertBooks();
        }
        assertEq(token.balanceOf(operator), 0, "money only reaches the account");
        assertEq(vault.heldOf(holder), AMOUNT, "others stay");
    }

    function testFuzz_Release_AfterIdleEpochs_PaysEverything(uint256 amount, uint256 weeks_) public {
        amount = bound(amount, 1, 100_000_000e18);
        _deposit(owner, amount);
        _skip(bound(weeks_, 26, 2_000));
        assertEq(_release(owner), amount);
        assertEq(vault.heldOf(owner), 0);
        _deposit(owner, amount);
        _skip(26);
        assertEq(_release(owner), amount, "as before");
    }

    function testFuzz_Release_PaysTheSameHoweverOften(uint256 amount, uint32 weeks_) public {
        amount = bound(amount, 1, 100_000_000e18);
        _deposit(owner, amount);
        _deposit(holder, amount);
        for (uint256 week; week < 30; ++week) {
            _skip(1);
            if ((weeks_ >> week) & 1 == 1 && vault.releasableOf(owner) != 0) _release(owner);
            assertEq(
                token.balanceOf(owner) + vault.releasableOf(owner), vault.releasableOf(holder)
            );
        }
        assertEq(token.balanceOf(owner) + vault.heldOf(owner), amount);
    }

    function test_Release_GivenOthersAreHostile_SucceedsUnder300kGas() public {
        // Votes are wasted gas, StakeManager, insurance and parameters refuse.
        vault = _vault(address(neighbours));
        _deposit(holder, 5_000e18);
        for (uint256 week; week < 26; ++week) {
            _deposit(owner, AMOUNT + week);
            _skip(1);
        }
        // Penalty income waits, too.
        _deposit(holder, 5_000e18);
        _announce(holder, 500e18);
        _leave(holder);
        _skip(25);
        neighbours.setHostile(true);
        uint256 expected = vault.releasableOf(owner);
        vm.prank(owner);
        assertEq(vault.release{gas: 278_000}(owner), expected);
        assertEq(token.balanceOf(owner), expected);
        assertLt(vault.votesOwedOf(owner), 0, "to be taken back by anyone");
    }

    // --- slash ---

    function test_Slash_WhenCalledByAnother_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IVestingVault.VestingVault__OnlyStakeManager.selector, address(this)
            )
        );
        vault.slash(owner, SLASH_ID, 1);
    }

    function test_Slash_TakesOfTheUnvestedAndLowersEveryBucket() public {
        _deposit(owner, AMOUNT);
        _deposit(holder, AMOUNT);
        _skip(6);
        vm.expectEmit(address(vault));
        emit IVestingVault.VestingSlashed(owner, SLASH_ID, 4_000e18);
        assertEq(_slash(owner, 2_000), 4_000e18);
        assertEq(token.balanceOf(address(neighbours)), 4_000e18);
        assertEq(vault.releasableOf(owner), 6_000e18, "what vested is the owner's");
        assertEq(vault.unvestedOf(owner), 16_000e18);
        assertEq(vault.heldOf(holder), AMOUNT, "others stay");
        _skip(1);
        assertApproxEqAbs(vault.releasableOf(owner), 6_800e18, 1e12);
        _skip(19);
        assertEq(vault.releasableOf(owner), 22_000e18);
        assertEq(_release(owner), 22_000e18);
        _assertBooks();
    }

    function test_Slash_GivenAll_LeavesNothingUnvested() public {
        _deposit(owner, AMOUNT);
        _skip(13);
        assertEq(_slash(owner, 10_000), AMOUNT / 2);
        assertEq(vault.unvestedOf(owner), 0);
        assertEq(vault.releasableOf(owner), AMOUNT / 2);
        _deposit(owner, 26e18);
        assertEq(vault.releasableOf(owner), AMOUNT / 2);
        _skip(13);
        assertEq(vault.releasableOf(owner), AMOUNT / 2 + 13e18, "the old buckets are gone");
        _skip(13);
        assertEq(_release(owner), AMOUNT / 2 + 26e18);
        _assertBooks();
    }

    function test_Slash_GivenNothingUnvested_TakesNothing() public {
        assertEq(_slash(owner, 2_000), 0);
        _deposit(owner, AMOUNT);
        _skip(30);
        assertEq(_slash(owner, 10_000), 0);
        assertEq(_release(owner), AMOUNT);
    }

    function test_Slash_WhenMoreThanAllIsAsked_TakesAll() public {
        _deposit(owner, AMOUNT);
        assertEq(_slash(owner, 10_001), AMOUNT);
    }

    function testFuzz_Slash_RenewsTheScale(uint256 amount, uint256 bps) public {
        amount = bound(amount, 1e18, 100_000_000e18);
        bps = bound(bps, 5_000, 9_999);
        _deposit(owner, amount);
        _skip(1);
        _deposit(owner, amount);
        uint256 held = 2 * amount;
        for (uint256 i; i < 12; ++i) {
            held -= _slash(owner, bps);
            assertEq(vault.heldOf(owner), held);
        }
        _deposit(owner, amount);
        _skip(1);
        assertGe(vault.releasableOf(owner) + 1e12, amount / 26, "new deposits vest as ever");
        assertLe(vault.releasableOf(owner), 2 * (amount / 26) + held + 1e12);
        _skip(25);
        assertEq(_release(owner), held + amount);
        _assertBooks();
    }

    // --- votes ---

    function test_Votes_GivenNone_NothingIsReported() public {
        vault = _vault(address(0));
        _deposit(owner, AMOUNT);
        _skip(26);
        assertEq(_release(owner), AMOUNT);
        assertEq(vault.votesOwedOf(owner), 0);
    }

    function test_Votes_GivenRefused_AreKeptAndSynced() public {
        vault = _vault(address(neighbours));
        neighbours.setHostile(true);
        _parametersWithoutTheHostile();
        vm.expectEmit(address(vault));
        emit IVestingVault.VotesOwed(owner, int256(AMOUNT));
        _deposit(owner, AMOUNT);
        assertEq(vault.votesOwedOf(owner), int256(AMOUNT));
        vm.clearMockedCalls();
        neighbours.setHostile(false);
        vm.prank(other);
        vault.syncVotes(owner);
        assertEq(neighbours.moved(owner), int256(AMOUNT));
        assertEq(vault.votesOwedOf(owner), 0);
        vault.syncVotes(owner);
        assertEq(neighbours.moved(owner), int256(AMOUNT), "once");
    }

    function _parametersWithoutTheHostile() private {
        vm.mockCall(
            address(neighbours), abi.encodeWithSignature("word(uint256)"), abi.encode(_word())
        );
    }

    function _word() private view returns (uint256) {
        return neighbours.vestingWord();
    }

    function test_Votes_WhenTooLittleGasIsLeft_Reverts() public {
        _deposit(owner, AMOUNT);
        _skip(1);
        vm.prank(owner);
        vm.expectPartialRevert(IVestingVault.VestingVault__TooLittleGas.selector);
        vault.release{gas: 130_000}(owner);
    }

    // --- views ---

    function testFuzz_Schedule_ComesTrue(uint256 seed) public {
        for (uint256 i; i < 6; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            _setValue(0, 13 + seed % 14);
            _deposit(owner, 1 + (seed >> 8) % 1_000_000e18);
            if (seed % 5 == 0) _slash(owner, (seed >> 16) % 10_000);
            _skip((seed >> 32) % 9);
        }
        uint256[26] memory schedule = vault.scheduleOf(owner);
        uint256 sum = vault.releasableOf(owner);
        for (uint256 i; i < 26; ++i) {
            sum += schedule[i];
            _skip(1);
            assertEq(vault.releasableOf(owner), sum);
        }
        assertEq(sum, vault.heldOf(owner));
    }

    function test_Views_OfAStranger_AreZero() public view {
        assertEq(vault.heldOf(other) + vault.releasableOf(other) + vault.unvestedOf(other), 0);
        assertEq(vault.allowanceOf(other) + vault.penaltyOf(other, 1e18), 0);
        assertEq(vault.scheduleOf(other)[0], 0);
        (uint256 amount, uint256 readyAt, uint256 expiresAt) = vault.exitOf(other);
        assertEq(amount + readyAt + expiresAt, 0);
    }

    function test_TokensSentWithoutACall_BelongToNobody() public {
        _deposit(owner, AMOUNT);
        token.transfer(address(vault), 5e18);
        _skip(26);
        assertEq(_release(owner), AMOUNT);
        assertEq(token.balanceOf(address(vault)), 5e18);
    }

    function test_Parameters_GivenNone_AreTheDefaults() public {
        vault = new VestingVault(
            address(token),
            address(neighbours),
            address(this),
            address(this),
            address(neighbours),
            address(0),
            address(0)
        );
        token.approve(address(vault), AMOUNT);
        _deposit(owner, AMOUNT);
        _announce(owner, AMOUNT);
        (uint256 paid, uint256 penalty) = _leave(owner);
        assertEq(paid + penalty, 10_000e18);
        assertEq(penalty, 6_000e18);
    }
}
