// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {IDisputeCourt} from "../../contracts/interfaces/IDisputeCourt.sol";
import {AuditFacts} from "../../contracts/types/Audit.sol";
import {
    DisputeFacts, DisputeKind, DisputePhase, PointKind, Referee, RefereeVote
} from "../../contracts/types/Dispute.sol";
import {JobSpec} from "../../contracts/types/Job.sol";
import {DisputeJobs} from "./DisputeJobs.sol";

/// @notice The steps of a dispute. Every test file of disputes starts from here.
abstract contract DisputeBase is DisputeJobs {
    // --- steps ---

    /// @dev A dispute of the job that was revealed last; facts as the event gives them.
    function _challenge(bytes32 jobId, address who, DisputeKind kind)
        internal
        returns (DisputeFacts memory f)
    {
        JobSpec memory spec = _jobSpec(lastClass);
        AuditFacts memory audit;
        if (audits.auditOf(jobId) != 0) audit = lastAudit;
        vm.recordLogs();
        vm.prank(who);
        disputes.challenge(jobId, kind, spec, lastSalt, _openingOf(lastSeed), audit);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IDisputeCourt.DisputeOpened.selector) {
                return abi.decode(logs[i].data, (DisputeFacts));
            }
        }
        revert("no dispute was opened");
    }

    function _wrongOutput() internal returns (DisputeFacts memory) {
        return _challenge(_revealedJob(TENSOR), challenger, DisputeKind.WrongOutput);
    }

    /// @dev At the referees at once: nothing needs a trace.
    function _unavailable() internal returns (DisputeFacts memory) {
        return _challenge(_revealedJob(TENSOR), challenger, DisputeKind.Unavailable);
    }

    function _traced() internal returns (DisputeFacts memory f) {
        f = _wrongOutput();
        _post(f, _trace(f));
    }

    function _point(DisputeFacts memory f) internal {
        vm.prank(f.challenger);
        disputes.point(f, PointKind.Operator, _row(2), _proof(2));
    }

    function _pointed() internal returns (DisputeFacts memory f) {
        f = _traced();
        _point(f);
    }

    function _draw(DisputeFacts memory f) internal {
        _readyRound();
        disputes.drawReferees(f);
    }

    function _referees(DisputeFacts memory f) internal view returns (Referee[] memory) {
        return disputes.refereesOf(f.disputeId, _level(f));
    }

    function _voteHash(DisputeFacts memory f, uint8 level, address owner, RefereeVote vote)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode("NVY/vote/1", f.disputeId, level, owner, vote, VOTE_SALT)
        );
    }

    function _commitVote(DisputeFacts memory f, address owner, RefereeVote vote) internal {
        bytes32 commitment = _voteHash(f, _level(f), owner, vote);
        vm.prank(_hotKey(owner));
        disputes.commitVote(f, owner, commitment);
    }

    function _revealVote(DisputeFacts memory f, address owner, RefereeVote vote) internal {
        vm.prank(_hotKey(owner));
        disputes.revealVote(f, owner, vote, VOTE_SALT);
    }

    /// @dev A whole sitting; the `odd` first owners vote otherwise.
    function _sit(DisputeFacts memory f, RefereeVote vote, uint256 odd, RefereeVote otherwise)
        internal
    {
        _draw(f);
        Referee[] memory sitting = _referees(f);
        for (uint256 i; i < sitting.length; ++i) {
            _commitVote(f, sitting[i].owner, i < odd ? otherwise : vote);
        }
        for (uint256 i; i < sitting.length; ++i) {
            _revealVote(f, sitting[i].owner, i < odd ? otherwise : vote);
        }
    }

    /// @dev The sitting, and the end of it without an appeal.
    function _judge(DisputeFacts memory f, RefereeVote vote) internal {
        _sit(f, vote, 0, vote);
        _missPhase(f);
        disputes.advance(f);
    }

    function _missPhase(DisputeFacts memory f) internal {
        (,,, uint40 deadline,) = disputes.disputeOf(f.disputeId);
        vm.warp(uint256(deadline) + 1);
    }

    function _late(DisputeKind kind) internal returns (DisputeFacts memory f) {
        bytes32 jobId = _revealedJob(TENSOR);
        _miss(jobId);
        market.settle(jobId);
        return _challenge(jobId, challenger, kind);
    }

    // --- views ---

    function _level(DisputeFacts memory f) internal view returns (uint8 level) {
        (,, level,,) = disputes.disputeOf(f.disputeId);
    }

    function _phase(DisputeFacts memory f) internal view returns (DisputePhase phase) {
        (, phase,,,) = disputes.disputeOf(f.disputeId);
    }

    function _deadline(DisputeFacts memory f) internal view returns (uint256) {
        (,,, uint40 deadline,) = disputes.disputeOf(f.disputeId);
        return deadline;
    }

    function _assertPhase(DisputeFacts memory f, DisputePhase phase) internal view {
        assertEq(uint8(_phase(f)), uint8(phase), "phase");
    }

    function _court() internal view returns (uint256) {
        return market.freeOf(address(disputes));
    }

    function _pool() internal view returns (uint256) {
        return market.freeOf(address(audits));
    }

    function _expectWrongPhase(DisputeFacts memory f, DisputePhase found, DisputePhase needed)
        internal
    {
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__WrongPhase.selector, f.disputeId, found, needed
            )
        );
    }

    function _expectPassed(DisputeFacts memory f) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__DeadlinePassed.selector,
                f.disputeId,
                _deadline(f),
                block.timestamp
            )
        );
    }

    function _expectNotPassed(DisputeFacts memory f) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__DeadlineNotPassed.selector,
                f.disputeId,
                _deadline(f),
                block.timestamp
            )
        );
    }
}
