// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice See Ledger.tree.
contract LedgerTest is MarketBase {
    function test_Deposit_WhenZero_Reverts() public {
        vm.expectRevert(IJobMarket.JobMarket__ZeroAmount.selector);
        market.deposit(0);
    }

    function testFuzz_Deposit_WhenAboveUint96_Reverts(uint256 amount) public {
        uint256 max = type(uint96).max;
        amount = bound(amount, max + 1, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__AmountTooLarge.selector, amount, max)
        );
        market.deposit(amount);
    }

    function test_Deposit_GivenNoAllowance_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(market), 0, 1
            )
        );
        market.deposit(1);
    }

    function testFuzz_Deposit_CreditsTheCaller(uint96 amount) public {
        amount = uint96(bound(amount, 1, 1e26));
        token.approve(address(market), amount);
        vm.expectEmit(address(market));
        emit IJobMarket.Deposited(address(this), amount);
        market.deposit(amount);
        assertEq(market.freeOf(address(this)), amount);
        assertEq(market.freeOf(client), DEPOSIT, "others stay");
        assertEq(token.balanceOf(address(market)), DEPOSIT + amount);
    }

    function test_DepositWithPermit_NeedsNoApproval() public {
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(address(market), 9);
        token.transfer(operator, 9);
        vm.prank(operator);
        market.depositWithPermit(9, block.timestamp, v, r, s);
        assertEq(market.freeOf(operator), 9);
    }

    function test_DepositWithPermit_GivenSubmittedByAnother_StillDeposits() public {
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(address(market), 9);
        token.transfer(operator, 9);
        token.permit(operator, address(market), 9, block.timestamp, v, r, s);
        vm.prank(operator);
        market.depositWithPermit(9, block.timestamp, v, r, s);
        assertEq(market.freeOf(operator), 9);
    }

    function test_Withdraw_WhenZero_Reverts() public {
        vm.prank(client);
        vm.expectRevert(IJobMarket.JobMarket__ZeroAmount.selector);
        market.withdraw(0);
    }

    function testFuzz_Withdraw_WhenAboveFree_Reverts(uint256 amount) public {
        amount = bound(amount, DEPOSIT + 1, type(uint256).max);
        vm.prank(client);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__InsufficientFree.selector, client, DEPOSIT, amount
            )
        );
        market.withdraw(amount);
    }

    function testFuzz_Withdraw_PaysTheCaller(uint256 amount) public {
        amount = bound(amount, 1, DEPOSIT);
        vm.expectEmit(address(market));
        emit IJobMarket.Withdrawn(client, amount);
        vm.prank(client);
        market.withdraw(amount);
        assertEq(token.balanceOf(client), amount);
        assertEq(market.freeOf(client), DEPOSIT - amount);
    }

    function test_Withdraw_WorksWhileJobsRun() public {
        _assigned();
        _posted();
        vm.prank(client);
        market.withdraw(DEPOSIT - 2 * PRICE);
        assertEq(token.balanceOf(address(market)), 2 * PRICE, "escrow stays");
    }

    function test_Harvest_WhenCalledByAnother_Reverts() public {
        _settled();
        vm.prank(other);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__NotOwnerNorOperator.selector, provider, other
            )
        );
        market.harvest(provider);
    }

    function test_Harvest_GivenNothingEarned_Reverts() public {
        vm.prank(provider);
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__NothingEarned.selector, provider)
        );
        market.harvest(provider);
    }

    function test_Harvest_WhenCalledByOwnerOrOperator_PaysTheOwner() public {
        address[2] memory callers = [operator, provider];
        for (uint256 i; i < 2; ++i) {
            _settled();
            assertEq(market.earnedOf(provider), PRICE);
            vm.expectEmit(address(market));
            emit IJobMarket.Harvested(provider, PRICE);
            vm.prank(callers[i]);
            assertEq(market.harvest(provider), PRICE);
            assertEq(token.balanceOf(provider), (i + 1) * PRICE);
            assertEq(market.earnedOf(provider), 0);
        }
        assertEq(token.balanceOf(operator), 0, "money only reaches the owner");
    }

    function test_TokensSentWithoutACall_BelongToNobody() public {
        token.transfer(address(market), 5e18);
        token.transfer(address(stakes), 5e18);
        _settled();
        assertEq(market.freeOf(client) + market.earnedOf(provider), DEPOSIT);
        assertEq(_own(), STAKE);
        assertEq(stakes.insuranceWei(), 0);
    }
}
