// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Registration, stake, per-job locks and slashes of providers
/// @notice A provider is its owner address (cold key). Its operator (hot key) signs offers and acts
/// in jobs; money only ever reaches the owner.
/// @dev Assumptions for correctness: the token moves exactly what it is asked to, has no hooks, and
/// returns true or reverts; the market releases or slashes each lock once. Assumptions for
/// liveness: none; leaving needs only time.
interface IStakeManager {
    /// @notice Stake of one provider, all in wei. own >= locked always.
    struct Stake {
        uint96 own; // counts, backs locks; includes locked
        uint96 locked; // part of own tied to live jobs
        uint96 unbonding; // asked for, still slashable, backs nothing
        uint40 unbondingReadyAt; // unix seconds from which unbonding can be withdrawn
    }

    event ProviderRegistered(address indexed provider, address indexed operator);
    event OperatorChanged(address indexed provider, address indexed operator);
    /// @notice Where the node of the provider answers; a claim of the provider, never trusted.
    event EndpointChanged(address indexed provider, string endpoint);
    event Staked(address indexed provider, uint256 amount, uint256 own);
    event UnbondingRequested(address indexed provider, uint256 amount, uint256 unbonding, uint256 readyAt);
    event UnbondingWithdrawn(address indexed provider, uint256 amount);
    event StakeLocked(address indexed provider, bytes32 indexed jobId, uint256 amount);
    event StakeUnlocked(address indexed provider, bytes32 indexed jobId, uint256 amount);
    event Slashed(
        address indexed provider,
        bytes32 indexed jobId,
        uint256 amount,
        uint256 burned,
        uint256 toClient,
        uint256 toInsurance
    );
    event InsuranceCollected(address indexed insurance, uint256 amount);

    /// @notice A zero address was given where a real one is needed.
    error StakeManager__ZeroAddress();
    /// @notice A zero amount was given.
    error StakeManager__ZeroAmount();
    /// @notice The amount does not fit the packed record.
    error StakeManager__AmountTooLarge(uint256 amount, uint256 max);
    /// @notice The caller is registered already.
    error StakeManager__AlreadyRegistered(address provider);
    /// @notice The address is not a registered provider.
    error StakeManager__NotRegistered(address provider);
    /// @notice Only the owner or the operator of the provider may do this.
    error StakeManager__NotOwnerNorOperator(address provider, address caller);
    /// @notice Only the JobMarket may lock, unlock and slash for time-outs.
    error StakeManager__OnlyMarket(address caller);
    /// @notice Only the insurance address may collect its share.
    error StakeManager__OnlyInsurance(address caller);
    /// @notice Free own stake does not cover the amount.
    error StakeManager__InsufficientFree(address provider, uint256 free, uint256 needed);
    /// @notice Own stake is under the minimum for taking jobs.
    error StakeManager__BelowMinimum(address provider, uint256 own, uint256 needed);
    /// @notice The unbonding time is not over.
    error StakeManager__UnbondingNotFinished(address provider, uint256 readyAt, uint256 time);
    /// @notice Nothing is unbonding.
    error StakeManager__NothingUnbonding(address provider);

    /// @notice Registers the caller as a provider with a hot operator key and an endpoint.
    function register(address operator, string calldata endpoint) external;

    /// @notice Replaces the operator key at once. Only the owner.
    function setOperator(address operator) external;

    /// @notice Announces where the node answers. Only the owner or its operator.
    /// @param provider the provider whose endpoint changes
    function setEndpoint(address provider, string calldata endpoint) external;

    /// @notice Adds own stake from the caller's tokens.
    function stake(uint256 amount) external;

    /// @notice Adds own stake with an ERC-2612 permit; a permit that was used already does no harm.
    function stakeWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Starts unbonding free stake; merges with what unbonds already and restarts the clock.
    function requestUnbonding(uint256 amount) external;

    /// @notice Pays finished unbonding to the owner. Cannot be paused.
    function withdrawUnbonded() external returns (uint256 amount);

    /// @notice Ties free own stake to a job. Only the market.
    function lock(address provider, bytes32 jobId, uint256 amount) external;

    /// @notice Frees the lock of a finished job. Only the market.
    function unlock(address provider, bytes32 jobId, uint256 amount) external;

    /// @notice Frees the lock of a job whose provider missed a deadline, and slashes.
    /// Only the market. `full` false: noShowBps of the lock. `full` true: the whole lock and
    /// stakeSlashBps of own and unbonding stake, never touching other jobs' locks.
    /// @param price price of the job, the cap of the client's share
    /// @return toClient wei sent to the market for the client
    function slashTimeout(address provider, bytes32 jobId, uint256 amount, uint256 price, bool full)
        external
        returns (uint256 toClient);

    /// @notice Pays the accumulated insurance share to the insurance address.
    function collectInsurance() external returns (uint256 amount);

    function operatorOf(address provider) external view returns (address);
    function stakeOf(address provider) external view returns (Stake memory);
    /// @notice Own stake not tied to jobs, in wei.
    function freeOf(address provider) external view returns (uint256);
    function insuranceWei() external view returns (uint256);
    function insurance() external view returns (address);
    function market() external view returns (address);
    function token() external view returns (address);
}
