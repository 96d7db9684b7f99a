// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IRandomnessBeacon} from "../interfaces/IRandomnessBeacon.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {AuditHashing} from "../libraries/AuditHashing.sol";
import {AuditOdds} from "../libraries/AuditOdds.sol";
import {Params} from "../libraries/Params.sol";
import {AuditFacts, AuditSlot, SlotPhase} from "../types/Audit.sol";
import {Job, JobSpec, JobState} from "../types/Job.sol";
import {AuditCourtBase} from "./AuditCourtBase.sol";
import {AuditCourtRounds} from "./AuditCourtRounds.sol";

/// @title Drawn audits
/// @notice No owner, no pause, no upgrade. The audit pool is this contract's free balance in the
/// market: it is spent on auditors' pay and on nothing else.
contract AuditCourt is AuditCourtRounds {
    uint16 private immutable _minBps;
    uint16 private immutable _firstJobs;
    uint32 private immutable _seatsMin;
    uint32 private immutable _ownersMin;

    /// @param market_ the JobMarket, which may not be deployed yet; fixed for ever, as are the others
    /// @param policy_ what this deployment audits
    /// @param params_ the ProtocolParams, or zero: the defaults for ever
    constructor(
        address market_,
        address stakeManager_,
        address registry_,
        address disputeCourt_,
        Policy memory policy_,
        address params_
    ) AuditCourtBase(market_, stakeManager_, registry_, disputeCourt_, params_) {
        if (policy_.minBps > _BPS) revert AuditCourt__BadPolicy(policy_.minBps);
        _minBps = policy_.minBps;
        _firstJobs = policy_.firstJobs;
        _seatsMin = policy_.seatsMin;
        _ownersMin = policy_.ownersMin;
    }

    // --- opening ---

    /// @inheritdoc IAuditCourt
    function openAudit(bytes32 jobId, JobSpec calldata spec, bytes32 salt, bytes32 c0, bytes32 seed0)
        external
    {
        _open(jobId, spec, salt, c0, seed0);
    }

    /// @inheritdoc IAuditCourt
    function drawAndOpen(bytes32 jobId, JobSpec calldata spec, bytes32 salt, bytes32 c0) external {
        uint64 round = _job(jobId).beaconRound;
        address beacon = IJobMarket(market).beacon();
        IJobMarket(market).draw(jobId);
        bytes32 value = IRandomnessBeacon(beacon).value(round);
        _open(jobId, spec, salt, c0, AuditHashing.seed0Of(value, market, jobId, c0));
    }

    /// @inheritdoc IAuditCourt
    function voidJob(bytes32 jobId, JobSpec calldata spec, bytes32 salt) external {
        _checkSpec(jobId, spec, salt);
        if (!IModelRegistry(registry).isSuspended(spec.modelId)) {
            revert AuditCourt__NotSuspended(spec.modelId);
        }
        delete _failures[jobId];
        _move(jobId, JobState.Invalid, 0);
    }

    function _economicBps(uint256 risk, uint256 lock) private view returns (uint256) {
        uint256 word = _word(Params.WORD_HIRING, Params.DEFAULT_HIRING);
        uint256 minBps = _minBps;
        if (params != address(0)) minBps = Math.max(minBps, Params.auditMinBps(word));
        return AuditOdds.economicBps(risk, lock, minBps, Params.detectBps(word));
    }

    // --- the market's questions ---

    /// @inheritdoc IAuditCourt
    function terms(
        bytes32 modelId,
        uint8 jobClass,
        address provider,
        uint256 price,
        uint256 lock,
        uint256 declaredGain,
        uint8 slots
    ) external view returns (uint16 pEconBps, uint16 pBps) {
        _requirePool(modelId, jobClass);
        uint256 risk = price + declaredGain;
        if (risk > Params.TWO_SLOTS_RISK_WEI && slots < 2) {
            revert AuditCourt__SlotsTooFew(risk, slots, 2);
        }
        uint256 economic = _economicBps(risk, lock);
        if (economic > _BPS) revert AuditCourt__RiskTooHigh(risk, lock, economic);
        pEconBps = uint16(economic);
        pBps = uint16(AuditOdds.drawBps(economic, _streaks[provider][modelId], _firstJobs));
    }

    /// @inheritdoc IAuditCourt
    function endStreak(address provider, bytes32 modelId) external {
        if (msg.sender != market) revert AuditCourt__OnlyMarket(msg.sender);
        _setStreak(provider, modelId, 0);
    }

    /// @inheritdoc IAuditCourt
    function fundPool(uint256 amount) external {
        if (amount == 0) revert AuditCourt__ZeroAmount();
        emit PoolFunded(msg.sender, amount);
        IJobMarket(market).collect(msg.sender, amount);
    }

    /// @inheritdoc IAuditCourt
    function policy() external view returns (Policy memory) {
        return Policy(_minBps, _firstJobs, _seatsMin, _ownersMin);
    }

    // --- internal ---

    function _open(bytes32 jobId, JobSpec calldata spec, bytes32 salt, bytes32 c0, bytes32 seed0)
        private
    {
        if (_factsHashes[jobId] != 0) revert AuditCourt__AlreadyOpen(jobId);
        Job memory j = _job(jobId);
        if (j.state != JobState.Drawn || j.binding != AuditHashing.binding(c0, seed0)) {
            revert AuditCourt__NotDrawn(jobId);
        }
        _checkSpec(jobId, spec, salt);
        AuditFacts memory facts = _facts(jobId, spec, j);
        (facts.c0, facts.seed0) = (c0, seed0);
        _factsHashes[jobId] = AuditHashing.factsHash(facts);
        emit AuditOpened(jobId, facts);
        uint40 backstop = uint40(block.timestamp + Params.AUDIT_BACKSTOP_S);
        _move(jobId, JobState.Audited, backstop);
        _drawAll(facts);
    }

    /// @dev Every slot is Seating before the first is drawn: a slot that is skipped at once must not
    /// find the others unknown.
    function _drawAll(AuditFacts memory facts) private {
        AuditSlot memory s;
        s.phase = SlotPhase.Seating;
        for (uint8 slot; slot < facts.slots; ++slot) {
            s.round = uint8(AuditHashing.firstRound(slot));
            _store(facts.jobId, slot, s);
        }
        for (uint8 slot; slot < facts.slots; ++slot) {
            _drawSeat(facts, slot, _load(facts.jobId, slot));
        }
    }

    /// @dev All but C0 and seed0. The seats that count are those of the second of the commitment,
    /// which is two draw periods before the deadline of a drawn job.
    function _facts(bytes32 jobId, JobSpec calldata spec, Job memory j)
        private
        view
        returns (AuditFacts memory facts)
    {
        facts.jobId = jobId;
        facts.modelId = spec.modelId;
        facts.provider = j.provider;
        facts.client = j.client;
        facts.price = j.price;
        facts.pay = uint96((uint256(j.price) * Params.AUDIT_PAY_BPS + _BPS - 1) / _BPS);
        (facts.pool, facts.tauSq) = IModelRegistry(registry).termsOf(spec.modelId, j.jobClass);
        facts.committedAt = uint40(j.deadline - 2 * Params.DRAW_PERIOD_S);
        facts.maxRuntime = spec.maxRuntime;
        facts.jobClass = j.jobClass;
        facts.slots = (j.flags & 7) + 1;
        facts.shift = j.shift;
    }

    function _requirePool(bytes32 modelId, uint8 jobClass) private view {
        (bytes12 pool,) = IModelRegistry(registry).requireActive(modelId, jobClass);
        (uint256 seats, uint256 owners) = IStakeManager(stakeManager).poolOf(pool);
        if (seats < _seatsMin || owners < _ownersMin) {
            revert AuditCourt__PoolTooSmall(pool, seats, owners);
        }
    }
}
