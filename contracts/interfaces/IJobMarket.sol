// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Job, JobSpec, JobState, Offer, Opening, Payment} from "../types/Job.sol";

/// @title The ledger of clients and the lifecycle of jobs
/// @notice A client's money is free, in the escrow of a job, or gone to a provider; nowhere else.
/// Every warm state has a deadline after which anyone may call `expire` or `settle`.
/// @dev Assumptions for correctness: the token moves exactly what it is asked to and has no hooks;
/// the beacon's value is unknown when a commitment is made; the StakeManager reports a client's
/// share of a slash only after sending it. Assumptions for liveness: some party calls after a
/// deadline; no call depends on another party's cooperation. Closing a lock is tried in the same
/// call but never a condition of a refund or a payment (`closeLock` repeats it). A court's money is
/// its own free balance here: the AuditCourt's is the audit pool, the DisputeCourt's are bonds and
/// judges' shares.
interface IJobMarket {
    event Deposited(address indexed client, uint256 amount);
    event Withdrawn(address indexed client, uint256 amount);
    /// @dev `open` emits it with the price and lock of the offer, its `validUntil` as deadline, and
    /// an empty source, followed by JobAssigned.
    /// @param source where the input can be fetched now; a hint of the client, never trusted
    event JobPosted(
        bytes32 indexed jobId,
        address indexed client,
        JobSpec spec,
        bytes32 salt,
        uint256 maxPrice,
        uint256 minLock,
        uint256 deadline,
        string source
    );
    /// @notice The audit terms of an assigned job, fixed for ever; only where audits are on.
    /// @param held wei escrowed beside the price: the premium, or the whole audit pay
    event AuditTermsFrozen(bytes32 indexed jobId, uint256 pEconBps, uint256 pBps, uint256 held);
    /// @notice A court moved the job.
    /// @param refund wei returned to the client's free balance
    event JobMoved(bytes32 indexed jobId, JobState from, JobState to, uint256 deadline, uint256 refund);
    /// @notice A slot was skipped: the challenge window of the job doubles.
    event WindowDoubled(bytes32 indexed jobId, uint256 window);
    /// @notice Free balance moved into a court: a bond, or money for the audit pool.
    event Collected(address indexed from, address indexed court, uint256 amount);
    /// @notice Money moved out of a court.
    /// @param asEarned whether it can be harvested by a provider, or is free balance of a client
    event CourtPaid(address indexed court, address indexed to, uint256 amount, bool asEarned);
    /// @notice What a job paid into the audit pool: premium, and the provider's surcharge.
    event AuditFeesPaid(bytes32 indexed jobId, uint256 toPool, uint256 surcharge, uint256 returned);
    /// @notice Shares of a slash by verdict arrived.
    event SlashSplit(
        bytes32 indexed slashId, address indexed client, uint256 toClient, address indexed finder, uint256 toFinder, address court, uint256 toJudges
    );
    event JobAssigned(
        bytes32 indexed jobId, address indexed client, address indexed provider, uint256 price, uint256 lock, uint256 deadline
    );
    event JobCommitted(
        bytes32 indexed jobId, bytes32 commitment, int8 shift, bytes envelopeCid, uint64 round, uint256 deadline
    );
    /// @notice The round had lapsed unused; a new one was requested.
    event DrawRenewed(bytes32 indexed jobId, uint64 round);
    event SeedDrawn(bytes32 indexed jobId, bytes32 seed0, bool audited, uint256 deadline);
    event JobRevealed(
        bytes32 indexed jobId, bytes32 outRoot, bytes envelopeCid, bytes32 resultKey, bytes32 seed0, uint256 deadline
    );
    event JobConfirmed(bytes32 indexed jobId);
    event JobInvalid(bytes32 indexed jobId, uint256 refund);
    event JobSettled(bytes32 indexed jobId, address indexed provider, uint256 paid);
    event SettleSkipped(bytes32 indexed jobId, JobState found);
    /// @notice The client withdrew its listing, or the provider handed the job back: the record then
    /// names a provider.
    event JobCancelled(bytes32 indexed jobId, uint256 refund);
    /// @param state the timeout state; its name says who missed the deadline
    event JobExpired(bytes32 indexed jobId, JobState state, uint256 refund);
    event SlashShareCredited(bytes32 indexed jobId, address indexed client, uint256 amount);
    /// @notice The lock could not be closed now; `closeLock` repeats it. No money of others waits.
    event LockCloseFailed(bytes32 indexed jobId);
    event Harvested(address indexed provider, uint256 amount);

