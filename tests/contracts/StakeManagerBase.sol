// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {StakeManager} from "../../contracts/staking/StakeManager.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice A StakeManager by itself, whose market is the test.
abstract contract StakeManagerBase is MarketBase {
    bytes32 internal constant JOB = "job";

    function setUp() public override {
        super.setUp();
        stakes = new StakeManager(
            address(token), address(this), insurance, address(0), address(0), _economy()
        );
        _fundProvider(provider, operator);
    }

    function _unbond(uint256 amount) internal {
        vm.prank(provider);
        stakes.requestUnbonding(amount);
    }

    function _solvent() internal view {
        IStakeManager.Stake memory s = stakes.stakeOf(provider);
        assertEq(
            token.balanceOf(address(stakes)),
            uint256(s.own) + s.unbonding + stakes.insuranceWei(),
            "balance = own + unbonding + insurance"
        );
        assertGe(s.own, s.locked, "own >= locked");
        assertEq(stakes.freeOf(provider), s.own - s.locked, "free = own - locked");
    }
}
