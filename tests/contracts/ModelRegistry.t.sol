// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {Model, ModelState} from "../../contracts/types/Audit.sol";
import {ModelRegistry} from "../../contracts/verification/ModelRegistry.sol";
import {ModelDocument} from "./mocks/ModelDocument.sol";

/// @notice See ModelRegistry.tree.
contract ModelRegistryTest is Test {
    uint256 private constant BOND = Params.REGISTRANT_BOND_WEI;
    uint256 private constant PERIOD = Params.CERTIFICATE_CHALLENGE_S;
    uint256 private constant DELAY = 86_400;
    uint256 private constant START = 1_800_000_000;
    bytes12 private constant CPU = "cpu";
    bytes12 private constant CLASS = bytes12(hex"ff0102030405060708090a0b");
    bytes20 private constant ROWS_HASH = bytes20(uint160(7));
    uint64 private constant TAU_SQ = 184_467_440_737;
    bytes private constant CID = hex"01551e20aabb";

    ComputeToken private token;
    ModelRegistry private registry;
    address private arbiter = makeAddr("arbiter");
    address private alice = makeAddr("alice");
    address private bob = makeAddr("bob");

    function setUp() public {
        vm.warp(START);
        address[] memory holders = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (holders[0], amounts[0]) = (address(this), 1_000_000_000e18);
        token = new ComputeToken(holders, amounts);
        registry = new ModelRegistry(address(token), arbiter, DELAY);
        _fund(alice);
        _fund(bob);
    }

    function _fund(address who) private {
        token.transfer(who, 10 * BOND);
        vm.prank(who);
        token.approve(address(registry), type(uint256).max);
    }

    function _document(string memory tail) private pure returns (bytes memory) {
        return ModelDocument.make(TAU_SQ, CPU, CLASS, 12, ROWS_HASH, tail);
    }

    function _registered() private returns (bytes32) {
        vm.prank(alice);
        return registry.register(_document("one"));
    }

    function _challenged() private returns (bytes32 modelId) {
        modelId = _registered();
        vm.prank(bob);
        registry.challenge(modelId, CID);
    }

    function _suspended() private returns (bytes32 modelId) {
        modelId = _registered();
        vm.prank(arbiter);
        registry.suspend(modelId);
    }

    function _expectWrongState(bytes32 modelId, ModelState found, ModelState needed) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelRegistry__WrongState.selector, modelId, found, needed
            )
        );
    }

    function _expectBadTime(bytes32 modelId, uint256 deadline) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelRegistry__BadTime.selector, modelId, deadline, block.timestamp
            )
        );
    }

    function _state(bytes32 modelId) private view returns (uint8) {
        return uint8(registry.model(modelId).state);
    }

    // --- register ---

    function test_Constructor_RefusesZeroAddresses() public {
        vm.expectRevert(IModelRegistry.ModelRegistry__ZeroAddress.selector);
        new ModelRegistry(address(0), arbiter, DELAY);
        vm.expectRevert(IModelRegistry.ModelRegistry__ZeroAddress.selector);
        new ModelRegistry(address(token), address(0), DELAY);
    }

    function test_Register_StoresTermsUnderTheHashAndTakesTheBond() public {
        bytes memory document = _document("one");
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelRegistered(keccak256(document), alice, START + DELAY, document);
        vm.prank(alice);
        bytes32 modelId = registry.register(document);
        assertEq(modelId, keccak256(document));
        Model memory m = registry.model(modelId);
        assertEq(m.tauSq, TAU_SQ);
        assertEq(m.tensorPool, CPU);
        assertEq(m.exactPool, CLASS);
        assertEq(m.rows, 12);
        assertEq(m.verifyRowsHash, ROWS_HASH);
        assertEq(uint8(m.state), uint8(ModelState.Registered));
        assertEq(m.activeAt, START + DELAY);
        assertEq(registry.registrantOf(modelId), alice);
        assertEq(registry.bondOf(modelId), BOND);
        assertEq(token.balanceOf(address(registry)), BOND);
        assertEq(token.balanceOf(alice), 9 * BOND);
        assertEq(registry.arbiter(), arbiter);
        assertEq(registry.token(), address(token));
        assertEq(registry.activationDelay(), DELAY);
    }

    function _tryLength(uint256 length, bool works) private {
        bytes memory document = ModelDocument.ofLength(_document(""), length);
        if (!works) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IModelRegistry.ModelRegistry__BadLength.selector, length, 136, 262_144
                )
            );
        }
        vm.prank(alice);
        registry.register(document);
    }

    function test_Register_BoundsTheLength() public {
        _tryLength(135, false);
        _tryLength(136, true);
        _tryLength(262_144, true);
        _tryLength(262_145, false);
    }

    function test_Register_RefusesAnyOtherByte() public {
        bytes memory document = _document("one");
        for (uint256 i; i < 126; ++i) {
            bytes1 right = document[i];
            document[i] = "g"; // neither of the prefix nor a digit nor a quote
            vm.expectRevert(
                abi.encodeWithSelector(IModelRegistry.ModelRegistry__BadDocument.selector, i)
            );
            vm.prank(alice);
            registry.register(document);
            document[i] = right;
        }
    }

    function test_Register_RefusesCharactersBesideTheDigits() public {
        bytes memory document = _document("one");
        bytes memory bad = "/:`gAF";
        for (uint256 i; i < bad.length; ++i) {
            document[20] = bad[i];
            vm.expectRevert(
                abi.encodeWithSelector(IModelRegistry.ModelRegistry__BadDocument.selector, 20)
            );
            registry.register(document);
        }
    }

    function _tryTerms(uint64 tauSq, bytes12 tensor, uint32 rows, bytes20 hash) private {
        vm.prank(alice);
        registry.register(ModelDocument.make(tauSq, tensor, CLASS, rows, hash, "terms"));
    }

    function _expectBadTerm(bytes32 field, uint256 value, uint256 min, uint256 max) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelRegistry__BadTerm.selector, field, value, min, max
            )
        );
    }

    function test_Register_BoundsEveryTerm() public {
        uint64 low = 184_467; // round(1e-14 * 2^64)
        uint64 high = 1_844_674_407_370_955; // round(1e-4 * 2^64)
        _expectBadTerm("tauSq", low - 1, low, high);
        _tryTerms(low - 1, CPU, 1, ROWS_HASH);
        _tryTerms(low, CPU, 1, ROWS_HASH);
        _expectBadTerm("tauSq", high + 1, low, high);
        _tryTerms(high + 1, CPU, 1, ROWS_HASH);
        _tryTerms(high, CPU, 1, ROWS_HASH);
        _expectBadTerm("tauSq", 1, 0, 0);
        _tryTerms(1, 0, 1, ROWS_HASH);
        _tryTerms(0, 0, 1, ROWS_HASH);
        _expectBadTerm("rows", 0, 1, 1_000_000);
        _tryTerms(low, CPU, 0, ROWS_HASH);
        _expectBadTerm("rows", 1_000_001, 1, 1_000_000);
        _tryTerms(low, CPU, 1_000_001, ROWS_HASH);
        _tryTerms(low, CPU, 1_000_000, ROWS_HASH);
        _expectBadTerm("verifyRowsHash", 0, 1, type(uint160).max);
        _tryTerms(low, CPU, 1, 0);
    }

    function test_Register_NeedsAPool() public {
        _expectBadTerm("pools", 0, 1, 2);
        vm.prank(alice);
        registry.register(ModelDocument.make(0, 0, 0, 1, ROWS_HASH, "none"));
        vm.prank(alice);
        registry.register(ModelDocument.make(TAU_SQ, CPU, 0, 1, ROWS_HASH, "tensor only"));
    }

    function test_Register_RefusesAKnownModel() public {
        bytes32 modelId = _registered();
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.ModelRegistry__AlreadyRegistered.selector, modelId)
        );
        vm.prank(bob);
        registry.register(_document("one"));
    }

    function test_Register_NeedsTheBond() public {
        vm.expectRevert();
        registry.register(_document("one"));
    }

    function testFuzz_Register_ReadsEveryTerm(uint64 tauSq, bytes12 exact, uint32 rows, uint160 hash)
        public
    {
        tauSq = uint64(bound(tauSq, 184_467, 1_844_674_407_370_955));
        rows = uint32(bound(rows, 1, 1_000_000));
        vm.assume(hash != 0);
        vm.prank(alice);
        bytes32 modelId =
            registry.register(ModelDocument.make(tauSq, CPU, exact, rows, bytes20(hash), "fuzz"));
        Model memory m = registry.model(modelId);
        assertEq(m.tauSq, tauSq);
        assertEq(m.exactPool, exact);
        assertEq(m.rows, rows);
        assertEq(m.verifyRowsHash, bytes20(hash));
    }

    // --- requireActive ---

    function test_RequireActive_NeedsAModelThatTakesJobs() public {
        _expectWrongState("none", ModelState.None, ModelState.Registered);
        registry.requireActive("none", 1);
        bytes32 modelId = _suspended();
        _expectWrongState(modelId, ModelState.Suspended, ModelState.Registered);
        registry.requireActive(modelId, 1);
        assertTrue(registry.isSuspended(modelId));
    }

    function test_RequireActive_WaitsForTheDelay() public {
        bytes32 modelId = _registered();
        vm.warp(START + DELAY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelRegistry__NotActive.selector,
                modelId,
                START + DELAY,
                START + DELAY - 1
            )
        );
        registry.requireActive(modelId, 1);
        vm.warp(START + DELAY);
        registry.requireActive(modelId, 1);
    }

    function test_RequireActive_GivesPoolAndToleranceOfTheClass() public {
        bytes32 modelId = _challenged();
        vm.warp(START + DELAY);
        (bytes12 pool, uint64 tauSq) = registry.requireActive(modelId, 0);
        assertEq(pool, CLASS);
        assertEq(tauSq, 0);
        (pool, tauSq) = registry.requireActive(modelId, 1);
        assertEq(pool, CPU);
        assertEq(tauSq, TAU_SQ);
    }

    function test_RequireActive_RefusesClassesWithoutACertificate() public {
        bytes32 modelId = _registered();
        vm.prank(alice);
        bytes32 exact = registry.register(ModelDocument.make(0, 0, CLASS, 1, ROWS_HASH, "exact"));
        vm.warp(START + DELAY);
        for (uint8 class = 2; class < 5; ++class) {
            _expectNotCertified(modelId, class);
            registry.requireActive(modelId, class);
        }
        _expectNotCertified(exact, 1);
        registry.requireActive(exact, 1);
        registry.requireActive(exact, 0);
    }

    function _expectNotCertified(bytes32 modelId, uint8 class) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelRegistry__ClassNotCertified.selector, modelId, class
            )
        );
    }

    function test_TermsOf_WhateverTheState() public {
        bytes32 modelId = _suspended();
        (bytes12 pool, uint64 tauSq) = registry.termsOf(modelId, 1);
        assertEq(pool, CPU);
        assertEq(tauSq, TAU_SQ);
        (pool, tauSq) = registry.termsOf(modelId, 2);
        assertEq(pool, 0);
        assertEq(tauSq, 0);
    }

    // --- challenge ---

    function test_Challenge_TakesAnEqualBond() public {
        bytes32 modelId = _registered();
        vm.expectEmit(address(registry));
        emit IModelRegistry.CertificateChallenged(modelId, bob, CID, START + PERIOD);
        vm.prank(bob);
        registry.challenge(modelId, CID);
        assertEq(_state(modelId), uint8(ModelState.Challenged));
        assertEq(token.balanceOf(address(registry)), 2 * BOND);
        assertEq(token.balanceOf(bob), 9 * BOND);
    }

    function test_Challenge_NeedsARegisteredModel() public {
        _expectWrongState("none", ModelState.None, ModelState.Registered);
        registry.challenge("none", CID);
        bytes32 modelId = _challenged();
        _expectWrongState(modelId, ModelState.Challenged, ModelState.Registered);
        registry.challenge(modelId, CID);
    }

    function test_Challenge_BoundsTheCid() public {
        bytes32 modelId = _registered();
        for (uint256 i; i < 2; ++i) {
            uint256 length = i == 0 ? 3 : 129;
            vm.expectRevert(
                abi.encodeWithSelector(IModelRegistry.ModelRegistry__BadCid.selector, length, 128)
            );
            registry.challenge(modelId, new bytes(length));
        }
        vm.prank(bob);
        registry.challenge(modelId, new bytes(128));
    }

    // --- rule, lapse, suspend ---

    function test_Rule_UpheldGivesBothBondsToTheChallenger() public {
        bytes32 modelId = _challenged();
        vm.warp(START + PERIOD); // the last second
        vm.expectEmit(address(registry));
        emit IModelRegistry.ChallengeRuled(modelId, true);
        vm.prank(arbiter);
        registry.rule(modelId, true);
        assertEq(_state(modelId), uint8(ModelState.Suspended));
        assertEq(token.balanceOf(bob), 11 * BOND);
        assertEq(registry.bondOf(modelId), 0);
        assertEq(token.balanceOf(address(registry)), 0);
    }

    function test_Rule_UpheldAfterTheBondWasWithdrawn() public {
        bytes32 modelId = _registered();
        vm.warp(START + PERIOD);
        vm.prank(alice);
        registry.withdrawBond(modelId);
        vm.prank(bob);
        registry.challenge(modelId, CID);
        vm.prank(arbiter);
        registry.rule(modelId, true);
        assertEq(token.balanceOf(bob), 10 * BOND);
        assertEq(token.balanceOf(alice), 10 * BOND);
    }

    function test_Rule_DismissedGivesTheBondToTheRegistrant() public {
        bytes32 modelId = _challenged();
        vm.prank(arbiter);
        registry.rule(modelId, false);
        assertEq(_state(modelId), uint8(ModelState.Registered));
        assertEq(token.balanceOf(alice), 10 * BOND);
        assertEq(token.balanceOf(bob), 9 * BOND);
        assertEq(registry.bondOf(modelId), BOND);
        assertEq(token.balanceOf(address(registry)), BOND);
    }

    function test_Rule_OnlyTheArbiterInTimeOnAChallenge() public {
        bytes32 modelId = _registered();
        _expectWrongState(modelId, ModelState.Registered, ModelState.Challenged);
        vm.prank(arbiter);
        registry.rule(modelId, true);
        vm.prank(bob);
        registry.challenge(modelId, CID);
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.ModelRegistry__OnlyArbiter.selector, bob)
        );
        vm.prank(bob);
        registry.rule(modelId, true);
        vm.warp(START + PERIOD + 1);
        _expectBadTime(modelId, START + PERIOD);
        vm.prank(arbiter);
        registry.rule(modelId, true);
    }

    function test_Lapse_ReturnsTheChallengersBond() public {
        bytes32 modelId = _registered();
        _expectWrongState(modelId, ModelState.Registered, ModelState.Challenged);
        registry.lapse(modelId);
        vm.prank(bob);
        registry.challenge(modelId, CID);
        vm.warp(START + PERIOD);
        _expectBadTime(modelId, START + PERIOD);
        registry.lapse(modelId);
        vm.warp(START + PERIOD + 1);
        vm.expectEmit(address(registry));
        emit IModelRegistry.ChallengeLapsed(modelId);
        registry.lapse(modelId);
        assertEq(_state(modelId), uint8(ModelState.Registered));
        assertEq(token.balanceOf(bob), 10 * BOND);
        assertEq(token.balanceOf(address(registry)), BOND);
    }

    function test_Suspend_StopsTheModel() public {
        bytes32 modelId = _registered();
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.ModelRegistry__OnlyArbiter.selector, alice)
        );
        vm.prank(alice);
        registry.suspend(modelId);
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelSuspended(modelId);
        vm.prank(arbiter);
        registry.suspend(modelId);
        _expectWrongState(modelId, ModelState.Suspended, ModelState.Registered);
        vm.prank(arbiter);
        registry.suspend(modelId);
        _expectWrongState("none", ModelState.None, ModelState.Registered);
        vm.prank(arbiter);
        registry.suspend("none");
    }

    function test_Suspend_ReturnsAnOpenChallengersBond() public {
        bytes32 modelId = _challenged();
        vm.prank(arbiter);
        registry.suspend(modelId);
        assertEq(token.balanceOf(bob), 10 * BOND);
        assertEq(registry.bondOf(modelId), BOND);
        assertEq(token.balanceOf(address(registry)), BOND);
    }

    // --- withdrawBond ---

    function test_WithdrawBond_OnceNothingHoldsIt() public {
        bytes32 modelId = _registered();
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelRegistry__OnlyRegistrant.selector, modelId, bob
            )
        );
        vm.prank(bob);
        registry.withdrawBond(modelId);
        vm.warp(START + PERIOD - 1);
        _expectBadTime(modelId, START + PERIOD);
        vm.prank(alice);
        registry.withdrawBond(modelId);
        vm.warp(START + PERIOD);
        vm.expectEmit(address(registry));
        emit IModelRegistry.BondWithdrawn(modelId, alice, BOND);
        vm.prank(alice);
        assertEq(registry.withdrawBond(modelId), BOND);
        assertEq(token.balanceOf(alice), 10 * BOND);
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.ModelRegistry__NoBond.selector, modelId)
        );
        vm.prank(alice);
        registry.withdrawBond(modelId);
    }

    function test_WithdrawBond_NotWhileChallenged() public {
        bytes32 modelId = _challenged();
        vm.warp(START + PERIOD);
        _expectWrongState(modelId, ModelState.Challenged, ModelState.Registered);
        vm.prank(alice);
        registry.withdrawBond(modelId);
    }

    function test_WithdrawBond_AtOnceWhenSuspended() public {
        bytes32 modelId = _suspended();
        vm.prank(alice);
        registry.withdrawBond(modelId);
        assertEq(token.balanceOf(alice), 10 * BOND);
        assertEq(token.balanceOf(address(registry)), 0);
    }

    // --- books ---

    /// @dev Whatever is called by whomever, in any order and at any time, the books balance.
    function testFuzz_TheBalanceIsTheSumOfTheBonds(uint256 seed) public {
        bytes32[3] memory ids;
        for (uint256 i; i < 3; ++i) {
            vm.prank(i == 1 ? bob : alice);
            ids[i] = registry.register(_document(string(abi.encodePacked("m", bytes1(uint8(65 + i))))));
        }
        for (uint256 step; step < 24; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            _act(ids[seed % 3], seed >> 8);
            uint256 bonds;
            for (uint256 i; i < 3; ++i) {
                bonds += registry.bondOf(ids[i]);
                if (_state(ids[i]) == uint8(ModelState.Challenged)) bonds += BOND;
            }
            assertEq(token.balanceOf(address(registry)), bonds);
            uint256 outside = token.balanceOf(alice) + token.balanceOf(bob);
            assertEq(outside + bonds, 20 * BOND, "nobody else is paid");
        }
    }

    function _act(bytes32 modelId, uint256 seed) private {
        vm.warp(block.timestamp + seed % (PERIOD / 2));
        seed >>= 32;
        vm.startPrank(seed % 3 == 0 ? alice : seed % 3 == 1 ? bob : arbiter);
        seed >>= 8;
        uint256 call = seed % 6;
        if (call == 0) try registry.challenge(modelId, CID) {} catch {}
        if (call == 1) try registry.rule(modelId, true) {} catch {}
        if (call == 2) try registry.rule(modelId, false) {} catch {}
        if (call == 3) try registry.lapse(modelId) {} catch {}
        if (call == 4 && seed % 5 == 0) try registry.suspend(modelId) {} catch {}
        if (call == 5) try registry.withdrawBond(modelId) {} catch {}
        vm.stopPrank();
    }
}
