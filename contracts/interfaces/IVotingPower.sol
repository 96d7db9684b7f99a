// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Votes of staked, delegated and vesting tokens
/// @notice ERC-5805 with a clock of unix seconds that ticks once in `TICK_S`: all moves of a tick
/// share one checkpoint, which nobody can read before the tick is over. Whoever stakes within a tick
/// has no votes for any snapshot that can be voted on by then. Liquid, unbonding and pending tokens
/// have no votes. An account's units count once it has delegated them, to itself or another.
/// @dev Assumptions for correctness: the two sources report each change once. For liveness: none.
interface IVotingPower {
    event UnitsMoved(address indexed account, int256 change, uint256 units);

    /// @notice Only StakeManager and VestingVault report units.
    error VotingPower__OnlySource(address caller);
    /// @notice A source takes away more units than it gave.
    error VotingPower__TooFewUnits(address account, uint256 units, uint256 taken);

    /// @notice Adds or takes away units of an account. Only the sources.
    function move(address account, int256 change) external;
    /// @notice Units of an account, delegated or not, in wei.
    function unitsOf(address account) external view returns (uint256);
    function stakeManager() external view returns (address);
    function vault() external view returns (address);
    /// @notice Seconds between two ticks of the clock.
    // solhint-disable-next-line func-name-mixedcase
    function TICK_S() external view returns (uint48);
}
