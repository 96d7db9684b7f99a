// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title How far two projections are apart
/// @notice A projection is 32 signed 32-bit integers, eight to a word, big-endian, the first in the
/// most significant bytes of word 0. D is the sum of squared differences, N the sum of squares of
/// the provider's projection. All pure; nothing here knows of jobs.
/// @dev |z| <= 2^31, so N <= 2^67, D <= 2^69 and D * 2^64 <= 2^133: nothing can overflow.
library Distance {
    /// @dev Elements in a projection.
    uint256 internal constant ELEMENTS = 32;
    /// @dev What a projection is clamped to; a provider's element there is refused.
    uint256 internal constant CLAMP = 2 ** 31 - 1;
    /// @dev Norms below this are unreliable: the shift could have been larger, unless it is
    /// `SHIFT_MAX`; the test is absolute from here down.
    uint256 internal constant NORM_FLOOR = 2 ** 51;
    int8 internal constant SHIFT_MAX = 16;

    uint256 private constant _LANES = 8;
    uint256 private constant _TAU_SHIFT = 64;

    /// @notice Element `index` of a projection, 0 to 31.
    function element(bytes32[4] memory z, uint256 index) internal pure returns (int32) {
        return int32(uint32(uint256(z[index / _LANES]) >> (224 - 32 * (index % _LANES))));
    }

    /// @notice N, and the first element at or beyond the clamp.
    /// @return normSq sum of squares; meaningless if an element is clamped
    /// @return clamped its index, or `ELEMENTS` if there is none
    function norm(bytes32[4] memory z) internal pure returns (uint256 normSq, uint256 clamped) {
        unchecked {
            for (uint256 word; word < 4; ++word) {
                uint256 packed = uint256(z[word]);
                for (uint256 lane; lane < _LANES; ++lane) {
                    int256 value = int32(uint32(packed >> 224));
                    packed <<= 32;
                    uint256 size = value < 0 ? uint256(-value) : uint256(value);
                    if (size >= CLAMP) return (normSq, word * _LANES + lane);
                    normSq += size * size;
                }
            }
        }
        return (normSq, ELEMENTS);
    }

    /// @notice D and N of a pair whose `z0` was found free of clamped elements before.
    function measure(bytes32[4] memory z0, bytes32[4] memory z1)
        internal
        pure
        returns (uint256 distanceSq, uint256 normSq)
    {
        unchecked {
            for (uint256 word; word < 4; ++word) {
                uint256 a = uint256(z0[word]);
                uint256 b = uint256(z1[word]);
                for (uint256 lane; lane < _LANES; ++lane) {
                    int256 own = int32(uint32(a >> 224));
                    int256 difference = own - int32(uint32(b >> 224));
                    a <<= 32;
                    b <<= 32;
                    normSq += uint256(own * own);
                    distanceSq += uint256(difference * difference);
                }
            }
        }
    }

    /// @notice Whether a norm is too small for its shift: a smaller output needs a larger shift.
    function isTooSmall(uint256 normSq, int8 shift) internal pure returns (bool) {
        return normSq < NORM_FLOOR && shift != SHIFT_MAX;
    }

    /// @notice Whether a distance is inside the tolerance.
    /// @param tauSq square of the relative tolerance, times 2^64
    function isWithin(uint256 distanceSq, uint256 normSq, uint64 tauSq) internal pure returns (bool) {
        return distanceSq << _TAU_SHIFT <= limit(normSq, tauSq);
    }

    /// @notice The largest D * 2^64 that passes.
    function limit(uint256 normSq, uint64 tauSq) internal pure returns (uint256) {
        return uint256(tauSq) * (normSq < NORM_FLOOR ? NORM_FLOOR : normSq);
    }
}
