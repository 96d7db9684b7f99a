// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ProtocolParams} from "../../contracts/governance/ProtocolParams.sol";

/// @notice Everything around the parameters that tests of them share.
abstract contract ParamsBase is Test {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant EPOCH_S = 604_800;

    address internal standard = makeAddr("standard timelock");
    address internal constitutional = makeAddr("constitutional timelock");
    address internal guardian = makeAddr("guardian");
    address internal stakes = makeAddr("stake manager");
    address internal insurance = makeAddr("insurance");
    ProtocolParams internal params;

    function setUp() public virtual {
        vm.warp(START);
        params = new ProtocolParams(standard, constitutional, guardian, stakes, insurance);
    }

    function _set(address by, bytes32 key, uint256 value) internal {
        vm.prank(by);
        params.set(key, value);
    }

    function _nextEpoch() internal {
        vm.warp((block.timestamp / EPOCH_S + 1) * EPOCH_S);
    }
}
