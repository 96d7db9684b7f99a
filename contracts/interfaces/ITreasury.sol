// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Tokens that voters may spend, slowly
/// @notice Only what came by `fund` or `collectGrant` counts; tokens sent without a call belong to
/// nobody. Within any 30 days the Standard timelock pays at most treasuryStandardBps, and the
/// Constitutional one treasuryConstitutionalBps, of the base: what is held now and what both paid
/// in these 30 days. That is what was held when the window began and what came in since.
/// @dev A payment counts for its calendar day (UTC) and the 30 days after it: never for less than 30
/// days, never for more than 31. Assumptions for correctness: the grants are VestingWallets of
/// OpenZeppelin whose beneficiary is this contract. For liveness: none.
interface ITreasury {
    event TreasuryFunded(address indexed from, uint256 amount);
    event TreasuryPaid(address indexed by, address indexed to, uint256 amount, string reason);
    event GrantCollected(address indexed wallet, uint256 amount);

    /// @notice Only the two timelocks may pay.
    error Treasury__OnlyTimelock(address caller);
    /// @notice The payment is above what the caller may still pay in these 30 days.
    error Treasury__OverLimit(uint256 amount, uint256 left);
    /// @notice A payment to nobody, or to the treasury itself.
    error Treasury__BadPayee(address to);
    /// @notice Zero tokens were to be moved.
    error Treasury__ZeroAmount();
    /// @notice The wallet is not one of the grants named at deployment.
    error Treasury__UnknownGrant(address wallet);

    /// @notice Takes tokens from the caller's allowance and counts them.
    function fund(uint256 amount) external;
    /// @notice Pays within the caller's limit. Only the timelocks.
    /// @param reason for the record; the contract does not read it
    function pay(address to, uint256 amount, string calldata reason) external;
    /// @notice Releases what a grant has vested and counts it. Anybody may call it; what somebody
    /// released by calling the wallet itself is counted here, too.
    function collectGrant(address wallet) external;

    /// @notice Counted tokens, in wei.
    function holdings() external view returns (uint256);
    /// @notice What a timelock has paid in the present window, in wei.
    function paidIn30Days(address timelock) external view returns (uint256);
    /// @notice What a timelock may still pay at once, in wei. Zero for anybody else.
    function leftOf(address timelock) external view returns (uint256);
    /// @notice Released tokens of a grant that are counted, in wei.
    function collectedOf(address wallet) external view returns (uint256);
    function isGrant(address wallet) external view returns (bool);
    function token() external view returns (address);
    function params() external view returns (address);
    function standardTimelock() external view returns (address);
    function constitutionalTimelock() external view returns (address);
}
