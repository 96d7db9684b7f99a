// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {JobSpec, Offer, Opening} from "../types/Job.sol";

/// @title Every hash of the protocol that the market computes
/// @notice H(...) is keccak256(abi.encode(...)); tags are ABI strings, integers one word each.
/// @dev Internal, so `address(this)` is the market. Python mirrors these in `protocol.signing`.
library Hashing {
    bytes32 internal constant JOB_SPEC_TYPEHASH = keccak256(
        "JobSpec(bytes32 modelId,bytes inputCid,uint8 jobClass,uint32 batch,bytes32 seed,uint96 declaredGain,uint32 maxRuntime,uint32 window,bytes32 clientKey,uint8 auditSlots)"
    );
    bytes32 internal constant OFFER_TYPEHASH = keccak256(
        "Offer(address provider,address client,bytes32 specHash,uint96 price,uint96 lock,uint64 validUntil,uint256 nonce)"
    );

    /// @notice EIP-712 struct hash of a spec.
    function specHash(JobSpec calldata spec) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                JOB_SPEC_TYPEHASH,
                spec.modelId,
                keccak256(spec.inputCid),
                spec.jobClass,
                spec.batch,
                spec.seed,
                spec.declaredGain,
                spec.maxRuntime,
                spec.window,
                spec.clientKey,
                spec.auditSlots
            )
        );
    }

    /// @notice EIP-712 domain of offers to the calling market.
    function offerDomain() internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Neurovoyance JobMarket"),
                keccak256("1"),
                block.chainid,
                address(this)
            )
        );
    }

    /// @notice EIP-712 struct hash of an offer. Every member is one word, so the encoding of the
    /// struct is the encoding of its members.
    function offerStructHash(Offer calldata offer) internal pure returns (bytes32) {
        return keccak256(abi.encode(OFFER_TYPEHASH, offer));
    }

    /// @notice H("NVY/job/1", chainId, market, client, salt, specHash).
    function jobId(address client, bytes32 salt, bytes32 spec) internal view returns (bytes32) {
        return keccak256(
            abi.encode("NVY/job/1", block.chainid, address(this), client, salt, spec)
        );
    }

    /// @notice The commitment C0 that an opening belongs to:
    /// H("NVY/commit/1", chainId, market, jobId, provider, outRoot, keccak256(envelopeCid),
    /// H(resultKey), shift, salt).
    function commitment(bytes32 job, address provider, Opening calldata opening)
        internal
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                "NVY/commit/1",
                block.chainid,
                address(this),
                job,
                provider,
                opening.outRoot,
                keccak256(opening.envelopeCid),
                keccak256(abi.encode(opening.resultKey)),
                opening.shift,
                opening.salt
            )
        );
    }

    /// @notice H("NVY/seed/1", beaconValue, chainId, market, jobId, C0): known only after the
    /// provider is bound to its output.
    function seed0(bytes32 beaconValue, bytes32 job, bytes32 c0) internal view returns (bytes32) {
        return keccak256(
            abi.encode("NVY/seed/1", beaconValue, block.chainid, address(this), job, c0)
        );
    }

    /// @notice What the record keeps after the draw: H(C0, seed0).
    function binding(bytes32 c0, bytes32 seed) internal pure returns (bytes32) {
        return keccak256(abi.encode(c0, seed));
    }

    /// @notice Whether the seed calls for an audit, with probability `pBps` in 10,000.
    function isAudited(bytes32 seed, uint256 pBps) internal pure returns (bool) {
        return uint256(keccak256(abi.encode(seed, "audit"))) % 10_000 < pBps;
    }
}
