// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../../contracts/interfaces/IAuditCourt.sol";
import {AuditFacts, Outcome, SlotPhase} from "../../contracts/types/Audit.sol";
import {JobState} from "../../contracts/types/Job.sol";
import {AuditBase} from "./AuditBase.sol";

/// @notice See AuditCourtVotes.tree.
contract AuditCourtVotesTest is AuditBase {
    function _concede(AuditFacts memory f) private {
        vm.prank(operator);
        audits.concede(f);
    }

    function _contest(AuditFacts memory f) private {
        vm.prank(operator);
        audits.contest(f, _opening(f.seed0));
    }

    function _courtMove(AuditFacts memory f, JobState to) private {
        vm.prank(address(disputes));
        market.courtMove(f.jobId, to, uint40(block.timestamp + 600));
    }

    // --- closeVotes ---

    function _assertClosed(AuditFacts memory f, address auditor, bool isSlashed) private view {
        f;
        assertEq(_lockedOf(auditor), 0, "freed");
        assertEq(_ownOf(auditor), isSlashed ? STAKE - AUDIT_LOCK : STAKE);
    }

    function test_CloseVotes_WaitsForTheEndAndHappensOnce() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        bytes memory notYet = abi.encodeWithSelector(
            IAuditCourt.AuditCourt__VoteNotClosable.selector, f.jobId, 0, 0
        );
        vm.expectRevert(notYet);
        audits.closeVotes(f, 0);
        _round(f, 0, Outcome.Fail);
        _round(f, 0, Outcome.Pass);
        _round(f, 0, Outcome.Pass);
        vm.expectRevert(notYet); // Committed
        audits.closeVotes(f, 0);
        vm.prank(operator);
        market.reveal(f.jobId, _opening(f.seed0));
        vm.expectRevert(notYet); // Revealed
        audits.closeVotes(f, 0);
        _courtMove(f, JobState.Disputed);
        vm.expectRevert(notYet);
        audits.closeVotes(f, 0);
        _courtMove(f, JobState.Revealed);
        _miss(f.jobId);
        audits.closeVotes(f, 0); // Accepted; settling need not come first
        vm.expectRevert(
            abi.encodeWithSelector(
                IAuditCourt.AuditCourt__VoteNotClosable.selector, f.jobId, 0, 3
            )
        );
        audits.closeVotes(f, 0);
    }

    function test_CloseVotes_SettledTakesTheLockOfWhoWasOutvoted() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        address wrong = _round(f, 0, Outcome.Fail);
        address right = _round(f, 0, Outcome.Pass);
        address also = _round(f, 0, Outcome.Pass);
        _revealAndSettle(f);
        uint256 insured = stakes.insuranceWei();
        vm.expectEmit(address(audits));
        emit IAuditCourt.VoteClosed(f.jobId, 0, wrong, false, AUDIT_LOCK);
        vm.expectEmit(address(audits));
        emit IAuditCourt.VoteClosed(f.jobId, 0, right, true, 0);
        vm.prank(other);
        audits.closeVotes(f, 0);
        _assertClosed(f, wrong, true);
        _assertClosed(f, right, false);
        _assertClosed(f, also, false);
        assertEq(stakes.insuranceWei(), insured + AUDIT_LOCK * 70 / 100);
        assertEq(market.earnedOf(wrong), PRICE, "pay is for the work, not for the verdict");
    }

    function test_CloseVotes_RejectedTakesTheLockOfWhoSaidPass() public {
        AuditFacts memory f = _auditedWith(true);
        uint256 own = _ownOf(_seat(f, 0).auditor);
        address wrong = _round(f, 0, Outcome.Pass);
        uint256 locked = _lockedOf(wrong);
        address right = _round(f, 0, Outcome.Fail);
        _round(f, 0, Outcome.Fail);
        _concede(f);
        audits.closeVotes(f, 0);
        assertEq(_ownOf(wrong), own - AUDIT_LOCK);
        assertEq(_lockedOf(wrong), locked - AUDIT_LOCK);
        assertEq(_ownOf(right), STAKE);
    }

    function test_CloseVotes_ALostContestFaultsWhoSaidFail() public {
        (AuditFacts memory f, address first, address second) = _failed();
        _contest(f);
        _courtMove(f, JobState.Revealed);
        _miss(f.jobId);
        market.settle(f.jobId);
        audits.closeVotes(f, 0);
        _assertClosed(f, first, true);
        _assertClosed(f, second, true);
    }

    function test_CloseVotes_AWonContestFreesThem() public {
        JobState[2] memory ends = [JobState.Rejected, JobState.ProviderTraceTimeout];
        for (uint256 i; i < 2; ++i) {
            (AuditFacts memory f, address first, address second) = _failed();
            _contest(f);
            _courtMove(f, ends[i]);
            audits.closeVotes(f, 0);
            _assertClosed(f, first, false);
            _assertClosed(f, second, false);
        }
    }

    function test_CloseVotes_RejectedAfterAPassFaultsNobody() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        address first = _round(f, 0, Outcome.Fail);
        address second = _round(f, 0, Outcome.Pass);
        _round(f, 0, Outcome.Pass);
        vm.prank(operator);
        market.reveal(f.jobId, _opening(f.seed0));
        _courtMove(f, JobState.Disputed);
        _courtMove(f, JobState.Rejected);
        audits.closeVotes(f, 0);
        _assertClosed(f, first, false);
        _assertClosed(f, second, false);
    }

    function test_CloseVotes_InvalidByTwoVotes() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        address wrong = _round(f, 0, Outcome.Fail);
        address right = _round(f, 0, Outcome.NonFinite);
        _round(f, 0, Outcome.NonFinite);
        audits.closeVotes(f, 0);
        _assertClosed(f, wrong, true);
        _assertClosed(f, right, false);
    }

    function test_CloseVotes_InvalidByDisagreementFaultsNobody() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        address[3] memory all;
        for (uint256 i; i < 3; ++i) {
            Outcome[3] memory votes = [Outcome.NonFinite, Outcome.Fail, Outcome.Pass];
            all[i] = _round(f, 0, votes[i]);
        }
        audits.closeVotes(f, 0);
        for (uint256 i; i < 3; ++i) {
            _assertClosed(f, all[i], false);
        }
    }

    function test_CloseVotes_NobodyIsJudgedByAWithheldResult() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        address first = _round(f, 0, Outcome.Fail);
        _round(f, 0, Outcome.Pass);
        address last = _round(f, 0, Outcome.Pass);
        _miss(f.jobId);
        market.expire(f.jobId);
        _assertState(f.jobId, JobState.ProviderRevealTimeout);
        audits.closeVotes(f, 0);
        _assertClosed(f, first, false);
        _assertClosed(f, last, false);
    }

    function test_CloseVotes_NobodyIsJudgedByAnUndecidedDispute() public {
        (AuditFacts memory f, address first, address second) = _failed();
        _contest(f);
        _miss(f.jobId);
        market.expire(f.jobId);
        _assertState(f.jobId, JobState.RefereeTimeout);
        audits.closeVotes(f, 0);
        _assertClosed(f, first, false);
        _assertClosed(f, second, false);
    }

    function test_CloseVotes_ASkippedSlotOutvotedNobody() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        address lonely = _round(f, 0, Outcome.Fail);
        for (uint256 i; i < 5; ++i) {
            _missSlot(f, 0);
            audits.expire(f, 0);
        }
        _revealAndSettle(f);
        audits.closeVotes(f, 0);
        _assertClosed(f, lonely, false);
    }

    // --- everybody gone ---

    /// @dev An audit at any point of its life, after which only strangers call, and only after the
    /// deadlines: the client has its money or its result, nothing stays locked, the books balance.
    function testFuzz_EverybodyGone(uint256 seed) public {
        AuditFacts memory f = _audited(TENSOR, uint8(1 + seed % 3));
        seed >>= 8;
        for (uint256 step; step < seed % 8; ++step) {
            _live(f, uint256(keccak256(abi.encode(seed, step))));
        }
        for (uint256 i; i < 64 && !_isCold(f); ++i) {
            _strangers(f);
        }
        assertTrue(_isCold(f), "ended");
        for (uint8 slot; slot < f.slots; ++slot) {
            try audits.closeVotes(f, slot) {} catch {}
        }
        for (uint256 i; i < OWNERS; ++i) {
            assertEq(_lockedOf(_auditor(i)), 0, "nothing stays locked");
        }
        assertEq(_locked(), 0);
        _assertBooks();
    }

    function _live(AuditFacts memory f, uint256 seed) private {
        uint8 slot = uint8(seed % f.slots);
        SlotPhase phase = _seat(f, slot).phase;
        if (market.stateOf(f.jobId) != JobState.Audited) return;
        Outcome outcome = Outcome(1 + (seed >> 8) % 3);
        if (phase == SlotPhase.Commit && seed >> 16 & 7 != 0) _round(f, slot, outcome);
        else if (phase == SlotPhase.Commit) _commitAudit(f, slot, _z1(outcome), 0);
    }

    /// @dev Whoever happens by, once the nearest deadline is over.
    function _strangers(AuditFacts memory f) private {
        vm.warp(block.timestamp + 3_600);
        vm.startPrank(other);
        for (uint8 slot; slot < f.slots; ++slot) {
            try audits.seat(f, slot) {} catch {}
            try audits.expire(f, slot) {} catch {}
        }
        try audits.expireContest(f) {} catch {}
        try market.expire(f.jobId) {} catch {}
        vm.stopPrank();
    }

    function _isCold(AuditFacts memory f) private view returns (bool) {
        JobState s = market.job(f.jobId).state;
        return s != JobState.Audited && s != JobState.Committed;
    }

    function _assertBooks() private {
        uint256 staked = _ownOf(provider) + stakes.insuranceWei() + stakes.heldWei();
        uint256 owed = market.freeOf(client) + _pool() + market.earnedOf(provider);
        for (uint256 i; i < OWNERS; ++i) {
            staked += _ownOf(_auditor(i));
            owed += market.earnedOf(_auditor(i));
        }
        assertEq(token.balanceOf(address(stakes)), staked, "stakes");
        assertEq(token.balanceOf(address(market)), owed, "market");
    }

    // --- strangers ---

    /// @dev In every phase, a stranger before any deadline moves nothing at all.
    function test_AStrangerMovesNothing() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        _strange(f);
        _commitAudit(f, 0, _z1(Outcome.Fail), 0);
        _strange(f);
        _answer(f, 0, _fill(UNIT));
        _strange(f);
        _revealAudit(f, 0, _z1(Outcome.Fail), 0, _fill(UNIT));
        _strange(f);
        _round(f, 0, Outcome.Fail);
        _strange(f);
        _concede(f);
        audits.closeVotes(f, 0);
        _strange(f);
    }

    function _strange(AuditFacts memory f) private {
        bytes32[4] memory z = _fill(UNIT);
        bytes[10] memory calls = [
            abi.encodeCall(IAuditCourt.seat, (f, 0)),
            abi.encodeCall(IAuditCourt.commitAudit, (f, 0, bytes32("c"))),
            abi.encodeCall(IAuditCourt.answer, (f, 0, z)),
            abi.encodeCall(IAuditCourt.revealAudit, (f, 0, z, 0, AUDIT_SALT, z)),
            abi.encodeCall(IAuditCourt.expire, (f, 0)),
            abi.encodeCall(IAuditCourt.concede, (f)),
            abi.encodeCall(IAuditCourt.contest, (f, _opening(f.seed0))),
            abi.encodeCall(IAuditCourt.expireContest, (f)),
            abi.encodeCall(IAuditCourt.closeVotes, (f, 0)),
            abi.encodeCall(IAuditCourt.endStreak, (provider, modelId))
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(other);
            (bool ok,) = address(audits).call(calls[i]);
            assertFalse(ok);
        }
        vm.prank(other);
        (bool booked,) = address(audits).call(abi.encodeCall(IAuditCourt.bookSlash, (f)));
        assertFalse(booked);
    }
}
