// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What emission asks the StakeManager
interface IStakeWeights {
    function operatorOf(address provider) external view returns (address);
    /// @notice Own stake and the delegated stake that counts, as they stood at the end of an epoch,
    /// the last or the present one.
    function weightAt(address provider, uint256 epoch)
        external
        view
        returns (uint256 own, uint256 counted);
    /// @notice Age of the stake in seconds, lowered by additions and early exits.
    function ageOf(address provider) external view returns (uint256 ageS);
    /// @notice Own and delegated stake of all providers, without what unbonds.
    function totalStakeWei() external view returns (uint256);
    function poolStakeOf(address provider)
        external
        view
        returns (uint256 delegatedWei, uint256 shares, uint256 commissionBps);
    /// @notice Accounts a reward to the provider's delegators.
    function notifyReward(address provider, uint256 amount) external;
    /// @notice Takes what the delegator's shares earned since; the caller pays it.
    function takeReward(address provider, address delegator) external returns (uint256 amount);
}
