// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What is claimed to be wrong.
enum DisputeKind {
    WrongOutput, // 0 by trace: the output is not what the model computes
    ForgedAnswer, // 1 a projection given in the audit is not that of the revealed output
    BadEnvelope, // 2 decrypting the envelope does not give the committed output
    Unavailable // 3 the provider does not serve the envelope or its input
}

/// @notice Where a dispute stands.
enum DisputePhase {
    None, // 0 unknown
    Trace, // 1 the provider's trace is awaited (WrongOutput)
    Point, // 2 the challenger has to point at an operator (WrongOutput)
    Seating, // 3 the round that draws the referees is awaited, then `seat`
    Vote, // 4 commitments of referees are awaited
    VoteReveal, // 5 votes are being opened
    Appeal, // 6 a verdict stands; the loser may appeal
    Guilty, // 7 cold
    Clear, // 8 cold
    Dropped, // 9 cold: the challenger did not point, or the job ended otherwise
    Undecided // 10 cold: no verdict could be had
}

/// @notice A referee's finding.
enum RefereeVote {
    None, // 0 not revealed
    Guilty, // 1
    Clear, // 2
    Unavailable, // 3 counts as Guilty
    Abstain // 4
}

/// @notice What a challenger points at (WrongOutput).
enum PointKind {
    Operator, // 0 the operator of a trace row does not give its claimed output from its inputs
    MissingRow, // 1 the row or its tensors are not served
    ForgedProjection, // 2 z0, zTrace or a z16 of the trace is not the projection it claims to be
    WrongSource // 3 a row's inputs are not the model's weights, the job's input or other rows
}

/// @notice Facts of a dispute that never change. The court stores only their hash; every call
/// gives them again, as they stood in the event `DisputeOpened`.
struct DisputeFacts {
    uint256 disputeId;
    bytes32 jobId;
    bytes32 modelId;
    bytes32 seed0;
    bytes32 outRoot;
    address provider;
    address client;
    address challenger; // gets back or loses the bond
    uint96 price; // wei
    uint96 lock; // wei
    uint96 bond; // wei, of the challenger
    uint64 tauSq;
    bytes12 pool; // referees are drawn from it
    uint40 openedAt; // unix seconds: seats that were live then can be drawn
    uint40 windowEnd; // unix seconds: the job settles no earlier
    uint32 maxRuntime; // seconds
    uint32 rows;
    bytes20 verifyRowsHash;
    uint8 jobClass; // JobClass
    DisputeKind kind;
    bool isDrawn; // the job was audited: only an auditor can be the finder
    bool isContest; // opened by the provider against failing auditors; the challenger is one of them
    bool isLate; // the job was settled before
}

/// @notice One row of a trace: the output of one operator. Leaves of the tree are
/// keccak256(keccak256(abi.encode(row))), as OpenZeppelin's standard tree has them.
struct TraceRow {
    uint32 index; // in graph order
    bytes32 tensorHash; // BLAKE3 of the canonical tensor
    int8 shift;
    bytes32[2] z16; // first 16 rows of its projection under H("NVY/trace/1", disputeId)
}

/// @notice One owner drawn as a referee, with as many votes as seats that were drawn.
struct Referee {
    address owner;
    uint8 weight;
    RefereeVote vote;
    bool isPaid; // its share was paid or its penalty taken
}
