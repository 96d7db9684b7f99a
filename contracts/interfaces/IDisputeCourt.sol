// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AuditFacts} from "../types/Audit.sol";
import {
    DisputeFacts, DisputeKind, DisputePhase, PointKind, Referee, RefereeVote, TraceRow
} from "../types/Dispute.sol";
import {JobSpec, Opening} from "../types/Job.sol";

/// @title Disputes about one operator, judged by drawn referees
/// @notice A challenger bonds, the provider traces, the challenger points at one operator, referees
/// recompute it and vote. `docs/spec/dispute.md` has every hash and deadline.
/// @dev Assumptions for correctness: an honest majority of the drawn seats at the last level.
/// Assumptions for liveness: some party calls `advance` after a deadline.
interface IDisputeCourt {
    event DisputeOpened(bytes32 indexed jobId, uint256 indexed disputeId, address indexed challenger, DisputeFacts facts);
    event TracePosted(
        uint256 indexed disputeId, bytes32 root, bytes manifestCid, bytes32[] hTrace, bytes32[4] z0, bytes32[4] zTrace, uint256 deadline
    );
    event Pointed(uint256 indexed disputeId, PointKind kind, TraceRow row, uint256 deadline);
    event RefereesRequested(uint256 indexed disputeId, uint8 level, uint64 round, uint256 deadline);
    event RefereesDrawn(uint256 indexed disputeId, uint8 level, address[] owners, uint8[] weights, uint256 deadline);
    event VoteCommitted(uint256 indexed disputeId, uint8 level, address indexed referee, bytes32 commitment);
    event VoteRevealed(uint256 indexed disputeId, uint8 level, address indexed referee, RefereeVote vote);
    /// @notice A level was counted. `verdict` None: redraw or next level follows.
    event Tallied(uint256 indexed disputeId, uint8 level, RefereeVote verdict, uint256 guilty, uint256 clear, uint256 abstain, uint256 deadline);
    event Appealed(uint256 indexed disputeId, uint8 level, address indexed by, uint256 bond);
    event DisputeClosed(bytes32 indexed jobId, uint256 indexed disputeId, DisputePhase phase);
    event RefereePaid(uint256 indexed disputeId, uint8 level, address indexed referee, uint256 paid, uint256 slashed);
    event DisputeSlashFailed(uint256 indexed disputeId);

    /// @notice The facts are not those of the dispute.
    error DisputeCourt__UnknownDispute(uint256 disputeId, bytes32 found, bytes32 needed);
    /// @notice The dispute is in another phase.
    error DisputeCourt__WrongPhase(uint256 disputeId, DisputePhase found, DisputePhase needed);
    /// @notice The deadline has passed; call `advance`.
    error DisputeCourt__DeadlinePassed(uint256 disputeId, uint256 deadline, uint256 time);
    /// @notice The deadline has not passed yet.
    error DisputeCourt__DeadlineNotPassed(uint256 disputeId, uint256 deadline, uint256 time);
    /// @notice The job cannot be challenged now, or not in this way.
    error DisputeCourt__NotChallengeable(bytes32 jobId, uint8 state);
    /// @notice Spec, salt or opening given are not the job's.
    error DisputeCourt__WrongJob(bytes32 jobId);
    /// @notice The same challenger opened a dispute of this kind about the job already.
    error DisputeCourt__AlreadyChallenged(bytes32 jobId, address challenger);
    /// @notice The caller is not the operator of the owner who has to act.
    error DisputeCourt__NotOperator(address owner, address caller);
    /// @notice The caller is neither the challenger nor its operator.
    error DisputeCourt__NotChallenger(uint256 disputeId, address caller);
    /// @notice A trace needs one proof for every verify tensor.
    error DisputeCourt__BadLength(uint256 disputeId, uint256 found, uint256 needed);
    /// @notice The rows of the verify tensors are not those that the model registered.
    error DisputeCourt__BadRows(uint256 disputeId, bytes20 found, bytes20 needed);
    /// @notice A Merkle proof does not lead to the root. `index` is that of the row.
    error DisputeCourt__BadProof(uint256 disputeId, uint256 index);
    /// @notice The row index is not one of the trace.
    error DisputeCourt__BadIndex(uint256 disputeId, uint256 index, uint256 rows);
    /// @notice The trace does not end in the committed output within the tolerance.
    error DisputeCourt__TraceFails(uint256 disputeId, uint256 distanceSq, uint256 limit);
    /// @notice An element of a projection is at the clamp, or the projection is too small.
    error DisputeCourt__BadProjection(uint256 disputeId);
    /// @notice The round that draws the referees is not ready.
    error DisputeCourt__RoundPending(uint256 disputeId, uint64 round);
    /// @notice The owner was not drawn as a referee of this level, or has acted already.
    error DisputeCourt__NotReferee(uint256 disputeId, address owner);
    /// @notice The vote opened is not the one committed.
    error DisputeCourt__WrongOpening(uint256 disputeId, bytes32 found, bytes32 needed);
    /// @notice None is no vote.
    error DisputeCourt__BadVote(uint256 disputeId);
    /// @notice A commitment of zero is refused.
    error DisputeCourt__ZeroCommitment(uint256 disputeId);
    /// @notice There is no higher level to appeal to, or the caller did not lose.
    error DisputeCourt__CannotAppeal(uint256 disputeId, address caller);
    /// @notice A CID is empty or longer than allowed.
    error DisputeCourt__BadCid(uint256 length, uint256 max);
    /// @notice The referee was paid or penalised already, or the dispute is still open.
    error DisputeCourt__NothingDue(uint256 disputeId, address referee);
    /// @notice Only the AuditCourt may do this.
    error DisputeCourt__OnlyAuditCourt(address caller);
    /// @notice No slash of the dispute waits to be booked.
    error DisputeCourt__NothingToBook(uint256 disputeId);

