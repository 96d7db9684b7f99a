// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditFees} from "../../../contracts/libraries/AuditFees.sol";
import {AuditHashing} from "../../../contracts/libraries/AuditHashing.sol";
import {AuditOdds} from "../../../contracts/libraries/AuditOdds.sol";
import {DisputeHashing} from "../../../contracts/libraries/DisputeHashing.sol";
import {Distance} from "../../../contracts/libraries/Distance.sol";
import {Params} from "../../../contracts/libraries/Params.sol";
import {AuditFacts} from "../../../contracts/types/Audit.sol";
import {DisputeFacts, RefereeVote, TraceRow} from "../../../contracts/types/Dispute.sol";

/// @notice The pure libraries of verification, callable: tests/differential holds them to Python.
/// What is asked thousands of times takes and returns lists.
contract VerificationHarness {
    struct Pair {
        bytes32[4] z0;
        bytes32[4] z1;
        uint64 tauSq;
        int8 shift;
    }

    struct Measured {
        uint256 distanceSq;
        uint256 normSq;
        bool isWithin;
        bool isTooSmall;
        uint256 clamped;
    }

    struct Risk {
        uint256 risk;
        uint256 lock;
        uint256 minBps;
        uint256 passes;
        uint256 firstJobs;
    }

    struct Odds {
        uint256 needed;
        uint256 economic;
        uint256 draw;
    }

    struct Priced {
        uint256 price;
        uint256 slots;
        uint256 pEconBps;
        uint256 pBps;
        uint256 pool;
    }

    struct Fees {
        uint256 pay;
        uint256 surcharge;
        uint256 premium;
        uint256 held;
        bool isWhole;
        uint256[2] toPool; // undrawn, drawn
        uint256[2] toClient;
    }

    /// @param isRangeAsked whether to look for clamped elements too; an EVM in Python is slow
    function measure(Pair[] calldata pairs, bool isRangeAsked)
        external
        pure
        returns (Measured[] memory found)
    {
        found = new Measured[](pairs.length);
        for (uint256 i; i < pairs.length; ++i) {
            Pair calldata pair = pairs[i];
            (uint256 d, uint256 n) = Distance.measure(pair.z0, pair.z1);
            uint256 clamped = Distance.ELEMENTS;
            if (isRangeAsked) (, clamped) = Distance.norm(pair.z0);
            found[i] = Measured(
                d,
                n,
                Distance.isWithin(d, n, pair.tauSq),
                Distance.isTooSmall(n, pair.shift),
                clamped
            );
        }
    }

    function element(bytes32[4] calldata z, uint256 index) external pure returns (int32) {
        return Distance.element(z, index);
    }

    function odds(Risk[] calldata risks) external pure returns (Odds[] memory found) {
        found = new Odds[](risks.length);
        for (uint256 i; i < risks.length; ++i) {
            Risk calldata r = risks[i];
            uint256 economic = AuditOdds.economicBps(r.risk, r.lock, r.minBps, Params.DETECT_BPS);
            found[i] = Odds(
                AuditOdds.neededBps(r.risk, r.lock, Params.DETECT_BPS),
                economic,
                AuditOdds.drawBps(economic, r.passes, r.firstJobs)
            );
        }
    }

    function fees(Priced[] calldata jobs) external pure returns (Fees[] memory found) {
        found = new Fees[](jobs.length);
        for (uint256 i; i < jobs.length; ++i) {
            Priced calldata j = jobs[i];
            Fees memory f = found[i];
            f.pay = AuditFees.payOf(j.price);
            f.surcharge = AuditFees.surchargeOf(j.price, j.pEconBps, j.pBps);
            f.premium = AuditFees.premiumOf(j.price, j.slots, j.pEconBps, j.pBps);
            (f.held, f.isWhole) =
                AuditFees.heldOf(j.price, j.slots, j.pEconBps, j.pBps, j.pool);
            for (uint256 drawn; drawn < 2; ++drawn) {
                (f.toPool[drawn], f.toClient[drawn]) =
                    AuditFees.shareOut(f.held, f.surcharge, f.isWhole, drawn == 1);
            }
        }
    }

    // --- hashes ---

    function auditFactsHash(AuditFacts calldata facts) external pure returns (bytes32) {
        return AuditHashing.factsHash(facts);
    }

    function disputeFactsHash(DisputeFacts calldata facts) external pure returns (bytes32) {
        return DisputeHashing.factsHash(facts);
    }

    function leaf(TraceRow calldata row) external pure returns (bytes32) {
        return DisputeHashing.leaf(row);
    }

    function binding(bytes32 c0, bytes32 seed0) external pure returns (bytes32) {
        return AuditHashing.binding(c0, seed0);
    }

    function seedOf(bytes32 seed0, uint256 r) external pure returns (bytes32) {
        return AuditHashing.seedOf(seed0, r);
    }

    function firstRound(uint256 slot) external pure returns (uint256) {
        return AuditHashing.firstRound(slot);
    }

    function seatIndex(bytes32 seed, uint256 slot, uint256 attempt, uint256 length)
        external
        pure
        returns (uint256)
    {
        return AuditHashing.seatIndex(seed, slot, attempt, length);
    }

    function lockId(bytes32 jobId, uint256 slot, uint256 r) external pure returns (bytes32) {
        return AuditHashing.lockId(jobId, slot, r);
    }

    function isReAudited(bytes32 seed0, uint256 slot) external pure returns (bool) {
        return AuditHashing.isReAudited(seed0, slot, Params.RE_AUDIT_BPS);
    }

    function commitment(
        bytes32 jobId,
        uint256 slot,
        uint256 r,
        address auditor,
        bytes32[4] calldata z1,
        uint8 flags,
        bytes32 salt
    ) external view returns (bytes32) {
        return AuditHashing.commitment(jobId, slot, r, auditor, z1, flags, salt);
    }

    function seal(bytes32 committed, bytes32[4] calldata z0) external pure returns (bytes32) {
        return AuditHashing.seal(committed, z0);
    }

    function refereeIndex(
        bytes32 beacon,
        uint256 disputeId,
        uint256 level,
        uint256 attempt,
        uint256 length
    ) external pure returns (uint256) {
        return DisputeHashing.seatIndex(beacon, disputeId, level, attempt, length);
    }

    function vote(
        uint256 disputeId,
        uint256 level,
        address referee,
        RefereeVote found,
        bytes32 salt
    ) external pure returns (bytes32) {
        return DisputeHashing.vote(disputeId, level, referee, found, salt);
    }
}
