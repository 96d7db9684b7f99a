// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {IAuditCourt} from "../../contracts/interfaces/IAuditCourt.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {
    AuditFacts, AuditSlot, AuditVote, Outcome, SlotPhase
} from "../../contracts/types/Audit.sol";
import {JobSpec, JobState, Offer} from "../../contracts/types/Job.sol";
import {AuditCourt} from "../../contracts/verification/AuditCourt.sol";
import {ModelRegistry} from "../../contracts/verification/ModelRegistry.sol";
import {MarketBase} from "./MarketBase.sol";
import {ModelDocument} from "./mocks/ModelDocument.sol";
import {RecordingDisputeCourt} from "./mocks/RecordingDisputeCourt.sol";

/// @notice Everything deployed for real but the DisputeCourt: a registered model, a pool of 24 seats
/// of twelve owners, and the steps of an audit. Every job is audited.
abstract contract AuditBase is MarketBase {
    bytes12 internal constant CPU = "cpu";
    bytes12 internal constant CLASS = bytes12(hex"ff0102030405060708090a0b");
    uint64 internal constant TAU_SQ = 184_467_440_737; // a tolerance of 1e-4
    uint256 internal constant OWNERS = 12;
    uint256 internal constant POOL = 100e18;
    uint256 internal constant AUDIT_LOCK = 19e18; // at PRICE
    uint8 internal constant TENSOR = 1;
    uint8 internal constant EXACT = 0;
    int32 internal constant UNIT = 2 ** 24; // of every element of an honest answer
    bytes32 internal constant AUDIT_SALT = keccak256("audit salt");

    ModelRegistry internal registry;
    AuditCourt internal audits;
    RecordingDisputeCourt internal disputes;
    bytes32 internal modelId;
    address internal arbiter = makeAddr("arbiter");

    function setUp() public virtual override {
        super.setUp();
        uint256 nonce = vm.getNonce(address(this));
        address futureStakes = vm.computeCreateAddress(address(this), nonce + 3);
        address futureMarket = vm.computeCreateAddress(address(this), nonce + 4);
        registry = new ModelRegistry(address(token), arbiter, 3_600);
        disputes = new RecordingDisputeCourt();
        audits = new AuditCourt(
            futureMarket,
            futureStakes,
            address(registry),
            address(disputes),
            _policy(_minBps()),
            _economy().params
        );
        _deployMarket(address(audits), address(disputes));
        assertEq(address(stakes), futureStakes, "precomputed address");
        _fundProvider(provider, operator);
        _fundClient(client);
        _seatAuditors();
        _registerModel();
        token.approve(address(market), POOL);
        market.deposit(POOL);
        audits.fundPool(POOL);
        vm.warp(START + 3_600);
    }

    function _minBps() internal pure virtual returns (uint16) {
        return 10_000;
    }

    function _policy(uint16 minBps) internal pure returns (IAuditCourt.Policy memory) {
        return IAuditCourt.Policy(minBps, 10, 20, 10);
    }

    function _seatAuditors() private {
        for (uint256 i; i < OWNERS; ++i) {
            address owner = _auditor(i);
            _fundProvider(owner, _hotKey(owner));
            vm.startPrank(owner);
            stakes.takeSeats(CPU, 2);
            stakes.takeSeats(CLASS, 2);
            vm.stopPrank();
        }
    }

    function _registerModel() private {
        token.approve(address(registry), type(uint256).max);
        modelId = registry.register(
            ModelDocument.make(TAU_SQ, CPU, CLASS, 12, bytes20(uint160(7)), "tested")
        );
    }

    function _auditor(uint256 i) internal returns (address) {
        return makeAddr(string(abi.encodePacked("auditor ", bytes1(uint8(65 + i)))));
    }

    function _hotKey(address owner) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("hot", owner)))));
    }

    // --- jobs ---

    uint96 internal _price = PRICE;

    function _auditSpec(uint8 class, uint8 slots) internal view returns (JobSpec memory spec) {
        spec = _spec();
        spec.modelId = modelId;
        spec.jobClass = class;
        spec.auditSlots = slots;
    }

    function _openJob(JobSpec memory spec) internal returns (bytes32 jobId, bytes32 salt) {
        Offer memory offer = _offer();
        offer.specHash = market.specHashOf(spec);
        (offer.price, offer.lock) = (_price, 20 * _price);
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        salt = _salt();
        vm.prank(client);
        jobId = market.open(spec, salt, offer, signature);
    }

    function _c0(bytes32 jobId) internal view returns (bytes32) {
        return _commitment(jobId, provider);
    }

    /// @dev A committed job whose round is ready.
    function _ready(JobSpec memory spec) internal returns (bytes32 jobId, bytes32 salt) {
        (jobId, salt) = _openJob(spec);
        _commit(jobId);
        _readyRound();
        vm.warp(block.timestamp + 10);
    }

    /// @dev An open audit; facts as the event gives them.
    function _audited(uint8 class, uint8 slots) internal returns (AuditFacts memory) {
        JobSpec memory spec = _auditSpec(class, slots);
        (bytes32 jobId, bytes32 salt) = _ready(spec);
        vm.recordLogs();
        audits.drawAndOpen(jobId, spec, salt, _c0(jobId));
        return _factsFromLogs();
    }

    function _factsFromLogs() internal returns (AuditFacts memory) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IAuditCourt.AuditOpened.selector) {
                return abi.decode(logs[i].data, (AuditFacts));
            }
        }
        revert("no audit was opened");
    }

    /// @dev An open audit of one slot that is, or is not, audited again after a pass.
    function _auditedWith(bool again) internal returns (AuditFacts memory facts) {
        do {
            facts = _audited(TENSOR, 1);
        } while (_isReAudited(facts, 0) != again);
    }

    function _isReAudited(AuditFacts memory f, uint256 slot) internal pure returns (bool) {
        return uint256(keccak256(abi.encode(f.seed0, "re", slot))) % 10_000 < 500;
    }

    // --- projections ---

    function _fill(int32 value) internal pure returns (bytes32[4] memory z) {
        uint256 word;
        for (uint256 i; i < 8; ++i) {
            word = word << 32 | uint32(value);
        }
        for (uint256 i; i < 4; ++i) {
            z[i] = bytes32(word);
        }
    }

    /// @dev What an auditor finds: a pass lies one off, a fail far off.
    function _z1(Outcome outcome) internal pure returns (bytes32[4] memory z1) {
        if (outcome == Outcome.Pass) return _fill(UNIT + 1);
        if (outcome == Outcome.Fail) return _fill(UNIT / 2);
    }

    function _flags(Outcome outcome) internal pure returns (uint8) {
        return outcome == Outcome.NonFinite ? 4 : 0;
    }

    // --- steps ---

    function _seat(AuditFacts memory f, uint8 slot) internal view returns (AuditSlot memory) {
        return audits.slotOf(f.jobId, slot);
    }

    /// @dev Spelled out word by word, apart from the library under test.
    function _auditCommitment(
        AuditFacts memory f,
        uint8 slot,
        bytes32[4] memory z1,
        uint8 flags
    ) internal view returns (bytes32) {
        AuditSlot memory s = audits.slotOf(f.jobId, slot);
        return keccak256(
            abi.encode(
                "NVY/audit/1",
                block.chainid,
                address(audits),
                f.jobId,
                slot,
                s.round,
                s.auditor,
                z1,
                flags,
                AUDIT_SALT
            )
        );
    }

    function _commitAudit(AuditFacts memory f, uint8 slot, bytes32[4] memory z1, uint8 flags)
        internal
    {
        bytes32 commitment = _auditCommitment(f, slot, z1, flags);
        vm.prank(_hotKey(_seat(f, slot).auditor));
        audits.commitAudit(f, slot, commitment);
    }

    function _answer(AuditFacts memory f, uint8 slot, bytes32[4] memory z0) internal {
        vm.prank(operator);
        audits.answer(f, slot, z0);
    }

    function _revealAudit(
        AuditFacts memory f,
        uint8 slot,
        bytes32[4] memory z1,
        uint8 flags,
        bytes32[4] memory z0
    ) internal {
        vm.prank(_hotKey(_seat(f, slot).auditor));
        audits.revealAudit(f, slot, z1, flags, AUDIT_SALT, z0);
    }

    /// @dev One whole round of a TENSOR job.
    function _round(AuditFacts memory f, uint8 slot, Outcome outcome)
        internal
        returns (address auditor)
    {
        auditor = _answered(f, slot, outcome);
        _revealAudit(f, slot, _z1(outcome), _flags(outcome), _fill(UNIT));
    }

    function _answered(AuditFacts memory f, uint8 slot, Outcome outcome)
        internal
        returns (address auditor)
    {
        auditor = _seat(f, slot).auditor;
        _commitAudit(f, slot, _z1(outcome), _flags(outcome));
        _answer(f, slot, _fill(UNIT));
    }

    /// @dev A failed audit that waits for the provider, and its two auditors.
    function _failed() internal returns (AuditFacts memory f, address first, address second) {
        f = _audited(TENSOR, 1);
        first = _round(f, 0, Outcome.Fail);
        second = _round(f, 0, Outcome.Fail);
    }

    /// @dev One second after the deadline of a slot.
    function _missSlot(AuditFacts memory f, uint8 slot) internal {
        vm.warp(uint256(_seat(f, slot).deadline) + 1);
    }

    /// @dev The job revealed, its window over, and settled.
    function _revealAndSettle(AuditFacts memory f) internal {
        vm.prank(operator);
        market.reveal(f.jobId, _opening(f.seed0));
        _miss(f.jobId);
        market.settle(f.jobId);
    }

    // --- expectations ---

    function _expectWrongPhase(AuditFacts memory f, uint8 slot, SlotPhase found, SlotPhase needed)
        internal
    {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAuditCourt.AuditCourt__WrongPhase.selector, f.jobId, slot, found, needed
            )
        );
    }

    function _expectLate(AuditFacts memory f, uint8 slot, uint256 deadline) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAuditCourt.AuditCourt__DeadlinePassed.selector,
                f.jobId,
                slot,
                deadline,
                block.timestamp
            )
        );
    }

    function _expectEarly(AuditFacts memory f, uint8 slot, uint256 deadline) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAuditCourt.AuditCourt__DeadlineNotPassed.selector,
                f.jobId,
                slot,
                deadline,
                block.timestamp
            )
        );
    }

    function _expectNotOperator(address owner, address caller) internal {
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCourt.AuditCourt__NotOperator.selector, owner, caller)
        );
    }

    function _assertPhase(AuditFacts memory f, uint8 slot, SlotPhase phase) internal view {
        assertEq(uint8(_seat(f, slot).phase), uint8(phase), "phase");
    }

    function _lockedOf(address owner) internal view returns (uint256) {
        return stakes.stakeOf(owner).locked;
    }

    function _ownOf(address owner) internal view returns (uint256) {
        return stakes.stakeOf(owner).own;
    }

    function _pool() internal view returns (uint256) {
        return market.freeOf(address(audits));
    }

    /// @dev An audit whose auditor committed.
    function _awaitingAnswer() internal returns (AuditFacts memory f) {
        f = _audited(TENSOR, 1);
        _commitAudit(f, 0, _z1(Outcome.Pass), 0);
    }
}