    /// @notice The job is not in a state that allows the call. `found` counts time-outs in; `needed`
    /// is None where several states would do (`expire`).
    error JobMarket__WrongState(bytes32 jobId, JobState found, JobState needed);
    /// @notice The job exists already; the same client, salt and spec were used before.
    error JobMarket__JobExists(bytes32 jobId, JobState found);
    /// @notice The caller is not the client of the job.
    error JobMarket__NotClient(bytes32 jobId, address caller);
    /// @notice The caller is not the operator of the provider.
    error JobMarket__NotOperator(address provider, address caller);
    /// @notice Only the owner or the operator of the provider may do this.
    error JobMarket__NotOwnerNorOperator(address provider, address caller);
    /// @notice Free balance does not cover the amount.
    error JobMarket__InsufficientFree(address client, uint256 free, uint256 needed);
    /// @notice A zero amount was given.
    error JobMarket__ZeroAmount();
    /// @notice The amount does not fit the packed record.
    error JobMarket__AmountTooLarge(uint256 amount, uint256 max);
    /// @notice A field of the spec is out of its range. `field` is its ASCII name.
    error JobMarket__BadSpec(bytes32 field, uint256 value, uint256 min, uint256 max);
    /// @notice The listing deadline lies in the past or too far ahead.
    error JobMarket__BadDeadline(uint256 deadline, uint256 min, uint256 max);
    /// @notice The price is above what the client listed.
    error JobMarket__PriceTooHigh(bytes32 jobId, uint256 price, uint256 maxPrice);
    /// @notice The lock is under the minimum.
    error JobMarket__LockTooSmall(uint256 lock, uint256 needed);
    /// @notice The offer has expired.
    error JobMarket__OfferExpired(bytes32 offerHash, uint256 validUntil);
    /// @notice The offer is valid for longer than allowed.
    error JobMarket__OfferTooLong(bytes32 offerHash, uint256 validUntil, uint256 max);
    /// @notice The offer was made to another client.
    error JobMarket__OfferNotForCaller(bytes32 offerHash, address client, address caller);
    /// @notice The offer was made for another spec.
    error JobMarket__OfferForOtherSpec(bytes32 offerHash, bytes32 offered, bytes32 given);
    /// @notice The nonce of the offer was used or revoked.
    error JobMarket__NonceUsed(address provider, uint256 nonce);
    /// @notice The offer is not signed by the provider's operator.
    error JobMarket__BadSignature(bytes32 offerHash);
    /// @notice The deadline has passed; call `expire`.
    error JobMarket__DeadlinePassed(bytes32 jobId, uint256 deadline, uint256 time);
    /// @notice The deadline has not passed yet.
    error JobMarket__DeadlineNotPassed(bytes32 jobId, uint256 deadline, uint256 time);
    /// @notice The round of the draw is not ready.
    error JobMarket__RoundPending(bytes32 jobId, uint64 round);
    /// @notice The seed was drawn already.
    error JobMarket__AlreadyDrawn(bytes32 jobId);
    /// @notice An audited result stays open to challenges until its window ends.
    error JobMarket__NotConfirmable(bytes32 jobId);
    /// @notice The seed has not been drawn yet.
    error JobMarket__NotDrawn(bytes32 jobId);
    /// @notice The opening does not match the commitment.
    error JobMarket__WrongOpening(bytes32 jobId, bytes32 found, bytes32 needed);
    /// @notice The shift of a projection is outside -16 .. 16.
    error JobMarket__BadShift(bytes32 jobId, int8 shift);
    /// @notice The spec and salt given are not those of the job.
    error JobMarket__WrongSpec(bytes32 jobId, bytes32 found);
    /// @notice Only the AuditCourt and the DisputeCourt may do this.
    error JobMarket__OnlyCourt(address caller);
    /// @notice The breaker stops new jobs over breakerJobWei until then.
    error JobMarket__Paused(uint256 price, uint256 until);
    /// @notice Only the StakeManager may do this.
    error JobMarket__OnlyStakeManager(address caller);
    /// @notice A court cannot move a job between these states.
    error JobMarket__BadMove(bytes32 jobId, JobState from, JobState to);
    /// @notice A commitment of zero is refused.
    error JobMarket__ZeroCommitment(bytes32 jobId);
    /// @notice A CID is empty or longer than allowed.
    error JobMarket__BadCid(uint256 length, uint256 max);
    /// @notice The lock of the job is closed, or the job is still live.
    error JobMarket__LockNotClosable(bytes32 jobId, JobState found);
    /// @notice Nothing was earned.
    error JobMarket__NothingEarned(address provider);

