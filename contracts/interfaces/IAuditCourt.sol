// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AuditFacts, AuditSlot, AuditVote, Outcome} from "../types/Audit.sol";
import {JobSpec, JobState, Opening} from "../types/Job.sol";

/// @title Drawn audits: an auditor repeats the job, the contract compares two projections
/// @notice `docs/spec/audit.md` has every hash. Calls come from operator keys; hashes and money
/// name owners.
/// @dev Assumptions for correctness: the seed is unknown when the provider commits; at least the
/// share of seats behind DETECT_BPS does not collude. Assumptions for liveness: some party calls
/// `expire` after a deadline; no call depends on another party's cooperation.
interface IAuditCourt {
    /// @notice What a deployment fixes for ever.
    struct Policy {
        uint16 minBps; // smallest audit probability; 10,000 audits every job
        uint16 firstJobs; // passed audits of a provider with a model before its probability falls
        uint32 seatsMin; // live seats a pool needs
        uint32 ownersMin; // owners a pool needs
    }

    event AuditOpened(bytes32 indexed jobId, AuditFacts facts);
    event AuditorDrawn(
        bytes32 indexed jobId, uint8 slot, uint8 round, address indexed auditor, uint256 lock, uint256 deadline
    );
    event AuditorCommitted(bytes32 indexed jobId, uint8 slot, uint8 round, bytes32 commitment, uint256 deadline);
    event AuditAnswered(bytes32 indexed jobId, uint8 slot, uint8 round, bytes32[4] z0, uint256 deadline);
    /// @param distanceSq D, the sum of squared differences
    /// @param normSq N, the sum of squares of the provider's projection
    event AuditRevealed(
        bytes32 indexed jobId,
        uint8 slot,
        uint8 round,
        address indexed auditor,
        Outcome outcome,
        uint8 flags,
        uint256 distanceSq,
        uint256 normSq,
        uint256 paid
    );
    event AuditorLate(bytes32 indexed jobId, uint8 slot, uint8 round, address indexed auditor, uint256 slashed);
    /// @notice No auditor could be had for the slot; the challenge window of the job doubles.
    event SlotSkipped(bytes32 indexed jobId, uint8 slot);
    /// @notice The audit is over. `outcome` None: every slot was skipped.
    event AuditClosed(bytes32 indexed jobId, Outcome outcome, uint256 deadline);
    event AuditConceded(bytes32 indexed jobId);
    /// @notice The provider contests: its result is public now.
    event AuditContested(
        bytes32 indexed jobId, bytes32 outRoot, bytes envelopeCid, bytes32 resultKey, bytes32 seed0, uint256 bond
    );
    /// @param isRight whether the vote agreed with how the job ended
    event VoteClosed(bytes32 indexed jobId, uint8 slot, address indexed auditor, bool isRight, uint256 slashed);
    event StreakChanged(address indexed provider, bytes32 indexed modelId, uint256 passes);
    event PoolFunded(address indexed from, uint256 amount);
    event SlashBookingFailed(bytes32 indexed jobId);

    /// @notice The facts are not those of an open audit.
    error AuditCourt__UnknownAudit(bytes32 jobId, bytes32 found, bytes32 needed);
    /// @notice An audit of the job is open already.
    error AuditCourt__AlreadyOpen(bytes32 jobId);
    /// @notice No audit was drawn for the job, or the spec or seed given is not the job's.
    error AuditCourt__NotDrawn(bytes32 jobId);
    /// @notice The slot does not exist.
    error AuditCourt__BadSlot(bytes32 jobId, uint8 slot, uint8 slots);
    /// @notice The slot is in another phase.
    error AuditCourt__WrongPhase(bytes32 jobId, uint8 slot, uint8 found, uint8 needed);
    /// @notice The deadline has passed; call `expire`.
    error AuditCourt__DeadlinePassed(bytes32 jobId, uint8 slot, uint256 deadline, uint256 time);
    /// @notice The deadline has not passed yet.
    error AuditCourt__DeadlineNotPassed(bytes32 jobId, uint8 slot, uint256 deadline, uint256 time);
    /// @notice The caller is not the operator of the drawn auditor or of the provider.
    error AuditCourt__NotOperator(address owner, address caller);
    /// @notice The provider has not enough free stake to back the risk. Lower the declared gain or
    /// offer a larger lock.
    error AuditCourt__RiskTooHigh(uint256 risk, uint256 lock, uint256 neededBps);
    /// @notice A job of this risk needs more audit slots.
    error AuditCourt__SlotsTooFew(uint256 risk, uint256 slots, uint256 needed);
    /// @notice The pool has too few seats or owners to audit anything.
    error AuditCourt__PoolTooSmall(bytes12 pool, uint256 seats, uint256 owners);
    /// @notice An element of a projection is at the clamp; the shift is too large.
    error AuditCourt__Clamped(bytes32 jobId, uint256 index, int32 value);
    /// @notice The projection is too small for its shift.
    error AuditCourt__TooSmall(bytes32 jobId, uint256 normSq, int8 shift);
    /// @notice An EXACT answer is one word; the others are zero.
    error AuditCourt__BadAnswer(bytes32 jobId);
    /// @notice A commitment of zero is refused.
    error AuditCourt__ZeroCommitment(bytes32 jobId);
    /// @notice What is opened does not match what was committed or answered.
    error AuditCourt__WrongOpening(bytes32 jobId, bytes32 found, bytes32 needed);
    /// @notice Flags are 0, 1, 2 or 4; flag 4 asks for a zero projection.
    error AuditCourt__BadFlags(bytes32 jobId, uint8 flags);
    /// @notice The audit did not fail, or its provider cannot contest now.
    error AuditCourt__NotFailed(bytes32 jobId);
    /// @notice The job has not ended, or the vote is closed already.
    error AuditCourt__VoteNotClosable(bytes32 jobId, uint8 slot, uint256 index);
    /// @notice Only the JobMarket may do this.
    error AuditCourt__OnlyMarket(address caller);
    /// @notice A zero amount was given.
    error AuditCourt__ZeroAmount();
    /// @notice The job is no longer in its audit; `closeVotes` frees the locks.
    error AuditCourt__JobEnded(bytes32 jobId, JobState found);
    /// @notice The model is not suspended.
    error AuditCourt__NotSuspended(bytes32 modelId);
    /// @notice A probability over 10,000 bps was given.
    error AuditCourt__BadPolicy(uint256 minBps);
    /// @notice No slash of the job waits to be booked.
    error AuditCourt__NothingToBook(bytes32 jobId);

