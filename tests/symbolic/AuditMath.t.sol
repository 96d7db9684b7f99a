// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditFees} from "../../contracts/libraries/AuditFees.sol";
import {AuditOdds} from "../../contracts/libraries/AuditOdds.sol";
import {Params} from "../../contracts/libraries/Params.sol";

/// @title The arithmetic of audits, for every input at once
/// @notice Run by halmos (docs/economy-proofs.md): each `check_` function holds for all arguments that
/// pass its `require`s, or halmos shows some for which its `assert` fails.
contract AuditMathTest {
    uint256 private constant _BPS = 10_000;

    /// @notice What is held and the surcharge leave as they came in, whoever gets them.
    function check_sharesOfASettledJobSumToWhatIsThere(
        uint96 held,
        uint96 surcharge,
        bool isWhole,
        bool isDrawn
    ) external pure {
        (uint256 toPool, uint256 toClient) =
            AuditFees.shareOut(held, surcharge, isWhole, isDrawn);
        // On a drawn audit `held` went to the pool before.
        uint256 before = isDrawn ? held : 0;
        if (!isDrawn) assert(toPool + toClient == uint256(held) + surcharge);
        else assert(toPool + toClient == surcharge);
        assert(toClient <= held);
        assert(before == 0 || toClient <= surcharge);
    }

    /// @notice The provider never pays more than the price, and nothing where its record is whole.
    function check_surchargeIsAtMostThePrice(uint88 price, uint16 pEconBps, uint16 pBps)
        external
        pure
    {
        require(pEconBps <= pBps && pBps <= _BPS);
        uint256 surcharge = AuditFees.surchargeOf(price, pEconBps, pBps);
        assert(surcharge <= price);
        if (pEconBps == pBps) assert(surcharge == 0);
    }

    /// @notice A short record only raises the odds; odds are never over one unless the risk's are.
    function check_drawIsAtLeastWhatTheRiskAsksFor(uint16 economic, uint32 passes, uint16 firstJobs)
        external
        pure
    {
        uint256 odds = AuditOdds.drawBps(economic, passes, firstJobs);
        assert(odds >= economic);
        if (economic <= _BPS) assert(odds <= _BPS);
        if (passes < firstJobs) assert(odds >= _BPS);
    }

    /// @notice The least probability is never undercut.
    function check_economicIsAtLeastTheMinimum(uint16 minBps, uint96 risk, uint96 lock)
        external
        pure
    {
        assert(AuditOdds.economicBps(risk, lock, minBps, Params.DETECT_BPS) >= minBps);
    }

    /// @notice What the client holds beside the price is the premium, or the whole pay where the pool is
    /// too small; both are at most the whole pay, so that the escrow always covers a drawn audit.
    function check_heldIsThePremiumOrTheWholePay(
        uint88 price,
        uint8 slots,
        uint16 pEconBps,
        uint16 pBps,
        uint96 pool
    ) external pure {
        require(pEconBps <= pBps && pBps <= _BPS && slots != 0 && slots <= 4);
        (uint256 held, bool isWhole) = AuditFees.heldOf(price, slots, pEconBps, pBps, pool);
        uint256 whole = AuditFees.wholePay(price, slots);
        if (isWhole) assert(held == whole);
        else assert(held == AuditFees.premiumOf(price, slots, pEconBps, pBps));
    }
}
