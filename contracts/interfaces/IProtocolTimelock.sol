// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title The delay between a vote and its effect
/// @notice OpenZeppelin's TimelockController whose roles are fixed: its governor alone schedules,
/// cancels and executes, nobody is admin. Executing is open to everybody through the governor, which
/// checks the targets' code first; hence not here. The delay stands in ProtocolParams and is frozen
/// for an operation when it is queued.
/// @dev Assumptions for correctness: the governor is what it says. For liveness: none.
interface IProtocolTimelock {
    /// @notice Roles and delay cannot be changed here.
    error Timelock__Fixed();
    /// @notice The timelock holds no Ether.
    error Timelock__NoEther();

    function governor() external view returns (address);
    function params() external view returns (address);
    /// @notice Whether the delay is the constitutional one.
    function isConstitutional() external view returns (bool);
}
