// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Something that proposals may call.
contract GovernedTarget {
    uint256 public value;
    address public caller;

    error GovernedTarget__Refused();

    function set(uint256 value_) external {
        (value, caller) = (value_, msg.sender);
    }

    function refuse() external pure {
        revert GovernedTarget__Refused();
    }
}

/// @notice What an attacker puts where the harmless contract stood.
contract SwappedTarget {
    uint256 public value;
    address public caller;

    function set(uint256) external {
        (value, caller) = (666, msg.sender);
    }
}
