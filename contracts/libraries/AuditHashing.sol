// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AuditFacts} from "../types/Audit.sol";
import {Params} from "./Params.sol";

/// @title Every hash of an audit
/// @notice H(...) is keccak256(abi.encode(...)); tags are ABI strings, integers one word each.
/// @dev Internal, so `address(this)` is the AuditCourt. Python mirrors these.
library AuditHashing {
    uint256 private constant _BPS = 10_000;

    /// @notice What the court stores of an audit: H(facts), one word per member.
    function factsHash(AuditFacts memory facts) internal pure returns (bytes32) {
        return keccak256(abi.encode(facts));
    }

    /// @notice The seed of round `r`: seed0 for r = 0, else H(seed0, r).
    function seedOf(bytes32 seed0, uint256 r) internal pure returns (bytes32) {
        return r == 0 ? seed0 : keccak256(abi.encode(seed0, r));
    }

    /// @notice First round of a slot. Slots never share a round, so the answer given in one slot is
    /// no help to the auditor of another.
    function firstRound(uint256 slot) internal pure returns (uint256) {
        return slot * Params.DRAWS_PER_SLOT_MAX;
    }

    /// @notice Index of the seat that an attempt looks at: uint256(H(seed, "seat", slot, attempt)) %
    /// length.
    function seatIndex(bytes32 seed, uint256 slot, uint256 attempt, uint256 length)
        internal
        pure
        returns (uint256)
    {
        return uint256(keccak256(abi.encode(seed, "seat", slot, attempt))) % length;
    }

    /// @notice Id under which an auditor's stake is locked: H(jobId, slot, r).
    function lockId(bytes32 jobId, uint256 slot, uint256 r) internal pure returns (bytes32) {
        return keccak256(abi.encode(jobId, slot, r));
    }

    /// @notice What an auditor commits to: H("NVY/audit/1", chainId, auditCourt, jobId, slot, r,
    /// auditor, z1, flags, salt).
    function commitment(
        bytes32 jobId,
        uint256 slot,
        uint256 r,
        address auditor,
        bytes32[4] memory z1,
        uint8 flags,
        bytes32 salt
    ) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                "NVY/audit/1", block.chainid, address(this), jobId, slot, r, auditor, z1, flags, salt
            )
        );
    }

    /// @notice What a slot keeps once it was answered: H(commitment, H(z0)).
    function seal(bytes32 committed, bytes32[4] memory z0) internal pure returns (bytes32) {
        return keccak256(abi.encode(committed, keccak256(abi.encode(z0))));
    }

    /// @notice Whether the first pass of a slot is audited once more.
    /// @param reAuditBps chance of it
    function isReAudited(bytes32 seed0, uint256 slot, uint256 reAuditBps)
        internal
        pure
        returns (bool)
    {
        return uint256(keccak256(abi.encode(seed0, "re", slot))) % _BPS < reAuditBps;
    }

    /// @notice What the market's record keeps after the draw: H(C0, seed0).
    function binding(bytes32 c0, bytes32 seed0) internal pure returns (bytes32) {
        return keccak256(abi.encode(c0, seed0));
    }

    /// @notice The market's seed0: H("NVY/seed/1", beaconValue, chainId, market, jobId, C0).
    function seed0Of(bytes32 beaconValue, address market, bytes32 jobId, bytes32 c0)
        internal
        view
        returns (bytes32)
    {
        return keccak256(abi.encode("NVY/seed/1", beaconValue, block.chainid, market, jobId, c0));
    }
}
