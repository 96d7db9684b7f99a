// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Claims to have released a fortune to whoever asks.
contract FakeGrant {
    function release(address) external {}

    function released(address) external pure returns (uint256) {
        return 1e27;
    }
}
