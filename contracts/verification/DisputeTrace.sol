// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IDisputeCourt} from "../interfaces/IDisputeCourt.sol";
import {DisputeHashing} from "../libraries/DisputeHashing.sol";
import {Head} from "../libraries/DisputeHead.sol";
import {Params} from "../libraries/Params.sol";
import {DisputeFacts, DisputePhase, PointKind, TraceRow} from "../types/Dispute.sol";
import {DisputeCommittee} from "./DisputeCommittee.sol";
import {DisputeTraceCheck} from "./DisputeTraceCheck.sol";

/// @title Traces, and pointing at one row of them
/// @notice A trace is a Merkle tree with one row for every operator. The contract checks that it
/// ends in what the provider committed to; what is between is the challenger's to look through.
abstract contract DisputeTrace is DisputeCommittee {
    uint256 private constant _TRACE_RUNTIMES = 4;

    /// @notice Who checks that a trace ends in the committed output.
    DisputeTraceCheck public immutable traceCheck;

    constructor() {
        traceCheck = new DisputeTraceCheck(market);
    }

    /// @inheritdoc IDisputeCourt
    function postTrace(
        DisputeFacts calldata facts,
        bytes32 root,
        bytes calldata manifestCid,
        uint32[] calldata,
        TraceRow[] calldata,
        bytes32[][] calldata,
        bytes32[4] calldata z0,
        bytes32[4] calldata zTrace
    ) external {
        uint256 deadline = _openTrace(facts, root);
        bytes32[] memory hTrace = _checkTrace();
        emit TracePosted(facts.disputeId, root, manifestCid, hTrace, z0, zTrace, deadline);
    }

    /// @inheritdoc IDisputeCourt
    function point(
        DisputeFacts calldata facts,
        PointKind kind,
        TraceRow calldata row,
        bytes32[] calldata proof
    ) external {
        Head memory h = _headOf(facts);
        uint256 disputeId = facts.disputeId;
        _requireInTime(disputeId, h, DisputePhase.Point);
        if (!_isChallenger(facts)) revert DisputeCourt__NotChallenger(disputeId, msg.sender);
        if (row.index >= facts.rows) {
            revert DisputeCourt__BadIndex(disputeId, row.index, facts.rows);
        }
        // A row that is not served cannot be proven; z0 and zTrace stand in the event of the trace.
        bool needsProof = kind == PointKind.Operator || kind == PointKind.WrongSource
            || (kind == PointKind.ForgedProjection && proof.length != 0);
        bytes32 root = _cases[disputeId].traceRoot;
        if (needsProof && !MerkleProof.verifyCalldata(proof, root, DisputeHashing.leaf(row))) {
            revert DisputeCourt__BadProof(disputeId, row.index);
        }
        emit Pointed(disputeId, kind, row, 0);
        _requestReferees(disputeId, h);
    }

    /// @dev Who may post, when, and what follows; the trace itself is checked apart.
    function _openTrace(DisputeFacts calldata facts, bytes32 root)
        private
        returns (uint256 deadline)
    {
        uint256 disputeId = facts.disputeId;
        Head memory h = _headOf(facts);
        _requireInTime(disputeId, h, DisputePhase.Trace);
        _requireOperator(facts.provider);
        h.phase = DisputePhase.Point;
        deadline = _traceDeadline(facts.maxRuntime);
        h.deadline = deadline;
        _save(disputeId, h);
        _cases[disputeId].traceRoot = root;
    }

    /// @dev The check takes the same arguments as `postTrace`: they are handed on as they came.
    function _checkTrace() private view returns (bytes32[] memory hTrace) {
        bytes memory call = bytes.concat(DisputeTraceCheck.check.selector, msg.data[4:]);
        return abi.decode(Address.functionStaticCall(address(traceCheck), call), (bytes32[]));
    }

    /// @dev Last second to post a trace, or to point at a row of it.
    function _traceDeadline(uint256 maxRuntime) internal view returns (uint256) {
        uint256 period = _TRACE_RUNTIMES * maxRuntime;
        if (period < Params.TRACE_PERIOD_MIN_S) period = Params.TRACE_PERIOD_MIN_S;
        return block.timestamp + period;
    }
}
