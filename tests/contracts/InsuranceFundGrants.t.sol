// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInsuranceFund} from "../../contracts/interfaces/IInsuranceFund.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {InsuranceFundBase} from "./InsuranceFundBase.sol";

/// @notice See InsuranceFund.tree, pay.
contract InsuranceFundGrantsTest is InsuranceFundBase {
    function test_Pay_WhenCalledByAnother_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IInsuranceFund.InsuranceFund__OnlyTimelock.selector, address(this)
            )
        );
        fund.pay(other, 1, "");
    }

    function test_Pay_ToABadPayeeOrNothing_Reverts() public {
        address[2] memory payees = [address(0), address(fund)];
        vm.startPrank(timelock);
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IInsuranceFund.InsuranceFund__BadPayee.selector, payees[i]
                )
            );
            fund.pay(payees[i], 1, "");
        }
        vm.expectRevert(IInsuranceFund.InsuranceFund__ZeroAmount.selector);
        fund.pay(other, 0, "");
    }

    function test_Pay_PaysAndSaysWhy() public {
        vm.expectEmit(address(fund));
        emit IInsuranceFund.InsurancePaid(other, 7e18, "a vote");
        _grant(7e18);
        assertEq(token.balanceOf(other), 7e18);
        assertEq(fund.holdings(), FUND - 7e18);
        _assertCounted();
    }

    function test_Pay_AnEpochGrantsAtMostOnePercentOfWhatWasHeld() public {
        _fund(FUND);
        assertEq(fund.grantLeftNow(), 200e18, "of what was held when the epoch began");
        _expectOverGrantLimit(200e18 + 1, 200e18);
        _grant(200e18 + 1);
        _grant(150e18);
        _expectOverGrantLimit(50e18 + 1, 50e18);
        _grant(50e18 + 1);
        _grant(50e18);
        _expectOverGrantLimit(1, 0);
        _grant(1);
        assertEq(fund.leftNow(), 2_000e18, "a claim's limit is as it was");
        vm.warp(NOW + WEEK - NOW % WEEK - 1);
        assertEq(fund.grantLeftNow(), 0, "to the epoch's last second");
        vm.warp(block.timestamp + 1);
        assertEq(fund.grantLeftNow(), (2 * FUND - 200e18) / 100);
        _assertCounted();
    }

    function test_Pay_WhereClaimsLeftLess_GrantsThat() public {
        _claim(2_000e18);
        _claim(1_900e18);
        assertEq(fund.grantLeftNow(), 100e18, "what the epoch has left");
        _expectOverGrantLimit(200e18, 100e18);
        _grant(200e18);
        _grant(100e18);
        assertEq(fund.leftNow(), 0);
    }

    function test_Pay_GrantsLeaveNineteenPercentToClaims() public {
        _grant(200e18);
        _claim(2_000e18);
        _claim(1_800e18);
        _expectOverLimit(1, 0);
        _claim(1);
    }

    function test_Pay_InTheEpochOfTheFirstFunding_NothingIsGranted() public {
        vm.warp(START);
        fund = _deploy(address(neighbours));
        _fund(FUND);
        assertEq(fund.grantLeftNow(), 0);
        _expectOverGrantLimit(1, 0);
        _grant(1);
    }

    function test_Pay_NoParameterRaisesTheLimitOfGrants() public {
        _set(Params.WORD_FUNDS, 0, 16, 2_000);
        _set(Params.WORD_FUNDS, 16, 16, 3_000);
        assertEq(fund.grantLeftNow(), 200e18);
        _claim(1_000e18);
        _set(Params.WORD_FUNDS, 16, 16, 500);
        assertEq(fund.grantLeftNow(), 0, "but a lower limit of all payments counts");
    }

    function testFuzz_Pay_AYearOfGrantsTakesLessThanHalf(uint256 seed) public {
        for (uint256 week = 1; week <= 52; ++week) {
            _grant(fund.grantLeftNow());
            uint256 skippedS = uint256(keccak256(abi.encode(seed, week))) % 1 days;
            vm.warp(NOW + week * WEEK + skippedS);
        }
        assertGt(fund.holdings(), FUND / 2);
        _assertCounted();
    }
}
