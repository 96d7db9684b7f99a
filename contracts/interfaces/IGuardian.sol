// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Cancels proposals and pauses, for a while
/// @notice Acts for one holder, a multisig wallet, until `expiresAt`. It can stop, never start: it
/// cancels proposals that are not about itself, and it stops early exits and large jobs for a short time
/// (ProtocolParams.pause). The constitutional timelock alone renews it, for guardianTermS, and names
/// its holder.
/// @dev Assumptions for correctness: none. For liveness: none; nothing waits for the holder.
interface IGuardian {
    event GuardianRenewed(address indexed holder, uint256 expiresAt);
    event GuardianCancelled(address indexed governor, uint256 indexed proposalId);

    /// @notice Only the holder may cancel and pause.
    error Guardian__NotHolder(address caller);
    /// @notice The term is over.
    error Guardian__Expired(uint256 expiredAt);
    /// @notice The proposal is about the Guardian.
    error Guardian__AboutItself();
    /// @notice Proposals are cancelled at the two governors.
    error Guardian__UnknownGovernor(address governor);
    /// @notice Only the constitutional timelock renews.
    error Guardian__OnlyTimelock(address caller);
    /// @notice Nobody cannot hold it.
    error Guardian__ZeroAddress();

    /// @notice Cancels a proposal that was not executed yet. Only the holder.
    function cancel(
        address governor,
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata calldatas,
        bytes32 descriptionHash
    ) external;
    /// @notice Stops early exits and large jobs for `durationS`. Only the holder.
    function pause(uint256 durationS) external;
    /// @notice Begins a new term, with this holder. Only the constitutional timelock.
    function renew(address newHolder) external;

    function holder() external view returns (address);
    /// @notice Unix second from which the Guardian can do nothing.
    function expiresAt() external view returns (uint256);
    function params() external view returns (address);
    function constitutionalTimelock() external view returns (address);
    function standardGovernor() external view returns (address);
    function constitutionalGovernor() external view returns (address);
}
