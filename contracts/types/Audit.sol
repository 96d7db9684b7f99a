// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What the chain knows of a registered model. `modelId` is the keccak256 of the document
/// whose first bytes carry the terms, so nobody can register other terms for an id.
struct Model {
    uint64 tauSq; // slot 1: square of the tolerance, times 2^64, rounded
    bytes12 tensorPool; // auditors of TENSOR jobs; zero if the model takes none
    uint32 rows; // operator outputs that a trace of the model lists
    ModelState state;
    uint40 activeAt; // unix seconds of the first job
    bytes20 verifyRowsHash; // slot 2: first 20 bytes of H(uint32[] rows of the verify tensors)
    bytes12 exactPool; // auditors of EXACT jobs, one numeric class; zero if the model takes none
}

enum ModelState {
    None, // 0 unknown
    Registered, // 1 takes jobs from activeAt on
    Challenged, // 2 takes jobs; its certificate is being looked at
    Suspended // 3 takes none; live jobs may be voided
}

/// @notice Facts of an audit that never change. The court stores only their hash; every call gives
/// them again, as they stood in the event `AuditOpened`.
struct AuditFacts {
    bytes32 jobId;
    bytes32 modelId;
    bytes32 c0; // the provider's commitment
    bytes32 seed0;
    address provider;
    address client;
    uint96 price; // wei
    uint96 pay; // wei for one auditor
    uint64 tauSq;
    bytes12 pool;
    uint40 committedAt; // unix seconds: seats that were live then can be drawn
    uint32 maxRuntime; // seconds
    uint8 jobClass; // JobClass
    uint8 slots;
    int8 shift; // of the commitment, as the provider announced it
}

/// @notice Where one audit slot stands.
enum SlotPhase {
    None, // 0 unknown
    Seating, // 1 an auditor is being drawn: `seat`
    Commit, // 2 the auditor's commitment is awaited
    Answer, // 3 the provider's projection is awaited
    Reveal, // 4 the auditor's projection is awaited
    Passed, // 5 cold
    Failed, // 6 cold: contest or concession is awaited once every slot is cold
    Invalid, // 7 cold: the output is not finite, or the auditors could not agree
    Skipped // 8 cold: no auditor could be had
}

/// @notice What one auditor found.
enum Outcome {
    None, // 0 no show
    Pass, // 1
    Fail, // 2
    NonFinite // 3
}

/// @notice One slot, packed in a word.
struct AuditSlot {
    address auditor; // owner drawn in the present round; zero while Seating
    uint40 deadline; // unix seconds of the present phase
    uint8 round; // r: starts at slot * DRAWS_PER_SLOT_MAX, one more with every redraw
    SlotPhase phase;
    uint8 attempts; // seats looked at in this round
    uint8 passes; // votes so far
    uint8 fails;
    uint8 nonFinites;
}

/// @notice One auditor's vote, kept when a slot needed more than one.
struct AuditVote {
    address auditor;
    uint8 round;
    Outcome outcome;
    bool isClosed; // its lock was freed or slashed
}