    // --- opening ---
    /// @notice Challenges a revealed job, or one settled at most LATE_WINDOW_S ago. Takes the bond
    /// from the caller's free balance in the market.
    /// @param salt of the job id
    /// @param opening as the provider revealed it
    /// @param auditFacts those of the job's audit; all zero if it was not audited
    function challenge(
        bytes32 jobId,
        DisputeKind kind,
        JobSpec calldata spec,
        bytes32 salt,
        Opening calldata opening,
        AuditFacts calldata auditFacts
    ) external returns (uint256 disputeId);
    /// @notice Opens a dispute against every failing auditor. AuditCourt only.
    function openContest(AuditFacts calldata auditFacts, bytes32 outRoot, address[] calldata auditors, uint256 bond)
        external;

    // --- by trace ---
    /// @notice The provider's trace of a fresh run under C1.
    /// @param root of the tree of rows
    /// @param manifestCid where the rows are listed
    /// @param verifyRows index of the row of every verify tensor, as registered
    /// @param verify the row of every verify tensor, in certificate order
    /// @param proofs their Merkle proofs
    /// @param z0 projection of the revealed output under seed0; zero for EXACT
    /// @param zTrace projection of the traced output under seed0; zero for EXACT
    function postTrace(
        DisputeFacts calldata facts,
        bytes32 root,
        bytes calldata manifestCid,
        uint32[] calldata verifyRows,
        TraceRow[] calldata verify,
        bytes32[][] calldata proofs,
        bytes32[4] calldata z0,
        bytes32[4] calldata zTrace
    ) external;
    /// @notice Points at one row. Requests the round that draws the referees.
    /// @param proof of the row; empty for MissingRow and ForgedProjection of z0 or zTrace
    function point(DisputeFacts calldata facts, PointKind kind, TraceRow calldata row, bytes32[] calldata proof)
        external;

    // --- judging ---
    /// @notice Draws the referees of the present level from the ready round. Anyone.
    function drawReferees(DisputeFacts calldata facts) external;
    /// @notice H("NVY/vote/1", disputeId, level, referee, vote, salt). The referee's operator.
    function commitVote(DisputeFacts calldata facts, address referee, bytes32 commitment) external;
    /// @notice Opens a vote. The referee's operator.
    function revealVote(DisputeFacts calldata facts, address referee, RefereeVote vote, bytes32 salt) external;
    /// @notice The loser asks the next level, for a doubled bond: the challenger's from its free
    /// balance, the provider's from its free stake.
    function appeal(DisputeFacts calldata facts) external;
    /// @notice Ends the present phase after its deadline, or as soon as nobody is left to act.
    /// Anyone.
    function advance(DisputeFacts calldata facts) external;
    /// @notice Pays a referee's share, or takes its penalty, once the dispute is closed. Anyone. Where
    /// a provider was convicted because no trace came, level 0 and index 0 stand for the audit pool:
    /// it gets the judges' share.
    function closeReferee(DisputeFacts calldata facts, uint8 level, uint256 index) external;
    /// @notice Repeats booking the slash of a convicted provider if that failed. Anyone.
    function bookSlash(DisputeFacts calldata facts) external;

    // --- views ---
    function disputeOf(uint256 disputeId)
        external
        view
        returns (bytes32 factsHash, DisputePhase phase, uint8 level, uint40 deadline, uint64 round);
    function traceOf(uint256 disputeId) external view returns (bytes32 root);
    function refereesOf(uint256 disputeId, uint8 level) external view returns (Referee[] memory);
    /// @notice Disputes of the job that are not closed.
    function openCountOf(bytes32 jobId) external view returns (uint256);
    function nextDisputeId() external view returns (uint256);
    function market() external view returns (address);
    function stakeManager() external view returns (address);
    function registry() external view returns (address);
    function auditCourt() external view returns (address);
    function beacon() external view returns (address);
}
