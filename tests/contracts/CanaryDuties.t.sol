// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICanaries} from "../../contracts/interfaces/ICanaries.sol";
import {Canaries} from "../../contracts/rewards/Canaries.sol";
import {AuditFacts, AuditSlot, Outcome} from "../../contracts/types/Audit.sol";
import {CanaryBase} from "./CanaryBase.sol";

/// @notice See CanaryDuties.tree: audits that a provider was drawn for and did not do.
contract CanaryDutiesTest is CanaryBase {
    function _assertScore(address owner, uint256 epoch, uint256 passed, uint256 drawn)
        private
        view
    {
        (uint256 foundPassed, uint256 foundDrawn) = canaries.scoreOf(owner, epoch);
        assertEq(foundPassed, passed, "passed");
        assertEq(foundDrawn, drawn, "drawn");
    }

    function _epoch() private view returns (uint256) {
        return block.timestamp / EPOCH_S;
    }

    /// @dev The drawn auditor of an open audit is late; returns who it was.
    function _late(AuditFacts memory facts) private returns (address auditor) {
        auditor = _seat(facts, 0).auditor;
        _missSlot(facts, 0);
        audits.expire(facts, 0);
    }

    function test_ScoreOf_ALateAuditorHasOneMoreDrawn() public {
        (, AuditFacts memory facts) = _auditedCanary();
        address auditor = _seat(facts, 0).auditor;
        (uint256 passed, uint256 drawn) = canaries.scoreOf(auditor, _epoch());
        assertEq(_late(facts), auditor);
        _assertScore(auditor, _epoch(), passed, drawn + 1);
        _assertScore(auditor, _epoch() - 1, 0, 0);
        _assertScore(auditor, _epoch() + 1, 0, 0);
        _assertScore(provider, _epoch(), 0, 1); // the other party's fault
    }

    function test_ScoreOf_AMissedRevealCountsToo() public {
        (, AuditFacts memory facts) = _auditedCanary();
        (, uint256 drawn) = canaries.scoreOf(_seat(facts, 0).auditor, _epoch());
        address auditor = _answered(facts, 0, Outcome.Pass);
        _late(facts);
        _assertScore(auditor, _epoch(), 0, drawn + 1);
    }

    function test_ScoreOf_ADoneAuditDoesNotCount() public {
        (, AuditFacts memory facts) = _auditedCanary();
        (, uint256 drawn) = canaries.scoreOf(_seat(facts, 0).auditor, _epoch());
        address auditor = _round(facts, 0, Outcome.Pass);
        _assertScore(auditor, _epoch(), 0, drawn);
    }

    function test_ScoreOf_ItCountsWhenItIsFound() public {
        vm.warp((_epoch() + 1) * EPOCH_S - PACE - 600); // a canary is drawn as the week ends
        (, AuditFacts memory facts) = _auditedCanary();
        AuditSlot memory s = _seat(facts, 0);
        uint256 due = s.deadline / EPOCH_S;
        vm.warp((due + 1) * EPOCH_S + 1); // the job waits for five days
        (, uint256 drawn) = canaries.scoreOf(s.auditor, due);
        audits.expire(facts, 0);
        _assertScore(s.auditor, due, 0, drawn);
        _assertScore(s.auditor, due + 1, 0, 1);
    }

    function test_ScoreOf_OfAPassedCanaryAndALateAuditIsHalf() public {
        (uint256 id, AuditFacts memory facts) = _acceptedCanary();
        canaries.score(id);
        address late = provider;
        uint256 epoch = canaries.canaryOf(id).epoch;
        _assertScore(late, epoch, 1, 1);
        while (true) {
            (, facts) = _auditedCanary();
            if (_seat(facts, 0).auditor == late) break;
        }
        assertEq(_late(facts), late);
        assertEq(_epoch(), epoch, "one week");
        (uint256 passed, uint256 drawn) = canaries.scoreOf(late, epoch);
        assertEq(passed, 1);
        assertGe(drawn, 2, "the canary, and the audit");
    }

    function test_ScoreOf_GivenNoCourt_IsOfCanariesAlone() public {
        canaries = new Canaries(
            address(market),
            address(stakes),
            address(0),
            address(0),
            address(beacon),
            address(words),
            timelock,
            new ICanaries.CanaryModel[](0)
        );
        _assertScore(provider, _epoch(), 0, 0);
    }
}
