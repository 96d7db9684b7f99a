// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {Model, ModelState} from "../../contracts/types/Audit.sol";
import {ModelRegistry} from "../../contracts/verification/ModelRegistry.sol";
import {ModelRegistryBase} from "./ModelRegistryBase.sol";
import {ModelDocument} from "./mocks/ModelDocument.sol";

/// @notice See ModelRegistry.tree: register, requireActive and termsOf.
contract ModelRegistryTest is ModelRegistryBase {
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
}
