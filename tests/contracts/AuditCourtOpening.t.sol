// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../../contracts/interfaces/IAuditCourt.sol";
import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {AuditFacts, AuditSlot, SlotPhase} from "../../contracts/types/Audit.sol";
import {JobSpec, JobState} from "../../contracts/types/Job.sol";
import {AuditCourt} from "../../contracts/verification/AuditCourt.sol";
import {AuditBase} from "./AuditBase.sol";

/// @notice See AuditCourtOpening.tree: terms, opening and small calls.
contract AuditCourtOpeningTest is AuditBase {
    function _expectNotDrawn(bytes32 jobId) private {
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCourt.AuditCourt__NotDrawn.selector, jobId)
        );
    }

    /// @dev A court of another policy beside the deployed one; asked, never used.
    function _asked(uint16 minBps, uint32 seatsMin, uint32 ownersMin)
        private
        returns (AuditCourt court)
    {
        court = new AuditCourt(
            address(market),
            address(stakes),
            address(registry),
            address(disputes),
            IAuditCourt.Policy(minBps, 10, seatsMin, ownersMin),
            address(0)
        );
    }

    // --- terms ---

    function test_Constructor_RefusesAProbabilityOverOne() public {
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCourt.AuditCourt__BadPolicy.selector, 10_001)
        );
        _asked(10_001, 1, 1);
    }

    function test_Views() public view {
        IAuditCourt.Policy memory p = audits.policy();
        assertEq(abi.encode(p), abi.encode(_policy(10_000)));
        assertEq(audits.market(), address(market));
        assertEq(audits.stakeManager(), address(stakes));
        assertEq(audits.registry(), address(registry));
        assertEq(audits.disputeCourt(), address(disputes));
    }

    function test_Terms_NeedAModelOfTheClass() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelRegistry__ClassNotCertified.selector, modelId, 2
            )
        );
        audits.terms(modelId, 2, provider, 1e18, 20e18, 0, 1);
    }

    function test_Terms_NeedAPool() public {
        AuditCourt court = _asked(200, 25, 12);
        _expectTooSmall();
        court.terms(modelId, 1, provider, 1e18, 20e18, 0, 1);
        court = _asked(200, 24, 13);
        _expectTooSmall();
        court.terms(modelId, 1, provider, 1e18, 20e18, 0, 1);
        _asked(200, 24, 12).terms(modelId, 1, provider, 1e18, 20e18, 0, 1);
    }

    function _expectTooSmall() private {
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCourt.AuditCourt__PoolTooSmall.selector, CPU, 24, 12)
        );
    }

    function test_Terms_HighRiskNeedsTwoSlots() public {
        AuditCourt court = _asked(200, 20, 10);
        court.terms(modelId, 1, provider, 1e18, 200_000e18, 9_999e18, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAuditCourt.AuditCourt__SlotsTooFew.selector, 10_000e18 + 1, 1, 2
            )
        );
        court.terms(modelId, 1, provider, 1e18, 200_000e18, 9_999e18 + 1, 1);
        court.terms(modelId, 1, provider, 1e18, 200_000e18, 9_999e18 + 1, 2);
    }

    function test_Terms_RefuseARiskThatNoAuditDeters() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAuditCourt.AuditCourt__RiskTooHigh.selector, 100e18, 20e18, 10_965
            )
        );
        audits.terms(modelId, 1, provider, 1e18, 20e18, 99e18, 1);
    }

    function test_Terms_FirstJobsAreAudited() public {
        AuditCourt court = _asked(200, 20, 10);
        (uint16 pEcon, uint16 p) = court.terms(modelId, 1, provider, 1e18, 20e18, 0, 1);
        assertEq(pEcon, 627);
        assertEq(p, 10_000);
        (pEcon, p) = _asked(700, 20, 10).terms(modelId, 1, provider, 1e18, 20e18, 0, 1);
        assertEq(pEcon, 700);
    }

    // --- opening ---

    function test_OpenAudit_StoresFactsMovesTheJobAndSeats() public {
        JobSpec memory spec = _auditSpec(TENSOR, 2);
        (bytes32 jobId, bytes32 salt) = _openJob(spec);
        uint256 committedAt = block.timestamp;
        _commit(jobId);
        _readyRound();
        bytes32 seed0 = _seed0(jobId);
        vm.warp(block.timestamp + 77);
        market.draw(jobId);
        bytes32 c0 = _c0(jobId);
        vm.recordLogs();
        vm.prank(other);
        audits.openAudit(jobId, spec, salt, c0, seed0);
        AuditFacts memory f = _factsFromLogs();
        AuditFacts memory expected = AuditFacts({
            jobId: jobId,
            modelId: modelId,
            c0: c0,
            seed0: seed0,
            provider: provider,
            client: client,
            price: PRICE,
            pay: PRICE,
            tauSq: TAU_SQ,
            pool: CPU,
            committedAt: uint40(committedAt),
            maxRuntime: 600,
            jobClass: TENSOR,
            slots: 2,
            shift: SHIFT
        });
        assertEq(abi.encode(f), abi.encode(expected));
        assertEq(audits.auditOf(jobId), keccak256(abi.encode(f)));
        _assertState(jobId, JobState.Audited);
        assertEq(market.job(jobId).deadline, block.timestamp + 432_000);
        for (uint8 slot; slot < 2; ++slot) {
            AuditSlot memory s = _seat(f, slot);
            assertEq(uint8(s.phase), uint8(SlotPhase.Commit));
            assertEq(s.deadline, block.timestamp + 4 * 600 + 300);
            assertEq(s.round, slot * 6);
            assertEq(_lockedOf(s.auditor), AUDIT_LOCK);
            assertTrue(audits.wasDrawn(jobId, s.auditor));
        }
        assertTrue(_seat(f, 0).auditor != _seat(f, 1).auditor);
        assertFalse(audits.wasDrawn(jobId, provider));
        assertFalse(audits.wasDrawn(jobId, address(0)));
    }

    function test_OpenAudit_NeedsADrawnJobAndItsBinding() public {
        JobSpec memory spec = _auditSpec(TENSOR, 1);
        (bytes32 jobId, bytes32 salt) = _ready(spec);
        bytes32 c0 = _c0(jobId);
        bytes32 seed0 = _seed0(jobId);
        _expectNotDrawn(jobId);
        audits.openAudit(jobId, spec, salt, c0, seed0);
        market.draw(jobId);
        _expectNotDrawn(jobId);
        audits.openAudit(jobId, spec, salt, seed0, c0);
        _expectNotDrawn(jobId);
        audits.openAudit(jobId, spec, salt, c0, bytes32(uint256(seed0) ^ 1));
        vm.expectPartialRevert(IJobMarket.JobMarket__WrongSpec.selector);
        audits.openAudit(jobId, spec, bytes32(uint256(salt) + 1), c0, seed0);
        spec.maxRuntime = 601;
        vm.expectPartialRevert(IJobMarket.JobMarket__WrongSpec.selector);
        audits.openAudit(jobId, spec, salt, c0, seed0);
        spec.maxRuntime = 600;
        audits.openAudit(jobId, spec, salt, c0, seed0);
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCourt.AuditCourt__AlreadyOpen.selector, jobId)
        );
        audits.openAudit(jobId, spec, salt, c0, seed0);
    }

    function test_OpenAudit_TooLate() public {
        JobSpec memory spec = _auditSpec(TENSOR, 1);
        (bytes32 jobId, bytes32 salt) = _ready(spec);
        bytes32 seed0 = _seed0(jobId);
        market.draw(jobId);
        _miss(jobId);
        bytes32 c0 = _c0(jobId);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__BadMove.selector,
                jobId,
                JobState.ProviderAnswerTimeout,
                JobState.Audited
            )
        );
        audits.openAudit(jobId, spec, salt, c0, seed0);
        market.expire(jobId);
        _assertState(jobId, JobState.ProviderAnswerTimeout);
        assertEq(audits.auditOf(jobId), 0);
    }

    function test_DrawAndOpen_NeedsAReadyRound() public {
        JobSpec memory spec = _auditSpec(TENSOR, 1);
        (bytes32 jobId, bytes32 salt) = _openJob(spec);
        _commit(jobId);
        bytes32 c0 = _c0(jobId);
        vm.expectPartialRevert(IJobMarket.JobMarket__RoundPending.selector);
        audits.drawAndOpen(jobId, spec, salt, c0);
        vm.roll(block.number + 300);
        vm.expectPartialRevert(bytes4(keccak256("RandomnessBeacon__NotReady(uint64,uint8)")));
        audits.drawAndOpen(jobId, spec, salt, c0);
        market.draw(jobId); // asks for a new round
        _readyRound();
        audits.drawAndOpen(jobId, spec, salt, c0);
        _assertState(jobId, JobState.Audited);
    }

    // --- small calls ---

    function test_EndStreak_OnlyTheMarket() public {
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCourt.AuditCourt__OnlyMarket.selector, other)
        );
        vm.prank(other);
        audits.endStreak(provider, modelId);
    }

    function test_FundPool_MovesFreeBalance() public {
        uint256 before = _pool();
        vm.expectRevert(IAuditCourt.AuditCourt__ZeroAmount.selector);
        audits.fundPool(0);
        vm.expectEmit(address(audits));
        emit IAuditCourt.PoolFunded(client, 3e18);
        vm.prank(client);
        audits.fundPool(3e18);
        assertEq(_pool(), before + 3e18);
        assertEq(market.freeOf(client), DEPOSIT - 3e18);
        vm.expectPartialRevert(IJobMarket.JobMarket__InsufficientFree.selector);
        audits.fundPool(1);
    }
}
