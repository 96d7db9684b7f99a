// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {AuditHashing} from "../libraries/AuditHashing.sol";
import {Params} from "../libraries/Params.sol";
import {AuditFacts, AuditSlot, SlotPhase} from "../types/Audit.sol";
import {AuditCourtEnding} from "./AuditCourtEnding.sol";

/// @title Drawing auditors from the seats that were live when the provider committed
/// @dev The list only grows and its entries never move, so everybody finds the same seats. Nobody can
/// be drawn twice for a job: an auditor that was outvoted, or late, has had its say.
abstract contract AuditCourtSeats is AuditCourtEnding {
    /// @dev Looks at seats until one fits, the call's share of attempts is used, or all are: then
    /// the slot is skipped. Writes the slot.
    function _drawSeat(AuditFacts memory facts, uint8 slot, AuditSlot memory s) internal {
        address found = _search(facts, slot, s);
        if (found != address(0)) {
            _seat(facts, slot, s, found);
        } else if (s.attempts >= Params.ATTEMPTS_MAX) {
            _skip(facts, slot, s);
        } else {
            _store(facts.jobId, slot, s); // Seating: `seat` goes on
        }
    }

    /// @dev Next round for a slot, with another auditor, or none if the slot had its draws. The caller
    /// has closed the old auditor's part.
    function _redraw(AuditFacts memory facts, uint8 slot, AuditSlot memory s) internal {
        _formerAuditors[facts.jobId].push(s.auditor);
        uint256 next = uint256(s.round) + 1;
        s.auditor = address(0);
        s.attempts = 0;
        s.deadline = 0;
        if (next == AuditHashing.firstRound(uint256(slot) + 1)) {
            _skip(facts, slot, s);
            return;
        }
        s.round = uint8(next);
        s.phase = SlotPhase.Seating;
        _drawSeat(facts, slot, s);
    }

    function _seat(AuditFacts memory facts, uint8 slot, AuditSlot memory s, address auditor) private {
        uint256 deadline =
            block.timestamp + 4 * uint256(facts.maxRuntime) + Params.AUDITOR_COMMIT_SLACK_S;
        s.auditor = auditor;
        s.deadline = uint40(deadline);
        s.phase = SlotPhase.Commit;
        _store(facts.jobId, slot, s);
        uint256 amount = _lockWei(facts.pay);
        emit AuditorDrawn(facts.jobId, slot, s.round, auditor, amount, deadline);
        bytes32 lockId = AuditHashing.lockId(facts.jobId, slot, s.round);
        _lock(lockId, auditor, amount);
    }

    function _skip(AuditFacts memory facts, uint8 slot, AuditSlot memory s) private {
        s.phase = SlotPhase.Skipped;
        _store(facts.jobId, slot, s);
        emit SlotSkipped(facts.jobId, slot);
        IJobMarket(market).doubleWindow(facts.jobId);
        _closeIfCold(facts);
    }

    /// @dev Counts the attempts in `s`.
    function _search(AuditFacts memory facts, uint8 slot, AuditSlot memory s)
        private
        view
        returns (address)
    {
        uint256 length = IStakeManager(stakeManager).seatCountAt(facts.pool, facts.committedAt);
        if (length == 0) {
            s.attempts = uint8(Params.ATTEMPTS_MAX);
            return address(0);
        }
        bytes32 seed = AuditHashing.seedOf(facts.seed0, s.round);
        address[] memory drawn = _drawnOwners(facts.jobId);
        for (uint256 i; i < Params.ATTEMPTS_PER_CALL && s.attempts < Params.ATTEMPTS_MAX; ++i) {
            uint256 index = AuditHashing.seatIndex(seed, slot, s.attempts, length);
            ++s.attempts;
            address owner = _candidate(facts, index, drawn);
            if (owner != address(0)) return owner;
        }
        return address(0);
    }

    /// @dev The owner of a seat, or zero if it cannot audit this job.
    function _candidate(AuditFacts memory facts, uint256 index, address[] memory drawn)
        private
        view
        returns (address)
    {
        (address owner, uint40 since, uint40 until) =
            IStakeManager(stakeManager).seatAt(facts.pool, index);
        uint256 committedAt = facts.committedAt;
        if (since > committedAt || (until != 0 && committedAt >= until)) return address(0);
        if (owner == facts.provider || owner == facts.client) return address(0);
        if (_isAmong(drawn, owner)) return address(0);
        IStakeManager.Stake memory stake = IStakeManager(stakeManager).stakeOf(owner);
        if (stake.own < Params.MIN_SELF_STAKE_WEI) return address(0);
        return stake.own - stake.locked < _lockWei(facts.pay) ? address(0) : owner;
    }
}