    // --- client money ---
    /// @notice Credits the caller's free balance from its tokens.
    function deposit(uint256 amount) external;
    /// @notice As `deposit`, with an ERC-2612 permit; a permit used already does no harm.
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
    /// @notice Pays free balance back to the caller. Cannot be paused.
    function withdraw(uint256 amount) external;

    // --- hiring ---
    /// @notice Lists a job at a maximum price; watching providers accept.
    /// @param salt makes the job id unique; the same call twice reverts `JobExists`
    /// @param deadline last second to accept, at most LISTING_MAX_S ahead
    function post(
        JobSpec calldata spec,
        bytes32 salt,
        uint96 maxPrice,
        uint96 minLock,
        uint40 deadline,
        string calldata source
    ) external returns (bytes32 jobId);
    /// @notice Takes an open listing. Called by the provider's operator. The difference to the
    /// maximum price returns to the client's free balance.
    /// @param spec of the listing; with `salt` it has to give the job id
    function accept(
        bytes32 jobId, JobSpec calldata spec, bytes32 salt, address provider, uint96 price, uint96 lock
    ) external;
    /// @notice Takes a signed offer: posting and assignment in one call, by the client.
    function open(JobSpec calldata spec, bytes32 salt, Offer calldata offer, bytes calldata signature)
        external
        returns (bytes32 jobId);
    /// @notice `depositWithPermit`, then `post`, in one transaction: both happen, or neither.
    function postWithPermit(
        Payment calldata payment,
        JobSpec calldata spec,
        bytes32 salt,
        uint96 maxPrice,
        uint96 minLock,
        uint40 deadline,
        string calldata source
    ) external returns (bytes32 jobId);
    /// @notice `depositWithPermit`, then `open`, in one transaction: both happen, or neither.
    function openWithPermit(
        Payment calldata payment,
        JobSpec calldata spec,
        bytes32 salt,
        Offer calldata offer,
        bytes calldata signature
    ) external returns (bytes32 jobId);
    /// @notice Makes an offer nonce of the caller's provider unusable. Owner or operator.
    function revokeNonce(address provider, uint256 nonce) external;
    /// @notice Ends a job that nobody committed to; everything is refunded, nobody is slashed. While it
    /// is Open it is the client's to withdraw; from the assignment to the commitment deadline it is the
    /// provider's to hand back, by its operator, and its lock is freed.
    function cancel(bytes32 jobId) external;

    // --- the provider's duties (operator) ---
    /// @notice Binds the provider to an output. Requests the round of the draw.
    function commit(bytes32 jobId, bytes32 commitment, int8 shift, bytes calldata envelopeCid) external;
    /// @notice Fixes seed0 from the ready round. Anyone. A lapsed round is requested anew, and the
    /// job is then audited for certain. A drawn audit moves the job to Drawn.
    function draw(bytes32 jobId) external;
    /// @notice Publishes what the commitment binds. Starts the challenge window.
    function reveal(bytes32 jobId, Opening calldata opening) external;
    /// @notice `draw` and, when no audit is drawn, `reveal` in one call; `opening.seed0` is ignored.
    /// A lapsed round is only requested anew.
    function drawAndReveal(bytes32 jobId, Opening calldata opening) external;
    /// @notice Declares that the job has no finite output: refund, no pay, no slash. Ends the
    /// provider's streak of passed audits with the model.
    function declareInvalid(bytes32 jobId, JobSpec calldata spec, bytes32 salt) external;