    // --- the audit ---
    /// @notice Opens the audit of a drawn job and draws an auditor for every slot. Anyone, within
    /// DRAW_PERIOD_S of the draw; after that the job ends as ProviderAnswerTimeout.
    /// @param salt of the job id
    /// @param c0 the provider's commitment
    function openAudit(bytes32 jobId, JobSpec calldata spec, bytes32 salt, bytes32 c0, bytes32 seed0) external;
    /// @notice As `openAudit`, drawing the seed first: one transaction. Not for jobs whose draw
    /// selects no audit; those revert NotDrawn.
    function drawAndOpen(bytes32 jobId, JobSpec calldata spec, bytes32 salt, bytes32 c0) external;
    /// @notice Looks at further seats for a slot that has no auditor yet. Anyone.
    function seat(AuditFacts calldata facts, uint8 slot) external;
    /// @notice Binds the drawn auditor. Its operator.
    function commitAudit(AuditFacts calldata facts, uint8 slot, bytes32 commitment) external;
    /// @notice The provider's projection under the round's seed; for EXACT H(seed_r, outRoot).
    function answer(AuditFacts calldata facts, uint8 slot, bytes32[4] calldata z0) external;
    /// @notice Opens the auditor's projection, compares, pays the auditor.
    /// @param z0 as the provider answered it
    function revealAudit(
        AuditFacts calldata facts,
        uint8 slot,
        bytes32[4] calldata z1,
        uint8 flags,
        bytes32 salt,
        bytes32[4] calldata z0
    ) external;
    /// @notice Ends a phase of a slot whose deadline passed. Anyone.
    function expire(AuditFacts calldata facts, uint8 slot) external;
    /// @notice The provider admits a failed audit: refund and slash at once. Its operator.
    function concede(AuditFacts calldata facts) external;
    /// @notice The provider publishes its result and disputes every failing auditor; locks the bond
    /// from its own free stake. Its operator, within CONTEST_PERIOD_S.
    function contest(AuditFacts calldata facts, Opening calldata opening) external;
    /// @notice Ends a failed audit that was not contested in time: refund and slash. Anyone.
    function expireContest(AuditFacts calldata facts) external;
    /// @notice Frees or slashes the locks of a slot's auditors by how the job ended. Anyone.
    function closeVotes(AuditFacts calldata facts, uint8 slot) external;
    /// @notice Repeats booking the slash of a rejected job if that failed. Anyone.
    function bookSlash(AuditFacts calldata facts) external;

    // --- the market's questions ---
    /// @notice Audit probabilities of a job; reverts unless model, class, pool and risk allow it.
    /// @return pEconBps what the client pays for
    /// @return pBps what the draw uses, at least pEconBps
    function terms(
        bytes32 modelId,
        uint8 jobClass,
        address provider,
        uint256 price,
        uint256 lock,
        uint256 declaredGain,
        uint8 slots
    ) external view returns (uint16 pEconBps, uint16 pBps);
    /// @notice Ends a provider's streak with a model after a declared-invalid job. Market only.
    function endStreak(address provider, bytes32 modelId) external;
    /// @notice Ends a live job of a suspended model: refund, nobody slashed. Anyone.
    function voidJob(bytes32 jobId, JobSpec calldata spec, bytes32 salt) external;
    /// @notice Moves free balance of the caller in the market into the audit pool.
    function fundPool(uint256 amount) external;

    // --- views ---
    function policy() external view returns (Policy memory);
    /// @notice Hash of the stored facts; zero if no audit was opened.
    function auditOf(bytes32 jobId) external view returns (bytes32 factsHash);
    function slotOf(bytes32 jobId, uint8 slot) external view returns (AuditSlot memory);
    function votesOf(bytes32 jobId, uint8 slot) external view returns (AuditVote[] memory);
    /// @notice Last second to contest a failed audit; zero if there is none.
    function contestDeadlineOf(bytes32 jobId) external view returns (uint256);
    /// @notice Whether the owner was drawn as an auditor of the job, in any round.
    function wasDrawn(bytes32 jobId, address owner) external view returns (bool);
    function streakOf(address provider, bytes32 modelId) external view returns (uint256 passes);
    /// @notice Audits that an owner was drawn for and was late with, as `expire` found in an epoch.
    function missedOf(address owner, uint256 epoch) external view returns (uint256 count);
    function market() external view returns (address);
    function stakeManager() external view returns (address);
    function registry() external view returns (address);
    function disputeCourt() external view returns (address);
}
