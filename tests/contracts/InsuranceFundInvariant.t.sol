// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {InsuranceFund} from "../../contracts/rewards/InsuranceFund.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {StakeNeighbours} from "./mocks/StakeNeighbours.sol";

/// @notice Funds, claims and grants at random times; it counts for itself what an epoch held and paid.
contract InsuranceHandler is Test {
    uint256 private constant WEEK = 604_800;

    ComputeToken private immutable token;
    StakeNeighbours private immutable world;
    InsuranceFund private immutable fund;

    uint256 public held; // when the epoch of the last action began
    uint256 public granted;
    uint256 public paid;
    uint256 private _epoch;
    uint256 private _claims;

    constructor(ComputeToken token_, StakeNeighbours world_, InsuranceFund fund_) {
        (token, world, fund) = (token_, world_, fund_);
        token_.approve(address(fund_), type(uint256).max);
    }

    /// @dev Time passes, and a new epoch begins with what is there.
    modifier later(uint256 seconds_) {
        vm.warp(block.timestamp + bound(seconds_, 0, 3 days));
        if (block.timestamp / WEEK != _epoch) {
            (_epoch, held) = (block.timestamp / WEEK, fund.holdings());
            (granted, paid) = (0, 0);
        }
        _;
    }

    function give(uint256 amount, uint256 seconds_) external later(seconds_) {
        fund.fund(bound(amount, 1, 1_000e18));
    }

    function claim(uint256 amount, uint256 seconds_) external later(seconds_) {
        bytes32 slashId = bytes32(++_claims);
        amount = bound(amount, 1, 3_000e18);
        world.setLoss(slashId, address(1), amount);
        try fund.payVerdict(slashId) {
            paid += amount;
        } catch {}
    }

    function grant(uint256 amount, uint256 seconds_) external later(seconds_) {
        uint256 left = fund.grantLeftNow();
        amount = bound(amount, 1, left + left / 4 + 1);
        vm.prank(fund.constitutionalTimelock());
        try fund.pay(address(2), amount, "") {
            assertLe(amount, left);
            (granted, paid) = (granted + amount, paid + amount);
        } catch {
            assertGt(amount, left);
        }
    }
}

/// @notice See InsuranceFund.tree.
contract InsuranceFundInvariant is Test {
    uint256 private constant FUND = 20_000e18;

    ComputeToken private token;
    InsuranceFund private fund;
    InsuranceHandler private handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        address[] memory holders = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (holders[0], amounts[0]) = (address(this), 1_000_000_000e18);
        token = new ComputeToken(holders, amounts);
        StakeNeighbours world = new StakeNeighbours(address(token), address(3));
        address there = address(world);
        fund = new InsuranceFund(address(token), there, there, there, address(3), there);
        token.approve(address(fund), FUND);
        fund.fund(FUND);
        vm.warp(block.timestamp + 1 weeks);
        handler = new InsuranceHandler(token, world, fund);
        token.transfer(address(handler), 100_000_000e18);
        targetContract(address(handler));
    }

    function invariant_GrantsAndPaymentsOfAnEpochKeepTheirLimits() public view {
        assertLe(handler.granted(), handler.held() / 100);
        assertLe(handler.paid(), handler.held() / 5);
        assertLe(fund.grantLeftNow(), fund.leftNow());
    }

    function invariant_WhatIsHeldIsCounted() public view {
        assertEq(token.balanceOf(address(fund)), fund.holdings());
    }
}
