// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DisputeFacts, DisputeKind, RefereeVote, TraceRow} from "../types/Dispute.sol";

/// @title Every hash of a dispute
/// @notice H(...) is keccak256(abi.encode(...)); tags are ABI strings, integers one word each.
/// Python mirrors these in `protocol.audit`.
library DisputeHashing {
    /// @dev Length of encoded `DisputeFacts`: one word a member.
    uint256 internal constant FACTS_BYTES = 23 * 32;

    /// @notice What the court stores of a dispute: H(facts), one word per member.
    function factsHash(DisputeFacts memory facts) internal pure returns (bytes32) {
        return keccak256(abi.encode(facts));
    }

    /// @notice Of a dispute that is open: H(jobId, challenger, kind).
    function openKey(bytes32 jobId, address challenger, DisputeKind kind)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(jobId, challenger, kind));
    }

    /// @notice First 20 bytes of H(uint32[] rows): what a model registers.
    function verifyRowsHash(uint32[] calldata rows) internal pure returns (bytes20) {
        return bytes20(keccak256(abi.encode(rows)));
    }

    /// @notice The root that an EXACT job commits to: H(bytes32[] tensor hashes).
    function outRoot(bytes32[] memory tensorHashes) internal pure returns (bytes32) {
        return keccak256(abi.encode(tensorHashes));
    }

    /// @notice Leaf of a trace's tree: keccak256(keccak256(abi.encode(row))).
    function leaf(TraceRow calldata row) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(row))));
    }

    /// @notice Seat that an attempt looks at:
    /// uint256(H(beaconValue, "referee", disputeId, level, attempt)) % length.
    function seatIndex(
        bytes32 beaconValue,
        uint256 disputeId,
        uint256 level,
        uint256 attempt,
        uint256 length
    ) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(beaconValue, "referee", disputeId, level, attempt)))
            % length;
    }

    /// @notice What a referee commits to: H("NVY/vote/1", disputeId, level, referee, vote, salt).
    function vote(
        uint256 disputeId,
        uint256 level,
        address referee,
        RefereeVote found,
        bytes32 salt
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode("NVY/vote/1", disputeId, level, referee, found, salt));
    }
}
