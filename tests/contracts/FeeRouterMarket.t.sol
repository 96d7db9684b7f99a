// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FeeRouter} from "../../contracts/rewards/FeeRouter.sol";
import {VestingVault} from "../../contracts/rewards/VestingVault.sol";
import {Economy} from "../../contracts/types/Economy.sol";
import {MarketBase} from "./MarketBase.sol";
import {FeeNeighbours} from "./mocks/FeeNeighbours.sol";

/// @notice See FeeRouter.tree, last branch.
contract FeeRouterMarketTest is MarketBase {
    FeeRouter private router;
    VestingVault private vault;
    FeeNeighbours private funds;

    /// @dev StakeManager and market follow; then the router, the vault and the funds.
    function _economy() internal view override returns (Economy memory economy) {
        economy.feeRouter = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
    }

    function setUp() public override {
        super.setUp();
        uint256 nonce = vm.getNonce(address(this));
        address futureVault = vm.computeCreateAddress(address(this), nonce + 1);
        address futureFunds = vm.computeCreateAddress(address(this), nonce + 2);
        router = new FeeRouter(
            address(token),
            address(market),
            address(stakes),
            address(0),
            address(0),
            futureVault,
            futureFunds,
            futureFunds,
            address(0)
        );
        vault = new VestingVault(
            address(token),
            address(stakes),
            address(router),
            address(0),
            futureFunds,
            address(0),
            address(0)
        );
        funds = new FeeNeighbours(address(token), 0);
        assertEq(market.feeRouter(), address(router), "precomputed address");
    }

    function test_ASettledJob_RaisesCountersAndItsHarvestPays() public {
        _settled();
        assertEq(router.unharvestedOf(provider), PRICE);
        assertEq(market.freeOf(address(router)), PRICE);
        assertEq(market.earnedOf(provider), 0);
        vm.prank(operator);
        (uint256 liquid, uint256 vested) = router.harvest(provider);
        assertEq(liquid, PRICE * 72 / 100);
        assertEq(token.balanceOf(provider), liquid);
        assertEq(vault.heldOf(provider), vested);
        assertEq(token.balanceOf(address(vault)), vested);
        router.sweep();
        assertEq(market.freeOf(address(router)), 0);
        assertEq(funds.funded(), PRICE * 6 / 100, "treasury, insurance and the audit part");
    }
}
