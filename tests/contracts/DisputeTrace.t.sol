// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeCourt} from "../../contracts/interfaces/IDisputeCourt.sol";
import {
    DisputeFacts, DisputeKind, DisputePhase, PointKind, RefereeVote, TraceRow
} from "../../contracts/types/Dispute.sol";
import {DisputeBase} from "./DisputeBase.sol";

/// @notice See DisputeTrace.tree.
contract DisputeTraceTest is DisputeBase {
    function _exact() private returns (DisputeFacts memory) {
        return _challenge(_revealedJob(EXACT), challenger, DisputeKind.WrongOutput);
    }

    function _expectBadProjection(DisputeFacts memory f) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__BadProjection.selector, f.disputeId
            )
        );
    }

    // --- postTrace ---

    function test_PostTrace_OfATensorJob_AsksForAPoint() public {
        DisputeFacts memory f = _wrongOutput();
        Trace memory t = _trace(f);
        vm.expectEmit(address(disputes));
        emit IDisputeCourt.TracePosted(
            f.disputeId, _root(), t.cid, _hTrace(), t.z0, t.zTrace, block.timestamp + 2_400
        );
        _post(f, t);
        _assertPhase(f, DisputePhase.Point);
        assertEq(disputes.traceOf(f.disputeId), _root());
        assertEq(_deadline(f), block.timestamp + 2_400);
    }

    function test_PostTrace_OfAnExactJob_ComparesBits() public {
        DisputeFacts memory f = _exact();
        Trace memory t = _trace(f);
        t.z0[1] = "1";
        _expectBadProjection(f);
        _post(f, t);
        t.z0[1] = 0;
        t.zTrace[3] = "1";
        _expectBadProjection(f);
        _post(f, t);
        t.zTrace[3] = 0;
        _post(f, t);
        _assertPhase(f, DisputePhase.Point);
    }

    function test_PostTrace_OfAnExactJobWithAnotherEnd_Reverts() public {
        DisputeFacts memory f = _exact();
        vm.prank(operator);
        Trace memory t = _trace(f);
        (t.verify[0], t.verify[1]) = (_row(1), _row(3));
        t.verify[1].tensorHash = "other";
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(t.verify[1]))));
        bytes32 left = _pair(_leaf(0), _leaf(1));
        bytes32 right = _pair(_leaf(2), leaf);
        t.proofs[0][1] = right;
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__TraceFails.selector, f.disputeId, 0, 0
            )
        );
        disputes.postTrace(
            f, _pair(left, right), t.cid, t.verifyRows, t.verify, t.proofs, t.z0, t.zTrace
        );
    }

    function test_PostTrace_InAnotherPhaseOrLate_Reverts() public {
        DisputeFacts memory f = _unavailable();
        Trace memory t = _trace(f);
        _expectWrongPhase(f, DisputePhase.Seating, DisputePhase.Trace);
        _post(f, t);
        f = _wrongOutput();
        vm.warp(_deadline(f) + 1);
        _expectPassed(f);
        _post(f, t);
        vm.warp(_deadline(f));
        _post(f, t);
    }

    function test_PostTrace_ByOthers_Reverts() public {
        DisputeFacts memory f = _wrongOutput();
        Trace memory t = _trace(f);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__NotOperator.selector, provider, provider
            )
        );
        vm.prank(provider);
        disputes.postTrace(
            f, _root(), t.cid, t.verifyRows, t.verify, t.proofs, t.z0, t.zTrace
        );
    }

    function testFuzz_PostTrace_WithABadCid_Reverts(uint256 length) public {
        length = length % 2 == 0 ? bound(length, 0, 3) : bound(length, 129, 300);
        DisputeFacts memory f = _wrongOutput();
        Trace memory t = _trace(f);
        t.cid = new bytes(length);
        vm.expectRevert(
            abi.encodeWithSelector(IDisputeCourt.DisputeCourt__BadCid.selector, length, 128)
        );
        _post(f, t);
    }

    function test_PostTrace_WithOtherRows_Reverts() public {
        DisputeFacts memory f = _wrongOutput();
        Trace memory t = _trace(f);
        t.verifyRows[0] = 0;
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__BadRows.selector,
                f.disputeId,
                bytes20(keccak256(abi.encode(t.verifyRows))),
                f.verifyRowsHash
            )
        );
        _post(f, t);
        t = _trace(f);
        t.verify[1] = _row(2);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__BadIndex.selector, f.disputeId, 2, ROWS
            )
        );
        _post(f, t);
    }

    function test_PostTrace_WithARegisteredRowPastTheEnd_Reverts() public {
        uint32[] memory rows = new uint32[](1);
        rows[0] = ROWS;
        modelId = _register(rows, "rows past the end");
        vm.warp(block.timestamp + 3_600);
        DisputeFacts memory f = _wrongOutput();
        Trace memory t = _trace(f);
        t.verifyRows = rows;
        t.verify = new TraceRow[](1);
        t.verify[0] = _row(ROWS);
        t.proofs = new bytes32[][](1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__BadIndex.selector, f.disputeId, ROWS, ROWS
            )
        );
        _post(f, t);
    }

    function test_PostTrace_WithoutAProofForEveryRow_Reverts() public {
        DisputeFacts memory f = _wrongOutput();
        Trace memory t = _trace(f);
        t.proofs = new bytes32[][](1);
        _expectBadLength(f, 1);
        _post(f, t);
        t = _trace(f);
        t.verify = new TraceRow[](3);
        _expectBadLength(f, 3);
        _post(f, t);
    }

    function _expectBadLength(DisputeFacts memory f, uint256 found) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__BadLength.selector, f.disputeId, found, 2
            )
        );
    }

    function test_PostTrace_WithAWrongProof_Reverts() public {
        DisputeFacts memory f = _wrongOutput();
        Trace memory t = _trace(f);
        t.proofs[1][0] = "wrong";
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__BadProof.selector, f.disputeId, 3
            )
        );
        _post(f, t);
    }

    function test_PostTrace_TooFarFromTheOutput_Reverts() public {
        DisputeFacts memory f = _wrongOutput();
        Trace memory t = _trace(f);
        t.zTrace = _fill(UNIT + 2_000); // 1.2e-4 of the norm
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__TraceFails.selector,
                f.disputeId,
                32 * uint256(2_000) ** 2,
                uint256(TAU_SQ) * 32 * uint256(int256(UNIT)) ** 2
            )
        );
        _post(f, t);
        t.zTrace = _fill(UNIT + 1_600);
        _post(f, t);
    }

    function test_PostTrace_WithAClampedOrTinyProjection_Reverts() public {
        DisputeFacts memory f = _wrongOutput();
        Trace memory t = _trace(f);
        t.z0[2] = bytes32(uint256(0x7fffffff));
        _expectBadProjection(f);
        _post(f, t);
        t.z0 = _fill(1);
        t.zTrace = t.z0;
        _expectBadProjection(f);
        _post(f, t);
    }

    // --- point ---

    function _tryPoint(DisputeFacts memory f, PointKind kind, uint32 row, bytes32[] memory proof)
        private
    {
        vm.prank(challenger);
        disputes.point(f, kind, _row(row), proof);
    }

    function test_Point_RequestsReferees() public {
        DisputeFacts memory f = _traced();
        vm.expectEmit(address(disputes));
        emit IDisputeCourt.Pointed(f.disputeId, PointKind.Operator, _row(2), 0);
        vm.expectEmit(address(disputes));
        emit IDisputeCourt.RefereesRequested(f.disputeId, 0, uint64(block.number + 2), 0);
        _point(f);
        _assertPhase(f, DisputePhase.Seating);
    }

    function test_Point_ByTheOperatorOfAnAuditor() public {
        (DisputeFacts memory f,) = _contested();
        _post(f, _trace(f));
        vm.prank(_hotKey(f.challenger));
        disputes.point(f, PointKind.WrongSource, _row(0), _proof(0));
        _assertPhase(f, DisputePhase.Seating);
    }

    function test_Point_ByOthers_Reverts() public {
        DisputeFacts memory f = _traced();
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__NotChallenger.selector, f.disputeId, other
            )
        );
        vm.prank(other);
        disputes.point(f, PointKind.Operator, _row(2), _proof(2));
    }

    function test_Point_InAnotherPhaseOrLate_Reverts() public {
        DisputeFacts memory f = _wrongOutput();
        _expectWrongPhase(f, DisputePhase.Trace, DisputePhase.Point);
        _tryPoint(f, PointKind.Operator, 2, _proof(2));
        _post(f, _trace(f));
        vm.warp(_deadline(f) + 1);
        _expectPassed(f);
        _tryPoint(f, PointKind.Operator, 2, _proof(2));
    }

    function test_Point_PastTheLastRow_Reverts() public {
        DisputeFacts memory f = _traced();
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourt__BadIndex.selector, f.disputeId, ROWS, ROWS
            )
        );
        _tryPoint(f, PointKind.MissingRow, ROWS, new bytes32[](0));
    }

    function test_Point_NeedsTheProofOfARowThatIsThere() public {
        DisputeFacts memory f = _traced();
        for (uint8 kind; kind < 4; ++kind) {
            if (PointKind(kind) == PointKind.MissingRow) continue;
            vm.expectRevert(
                abi.encodeWithSelector(
                    IDisputeCourt.DisputeCourt__BadProof.selector, f.disputeId, 2
                )
            );
            _tryPoint(f, PointKind(kind), 2, _proof(0));
        }
        uint256 snapshot = vm.snapshotState();
        _tryPoint(f, PointKind.ForgedProjection, 0, new bytes32[](0)); // z0 or zTrace
        vm.revertToState(snapshot);
        _tryPoint(f, PointKind.MissingRow, 3, new bytes32[](0));
    }
}
