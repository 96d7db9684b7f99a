// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice How the output of a job is checked.
enum JobClass {
    EXACT,
    TENSOR,
    GENERATION,
    TRAINING
}

/// @notice Where a job stands. Warm states have a deadline and can change by time alone; the others
/// are cold. The numbers are part of the protocol: later releases append, they never renumber.
enum JobState {
    None, // 0  cold: unknown job
    Open, // 1  warm: listed, waits for a provider until the listing deadline
    Assigned, // 2  warm: a provider's stake is locked, its commitment is awaited
    Committed, // 3  warm: first the draw, then the reveal is awaited
    Revealed, // 4  warm: the result is public, the challenge window runs
    Disputed, // 5  warm: a challenge is being judged (courts)
    Accepted, // 6  cold: nobody objected in time, or the client confirmed; anyone settles
    Rejected, // 7  cold: a verdict found the output wrong; client refunded
    Invalid, // 8  cold: the job has no finite output; client refunded, nobody slashed
    Settled, // 9  cold: the provider was credited
    Cancelled, // 10 cold: withdrawn by the client, or handed back by the provider; client refunded
    Unmatched, // 11 cold: no provider took it in time; nobody at fault
    ProviderCommitTimeout, // 12 cold: the provider never committed; refund, part of the lock taken
    ProviderRevealTimeout, // 13 cold: the provider never drew or revealed; refund, full slash
    ProviderAnswerTimeout, // 14 cold: an audit was not answered or called; refund, full slash
    ProviderTraceTimeout, // 15 cold: no trace was posted; refund, full slash
    AuditorTimeout, // 16 cold: no audit could be held in time; refund, locks freed
    ChallengerTimeout, // 17 never stored: a challenger that does not point loses its bond only
    RefereeTimeout, // 18 cold: no verdict in time; refund, locks freed
    Drawn, // 19 warm: an audit was drawn and has to be opened in the AuditCourt
    Audited // 20 warm: auditors are at work; the AuditCourt decides what follows
}

/// @notice What is to be computed. Immutable; its EIP-712 struct hash is the `specHash` that offers
/// and job ids bind.
struct JobSpec {
    bytes32 modelId; // keccak256 of the model manifest's bytes; also its address in storage
    bytes inputCid; // binary CID of the input tensors
    uint8 jobClass; // JobClass
    uint32 batch; // number of inputs that are computed in one run
    bytes32 seed; // randomness of the job (GENERATION)
    uint96 declaredGain; // wei a provider could gain outside by cheating, as the client sees it
    uint32 maxRuntime; // seconds one execution may take, 1 .. 14,400
    uint32 window; // seconds of the challenge window, 600 .. 86,400
    bytes32 clientKey; // X25519 public key to which the result key is sealed
    uint8 auditSlots; // independent audits if one is drawn, at least 1
}

/// @notice A provider's signed price for one spec. Taken once, within minutes.
struct Offer {
    address provider; // owner address of the provider
    address client; // who may take it; zero means anyone
    bytes32 specHash;
    uint96 price; // wei
    uint96 lock; // wei of own stake put behind the job
    uint64 validUntil; // last second, at most 600 s ahead when taken
    uint256 nonce; // unordered; used once per provider
}

/// @notice The stored record of a job: three packed slots, and the binding.
/// @dev Packed by who needs it: the provider's duties change only slot 1 and the binding, payment
/// reads only slots 1 and 2, and only refunds and the client's own calls read slot 3.
struct Job {
    address provider; // slot 1, full: owner address; zero while Open
    uint40 deadline; // of the present state, unix seconds
    JobState state;
    uint8 jobClass;
    uint32 beaconRound; // round that decides the draw; 0 before the commitment and after the draw
    int8 shift; // binary exponent of the projection, as committed
    uint88 price; // slot 2, full: wei; the maximum price while Open
    uint88 lock; // wei; the minimum lock while Open
    uint24 window; // seconds
    uint16 pBps; // audit probability, frozen on assignment; 10,000 once a beacon round lapsed
    uint16 pEconBps; // part of it that the client pays for, frozen on assignment
    uint16 maxRuntime; // seconds
    uint8 flags; // bits 0-2: audit slots less one; bit 3: held is the whole audit pay; bit 4: drawn
    address client; // slot 3
    uint96 held; // wei escrowed for audits beside the price
    bytes32 binding; // slot 4: commitment C0; after the draw keccak256(abi.encode(C0, seed0))
}

/// @notice What a provider opens on reveal: everything that C0 binds, and the drawn seed.
struct Opening {
    bytes32 seed0;
    bytes32 outRoot;
    bytes envelopeCid;
    bytes32 resultKey; // K: the key of the envelope
    int8 shift;
    bytes32 salt;
}

/// @notice What a client pays in with a call: an amount, and the ERC-2612 permit for it. Where the
/// allowance stands already the permit may be spent, or none at all (zeros).
struct Payment {
    uint256 amount;
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}
