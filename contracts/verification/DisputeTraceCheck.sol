// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IDisputeCourt} from "../interfaces/IDisputeCourt.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {DisputeHashing} from "../libraries/DisputeHashing.sol";
import {Distance} from "../libraries/Distance.sol";
import {DisputeFacts, TraceRow} from "../types/Dispute.sol";
import {JobClass} from "../types/Job.sol";

/// @title The check of a trace
/// @notice Stateless; reverts with the errors of the DisputeCourt.
/// @dev Apart from the court, which creates it, for the sake of the limit on the size of contracts.
contract DisputeTraceCheck {
    uint256 private constant _CID_MIN_BYTES = 4;
    uint256 private constant _CID_MAX_BYTES = 128;

    address public immutable market;

    constructor(address market_) {
        market = market_;
    }

    /// @notice Reverts unless the trace lists the registered rows, proves each of them, and ends in
    /// the committed output: to the bit (EXACT) or within the tolerance (TENSOR). Arguments are those
    /// of `postTrace`; the facts are taken as checked.
    /// @return hTrace hashes of the traced verify tensors, in certificate order
    function check(
        DisputeFacts calldata facts,
        bytes32 root,
        bytes calldata manifestCid,
        uint32[] calldata verifyRows,
        TraceRow[] calldata verify,
        bytes32[][] calldata proofs,
        bytes32[4] calldata z0,
        bytes32[4] calldata zTrace
    ) external view returns (bytes32[] memory hTrace) {
        if (manifestCid.length < _CID_MIN_BYTES || manifestCid.length > _CID_MAX_BYTES) {
            revert IDisputeCourt.DisputeCourt__BadCid(manifestCid.length, _CID_MAX_BYTES);
        }
        hTrace = _checkRows(facts, root, verifyRows, verify, proofs);
        _checkEnd(facts, hTrace, z0, zTrace);
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
                revert IDisputeCourt.DisputeCourt__BadIndex(facts.disputeId, index, facts.rows);
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
        if (found != needed) revert IDisputeCourt.DisputeCourt__BadRows(facts.disputeId, found, needed);
        if (verifyCount != count || proofCount != count) {
            uint256 wrong = verifyCount == count ? proofCount : verifyCount;
            revert IDisputeCourt.DisputeCourt__BadLength(facts.disputeId, wrong, count);
        }
    }

    function _checkProof(
        uint256 disputeId,
        bytes32 root,
        TraceRow calldata row,
        bytes32[] calldata proof
    ) private pure {
        if (!MerkleProof.verifyCalldata(proof, root, DisputeHashing.leaf(row))) {
            revert IDisputeCourt.DisputeCourt__BadProof(disputeId, row.index);
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
            if (!_isZero(z0) || !_isZero(zTrace)) revert IDisputeCourt.DisputeCourt__BadProjection(disputeId);
            if (DisputeHashing.outRoot(hTrace) != facts.outRoot) {
                revert IDisputeCourt.DisputeCourt__TraceFails(disputeId, 0, 0);
            }
            return;
        }
        (uint256 normSq, uint256 clamped) = Distance.norm(z0);
        if (clamped != Distance.ELEMENTS || _isTooSmall(facts.jobId, normSq)) {
            revert IDisputeCourt.DisputeCourt__BadProjection(disputeId);
        }
        (uint256 distanceSq,) = Distance.measure(z0, zTrace);
        if (!Distance.isWithin(distanceSq, normSq, facts.tauSq)) {
            revert IDisputeCourt.DisputeCourt__TraceFails(
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
