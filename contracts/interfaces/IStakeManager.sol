// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Registration, stake, delegation, per-job locks and slashes of providers
/// @notice A provider is its owner address (cold key). Its operator (hot key) signs offers and acts
/// in jobs; money only ever reaches the owner. Anyone may delegate to a provider: delegated stake
/// earns and is slashed, but backs no job. An epoch is a week: unix seconds / 604800.
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
    /// @notice Tokens became shares of the provider's pool.
    event Delegated(address indexed provider, address indexed delegator, uint256 amount, uint256 shares);
    /// @notice Shares of the pool became `amount` wei of what unbonds.
    event UndelegationRequested(
        address indexed provider, address indexed delegator, uint256 shares, uint256 amount, uint256 readyAt
    );
    event UndelegationWithdrawn(address indexed provider, address indexed delegator, uint256 amount);
    /// @param since unix seconds from which the commission is `bps`
    event CommissionChanged(address indexed provider, uint256 bps, uint256 since);
    /// @notice Delegators were slashed: part of the amount that the next event of `slashId` (of a
    /// time-out: the job) tells.
    event DelegationSlashed(
        address indexed provider, bytes32 indexed slashId, uint256 fromPool, uint256 fromUnbonding
    );
    /// @notice A vote lowered a held slash to `amount`; the rest went back where it came from.
    event SlashReduced(bytes32 indexed slashId, uint256 amount, uint256 toOwn, uint256 toPool);
    /// @notice The vault refused its part of a slash; `slashVesting` asks again.
    event VestingSlashFailed(bytes32 indexed slashId);
    /// @notice What the vault gave later was split.
    event VestingSlashSplit(bytes32 indexed slashId, uint256 amount, uint256 burned, uint256 toInsurance);
    /// @notice The provider's delegators earned; EmissionController keeps the tokens.
    event RewardNotified(address indexed provider, uint256 amount);
    event RewardTaken(address indexed provider, address indexed delegator, uint256 amount);

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
    /// @notice Only the market, the courts and, for locks, the channels may do this.
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
    /// @notice The delegator has fewer shares of the provider's pool.
    error StakeManager__TooFewShares(address provider, address delegator, uint256 shares, uint256 needed);
    /// @notice The commission is above what is allowed.
    error StakeManager__CommissionTooHigh(uint256 bps, uint256 max);
    /// @notice Nobody delegates to the provider.
    error StakeManager__NoDelegators(address provider);
    /// @notice Weights are known of the present and of the last epoch.
    error StakeManager__UnknownEpoch(uint256 epoch, uint256 present);
    /// @notice Only the VestingVault tells of early exits.
    error StakeManager__OnlyVault(address caller);
    /// @notice Only the EmissionController accounts rewards.
    error StakeManager__OnlyEmission(address caller);
    /// @notice Only the Standard timelock lowers slashes.
    error StakeManager__OnlyTimelock(address caller);
    /// @notice A slash can only be lowered.
    error StakeManager__NotLower(bytes32 slashId, uint256 booked, uint256 amount);
    /// @notice The vault owes nothing for this slash.
    error StakeManager__NothingToSlash(bytes32 slashId);

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

    // --- delegation ---
    /// @notice Gives tokens to a provider's pool, for shares of it. They earn with the provider, up
    /// to delegationMultiple times its own stake, and are slashed with it.
    function delegate(address provider, uint256 amount) external;
    /// @notice Takes shares out of the pool. What they are worth unbonds for unbondingS, slashable
    /// until then; a further request merges and restarts the clock.
    function requestUndelegation(address provider, uint256 shares) external;
    /// @notice Pays finished unbonding of delegated stake to the caller. Cannot be paused.
    function withdrawUndelegated(address provider) external returns (uint256 amount);
    /// @notice Sets the provider's part of what its delegators earn: a cut at once, a rise after
    /// COMMISSION_NOTICE_S; each call replaces a rise that waits. Owner only.
    function setCommission(uint256 bps) external;
    /// @notice Reports to VotingPower what a delegation is worth now; slashes of a pool do not.
    /// Anyone.
    function syncVotes(address provider, address delegator) external;
    /// @notice Accounts a reward to the delegators of a provider, by shares. Only EmissionController,
    /// which keeps the tokens.
    function notifyReward(address provider, uint256 amount) external;
    /// @notice Takes what a delegator earned. Only EmissionController, which pays it.
    function takeReward(address provider, address delegator) external returns (uint256 amount);
    /// @notice Multiplies the age of the own stake by kept / whole; does nothing without a stake, and
    /// never makes it older. Only the vault, on an early exit.
    function scaleAge(address provider, uint256 kept, uint256 whole) external;

    // --- seats ---
    /// @notice Takes seats in a pool of auditors: a promise to audit and judge jobs of its models.
    /// Every seat needs SEAT_WEI of own stake, and is live from the next second on. Owner only.
    function takeSeats(bytes12 pool, uint256 count) external;
    /// @notice Leaves seats from the next second on; those drawn already keep their duty. Owner only.
    function leaveSeats(bytes12 pool, uint256[] calldata indices) external;
    /// @notice Ends seats whose owner's stake no longer backs all of its seats. Anyone. Passes
    /// over seats that ended and those that are backed.
    function pruneSeats(bytes12 pool, uint256[] calldata indices) external;

    /// @notice Ties free own stake to a job, an audit or a bond. Only the market, the
    /// courts and the channels.
    function lock(address provider, bytes32 jobId, uint256 amount) external;

    /// @notice Frees a lock. Only the market, the courts and the channels.
    function unlock(address provider, bytes32 jobId, uint256 amount) external;

    /// @notice Frees the lock of a job whose provider missed a deadline, and slashes.
    /// Only the market. `full` false: noShowBps of the lock. `full` true: the whole lock and
    /// stakeSlashBps of own, delegated and unbonding stake, never touching other jobs' locks.
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
    /// The job lock (for a settled job: as much free stake), any bond lock, and stakeSlashBps
    /// (forgery: forgerySlashBps) of own and unbonding stake, never touching other locks; beside it
    /// stakeSlashBps (forgery: DELEGATED_FORGERY_BPS) of delegated stake, unbonding included. Courts.
    /// @dev With ProtocolParams: when the bookings of a day (UTC) are above dailySlashBps of all
    /// stake as it was before the booking, it is held SLASH_LONG_HOLD_S instead, so that a vote can
    /// lower it; above BREAKER_SLASH_BPS the breaker trips.
    function bookSlash(Verdict calldata verdict) external;
    /// @notice Lowers a held slash to `amount`. What is taken off returns to where it came from: in
    /// proportion to the pool (at most as much as is in it), the rest to the provider's own stake.
    /// The vault's part is lowered in proportion, too. Only the Standard timelock.
    function reduceSlash(bytes32 slashId, uint256 amount) external;
    /// @notice Splits a held slash and what the vault adds to it (vestSlashBps of what is unvested,
    /// forgery: all): burn, client (at most the price), finder (at most 5 prices), judges, insurance.
    /// Anyone, after the hold. A vault that refuses stops nothing.
    function finalizeSlash(bytes32 slashId) external;
    /// @notice Asks a vault again that refused its part; burn and insurance share it. Anyone.
    function slashVesting(bytes32 slashId) external;

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
    /// @notice Whether a slash of the provider is booked, and not yet taken from stake and vault.
    function hasPendingSlash(address provider) external view returns (bool);
    /// @notice What a client lost by a job that was proven wrong after it was paid: the price less
    /// the client's share of the slash. Zeros unless the slash is final, late and not voted down to 0.
    function lossOf(bytes32 slashId) external view returns (address client, uint256 amount);
    /// @notice Own stake, and the delegated stake that counts beside it, as they stood at the end of
    /// `epoch`, the last one or the present one; the present delegationMultiple applies.
    function weightAt(address provider, uint256 epoch) external view returns (uint256 own, uint256 counted);
    /// @notice Loyalty: seconds since the own stake was staked, averaged over additions, lowered by
    /// early exits. Zero without own stake.
    function ageOf(address provider) external view returns (uint256 ageS);
    /// @notice Own and delegated stake of all providers, without what unbonds, in wei.
    function totalStakeWei() external view returns (uint256);
    /// @notice A delegation: shares, what they are worth, what unbonds and from when; wei, unix seconds.
    function delegationOf(address provider, address delegator)
        external
        view
        returns (uint256 shares, uint256 amountWei, uint256 unbondingWei, uint256 readyAt);
    /// @notice What a delegator earned and did not take yet, in wei.
    function rewardOf(address provider, address delegator) external view returns (uint256);
    /// @notice The pool of a provider and the commission as it applies now.
    function poolStakeOf(address provider)
        external
        view
        returns (uint256 delegatedWei, uint256 shares, uint256 commissionBps);
    /// @notice Delegated stake of a provider that unbonds, in wei, and the shares of it.
    function undelegatingOf(address provider) external view returns (uint256 unbondingWei, uint256 shares);
    /// @notice The commission that will apply, and from when: the present one and 0 if none waits.
    function commissionOf(address provider) external view returns (uint256 nextBps, uint256 since);
    /// @notice Sum of held slashes.
    function heldWei() external view returns (uint256);
    function auditCourt() external view returns (address);
    function disputeCourt() external view returns (address);
    function insuranceWei() external view returns (uint256);
    function insurance() external view returns (address);
    function market() external view returns (address);
    function channels() external view returns (address);
    function vault() external view returns (address);
    function votes() external view returns (address);
    function emission() external view returns (address);
    function token() external view returns (address);
}
