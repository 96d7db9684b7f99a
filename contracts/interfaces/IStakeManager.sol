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
        uint96 locked; // part of own tied to live jobs, audits and bonds
        uint32 seats; // seats in auditor pools; own >= seats * SEAT_WEI when they are taken
        uint96 unbonding; // asked for, still slashable, backs nothing
        uint40 unbondingReadyAt; // unix seconds from which unbonding can be withdrawn
    }

    /// @notice A verdict against a provider, as a court books it.
    struct Verdict {
        bytes32 slashId; // of the court; once
        bytes32 jobId;
        address provider;
        uint96 lockAmount; // wei of the job's lock
        uint96 bondAmount; // wei locked as the provider's bond under lock id slashId; 0 if none
        uint96 price; // wei of the job: the cap of the client's share
        address client;
        address finder; // zero: nobody
        bool isForgery;
        bool isLate; // the job's lock was freed already
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
    /// @param firstIndex of the seats in the pool's list
    event SeatsTaken(address indexed provider, bytes12 indexed pool, uint256 count, uint256 firstIndex);
    event SeatsLeft(address indexed provider, bytes12 indexed pool, uint256[] indices);
    /// @notice Part of a lock was taken: a penalty that no verdict is needed for.
    event LockSlashed(address indexed owner, bytes32 indexed lockId, uint256 amount, uint256 burned, uint256 toInsurance);
    /// @notice A slash by verdict left the provider's stake and is held.
    event SlashBooked(bytes32 indexed slashId, bytes32 indexed jobId, address indexed provider, uint256 amount, uint256 readyAt);
    event SlashFinalized(
        bytes32 indexed slashId, uint256 burned, uint256 toClient, uint256 toFinder, uint256 toJudges, uint256 toInsurance
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
    /// @notice Only the market and the courts may do this.
    error StakeManager__OnlyCourt(address caller);
    /// @notice The stake behind seats cannot unbond; leave the seats first.
    error StakeManager__SeatsTaken(address provider, uint256 seats, uint256 ownLeft, uint256 needed);
    /// @notice Own stake does not back so many seats.
    error StakeManager__SeatsUnbacked(address provider, uint256 own, uint256 needed);
    /// @notice More seats in one call than allowed, or none.
    error StakeManager__BadCount(uint256 count, uint256 max);
    /// @notice The seat is not a live one of the caller.
    error StakeManager__NotYourSeat(bytes12 pool, uint256 index, address caller);
    /// @notice The slash is not held, or not long enough.
    error StakeManager__SlashNotReady(bytes32 slashId, uint256 readyAt, uint256 time);
    /// @notice The slash was booked already.
    error StakeManager__SlashExists(bytes32 slashId);
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

    // --- seats ---
    /// @notice Takes seats in a pool of auditors: a promise to audit and judge jobs of its models.
    /// Every seat needs SEAT_WEI of own stake, and is live from the next second on. Owner only.
    function takeSeats(bytes12 pool, uint256 count) external;
    /// @notice Leaves seats from the next second on; those drawn already keep their duty. Owner only.
    function leaveSeats(bytes12 pool, uint256[] calldata indices) external;
    /// @notice Ends seats whose owner's stake no longer backs all of its seats. Anyone. Passes
    /// over seats that ended and those that are backed.
    function pruneSeats(bytes12 pool, uint256[] calldata indices) external;

    /// @notice Ties free own stake to a job, an audit or a bond. Only the market and the courts.
    function lock(address provider, bytes32 jobId, uint256 amount) external;

    /// @notice Frees a lock. Only the market and the courts.
    function unlock(address provider, bytes32 jobId, uint256 amount) external;

    /// @notice Frees the lock of a job whose provider missed a deadline, and slashes.
    /// Only the market. `full` false: noShowBps of the lock. `full` true: the whole lock and
    /// stakeSlashBps of own and unbonding stake, never touching other jobs' locks.
    /// @param price price of the job, the cap of the client's share
    /// @return toClient wei sent to the market for the client
    function slashTimeout(address provider, bytes32 jobId, uint256 amount, uint256 price, bool full)
        external
        returns (uint256 toClient);

    /// @notice Frees a lock of `amount` and takes `taken` of it: SLASH_BURN_BPS burned, the rest
    /// insurance. Only the courts.
    function slashLock(address owner, bytes32 lockId, uint256 amount, uint256 taken) external;
    /// @notice Takes up to `amount` of stake that is not locked, unbonding first; split as
    /// `slashLock`. Only the courts.
    /// @return taken what could be taken
    function slashFree(address owner, bytes32 lockId, uint256 amount) external returns (uint256 taken);
    /// @notice Takes the slash of a verdict out of the provider's stake and holds it SLASH_HOLD_S.
    /// The job lock (for a settled job: as much free stake), any bond lock, and STAKE_SLASH_BPS
    /// (forgery: FORGERY_SLASH_BPS) of own and unbonding stake, never touching other locks. Courts.
    function bookSlash(Verdict calldata verdict) external;
    /// @notice Splits a held slash: burn, client (at most the price), finder (at most 5 prices),
    /// judges, insurance. Anyone, after the hold.
    function finalizeSlash(bytes32 slashId) external;

    /// @notice Pays the accumulated insurance share to the insurance address.
    function collectInsurance() external returns (uint256 amount);

    function operatorOf(address provider) external view returns (address);
    function stakeOf(address provider) external view returns (Stake memory);
    /// @notice Own stake not tied to jobs, in wei.
    function freeOf(address provider) external view returns (uint256);
    /// @notice A seat as it stands in its list.
    function seatAt(bytes12 pool, uint256 index)
        external
        view
        returns (address owner, uint40 since, uint40 until);
    /// @notice Seats that were listed at a time (since <= time), ended since or not. For a time that
    /// is not in the future the answer never changes.
    function seatCountAt(bytes12 pool, uint256 time) external view returns (uint256);
    /// @notice Live seats, and owners with at least one.
    function poolOf(bytes12 pool) external view returns (uint256 liveSeats, uint256 owners);
    /// @notice A held slash: who, how much, from when it can be split; zeros if none.
    function heldSlashOf(bytes32 slashId) external view returns (address provider, uint256 amount, uint256 readyAt);
    /// @notice Sum of held slashes.
    function heldWei() external view returns (uint256);
    function auditCourt() external view returns (address);
    function disputeCourt() external view returns (address);
    function insuranceWei() external view returns (uint256);
    function insurance() external view returns (address);
    function market() external view returns (address);
    function token() external view returns (address);
}