    // --- the end ---
    /// @notice The client accepts an unaudited result before the window ends; settles at once.
    function confirm(bytes32 jobId) external;
    /// @notice Credits the provider of an accepted job. Anyone, however late.
    function settle(bytes32 jobId) external;
    /// @notice Settles what is ready and skips the rest with an event.
    function settleBatch(bytes32[] calldata jobIds) external;
    /// @notice Ends a job whose deadline passed, refunds the client, then slashes who was late.
    function expire(bytes32 jobId) external;
    /// @notice Repeats closing the lock of an ended job if that failed: the slash after a missed
    /// deadline of the provider, the release after every other end. Anyone.
    function closeLock(bytes32 jobId) external;
    /// @notice Pays what the provider earned here to its owner: as auditor and referee; with a zero
    /// FeeRouter also for its jobs. Owner or operator, or the FeeRouter for one of them.
    function harvest(address provider) external returns (uint256 amount);

    // --- the courts ---
    /// @notice Moves a job as `Lifecycle.allowsCourt` permits. Cold states that fault the provider or
    /// nobody refund the client in the same call. ProviderAnswerTimeout slashes behind the refund,
    /// Invalid frees the lock; for Rejected and ProviderTraceTimeout the court books the slash.
    /// @param deadline of a warm state; ignored for cold ones
    function courtMove(bytes32 jobId, JobState to, uint40 deadline) external;
    /// @notice Doubles the challenge window of a job that has not been revealed. AuditCourt only.
    function doubleWindow(bytes32 jobId) external;
    /// @notice Moves free balance of `from` into the calling court.
    function collect(address from, uint256 amount) external;
    /// @notice Pays out of the calling court: earnings of a provider, or free balance of a client.
    function courtPay(address to, uint256 amount, bool asEarned) external;
    /// @notice Credits the shares of a slash; the tokens came with the call. StakeManager only.
    function creditSlash(
        bytes32 slashId,
        address client,
        uint256 toClient,
        address finder,
        uint256 toFinder,
        address court,
        uint256 toJudges
    ) external;
    /// @notice Reverts unless the opening is the one the drawn job is bound to.
    function checkOpening(bytes32 jobId, Opening calldata opening) external view;
    /// @notice Reverts unless spec and salt give the job's id.
    function checkSpec(bytes32 jobId, JobSpec calldata spec, bytes32 salt) external view;

    // --- views ---
    /// @notice H("NVY/job/1", chainId, market, client, salt, specHash).
    function jobIdOf(address client, bytes32 salt, bytes32 specHash) external view returns (bytes32);
    /// @notice EIP-712 struct hash of a spec.
    function specHashOf(JobSpec calldata spec) external pure returns (bytes32);
    /// @notice EIP-712 digest of an offer.
    function offerHashOf(Offer calldata offer) external view returns (bytes32);
    /// @notice The stored record; `state` as last written.
    function job(bytes32 jobId) external view returns (Job memory);
    /// @notice The state at this moment, time-outs and the end of the window counted in.
    function stateOf(bytes32 jobId) external view returns (JobState);
    function freeOf(address client) external view returns (uint256);
    function earnedOf(address provider) external view returns (uint256);
    function isNonceUsed(address provider, uint256 nonce) external view returns (bool);
    function isLockOpen(bytes32 jobId) external view returns (bool);
    function token() external view returns (address);
    function stakeManager() external view returns (address);
    function beacon() external view returns (address);
    /// @notice Zero where a deployment has no audits.
    function auditCourt() external view returns (address);
    function disputeCourt() external view returns (address);
    /// @notice Where the pay of jobs is counted and split; zero: providers earn it whole, here.
    function feeRouter() external view returns (address);
    /// @notice The PaymentChannels, or zero.
    function channels() external view returns (address);
}
