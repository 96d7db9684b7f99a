// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {ModelState} from "../../contracts/types/Audit.sol";
import {ModelRegistry} from "../../contracts/verification/ModelRegistry.sol";
import {ModelRegistryBase} from "./ModelRegistryBase.sol";

/// @notice See ModelRegistry.tree: challenges, suspensions and bonds.
contract ModelChallengesTest is ModelRegistryBase {
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
