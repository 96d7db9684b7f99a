// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title A fund that is paid into: the treasury, the insurance
interface IFunded {
    /// @notice Takes `amount` of the token from the caller, who has approved it.
    function fund(uint256 amount) external;
}
