// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IDisputeCourt} from "../interfaces/IDisputeCourt.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {DisputeHashing} from "../libraries/DisputeHashing.sol";
import {Distance} from "../libraries/Distance.sol";
import {Params} from "../libraries/Params.sol";
import {DisputeFacts, DisputePhase, PointKind, TraceRow} from "../types/Dispute.sol";
import {JobClass} from "../types/Job.sol";
import {DisputeCommittee} from "./DisputeCommittee.sol";

/// @title Traces, and pointing at one row of them
/// @notice A trace is a Merkle tree with one row for every operator. The contract checks that it
/// ends in what the provider committed to; what is between is the challenger's to look through.
abstract contract DisputeTrace is DisputeCommittee {
    uint256 private constant _CID_MIN_BYTES = 4;
    uint256 private constant _CID_MAX_BYTES = 128;
    uint256 private constant _TRACE_RUNTIMES = 4;

    /// @inheritdoc IDisputeCourt
    function postTrace(
        DisputeFacts calldata facts,
        bytes32 root,
        bytes calldata manifestCid,
        uint32[] calldata verifyRows,
        TraceRow[] calldata verify,
        bytes32[][] calldata proofs,
        bytes32[4] calldata z0,
        bytes32[4] calldata zTrace
    ) external {
        Case storage c = _inTime(facts, DisputePhase.Trace);
        _requireOperator(facts.provider);
        if (manifestCid.length < _CID_MIN_BYTES || manifestCid.length > _CID_MAX_BYTES) {
            revert DisputeCourt__BadCid(manifestCid.length, _CID_MAX_BYTES);
        }
        bytes32[] memory hTrace = _checkRows(facts, root, verifyRows, verify, proofs);
        _checkEnd(facts, hTrace, z0, zTrace);
        uint40 deadline = _traceDeadline(facts.maxRuntime);
        c.phase = DisputePhase.Point;
        c.deadline = deadline;
        c.traceRoot = root;
        emit TracePosted(facts.disputeId, root, manifestCid, hTrace, z0, zTrace, deadline);
    }

    /// @inheritdoc IDisputeCourt
    function point(
        DisputeFacts calldata facts,
        PointKind kind,
        TraceRow calldata row,
        bytes32[] calldata proof
    ) external {
        Case storage c = _inTime(facts, DisputePhase.Point);
        uint256 disputeId = facts.disputeId;
        if (!_isChallenger(facts)) revert DisputeCourt__NotChallenger(disputeId, msg.sender);
        if (row.index >= facts.rows) {
            revert DisputeCourt__BadIndex(disputeId, row.index, facts.rows);
        }
        // A row that is not served cannot be proven; z0 and zTrace stand in the event of the trace.
        bool needsProof = kind == PointKind.Operator || kind == PointKind.WrongSource
            || (kind == PointKind.ForgedProjection && proof.length != 0);
        if (needsProof) _checkProof(disputeId, c.traceRoot, row, proof);
        emit Pointed(disputeId, kind, row, 0);
        _requestReferees(disputeId, c);
    }

    /// @dev Last second to post a trace, or to point at a row of it.
    function _traceDeadline(uint256 maxRuntime) internal view returns (uint40) {
        uint256 period = _TRACE_RUNTIMES * maxRuntime;
        if (period < Params.TRACE_PERIOD_MIN_S) period = Params.TRACE_PERIOD_MIN_S;
        return uint40(block.timestamp + period);
    }

    /// @return hTrace hashes of the traced verify tensors, in certificate order
    function _checkRows(
        DisputeFacts calldata facts,
        bytes32 root,
        uint32[] calldata verifyRows,
        TraceRow[] calldata verify,
        bytes32[][] calldata proofs
    ) private pure returns (bytes32[] memory hTrace) {
        _checkList(facts, verifyRows, verify.length, proofs.length);
        hTrace = new bytes32[](verify.length);
        for (uint256 i; i < verify.length; ++i) {
            uint256 index = verify[i].index;
            if (index != verifyRows[i] || index >= facts.rows) {
                revert DisputeCourt__BadIndex(facts.disputeId, index, facts.rows);
            }
            _checkProof(facts.disputeId, root, verify[i], proofs[i]);
            hTrace[i] = verify[i].tensorHash;
        }
    }

    /// @dev That the rows are those that the model registered, each with its proof.
    function _checkList(
        DisputeFacts calldata facts,
        uint32[] calldata verifyRows,
        uint256 verifyCount,
        uint256 proofCount
    ) private pure {
        bytes20 found = DisputeHashing.verifyRowsHash(verifyRows);
        bytes20 needed = facts.verifyRowsHash;
        uint256 count = verifyRows.length;
        if (found != needed) revert DisputeCourt__BadRows(facts.disputeId, found, needed);
        if (verifyCount != count || proofCount != count) {
            uint256 wrong = verifyCount == count ? proofCount : verifyCount;
            revert DisputeCourt__BadLength(facts.disputeId, wrong, count);
        }
    }

    function _checkProof(
        uint256 disputeId,
        bytes32 root,
        TraceRow calldata row,
        bytes32[] calldata proof
    ) private pure {
        if (!MerkleProof.verifyCalldata(proof, root, DisputeHashing.leaf(row))) {
            revert DisputeCourt__BadProof(disputeId, row.index);
        }
    }

    /// @dev That the trace ends in the committed output: to the bit, or within the tolerance.
    function _checkEnd(
        DisputeFacts calldata facts,
        bytes32[] memory hTrace,
        bytes32[4] memory z0,
        bytes32[4] memory zTrace
    ) private view {
        uint256 disputeId = facts.disputeId;
        if (facts.jobClass == uint8(JobClass.EXACT)) {
            if (!_isZero(z0) || !_isZero(zTrace)) revert DisputeCourt__BadProjection(disputeId);
            if (DisputeHashing.outRoot(hTrace) != facts.outRoot) {
                revert DisputeCourt__TraceFails(disputeId, 0, 0);
            }
            return;
        }
        (, uint256 clampedTrace) = Distance.norm(zTrace);
        (uint256 normSq, uint256 clamped) = Distance.norm(z0);
        if (
            clampedTrace != Distance.ELEMENTS || clamped != Distance.ELEMENTS
                || _isTooSmall(facts.jobId, normSq)
        ) revert DisputeCourt__BadProjection(disputeId);
        (uint256 distanceSq,) = Distance.measure(z0, zTrace);
        if (!Distance.isWithin(distanceSq, normSq, facts.tauSq)) {
            revert DisputeCourt__TraceFails(
                disputeId, distanceSq, Distance.limit(normSq, facts.tauSq)
            );
        }
    }

    /// @dev The shift is asked for only where it matters: nearly no output is that small.
    function _isTooSmall(bytes32 jobId, uint256 normSq) private view returns (bool) {
        if (!Distance.isTooSmall(normSq, 0)) return false;
        return Distance.isTooSmall(normSq, IJobMarket(market).job(jobId).shift);
    }

    function _isZero(bytes32[4] memory z) private pure returns (bool) {
        return z[0] | z[1] | z[2] | z[3] == 0;
    }
}
