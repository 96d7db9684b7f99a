// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {AuditFees} from "../../contracts/libraries/AuditFees.sol";

/// @notice See AuditFees.tree.
contract AuditFeesTest is Test {
    uint256 private constant MOST = type(uint88).max;

    function _ceil(uint256 amount, uint256 bps) private pure returns (uint256) {
        uint256 down = amount * bps / 10_000;
        return down * 10_000 == amount * bps ? down : down + 1;
    }

    function _probabilities(uint256 pEcon, uint256 p) private pure returns (uint256, uint256) {
        pEcon = bound(pEcon, 0, 10_000);
        return (pEcon, bound(p, pEcon, 10_000));
    }

    function testFuzz_PayOf_IsThePrice(uint256 price) public pure {
        price = bound(price, 0, MOST);
        assertEq(AuditFees.payOf(price), price);
    }

    function test_Surcharge_RoundsBothPartsUp() public pure {
        assertEq(AuditFees.surchargeOf(1e18, 603, 911), 0.0308e18);
        // ceil(0.0911) - ceil(0.0603) of one wei
        assertEq(AuditFees.surchargeOf(1, 603, 911), 0);
        assertEq(AuditFees.surchargeOf(1, 0, 911), 1);
        // 17 wei: ceil(15.487) - ceil(10.251)
        assertEq(AuditFees.surchargeOf(17, 6_030, 9_110), 5);
    }

    function testFuzz_Surcharge_IsZeroWhereProbabilitiesAgree(uint256 price, uint256 p)
        public
        pure
    {
        price = bound(price, 1, MOST);
        p = bound(p, 0, 10_000);
        assertEq(AuditFees.surchargeOf(price, p, p), 0);
    }

    function testFuzz_Surcharge_IsNeverAboveThePrice(uint256 price, uint256 pEcon, uint256 p)
        public
        pure
    {
        price = bound(price, 1, MOST);
        (pEcon, p) = _probabilities(pEcon, p);
        uint256 surcharge = AuditFees.surchargeOf(price, pEcon, p);
        assertLe(surcharge, price);
        assertEq(surcharge, _ceil(price, p) - _ceil(price, pEcon));
    }

    function test_Premium_OfTwoSlots() public pure {
        assertEq(AuditFees.premiumOf(1e18, 1, 603, 911), 0.0603e18);
        assertEq(AuditFees.premiumOf(1e18, 2, 603, 911), 0.1822e18 - 0.0308e18);
    }

    function testFuzz_Premium_AndSurchargeCoverTheExpectedPay(
        uint256 price,
        uint256 slots,
        uint256 pEcon,
        uint256 p
    ) public pure {
        price = bound(price, 1, MOST);
        slots = bound(slots, 1, 8);
        (pEcon, p) = _probabilities(pEcon, p);
        uint256 both =
            AuditFees.premiumOf(price, slots, pEcon, p) + AuditFees.surchargeOf(price, pEcon, p);
        assertEq(both, _ceil(price * slots, p));
    }

    function test_HeldOf_TurnsAtFivePercentOfThePool() public pure {
        (uint256 held, bool isWhole) = AuditFees.heldOf(1e18, 2, 603, 911, 40e18);
        assertEq(held, 0.1514e18);
        assertFalse(isWhole);
        (held, isWhole) = AuditFees.heldOf(1e18, 2, 603, 911, 40e18 - 1);
        assertEq(held, 2e18);
        assertTrue(isWhole);
    }

    function testFuzz_HeldOf_NeverExceedsTheWholePay(
        uint256 price,
        uint256 slots,
        uint256 pEcon,
        uint256 p,
        uint256 pool
    ) public pure {
        price = bound(price, 1, MOST);
        slots = bound(slots, 1, 8);
        (pEcon, p) = _probabilities(pEcon, p);
        (uint256 held, bool isWhole) =
            AuditFees.heldOf(price, slots, pEcon, p, bound(pool, 0, 2 ** 90));
        assertLe(held, AuditFees.wholePay(price, slots));
        if (isWhole) assertEq(held, price * slots);
    }

    function _assertShares(bool isWhole, bool isDrawn, uint256 pool, uint256 client) private pure {
        (uint256 toPool, uint256 toClient) = AuditFees.shareOut(70, 30, isWhole, isDrawn);
        assertEq(toPool, pool, "pool");
        assertEq(toClient, client, "client");
    }

    function test_ShareOut_TheFourRows() public pure {
        _assertShares(false, false, 100, 0);
        _assertShares(true, false, 30, 70);
        _assertShares(false, true, 30, 0);
        _assertShares(true, true, 0, 30);
        (uint256 toPool, uint256 toClient) = AuditFees.shareOut(20, 30, true, true);
        assertEq(toPool, 10, "the rest of the surcharge");
        assertEq(toClient, 20, "at most what was held");
    }

    function testFuzz_ShareOut_MakesAndLosesNothing(
        uint96 held,
        uint96 surcharge,
        bool isWhole,
        bool isDrawn
    ) public pure {
        (uint256 toPool, uint256 toClient) =
            AuditFees.shareOut(held, surcharge, isWhole, isDrawn);
        uint256 escrowed = isDrawn ? 0 : held; // a drawn job's went to the pool before
        assertEq(toPool + toClient, escrowed + surcharge);
    }
}
