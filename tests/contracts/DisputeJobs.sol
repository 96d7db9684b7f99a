// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {IAuditCourt} from "../../contracts/interfaces/IAuditCourt.sol";
import {IDisputeCourt} from "../../contracts/interfaces/IDisputeCourt.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {AuditFacts} from "../../contracts/types/Audit.sol";
import {
    DisputeFacts, DisputeKind, DisputePhase, PointKind, Referee, RefereeVote, TraceRow
} from "../../contracts/types/Dispute.sol";
import {JobSpec, JobState, Offer, Opening} from "../../contracts/types/Job.sol";
import {AuditCourt} from "../../contracts/verification/AuditCourt.sol";
import {DisputeCourt} from "../../contracts/verification/DisputeCourt.sol";
import {ModelRegistry} from "../../contracts/verification/ModelRegistry.sol";
import {MarketBase} from "./MarketBase.sol";
import {ModelDocument} from "./mocks/ModelDocument.sol";

/// @notice Everything deployed for real: a model with four operators, two pools of 24 seats of twelve
/// owners each, and jobs that can be disputed. `DisputeBase` has the steps of disputes.
abstract contract DisputeJobs is MarketBase {
    bytes12 internal constant CPU = "cpu";
    bytes12 internal constant CLASS = bytes12(hex"ff0102030405060708090a0b");
    uint64 internal constant TAU_SQ = 184_467_440_737; // a tolerance of 1e-4
    uint256 internal constant OWNERS = 12;
    uint256 internal constant POOL = 100e18;
    uint256 internal constant BOND = 20e18; // at PRICE
    uint8 internal constant EXACT = 0;
    uint8 internal constant TENSOR = 1;
    uint32 internal constant ROWS = 4;
    int32 internal constant UNIT = 2 ** 24;
    bytes internal constant MANIFEST = "manifest";
    bytes32 internal constant VOTE_SALT = keccak256("vote salt");

    ModelRegistry internal registry;
    AuditCourt internal audits;
    DisputeCourt internal disputes;
    bytes32 internal modelId;
    address internal arbiter = makeAddr("arbiter");
    address internal challenger = makeAddr("challenger");

    /// @dev Salt and spec of the job that was opened last.
    bytes32 internal lastSalt;
    uint8 internal lastClass;

    function setUp() public virtual override {
        super.setUp();
        uint256 nonce = vm.getNonce(address(this));
        address futureStakes = vm.computeCreateAddress(address(this), nonce + 3);
        address futureMarket = vm.computeCreateAddress(address(this), nonce + 4);
        registry = new ModelRegistry(address(token), arbiter, 3_600);
        address futureDisputes = vm.computeCreateAddress(address(this), nonce + 2);
        audits = new AuditCourt(
            futureMarket,
            futureStakes,
            address(registry),
            futureDisputes,
            IAuditCourt.Policy(10_000, 10, 20, 10),
            _economy().params
        );
        disputes = new DisputeCourt(
            futureMarket, futureStakes, address(registry), address(audits), address(beacon)
        );
        assertEq(address(disputes), futureDisputes, "precomputed address");
        _deployMarket(address(audits), address(disputes));
        assertEq(address(stakes), futureStakes, "precomputed address");
        _fundProvider(provider, operator);
        _fundClient(client);
        _fundClient(challenger);
        _seatReferees();
        token.approve(address(registry), type(uint256).max);
        modelId = _register(_verifyRows(), "tested");
        token.approve(address(market), POOL);
        market.deposit(POOL);
        audits.fundPool(POOL);
        vm.warp(START + 3_600);
    }

    function _seatReferees() private {
        for (uint256 i; i < OWNERS; ++i) {
            address owner = _referee(i);
            _fundProvider(owner, _hotKey(owner));
            vm.startPrank(owner);
            stakes.takeSeats(CPU, 2);
            stakes.takeSeats(CLASS, 2);
            vm.stopPrank();
        }
    }

    function _register(uint32[] memory rows, string memory name) internal returns (bytes32) {
        bytes20 hash = bytes20(keccak256(abi.encode(rows)));
        return registry.register(ModelDocument.make(TAU_SQ, CPU, CLASS, ROWS, hash, name));
    }

    function _referee(uint256 i) internal returns (address) {
        return makeAddr(string(abi.encodePacked("referee ", bytes1(uint8(65 + i)))));
    }

    function _hotKey(address owner) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("hot", owner)))));
    }

    // --- jobs ---

    function _jobSpec(uint8 class) internal view returns (JobSpec memory spec) {
        spec = _spec();
        spec.modelId = modelId;
        spec.jobClass = class;
    }

    /// @dev The outputs of an EXACT job are those that the trace ends in.
    function _openingOf(bytes32 seed0) internal view returns (Opening memory o) {
        o = _opening(seed0);
        if (lastClass == EXACT) o.outRoot = keccak256(abi.encode(_hTrace()));
    }

    function _commitmentOf(bytes32 jobId) private view returns (bytes32) {
        Opening memory o = _openingOf(0);
        return keccak256(
            abi.encode(
                "NVY/commit/1",
                block.chainid,
                address(market),
                jobId,
                provider,
                o.outRoot,
                keccak256(o.envelopeCid),
                keccak256(abi.encode(o.resultKey)),
                o.shift,
                o.salt
            )
        );
    }

    function _committedJob(uint8 class) internal returns (bytes32 jobId) {
        JobSpec memory spec = _jobSpec(class);
        lastClass = class;
        Offer memory offer = _offer();
        offer.specHash = market.specHashOf(spec);
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        lastSalt = _salt();
        vm.prank(client);
        jobId = market.open(spec, lastSalt, offer, signature);
        bytes32 c0 = _commitmentOf(jobId);
        vm.prank(operator);
        market.commit(jobId, c0, SHIFT, _opening(0).envelopeCid);
        _readyRound();
        vm.warp(block.timestamp + 10);
    }

    /// @dev A revealed job that was not audited: the probability is taken to zero.
    function _revealedJob(uint8 class) internal returns (bytes32 jobId) {
        vm.mockCall(
            address(audits), abi.encodeWithSelector(IAuditCourt.terms.selector), abi.encode(0, 0)
        );
        jobId = _committedJob(class);
        vm.clearMockedCalls();
        vm.recordLogs();
        vm.prank(operator);
        market.drawAndReveal(jobId, _openingOf(0));
        lastSeed = _seedFromLogs();
    }

    bytes32 internal lastSeed;
    AuditFacts internal lastAudit;

    function _seedFromLogs() private returns (bytes32 seed0) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32 topic = keccak256("SeedDrawn(bytes32,bytes32,bool,uint256)");
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == topic) (seed0,,) = abi.decode(logs[i].data, (bytes32, bool, uint256));
        }
    }

    /// @dev An open audit of one slot.
    function _auditedJob(uint8 class) internal returns (AuditFacts memory facts) {
        bytes32 jobId = _committedJob(class);
        JobSpec memory spec = _jobSpec(class);
        vm.recordLogs();
        audits.drawAndOpen(jobId, spec, lastSalt, _commitmentOf(jobId));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IAuditCourt.AuditOpened.selector) {
                facts = abi.decode(logs[i].data, (AuditFacts));
            }
        }
        lastAudit = facts;
        lastSeed = facts.seed0;
    }

    function _auditRound(AuditFacts memory f, bytes32[4] memory z1)
        internal
        returns (address auditor)
    {
        uint8 round = audits.slotOf(f.jobId, 0).round;
        auditor = audits.slotOf(f.jobId, 0).auditor;
        bytes32 commitment = keccak256(
            abi.encode(
                "NVY/audit/1",
                block.chainid,
                address(audits),
                f.jobId,
                0,
                round,
                auditor,
                z1,
                0,
                VOTE_SALT
            )
        );
        vm.prank(_hotKey(auditor));
        audits.commitAudit(f, 0, commitment);
        vm.prank(operator);
        audits.answer(f, 0, _fill(UNIT));
        vm.prank(_hotKey(auditor));
        audits.revealAudit(f, 0, z1, 0, VOTE_SALT, _fill(UNIT));
    }

    /// @dev A revealed job whose audit passed, and its auditor.
    function _passedJob() internal returns (bytes32 jobId, address auditor) {
        AuditFacts memory f = _auditedJob(TENSOR);
        jobId = f.jobId;
        auditor = _auditRound(f, _fill(UNIT + 1));
        if (market.stateOf(jobId) == JobState.Audited) _auditRound(f, _fill(UNIT + 1));
        vm.prank(operator);
        market.reveal(jobId, _openingOf(f.seed0));
    }

    /// @dev A contest against two failing auditors.
    function _contested() internal returns (DisputeFacts memory first, DisputeFacts memory second) {
        AuditFacts memory f = _auditedJob(TENSOR);
        _auditRound(f, _fill(UNIT / 2));
        _auditRound(f, _fill(UNIT / 2));
        vm.recordLogs();
        vm.prank(operator);
        audits.contest(f, _openingOf(f.seed0));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 count;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IDisputeCourt.DisputeOpened.selector) continue;
            DisputeFacts memory facts = abi.decode(logs[i].data, (DisputeFacts));
            if (count++ == 0) first = facts;
            else second = facts;
        }
        assertEq(count, 2, "disputes");
    }

    // --- traces ---

    function _fill(int32 value) internal pure returns (bytes32[4] memory z) {
        uint256 word;
        for (uint256 i; i < 8; ++i) {
            word = word << 32 | uint32(value);
        }
        for (uint256 i; i < 4; ++i) {
            z[i] = bytes32(word);
        }
    }

    function _verifyRows() internal pure returns (uint32[] memory rows) {
        rows = new uint32[](2);
        (rows[0], rows[1]) = (1, 3);
    }

    function _row(uint32 index) internal pure returns (TraceRow memory row) {
        row.index = index;
        row.tensorHash = keccak256(abi.encode("tensor", index));
        row.shift = int8(uint8(index));
        row.z16[0] = keccak256(abi.encode("z16", index));
    }

    function _hTrace() internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](2);
        (hashes[0], hashes[1]) = (_row(1).tensorHash, _row(3).tensorHash);
    }

    /// @dev Spelled out, apart from the library under test.
    function _leaf(uint32 index) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(_row(index)))));
    }

    function _pair(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    function _root() internal pure returns (bytes32) {
        return _pair(_pair(_leaf(0), _leaf(1)), _pair(_leaf(2), _leaf(3)));
    }

    function _proof(uint32 index) internal pure returns (bytes32[] memory proof) {
        proof = new bytes32[](2);
        proof[0] = _leaf(index ^ 1);
        proof[1] = index < 2 ? _pair(_leaf(2), _leaf(3)) : _pair(_leaf(0), _leaf(1));
    }

    /// @dev All that `postTrace` takes beside facts and root.
    struct Trace {
        bytes cid;
        uint32[] verifyRows;
        TraceRow[] verify;
        bytes32[][] proofs;
        bytes32[4] z0;
        bytes32[4] zTrace;
    }

    function _trace(DisputeFacts memory f) internal pure returns (Trace memory t) {
        t.cid = MANIFEST;
        t.verifyRows = _verifyRows();
        t.verify = new TraceRow[](2);
        t.proofs = new bytes32[][](2);
        for (uint256 i; i < 2; ++i) {
            t.verify[i] = _row(t.verifyRows[i]);
            t.proofs[i] = _proof(t.verifyRows[i]);
        }
        if (f.jobClass == EXACT) return t;
        t.z0 = _fill(UNIT);
        t.zTrace = _fill(UNIT + 1);
    }

    function _post(DisputeFacts memory f, Trace memory t) internal {
        vm.prank(operator);
        disputes.postTrace(
            f, _root(), t.cid, t.verifyRows, t.verify, t.proofs, t.z0, t.zTrace
        );
    }
}
