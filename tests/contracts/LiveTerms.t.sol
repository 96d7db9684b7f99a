// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ProtocolParams} from "../../contracts/governance/ProtocolParams.sol";
import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {Economy} from "../../contracts/types/Economy.sol";
import {JobState, Offer} from "../../contracts/types/Job.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice See LiveTerms.tree. This contract is guardian and Standard timelock.
contract LiveTermsTest is MarketBase {
    uint96 private constant LARGE = 1_000e18; // breakerJobWei

    ProtocolParams private _params;

    function setUp() public override {
        address self = address(this);
        _params = new ProtocolParams(self, makeAddr("constitutional"), self, self, insurance);
        super.setUp();
        token.transfer(client, DEPOSIT);
        vm.startPrank(client);
        token.approve(address(market), DEPOSIT);
        market.deposit(DEPOSIT);
        vm.stopPrank();
    }

    function _economy() internal view override returns (Economy memory economy) {
        economy.params = address(_params);
    }

    function _of(uint96 price, uint96 multiple) private returns (Offer memory offer) {
        offer = _offer();
        (offer.price, offer.lock) = (price, multiple * price);
    }

    function test_WhenTheBreakerIsTripped_LargeJobsWaitAndOthersDoNot() public {
        _params.pause(1 days);
        Offer memory offer = _of(LARGE + 1, 5);
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__Paused.selector, LARGE + 1, block.timestamp + 1 days
            )
        );
        vm.prank(client);
        market.open(_spec(), "large", offer, signature);
        _assertState(_openWith(_of(LARGE, 5)), JobState.Assigned);
    }

    function test_WhenThePauseIsOver_LargeJobsAreTaken() public {
        _params.pause(1 days);
        vm.warp(block.timestamp + 1 days);
        _assertState(_openWith(_of(LARGE + 1, 5)), JobState.Assigned);
    }

    function test_WhenAVoteRaisesTheLock_ItHoldsFromTheNextEpochOn() public {
        _params.set("lockMinMultiple", 6);
        _assertState(_openWith(_of(PRICE, 5)), JobState.Assigned);
        vm.warp((block.timestamp / 604_800 + 1) * 604_800);
        Offer memory offer = _of(PRICE, 5);
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__LockTooSmall.selector, 5 * PRICE, 6 * PRICE
            )
        );
        vm.prank(client);
        market.open(_spec(), "low", offer, signature);
        _assertState(_openWith(_of(PRICE, 6)), JobState.Assigned);
    }
}
