// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Rewards that vest in weekly steps, and the early exit from them
/// @notice Every account has 26 weekly buckets at most, however many deposits it had. A deposit
/// vests linearly from the next epoch on, over a number of weeks fixed when it is made. Who leaves
/// early pays a penalty to those who stay, to insurance and to the fire. Epoch = unix seconds / 604800.
/// @dev Assumptions for correctness: the token moves what it is asked to; StakeManager slashes
/// final verdicts only. For liveness: none; `release` cannot be paused, limited or redirected, and
/// by the account itself asks no other contract than the token. Votes are reported with a fixed
/// amount of gas; what VotingPower refuses is kept, and `syncVotes` repeats it.
interface IVestingVault {
    event VestingDeposited(address indexed account, uint256 amount, uint256 epochs);
    event Released(address indexed account, uint256 amount);
    event ExitRequested(address indexed account, uint256 amount, uint256 readyAt, uint256 expiresAt);
    event ExitExecuted(
        address indexed account,
        uint256 amount,
        uint256 penalty,
        uint256 toHolders,
        uint256 burned,
        uint256 toInsurance
    );
    event VestingSlashed(address indexed account, bytes32 indexed slashId, uint256 amount);
    /// @notice Penalty income of an account entered its buckets.
    event IncomeCredited(address indexed account, uint256 amount);
    /// @notice VotingPower refused a change of votes; `syncVotes` repeats it.
    event VotesOwed(address indexed account, int256 change);

    /// @notice Only FeeRouter and EmissionController deposit.
    error VestingVault__OnlyDepositor(address caller);
    /// @notice Only the StakeManager slashes.
    error VestingVault__OnlyStakeManager(address caller);
    /// @notice Only the account or its operator.
    error VestingVault__NotOwnerNorOperator(address account, address caller);
    /// @notice The amount does not fit the packed record.
    error VestingVault__AmountTooLarge(uint256 amount, uint256 max);
    /// @notice A zero amount was given.
    error VestingVault__ZeroAmount();
    /// @notice Nothing is releasable yet.
    error VestingVault__NothingToRelease(address account);
    /// @notice No exit was requested, or nothing is left unvested.
    error VestingVault__NothingToExit(address account);
    /// @notice The notice of 24 hours is not over.
    error VestingVault__NoticeNotOver(uint256 readyAt, uint256 time);
    /// @notice The exit was not executed within 72 hours of its notice; request it again.
    error VestingVault__NoticeExpired(uint256 expiredAt, uint256 time);
    /// @notice The penalty is higher than the caller accepts.
    error VestingVault__PenaltyTooHigh(uint256 penaltyBps, uint256 maxBps);
    /// @notice A slash of the account is pending.
    error VestingVault__SlashPending(address account);
    /// @notice This epoch's allowance is used up; try again next epoch.
    error VestingVault__OutflowLimit(address account, uint256 epoch);
    /// @notice The breaker stops early exits.
    error VestingVault__Paused(uint256 until);
    /// @notice Too little gas is left to report votes: nobody keeps votes by being short of gas.
    error VestingVault__TooLittleGas(uint256 left, uint256 needed);

    /// @notice Takes `amount` from the caller's tokens into the account's buckets. FeeRouter and
    /// EmissionController.
    function deposit(address account, uint256 amount) external;
    /// @notice Pays what has vested to the account. The account or its operator.
    function release(address account) external returns (uint256 amount);
    /// @notice Announces an early exit of up to `amount` of unvested wei; replaces an earlier one.
    function requestExit(uint256 amount) external;
    /// @notice Leaves early with as much of the announced amount as the epoch allows, within 72
    /// hours after the notice of 24. What the limiter leaves over stays announced.
    /// @param maxPenaltyBps highest penalty that the caller accepts, of the amount
    function executeExit(uint256 maxPenaltyBps) external returns (uint256 paid, uint256 penalty);
    /// @notice Takes `bps` of what is unvested and sends it to the StakeManager. Only the
    /// StakeManager, for a final verdict.
    function slash(address account, bytes32 slashId, uint256 bps) external returns (uint256 taken);

    /// @notice Reports to VotingPower what it refused before. Anyone; does nothing if nothing is owed.
    function syncVotes(address account) external;

    /// @notice Liability towards an account, in wei: unvested and releasable; penalty income that
    /// it has not settled yet is left out. These are its votes.
    function heldOf(address account) external view returns (uint256);
    /// @notice What `release` would pay now, penalty income included.
    function releasableOf(address account) external view returns (uint256);
    /// @notice What would be left unvested after a release now.
    function unvestedOf(address account) external view returns (uint256);
    /// @notice Penalty of an exit of `amount` now, in wei.
    function penaltyOf(address account, uint256 amount) external view returns (uint256);
    /// @notice What an account could still take out early in this epoch, in wei: the least of its
    /// allowance, what the window has left, and what is unvested.
    function allowanceOf(address account) external view returns (uint256);
    /// @notice What becomes releasable in each of the next 26 epochs, in wei; with `releasableOf`
    /// it sums to what the account has.
    function scheduleOf(address account) external view returns (uint256[26] memory);
    /// @notice The announced exit: how much, from when, until when; zeros if none.
    function exitOf(address account)
        external
        view
        returns (uint256 amount, uint256 readyAt, uint256 expiresAt);
    function totalHeld() external view returns (uint256);
    /// @notice Penalty income that holders have not settled yet, in wei.
    function undistributed() external view returns (uint256);
    /// @notice Early exits of an epoch: how much may leave in all, and has left, in wei; zeros until
    /// its first exit.
    function windowOf(uint256 epoch) external view returns (uint256 cap, uint256 used);
    /// @notice Change of votes that VotingPower has refused, in wei.
    function votesOwedOf(address account) external view returns (int256);
}
