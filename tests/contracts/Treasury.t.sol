// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {ITreasury} from "../../contracts/interfaces/ITreasury.sol";
import {GovernanceBase} from "./GovernanceBase.sol";
import {FakeGrant} from "./mocks/FakeGrant.sol";

/// @notice See Treasury.tree.
contract TreasuryTest is GovernanceBase {
    uint256 private constant STANDARD_LIMIT = GENESIS * 200 / 10_000;
    uint256 private constant CONSTITUTIONAL_LIMIT = GENESIS * 1_000 / 10_000;

    address private payee = makeAddr("payee");

    function _pay(address by, uint256 amount) private {
        vm.prank(by);
        treasury.pay(payee, amount, "for work");
    }

    function _expectOverLimit(uint256 amount, uint256 left) private {
        vm.expectRevert(
            abi.encodeWithSelector(ITreasury.Treasury__OverLimit.selector, amount, left)
        );
    }

    // --- fund ---

    function test_Fund_WhenTheAmountIsZero_Reverts() public {
        vm.expectRevert(ITreasury.Treasury__ZeroAmount.selector);
        treasury.fund(0);
    }

    function test_Fund_GivenNoAllowance_RevertsAsTheToken() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(treasury), 0, 1
            )
        );
        treasury.fund(1);
    }

    function test_Fund_TakesAndCounts() public {
        token.approve(address(treasury), 5);
        vm.expectEmit();
        emit ITreasury.TreasuryFunded(address(this), 5);
        treasury.fund(5);
        token.transfer(address(treasury), 7);
        assertEq(treasury.holdings(), GENESIS + 5, "what was sent without a call does not count");
        assertEq(token.balanceOf(address(treasury)), GENESIS + 12);
        assertEq(treasury.token(), address(token));
        assertEq(treasury.params(), address(params));
        assertEq(treasury.standardTimelock(), address(standardTimelock));
        assertEq(treasury.constitutionalTimelock(), address(constitutionalTimelock));
    }

    // --- pay ---

    function test_Pay_WhenNeitherTimelockCalls_Reverts() public {
        address[3] memory others = [address(this), address(standard), holder];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ITreasury.Treasury__OnlyTimelock.selector, others[i])
            );
            _pay(others[i], 1);
            assertEq(treasury.leftOf(others[i]), 0);
        }
    }

    function test_Pay_WhenThePayeeIsBad_Reverts() public {
        address[2] memory bad = [address(0), address(treasury)];
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ITreasury.Treasury__BadPayee.selector, bad[i])
            );
            vm.prank(address(standardTimelock));
            treasury.pay(bad[i], 1, "");
        }
    }

    function test_Pay_WhenTheAmountIsZero_Reverts() public {
        vm.expectRevert(ITreasury.Treasury__ZeroAmount.selector);
        _pay(address(standardTimelock), 0);
    }

    function test_Pay_PaysUpToTheLimitOfEach() public {
        _expectOverLimit(STANDARD_LIMIT + 1, STANDARD_LIMIT);
        _pay(address(standardTimelock), STANDARD_LIMIT + 1);
        vm.expectEmit();
        emit ITreasury.TreasuryPaid(address(standardTimelock), payee, STANDARD_LIMIT, "for work");
        _pay(address(standardTimelock), STANDARD_LIMIT);
        _expectOverLimit(1, 0);
        _pay(address(standardTimelock), 1);
        assertEq(treasury.leftOf(address(constitutionalTimelock)), CONSTITUTIONAL_LIMIT);
        _pay(address(constitutionalTimelock), CONSTITUTIONAL_LIMIT - 1);
        _expectOverLimit(2, 1);
        _pay(address(constitutionalTimelock), 2);
        _pay(address(constitutionalTimelock), 1);
        assertEq(token.balanceOf(payee), STANDARD_LIMIT + CONSTITUTIONAL_LIMIT);
        assertEq(treasury.holdings(), GENESIS - token.balanceOf(payee));
    }

    function test_Pay_GivenTheLimitIsUsed_PaysAgainWhenThePaymentIs31DaysOld() public {
        _pay(address(standardTimelock), STANDARD_LIMIT);
        uint256 lastDay = START - START % 1 days + 31 days;
        vm.warp(lastDay - 1);
        _expectOverLimit(1, 0);
        _pay(address(standardTimelock), 1);
        vm.warp(lastDay);
        _pay(address(standardTimelock), (GENESIS - STANDARD_LIMIT) * 200 / 10_000);
    }

    function test_Pay_GivenPaymentsAroundAWindowsEnd_BothCount() public {
        _pay(address(standardTimelock), 1e18);
        vm.warp(START + 29 days);
        _pay(address(standardTimelock), STANDARD_LIMIT - 1e18);
        vm.warp(START + 31 days); // the first payment counts no more, the second does
        uint256 left = treasury.leftOf(address(standardTimelock));
        assertLe(left, 1e18, "no second limit after a window's end");
        assertGt(left, 0.9e18);
    }

    function test_Pay_GivenIncomeInTheWindow_TheLimitGrowsByItsPart() public {
        _pay(address(standardTimelock), STANDARD_LIMIT);
        token.approve(address(treasury), 1_000e18);
        treasury.fund(1_000e18);
        assertEq(treasury.leftOf(address(standardTimelock)), 20e18);
    }

    function test_Pay_GivenTheParameterWasLowered_NothingIsLeft() public {
        vm.warp((START / EPOCH_S + 1) * EPOCH_S - 1);
        _pay(address(standardTimelock), STANDARD_LIMIT);
        vm.prank(address(constitutionalTimelock));
        params.set("treasuryStandardBps", 170);
        vm.warp(block.timestamp + 1);
        assertEq(treasury.leftOf(address(standardTimelock)), 0);
        _expectOverLimit(1, 0);
        _pay(address(standardTimelock), 1);
    }

    /// @dev Greedy: pays whatever is left at twelve times; then every 30 days are added up.
    function testFuzz_Pay_WithinAny30DaysNoMoreThanThePart(uint32[12] memory gaps) public {
        uint256[12] memory times;
        uint256[12] memory paid;
        uint256 time = START;
        for (uint256 i; i < 12; ++i) {
            time += bound(gaps[i], 0, 20 days);
            vm.warp(time);
            (times[i], paid[i]) = (time, treasury.leftOf(address(constitutionalTimelock)));
            if (paid[i] > 0) _pay(address(constitutionalTimelock), paid[i]);
        }
        for (uint256 last; last < 12; ++last) {
            uint256 sum;
            for (uint256 i; i <= last; ++i) {
                if (times[i] + 30 days >= times[last]) sum += paid[i];
            }
            assertLe(sum, CONSTITUTIONAL_LIMIT, "thirty days");
        }
    }

    function test_Pay_AfterYears_TheLimitIsOneWindows() public {
        vm.warp(START + 20 * 365 days);
        assertEq(treasury.leftOf(address(standardTimelock)), STANDARD_LIMIT);
    }

    function test_Pay_ReadsNoBalance() public {
        token.transfer(address(treasury), 100_000_000e18);
        assertEq(treasury.leftOf(address(standardTimelock)), STANDARD_LIMIT);
        assertEq(treasury.paidIn30Days(address(standardTimelock)), 0);
    }

    // --- collectGrant ---

    function test_CollectGrant_GivenTheWalletIsNoGrant_Reverts() public {
        address fake = address(new FakeGrant());
        assertFalse(treasury.isGrant(fake));
        vm.expectRevert(
            abi.encodeWithSelector(ITreasury.Treasury__UnknownGrant.selector, fake)
        );
        treasury.collectGrant(fake);
    }

    function test_CollectGrant_GivenNothingNew_Reverts() public {
        vm.expectRevert(ITreasury.Treasury__ZeroAmount.selector);
        treasury.collectGrant(address(grant));
        vm.warp(START + 7 days);
        treasury.collectGrant(address(grant));
        vm.expectRevert(ITreasury.Treasury__ZeroAmount.selector);
        treasury.collectGrant(address(grant));
    }

    function test_CollectGrant_ReleasesAndCounts() public {
        vm.warp(START + 7 days);
        vm.expectEmit();
        emit ITreasury.GrantCollected(address(grant), GRANT / 104);
        treasury.collectGrant(address(grant));
        assertEq(treasury.holdings(), GENESIS + GRANT / 104);
        vm.warp(START + 10 * 365 days);
        treasury.collectGrant(address(grant));
        assertEq(treasury.holdings(), GENESIS + GRANT);
        assertEq(treasury.collectedOf(address(grant)), GRANT);
        assertEq(token.balanceOf(address(treasury)), GENESIS + GRANT);
    }

    function test_CollectGrant_GivenSomebodyReleased_CountsThatOnce() public {
        vm.warp(START + 7 days);
        grant.release(address(token));
        assertEq(treasury.holdings(), GENESIS, "not yet counted");
        treasury.collectGrant(address(grant));
        assertEq(treasury.holdings(), GENESIS + GRANT / 104);
    }
}
