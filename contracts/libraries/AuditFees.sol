// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Params} from "./Params.sol";

/// @title What audits cost, and who pays
/// @notice Pure, so that every wei can be tested apart from any contract. Prices fit uint88 and
/// probabilities are at most 10,000 bps, so that nothing here can overflow.
///
/// held       drawn  to the pool           to the client       to the provider
/// ---------  -----  --------------------  ------------------  ---------------
/// premium    no     premium + surcharge   -                   F - surcharge
/// whole pay  no     surcharge             held                F - surcharge
/// premium    yes    surcharge             -                   F - surcharge
/// whole pay  yes    rest of surcharge     min(surcharge,held) F - surcharge
///
/// On a drawn audit `held` went to the pool before.
library AuditFees {
    uint256 private constant _BPS = 10_000;

    /// @notice Pay of one auditor of a job: a = ceil(F * AUDIT_PAY_BPS / 1e4).
    function payOf(uint256 price) internal pure returns (uint256) {
        return _part(price, Params.AUDIT_PAY_BPS);
    }

    /// @notice Pay of all auditors of a job, if an audit is drawn and needs one round.
    function wholePay(uint256 price, uint256 slots) internal pure returns (uint256) {
        return payOf(price) * slots;
    }

    /// @notice What a short record costs the provider:
    /// min(F, ceil(a * pBps / 1e4) - ceil(a * pEconBps / 1e4)).
    /// @dev After a lapsed round pBps is 10,000: the provider, who could have drawn, then bears what
    /// the certain audit costs more.
    function surchargeOf(uint256 price, uint256 pEconBps, uint256 pBps)
        internal
        pure
        returns (uint256)
    {
        uint256 pay = payOf(price);
        uint256 surcharge = _part(pay, pBps) - _part(pay, pEconBps);
        return surcharge < price ? surcharge : price;
    }

    /// @notice What the client pays: ceil(a * slots * pBps / 1e4) - surcharge.
    function premiumOf(uint256 price, uint256 slots, uint256 pEconBps, uint256 pBps)
        internal
        pure
        returns (uint256)
    {
        return _part(wholePay(price, slots), pBps) - surchargeOf(price, pEconBps, pBps);
    }

    /// @notice What is escrowed beside the price: the premium, or the whole pay if the pool is too
    /// small to carry it.
    function heldOf(uint256 price, uint256 slots, uint256 pEconBps, uint256 pBps, uint256 pool)
        internal
        pure
        returns (uint256 held, bool isWhole)
    {
        held = wholePay(price, slots);
        isWhole = held * _BPS > pool * Params.AUDIT_ESCROW_POOL_BPS;
        if (!isWhole) held = premiumOf(price, slots, pEconBps, pBps);
    }

    /// @notice How `held` and the surcharge of a settled job are shared out; see the table.
    function shareOut(uint256 held, uint256 surcharge, bool isWhole, bool isDrawn)
        internal
        pure
        returns (uint256 toPool, uint256 toClient)
    {
        if (!isDrawn) return isWhole ? (surcharge, held) : (held + surcharge, 0);
        if (!isWhole) return (surcharge, 0);
        toClient = surcharge < held ? surcharge : held;
        toPool = surcharge - toClient;
    }

    /// @dev ceil(amount * bps / 1e4).
    function _part(uint256 amount, uint256 bps) private pure returns (uint256) {
        unchecked {
            return (amount * bps + _BPS - 1) / _BPS; // under 2^96 * 2^4 * 2^16, see above
        }
    }
}
