// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IRandomnessBeacon} from "../interfaces/IRandomnessBeacon.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {Lifecycle} from "../libraries/Lifecycle.sol";
import {Params} from "../libraries/Params.sol";
import {Economy} from "../types/Economy.sol";
import {Job, JobSpec, JobState, Opening} from "../types/Job.sol";
import {Hiring} from "./Hiring.sol";

/// @title The market: the provider's duties, and the end of every job
/// @notice No owner, no pause, no upgrade. `Lifecycle` is the table of states and deadlines.
/// @dev Every call keeps one order: identify, check, change state, emit, call out. With a zero
/// AuditCourt no audit is ever drawn and nothing is held beside the price.
contract JobMarket is Hiring {
    int8 private constant _SHIFT_MAX = 16;
    uint16 private constant _CERTAIN_BPS = 10_000;
    uint8 private constant _ROUND_PENDING = 0;
    uint8 private constant _ROUND_EXPIRED = 2;

    /// @inheritdoc IJobMarket
    address public immutable beacon;

    constructor(
        address token_,
        address stakeManager_,
        address beacon_,
        address auditCourt_,
        address disputeCourt_,
        Economy memory economy
    ) Hiring(token_, stakeManager_, auditCourt_, disputeCourt_, economy) {
        beacon = beacon_;
    }

    // --- the provider's duties ---

    /// @inheritdoc IJobMarket
    function commit(bytes32 jobId, bytes32 commitment, int8 shift, bytes calldata envelopeCid)
        external
        nonReentrant
    {
        Job storage j = _inTime(jobId, JobState.Assigned);
        _requireOperator(j.provider);
        if (commitment == 0) revert JobMarket__ZeroCommitment(jobId);
        if (shift < -_SHIFT_MAX || shift > _SHIFT_MAX) revert JobMarket__BadShift(jobId, shift);
        _checkCid(envelopeCid);
        // Asked before anything is written, so that nobody meets a job that is committed without a
        // round; the guard keeps everyone out meanwhile.
        uint32 round = _requestRound();
        uint40 deadline = Lifecycle.drawDeadline(block.timestamp);
        j.deadline = deadline;
        j.state = JobState.Committed;
        j.beaconRound = round;
        j.shift = shift;
        j.binding = commitment;
        emit JobCommitted(jobId, commitment, shift, envelopeCid, round, deadline);
    }

    /// @inheritdoc IJobMarket
    function draw(bytes32 jobId) external nonReentrant {
        _draw(_inTime(jobId, JobState.Committed), jobId);
    }

    /// @inheritdoc IJobMarket
    function reveal(bytes32 jobId, Opening calldata opening) external {
        Job storage j = _inTime(jobId, JobState.Committed);
        _requireOperator(j.provider);
        if (j.beaconRound != 0) revert JobMarket__NotDrawn(jobId);
        _checkOpening(j, jobId, opening);
        _reveal(j, jobId, opening, opening.seed0);
    }

    /// @inheritdoc IJobMarket
    function drawAndReveal(bytes32 jobId, Opening calldata opening) external nonReentrant {
        Job storage j = _inTime(jobId, JobState.Committed);
        address provider = j.provider;
        _requireOperator(provider);
        bytes32 needed = j.binding;
        (bytes32 seed0, bool mayReveal) = _draw(j, jobId);
        if (!mayReveal) return;
        _checkShift(j, jobId, opening);
        bytes32 found = Hashing.commitment(jobId, provider, opening);
        if (found != needed) revert JobMarket__WrongOpening(jobId, found, needed);
        _reveal(j, jobId, opening, seed0);
    }

    /// @inheritdoc IJobMarket
    function declareInvalid(bytes32 jobId, JobSpec calldata spec, bytes32 salt)
        external
        nonReentrant
    {
        Job storage j = _inTime(jobId, JobState.Assigned);
        address provider = j.provider;
        _requireOperator(provider);
        _checkSpec(j.client, jobId, spec, salt);
        j.state = JobState.Invalid;
        emit JobInvalid(jobId, _refund(j, jobId, JobState.Assigned));
        // Never only tried: a provider that starves this call of gas would keep its streak.
        if (_hasAudits()) IAuditCourt(auditCourt).endStreak(provider, spec.modelId);
        _tryUnlock(jobId, provider, j.lock);
    }

    // --- the end ---

    /// @inheritdoc IJobMarket
    function confirm(bytes32 jobId) external nonReentrant {
        Job storage j = _inTime(jobId, JobState.Revealed);
        if (msg.sender != j.client) revert JobMarket__NotClient(jobId, msg.sender);
        if (j.flags & FLAG_DRAWN != 0) revert JobMarket__NotConfirmable(jobId);
        emit JobConfirmed(jobId); // Accepted, and settled in the same breath
        _settle(j, jobId);
    }

    /// @inheritdoc IJobMarket
    function settle(bytes32 jobId) external nonReentrant {
        Job storage j = _record(jobId);
        JobState found = _effectiveState(j);
        if (found != JobState.Accepted) {
            if (found != JobState.Revealed) {
                revert JobMarket__WrongState(jobId, found, JobState.Accepted);
            }
            revert JobMarket__DeadlineNotPassed(jobId, j.deadline, block.timestamp);
        }
        _settle(j, jobId);
    }

    /// @inheritdoc IJobMarket
    function settleBatch(bytes32[] calldata jobIds) external nonReentrant {
        for (uint256 i; i < jobIds.length; ++i) {
            bytes32 jobId = jobIds[i];
            Job storage j = _record(jobId);
            JobState found = _effectiveState(j);
            if (found == JobState.Accepted) _settle(j, jobId);
            else emit SettleSkipped(jobId, found);
        }
    }

    /// @inheritdoc IJobMarket
    function expire(bytes32 jobId) external nonReentrant {
        Job storage j = _record(jobId);
        JobState stored = j.state;
        JobState ended = _effectiveState(j);
        if (!Lifecycle.canExpire(stored)) {
            revert JobMarket__WrongState(jobId, ended, JobState.None);
        }
        if (ended == stored) {
            revert JobMarket__DeadlineNotPassed(jobId, j.deadline, block.timestamp);
        }
        j.state = ended;
        emit JobExpired(jobId, ended, _refund(j, jobId, stored));
        if (ended == JobState.Unmatched) return;
        if (Lifecycle.isFaultless(ended)) _tryUnlock(jobId, j.provider, j.lock);
        else _trySlash(j, jobId, ended);
    }

    // --- views ---

    /// @inheritdoc IJobMarket
    function jobIdOf(address client, bytes32 salt, bytes32 specHash)
        external
        view
        returns (bytes32)
    {
        return Hashing.jobId(client, salt, specHash);
    }

    /// @inheritdoc IJobMarket
    function specHashOf(JobSpec calldata spec) external pure returns (bytes32) {
        return Hashing.specHash(spec);
    }

    // --- effects ---

    /// @dev A round that the record cannot hold is refused, never cut.
    function _requestRound() private returns (uint32) {
        return SafeCast.toUint32(IRandomnessBeacon(beacon).request());
    }

    /// @return seed0 the drawn seed; zero if the round had lapsed
    /// @return mayReveal whether the provider may reveal at once: drawn, and no audit
    function _draw(Job storage j, bytes32 jobId) private returns (bytes32 seed0, bool mayReveal) {
        uint32 round = j.beaconRound;
        if (round == 0) revert JobMarket__AlreadyDrawn(jobId);
        uint8 status = IRandomnessBeacon(beacon).status(round);
        if (status == _ROUND_PENDING) revert JobMarket__RoundPending(jobId, round);
        if (status == _ROUND_EXPIRED) {
            _renew(j, jobId);
            return (0, false);
        }
        bytes32 c0 = j.binding;
        seed0 = Hashing.seed0(IRandomnessBeacon(beacon).value(round), jobId, c0);
        mayReveal = !Hashing.isAudited(seed0, j.pBps);
        // A drawn audit keeps the time of the commitment readable: deadline less two draw periods.
        uint40 deadline = mayReveal
            ? Lifecycle.revealDeadline(block.timestamp)
            : uint40(j.deadline + Params.DRAW_PERIOD_S);
        j.deadline = deadline;
        if (!mayReveal) j.state = JobState.Drawn;
        j.beaconRound = 0;
        j.binding = Hashing.binding(c0, seed0);
        emit SeedDrawn(jobId, seed0, !mayReveal, deadline);
        if (mayReveal) return (seed0, true);
        j.flags |= FLAG_DRAWN;
        _fundAudit(j, jobId);
    }

    /// @dev Whoever let the round lapse must not gain a second chance of no audit.
    function _renew(Job storage j, bytes32 jobId) private {
        uint32 round = _requestRound();
        j.beaconRound = round;
        if (_hasAudits()) j.pBps = _CERTAIN_BPS;
        emit DrawRenewed(jobId, round);
    }

    function _reveal(Job storage j, bytes32 jobId, Opening calldata opening, bytes32 seed0)
        private
    {
        _checkCid(opening.envelopeCid);
        uint40 deadline = Lifecycle.windowEnd(block.timestamp, j.window);
        j.deadline = deadline;
        j.state = JobState.Revealed;
        emit JobRevealed(
            jobId, opening.outRoot, opening.envelopeCid, opening.resultKey, seed0, deadline
        );
    }
}
