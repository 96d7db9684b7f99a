// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice See ComputeToken.tree.
contract ComputeTokenTest is MarketBase {
    function _genesis(uint256 first, uint256 second) private returns (ComputeToken) {
        address[] memory holders = new address[](2);
        uint256[] memory amounts = new uint256[](2);
        (holders[0], holders[1]) = (client, other);
        (amounts[0], amounts[1]) = (first, second);
        return new ComputeToken(holders, amounts);
    }

    function test_GivenHoldersAndAmountsDifferInNumber_Reverts() public {
        address[] memory holders = new address[](2);
        uint256[] memory amounts = new uint256[](1);
        vm.expectRevert(
            abi.encodeWithSelector(ComputeToken.ComputeToken__LengthMismatch.selector, 2, 1)
        );
        new ComputeToken(holders, amounts);
    }

    function testFuzz_WhenTheAmountsDoNotSumToTheCap_Reverts(uint128 first, uint128 second) public {
        uint256 cap = token.CAP();
        uint256 sum = uint256(first) + second;
        vm.assume(sum != cap);
        vm.expectRevert(
            abi.encodeWithSelector(ComputeToken.ComputeToken__NotTheCap.selector, sum, cap)
        );
        _genesis(first, second);
    }

    function testFuzz_WhenTheySumToTheCap_CreditsEveryHolder(uint256 first) public {
        first = bound(first, 0, token.CAP());
        ComputeToken fresh = _genesis(first, token.CAP() - first);
        assertEq(fresh.balanceOf(client), first, "first holder");
        assertEq(fresh.balanceOf(other), token.CAP() - first, "second holder");
        assertEq(fresh.totalSupply(), 1_000_000_000e18, "supply = cap");
        assertEq(fresh.name(), "Neurovoyance");
        assertEq(fresh.symbol(), "NVY");
        assertEq(fresh.decimals(), 18);
    }

    function testFuzz_Burn_LowersTheSupplyForEver(uint256 amount) public {
        amount = bound(amount, 0, token.balanceOf(address(this)));
        token.burn(amount);
        assertEq(token.totalSupply() + amount, token.CAP(), "supply + burned = cap");
    }

    function test_BurnFrom_LowersTheSupplyAndTheAllowance() public {
        token.approve(other, 5);
        vm.prank(other);
        token.burnFrom(address(this), 3);
        assertEq(token.totalSupply(), token.CAP() - 3);
        assertEq(token.allowance(address(this), other), 2);
    }

    function test_Permit_SetsTheAllowanceFromASignature() public {
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(other, 7);
        token.permit(operator, other, 7, block.timestamp, v, r, s);
        assertEq(token.allowance(operator, other), 7);
    }

    function test_Afterwards_NothingMintsAndNobodyOwns() public {
        string[3] memory calls = ["mint(address,uint256)", "owner()", "pause()"];
        for (uint256 i; i < calls.length; ++i) {
            (bool ok,) = address(token).call(
                abi.encodePacked(bytes4(keccak256(bytes(calls[i]))), new bytes(64))
            );
            assertFalse(ok, calls[i]);
        }
    }
}
