// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What vesting and fees ask the StakeManager
interface IVaultStakes {
    function operatorOf(address provider) external view returns (address);
    /// @notice Whether a slash of the account is booked and not final.
    function hasPendingSlash(address provider) external view returns (bool);
    /// @notice Multiplies the age of the stake by kept / whole; does nothing without a stake.
    function scaleAge(address provider, uint256 kept, uint256 whole) external;
}
