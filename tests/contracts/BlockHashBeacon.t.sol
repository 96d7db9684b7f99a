// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IRandomnessBeacon} from "../../contracts/interfaces/IRandomnessBeacon.sol";
import {BlockHashBeacon} from "../../contracts/verification/BlockHashBeacon.sol";

/// @notice See BlockHashBeacon.tree.
contract BlockHashBeaconTest is Test {
    BlockHashBeacon private beacon = new BlockHashBeacon();

    function _expectNotReady(uint64 round, uint8 status) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IRandomnessBeacon.RandomnessBeacon__NotReady.selector, round, status
            )
        );
    }

    function testFuzz_Request_NamesTheSecondBlockFromNow(uint40 number) public {
        vm.roll(number);
        assertEq(beacon.request(), uint256(number) + 2);
    }

    function testFuzz_GivenTheBlockIsNotMined_IsPending(uint40 start, uint8 ahead) public {
        vm.roll(start);
        uint64 round = uint64(block.number + ahead);
        assertEq(beacon.status(round), 0);
        _expectNotReady(round, 0);
        beacon.value(round);
    }

    function testFuzz_GivenABlockOfTheLast256_IsReady(uint256 ago) public {
        vm.roll(1_000);
        ago = bound(ago, 1, 256);
        uint64 round = uint64(block.number - ago);
        assertEq(beacon.status(round), 1);
        bytes32 value = beacon.value(round);
        assertEq(value, blockhash(round), "value = blockhash(round)");
        assertNotEq(value, 0);
    }

    function testFuzz_GivenTheValueIsTheSameWhoeverAsks(address asker) public {
        vm.roll(1_000);
        bytes32 value = beacon.value(990);
        vm.roll(1_100);
        vm.prank(asker);
        assertEq(beacon.value(990), value);
    }

    function testFuzz_GivenAnOlderBlock_IsExpired(uint256 ago) public {
        vm.roll(100_000);
        ago = bound(ago, 257, 100_000);
        uint64 round = uint64(block.number - ago);
        assertEq(beacon.status(round), 2);
        _expectNotReady(round, 2);
        beacon.value(round);
    }
}
