// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {ModelState} from "../../contracts/types/Audit.sol";
import {ModelRegistry} from "../../contracts/verification/ModelRegistry.sol";
import {ModelDocument} from "./mocks/ModelDocument.sol";

/// @notice A registry, two registrants with bonds, and models in every state.
abstract contract ModelRegistryBase is Test {
    uint256 internal constant BOND = Params.REGISTRANT_BOND_WEI;
    uint256 internal constant PERIOD = Params.CERTIFICATE_CHALLENGE_S;
    uint256 internal constant DELAY = 86_400;
    uint256 internal constant START = 1_800_000_000;
    bytes12 internal constant CPU = "cpu";
    bytes12 internal constant CLASS = bytes12(hex"ff0102030405060708090a0b");
    bytes20 internal constant ROWS_HASH = bytes20(uint160(7));
    uint64 internal constant TAU_SQ = 184_467_440_737;
    bytes internal constant CID = hex"01551e20aabb";

    ComputeToken internal token;
    ModelRegistry internal registry;
    address internal arbiter = makeAddr("arbiter");
    address internal alice = makeAddr("alice");
    address internal bob = makeAddr("bob");

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

    function _fund(address who) internal {
        token.transfer(who, 10 * BOND);
        vm.prank(who);
        token.approve(address(registry), type(uint256).max);
    }

    function _document(string memory tail) internal pure returns (bytes memory) {
        return ModelDocument.make(TAU_SQ, CPU, CLASS, 12, ROWS_HASH, tail);
    }

    function _registered() internal returns (bytes32) {
        vm.prank(alice);
        return registry.register(_document("one"));
    }

    function _challenged() internal returns (bytes32 modelId) {
        modelId = _registered();
        vm.prank(bob);
        registry.challenge(modelId, CID);
    }

    function _suspended() internal returns (bytes32 modelId) {
        modelId = _registered();
        vm.prank(arbiter);
        registry.suspend(modelId);
    }

    function _expectWrongState(bytes32 modelId, ModelState found, ModelState needed) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelRegistry__WrongState.selector, modelId, found, needed
            )
        );
    }

    function _expectBadTime(bytes32 modelId, uint256 deadline) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelRegistry.ModelRegistry__BadTime.selector, modelId, deadline, block.timestamp
            )
        );
    }

    function _state(bytes32 modelId) internal view returns (uint8) {
        return uint8(registry.model(modelId).state);
    }
}
