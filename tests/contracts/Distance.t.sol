// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Distance} from "../../contracts/libraries/Distance.sol";

/// @notice See Distance.tree.
contract DistanceTest is Test {
    /// @dev A tolerance of 1e-4, as round(tau^2 * 2^64).
    uint64 private constant TAU_SQ = 184_467_440_737;

    /// @dev Written apart from the library: by value, not by word.
    function _pack(int32[32] memory values) private pure returns (bytes32[4] memory z) {
        bytes memory raw;
        for (uint256 i; i < 32; ++i) {
            raw = bytes.concat(raw, bytes4(uint32(values[i])));
        }
        for (uint256 word; word < 4; ++word) {
            bytes32 value;
            assembly ("memory-safe") {
                value := mload(add(add(raw, 32), mul(word, 32)))
            }
            z[word] = value;
        }
    }

    function _all(int32 value) private pure returns (int32[32] memory values) {
        for (uint256 i; i < 32; ++i) {
            values[i] = value;
        }
    }

    function test_Element_IsBigEndianAndSigned() public pure {
        bytes32[4] memory z;
        z[0] = bytes32(uint256(0xffffffff) << 224);
        z[1] = bytes32(uint256(7));
        z[3] = bytes32(uint256(0x80000000) << 192);
        assertEq(Distance.element(z, 0), -1);
        assertEq(Distance.element(z, 15), 7);
        assertEq(Distance.element(z, 25), type(int32).min);
        assertEq(Distance.element(z, 31), 0);
    }

    function test_Norm_SumsSquares() public pure {
        int32[32] memory values;
        (values[0], values[9], values[31]) = (3, -4, 12);
        (uint256 normSq, uint256 clamped) = Distance.norm(_pack(values));
        assertEq(normSq, 169);
        assertEq(clamped, 32);
    }

    function test_Norm_NamesTheFirstClampedElement() public pure {
        int32[5] memory bad =
            [type(int32).max, type(int32).min, type(int32).min + 1, type(int32).max, -type(int32).max];
        uint8[5] memory places = [0, 31, 7, 8, 16];
        for (uint256 i; i < bad.length; ++i) {
            int32[32] memory values = _all(1);
            values[places[i]] = bad[i];
            values[31] = type(int32).max; // a later one does not matter
            (, uint256 clamped) = Distance.norm(_pack(values));
            assertEq(clamped, places[i]);
        }
    }

    function test_Norm_OneLessThanTheClampIsNotClamped() public pure {
        int32[32] memory values = _all(type(int32).max - 1);
        values[3] = -(type(int32).max - 1);
        (uint256 normSq, uint256 clamped) = Distance.norm(_pack(values));
        assertEq(clamped, 32);
        assertEq(normSq, 32 * uint256(2 ** 31 - 2) ** 2);
    }

    function test_Measure_ByHand() public pure {
        int32[32] memory a;
        int32[32] memory b;
        (a[0], a[1], a[31]) = (5, -2, 10);
        (b[0], b[1], b[31]) = (2, 2, 10);
        (uint256 distanceSq, uint256 normSq) = Distance.measure(_pack(a), _pack(b));
        assertEq(distanceSq, 25);
        assertEq(normSq, 129);
    }

    function test_Measure_DoesNotOverflowAtTheExtremes() public pure {
        bytes32[4] memory low = _pack(_all(type(int32).min));
        bytes32[4] memory high = _pack(_all(type(int32).max));
        (uint256 distanceSq, uint256 normSq) = Distance.measure(low, high);
        assertEq(distanceSq, 32 * uint256(2 ** 32 - 1) ** 2);
        assertEq(normSq, 32 * uint256(2 ** 31) ** 2);
        assertFalse(Distance.isWithin(distanceSq, normSq, TAU_SQ));
    }

    /// @dev D, N and the clamp again, one value at a time, with every operation checked.
    function testFuzz_Measure_AgreesWithAPlainTwin(bytes32[4] memory z0, bytes32[4] memory z1)
        public
        pure
    {
        uint256 d;
        uint256 n;
        uint256 firstClamped = 32;
        for (uint256 i; i < 32; ++i) {
            int256 a = Distance.element(z0, i);
            int256 b = Distance.element(z1, i);
            d += uint256((a - b) * (a - b));
            n += uint256(a * a);
            if (firstClamped == 32 && (a >= 2 ** 31 - 1 || a <= -(2 ** 31 - 1))) firstClamped = i;
        }
        (uint256 distanceSq, uint256 normSq) = Distance.measure(z0, z1);
        assertEq(distanceSq, d);
        assertEq(normSq, n);
        (uint256 alone, uint256 clamped) = Distance.norm(z0);
        assertEq(clamped, firstClamped);
        if (clamped == 32) assertEq(alone, n);
    }

    function testFuzz_Pack_AgreesWithElement(int32[32] memory values) public pure {
        bytes32[4] memory z = _pack(values);
        for (uint256 i; i < 32; ++i) {
            assertEq(Distance.element(z, i), values[i]);
        }
    }

    function test_IsTooSmall() public pure {
        assertTrue(Distance.isTooSmall(2 ** 51 - 1, 15));
        assertTrue(Distance.isTooSmall(0, -16));
        assertFalse(Distance.isTooSmall(2 ** 51 - 1, 16));
        assertFalse(Distance.isTooSmall(2 ** 51, -16));
    }

    function test_IsWithin_PassesAtTheLimit() public pure {
        assertTrue(Distance.isWithin(3, 3 << 52, 1 << 12));
        assertFalse(Distance.isWithin(4, 3 << 52, 1 << 12));
    }

    function testFuzz_IsWithin_NotOneAboveTheLimit(uint256 normSq, uint64 tauSq) public pure {
        normSq = bound(normSq, 0, 2 ** 67);
        uint256 most = Distance.limit(normSq, tauSq) >> 64;
        assertTrue(Distance.isWithin(most, normSq, tauSq));
        assertFalse(Distance.isWithin(most + 1, normSq, tauSq));
    }

    function test_IsWithin_IsAbsoluteUnderTheFloor() public pure {
        uint256 most = (uint256(TAU_SQ) * 2 ** 51) >> 64;
        assertTrue(Distance.isWithin(most, 0, TAU_SQ));
        assertFalse(Distance.isWithin(most + 1, 0, TAU_SQ));
        assertFalse(Distance.isWithin(most + 1, 2 ** 51 - 1, TAU_SQ));
    }

    function test_IsWithin_ZeroPassesAgainstItself() public pure {
        bytes32[4] memory z;
        (uint256 distanceSq, uint256 normSq) = Distance.measure(z, z);
        assertTrue(Distance.isWithin(distanceSq, normSq, TAU_SQ));
    }
}
