// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Source of public randomness that nobody knew when it was requested
/// @dev Assumption for correctness: the value of a round cannot be known or chosen by the requester
/// before the request. Assumption for liveness: a round becomes ready or expired, never neither.
interface IRandomnessBeacon {
    /// @notice The round has not become ready yet (`status` 0), or its value is gone (`status` 2).
    error RandomnessBeacon__NotReady(uint64 round, uint8 status);

    /// @notice Asks for a future round.
    /// @return round the round whose value will be used; never zero, and under 2^32 (a block number
    /// or seconds): the market refuses a higher one
    function request() external returns (uint64 round);

    /// @notice 0 pending, 1 ready, 2 expired.
    function status(uint64 round) external view returns (uint8);

    /// @notice The value of a ready round; reverts otherwise.
    function value(uint64 round) external view returns (bytes32);
}
