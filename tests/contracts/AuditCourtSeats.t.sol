// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../../contracts/interfaces/IAuditCourt.sol";
import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {AuditFacts, AuditSlot, Outcome, SlotPhase} from "../../contracts/types/Audit.sol";
import {JobSpec, JobState} from "../../contracts/types/Job.sol";
import {AuditBase} from "./AuditBase.sol";
import {ModelDocument} from "./mocks/ModelDocument.sol";

/// @notice See AuditCourtOpening.tree: seats and suspended models.
contract AuditCourtSeatsTest is AuditBase {
    // --- seats ---

    /// @dev The first fitting seat, from public values alone.
    function _expectedAuditor(AuditFacts memory f, uint256 slot, bytes32 seed, address[] memory not)
        private
        view
        returns (address)
    {
        uint256 length = stakes.seatCountAt(f.pool, f.committedAt);
        for (uint256 attempt; attempt < 96; ++attempt) {
            uint256 index =
                uint256(keccak256(abi.encode(seed, "seat", slot, attempt))) % length;
            (address owner,,) = stakes.seatAt(f.pool, index);
            bool fits = true;
            for (uint256 i; i < not.length; ++i) {
                if (owner == not[i]) fits = false;
            }
            if (fits) return owner;
        }
        return address(0);
    }

    function test_Draw_IsTheFirstFittingSeat() public {
        AuditFacts memory f = _audited(TENSOR, 2);
        address[] memory not = new address[](2);
        address first = _expectedAuditor(f, 0, f.seed0, not);
        assertEq(_seat(f, 0).auditor, first);
        not[0] = first;
        bytes32 seed = keccak256(abi.encode(f.seed0, uint256(6)));
        not[1] = _expectedAuditor(f, 1, seed, not);
        assertEq(_seat(f, 1).auditor, not[1]);
        _missSlot(f, 0);
        audits.expire(f, 0);
        seed = keccak256(abi.encode(f.seed0, uint256(1)));
        assertEq(_seat(f, 0).auditor, _expectedAuditor(f, 0, seed, not));
        assertEq(_seat(f, 0).round, 1);
        assertTrue(audits.wasDrawn(f.jobId, first), "also in a round that is over");
    }

    function _leaveAll(uint256 owner) private {
        uint256[] memory indices = new uint256[](2);
        (indices[0], indices[1]) = (2 * owner, 2 * owner + 1);
        vm.prank(_auditor(owner));
        stakes.leaveSeats(CPU, indices);
    }

    function test_Draw_OnlySeatsLiveAtTheCommitment() public {
        JobSpec memory spec = _auditSpec(TENSOR, 1);
        (bytes32 jobId, bytes32 salt) = _openJob(spec);
        for (uint256 i; i < OWNERS - 1; ++i) {
            _leaveAll(i);
        }
        vm.warp(block.timestamp + 1);
        _commit(jobId);
        vm.prank(_auditor(0));
        stakes.takeSeats(CPU, 3); // a second too late
        vm.warp(block.timestamp + 10);
        _leaveAll(OWNERS - 1); // too late to escape the duty
        _readyRound();
        vm.recordLogs();
        audits.drawAndOpen(jobId, spec, salt, _c0(jobId));
        AuditFacts memory f = _factsFromLogs();
        while (_seat(f, 0).phase == SlotPhase.Seating) audits.seat(f, 0);
        assertEq(_seat(f, 0).auditor, _auditor(OWNERS - 1));
    }

    /// @dev Takes all of an auditor's free stake out of the pool's reach.
    function _bindAll(uint256 owner, uint256 left) private {
        address who = _auditor(owner);
        uint256 free = stakes.freeOf(who);
        vm.prank(address(market));
        stakes.lock(who, "elsewhere", free - left);
    }

    function test_Draw_PassesOverWhoCannotAudit() public {
        vm.prank(provider);
        stakes.takeSeats(CPU, 5);
        _fundProvider(client, _hotKey(client));
        vm.prank(client);
        stakes.takeSeats(CPU, 5);
        for (uint256 i; i < OWNERS; ++i) {
            _bindAll(i, i == 3 ? AUDIT_LOCK : AUDIT_LOCK - 1);
        }
        vm.warp(block.timestamp + 2);
        AuditFacts memory f = _audited(TENSOR, 1);
        while (_seat(f, 0).phase == SlotPhase.Seating) audits.seat(f, 0);
        assertEq(_seat(f, 0).auditor, _auditor(3));
        assertEq(stakes.freeOf(_auditor(4)), AUDIT_LOCK - 1, "nobody else was locked");
    }

    function test_Draw_WaitsAfter32AndSkipsAfter96() public {
        for (uint256 i; i < OWNERS; ++i) {
            _bindAll(i, AUDIT_LOCK - 1);
        }
        AuditFacts memory f = _audited(TENSOR, 1);
        AuditSlot memory s = _seat(f, 0);
        assertEq(uint8(s.phase), uint8(SlotPhase.Seating));
        assertEq(s.attempts, 32);
        assertEq(s.auditor, address(0));
        audits.seat(f, 0);
        assertEq(_seat(f, 0).attempts, 64);
        vm.expectEmit(address(audits));
        emit IAuditCourt.SlotSkipped(f.jobId, 0);
        vm.expectEmit(address(audits));
        emit IAuditCourt.AuditClosed(f.jobId, Outcome.None, block.timestamp + 900);
        vm.prank(other);
        audits.seat(f, 0);
        _assertPhase(f, 0, SlotPhase.Skipped);
        assertEq(market.job(f.jobId).window, 3_600);
        assertEq(audits.streakOf(provider, modelId), 0);
        _assertState(f.jobId, JobState.Committed);
        _revealAndSettle(f);
        assertEq(market.earnedOf(provider), PRICE);
    }

    function test_Draw_SkipsAtOnceWithoutSeats() public {
        vm.startPrank(address(this));
        bytes32 young = registry.register(
            ModelDocument.make(TAU_SQ, "young", 0, 1, bytes20(uint160(7)), "young pool")
        );
        vm.stopPrank();
        vm.warp(block.timestamp + 3_600);
        JobSpec memory spec = _auditSpec(TENSOR, 2);
        spec.modelId = young;
        for (uint256 i; i < OWNERS; ++i) {
            vm.prank(_auditor(i));
            stakes.takeSeats("young", 2); // live from the next second on
        }
        (bytes32 jobId, bytes32 salt) = _openJob(spec);
        _commit(jobId);
        _readyRound();
        audits.drawAndOpen(jobId, spec, salt, _c0(jobId));
        _assertState(jobId, JobState.Committed);
        assertEq(market.job(jobId).window, 4 * 1_800, "doubled for each slot");
        assertEq(audits.slotOf(jobId, 1).attempts, 96);
    }

    function test_Seat_GoesOnWhereTheDrawStopped() public {
        uint256[12] memory left;
        for (uint256 i; i < OWNERS; ++i) {
            left[i] = stakes.freeOf(_auditor(i));
            _bindAll(i, 0);
        }
        AuditFacts memory f = _audited(TENSOR, 1);
        vm.prank(address(market));
        stakes.unlock(_auditor(5), "elsewhere", left[5]);
        audits.seat(f, 0);
        assertEq(_seat(f, 0).auditor, _auditor(5));
        _expectWrongPhase(f, 0, SlotPhase.Commit, SlotPhase.Seating);
        audits.seat(f, 0);
    }

    function test_Seat_NeedsALiveJobAndASlot() public {
        for (uint256 i; i < OWNERS; ++i) {
            _bindAll(i, 0);
        }
        AuditFacts memory f = _audited(TENSOR, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCourt.AuditCourt__BadSlot.selector, f.jobId, 1, 1)
        );
        audits.seat(f, 1);
        _miss(f.jobId);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAuditCourt.AuditCourt__JobEnded.selector, f.jobId, JobState.AuditorTimeout
            )
        );
        audits.seat(f, 0);
        market.expire(f.jobId);
        audits.closeVotes(f, 0);
        _assertPhase(f, 0, SlotPhase.Skipped);
    }

    // --- suspended models ---

    function _suspend() private {
        vm.prank(arbiter);
        registry.suspend(modelId);
    }

    function test_VoidJob_NeedsASuspendedModel() public {
        JobSpec memory spec = _auditSpec(TENSOR, 1);
        (bytes32 jobId, bytes32 salt) = _openJob(spec);
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCourt.AuditCourt__NotSuspended.selector, modelId)
        );
        audits.voidJob(jobId, spec, salt);
        _suspend();
        vm.expectPartialRevert(IJobMarket.JobMarket__WrongSpec.selector);
        audits.voidJob(jobId, spec, bytes32(uint256(salt) + 1));
        vm.prank(other);
        audits.voidJob(jobId, spec, salt);
        _assertState(jobId, JobState.Invalid);
        assertEq(market.freeOf(client), DEPOSIT);
        assertEq(_locked(), 0);
        vm.expectPartialRevert(IJobMarket.JobMarket__BadMove.selector);
        audits.voidJob(jobId, spec, salt);
    }

    function test_VoidJob_FreesAuditors() public {
        JobSpec memory spec = _auditSpec(TENSOR, 1);
        (bytes32 jobId, bytes32 salt) = _ready(spec);
        vm.recordLogs();
        audits.drawAndOpen(jobId, spec, salt, _c0(jobId));
        AuditFacts memory f = _factsFromLogs();
        address auditor = _seat(f, 0).auditor;
        _suspend();
        audits.voidJob(jobId, spec, salt);
        _missSlot(f, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAuditCourt.AuditCourt__JobEnded.selector, jobId, JobState.Invalid
            )
        );
        audits.expire(f, 0);
        audits.closeVotes(f, 0);
        assertEq(_lockedOf(auditor), 0);
        assertEq(_ownOf(auditor), STAKE);
        assertEq(market.freeOf(client), DEPOSIT - PRICE, "all but the premium");
    }

    function test_VoidJob_EndsAContest() public {
        JobSpec memory spec = _auditSpec(TENSOR, 1);
        (bytes32 jobId, bytes32 salt) = _ready(spec);
        vm.recordLogs();
        audits.drawAndOpen(jobId, spec, salt, _c0(jobId));
        AuditFacts memory f = _factsFromLogs();
        address first = _round(f, 0, Outcome.Fail);
        address second = _round(f, 0, Outcome.Fail);
        _suspend();
        audits.voidJob(jobId, spec, salt);
        assertEq(audits.contestDeadlineOf(jobId), 0);
        audits.closeVotes(f, 0);
        assertEq(_ownOf(first), STAKE);
        assertEq(_lockedOf(first) + _lockedOf(second), 0);
        assertEq(_ownOf(provider), STAKE);
    }
}
