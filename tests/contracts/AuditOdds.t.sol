// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {AuditOdds} from "../../contracts/libraries/AuditOdds.sol";

/// @notice See AuditOdds.tree.
contract AuditOddsTest is Test {
    uint256 private constant DETECT = 7_600;

    function test_NeededBps_ByTheTable() public pure {
        assertEq(AuditOdds.neededBps(1e18, 5e18, 7_600), 2_193);
        assertEq(AuditOdds.neededBps(1e18, 10e18, 7_600), 1_197);
        assertEq(AuditOdds.neededBps(1e18, 20e18, 7_600), 627);
    }

    function test_NeededBps_WithoutALockIsOverCertainty() public pure {
        assertEq(AuditOdds.neededBps(1, 0, 7_600), 13_158);
    }

    function test_NeededBps_WithoutRiskIsZero() public pure {
        assertEq(AuditOdds.neededBps(0, 1e18, 7_600), 0);
        assertEq(AuditOdds.neededBps(0, 0, 7_600), 0);
    }

    /// @dev With q = p * detection: q * lock >= (1 - q) * risk, and not with one bps less.
    function testFuzz_NeededBps_IsTheSmallestThatDeters(uint96 risk, uint96 lock) public pure {
        uint256 total = uint256(risk) + lock;
        vm.assume(total > 0);
        uint256 p = AuditOdds.neededBps(risk, lock, 7_600);
        assertTrue(p * DETECT * total >= uint256(risk) * 1e8);
        if (p > 0) assertTrue((p - 1) * DETECT * total < uint256(risk) * 1e8);
    }

    function testFuzz_EconomicBps_NeverUnderTheMinimum(uint96 risk, uint96 lock, uint16 least)
        public
        pure
    {
        uint256 p = AuditOdds.economicBps(risk, lock, least, 7_600);
        uint256 needed = AuditOdds.neededBps(risk, lock, 7_600);
        assertEq(p, needed > least ? needed : least);
    }

    function test_DrawBps_ByTheRecord() public pure {
        assertEq(AuditOdds.drawBps(627, 0, 10), 10_000);
        assertEq(AuditOdds.drawBps(627, 9, 10), 10_000);
        assertEq(AuditOdds.drawBps(627, 10, 10), 909);
        assertEq(AuditOdds.drawBps(627, 14, 10), 666);
        assertEq(AuditOdds.drawBps(627, 15, 10), 627);
        assertEq(AuditOdds.drawBps(200, 0, 0), 10_000);
        assertEq(AuditOdds.drawBps(200, 1_000_000, 10), 200);
    }

    function testFuzz_DrawBps_StaysInItsBounds(uint256 economic, uint256 passes, uint16 firstJobs)
        public
        pure
    {
        economic = bound(economic, 0, 10_000);
        passes = bound(passes, 0, type(uint128).max);
        uint256 p = AuditOdds.drawBps(economic, passes, firstJobs);
        assertTrue(p >= economic && p <= 10_000);
    }
}
