// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice A function that proposals may call.
struct AllowedCall {
    address target;
    bytes4 selector; // zero: every function of the contract
}

/// @title Proposals, votes and what proposals may do
/// @notice OpenZeppelin's Governor whose settings stand in ProtocolParams. A proposal's snapshot,
/// period, quorum part, majority and the code of its targets are frozen when it is made: nothing
/// that is decided later changes the terms of a running vote. Votes are units at the end of the
/// snapshot's tick; voting begins with the next tick; delay and period are rounded up to whole ticks.
/// Anybody may queue what succeeded and execute what waited. The proposer may cancel until voting
/// begins, the Guardian until execution.
/// @dev Assumptions for correctness: votes, timelock and parameters are what they say. For liveness:
/// the targets keep their code, which contracts that cannot destroy themselves do.
interface IProtocolGovernor {
    /// @notice The code of the targets as it is pinned; their hashes are chained in order.
    event CodePinned(uint256 indexed proposalId, bytes28 codeDigest);

    /// @notice Settings, timelock and Ether are not moved here.
    error ProtocolGovernor__Fixed();
    /// @notice Proposals of this governor may not call this function.
    error ProtocolGovernor__TargetNotAllowed(address target, bytes4 selector);
    /// @notice There is no contract at the target.
    error ProtocolGovernor__NoCode(address target);
    /// @notice The code of a target is not what voters saw.
    error ProtocolGovernor__CodeChanged(uint256 proposalId);
    /// @notice Proposals send no Ether.
    error ProtocolGovernor__SendsValue(uint256 value);
    /// @notice The proposal has too many calls.
    error ProtocolGovernor__TooManyActions(uint256 count, uint256 max);
    /// @notice The Guardian cannot cancel what is about itself; such a proposal holds nothing else.
    error ProtocolGovernor__MixedWithGuardian();

    /// @notice Votes For and Abstain that the proposal needs, in wei. Reverts before its snapshot.
    function quorumOf(uint256 proposalId) external view returns (uint256);
    /// @notice What was frozen when the proposal was made; all zero if there is none.
    function termsOf(uint256 proposalId)
        external
        view
        returns (uint256 quorumBps, uint256 majorityBps, bytes28 codeDigest);
    /// @notice Whether proposals may call this function of this contract.
    function isAllowed(address target, bytes4 selector) external view returns (bool);
    /// @notice Part of For and Against that must be For, for proposals made now (bps).
    function majorityBps() external view returns (uint256);
    function params() external view returns (address);
    function guardian() external view returns (address);
}
