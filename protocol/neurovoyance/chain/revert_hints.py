"""What to do about the reverts that people meet most; by Solidity name.

Place: input of ``codegen``, which writes each text into its class. A hint says the next step and
whether money moved; a refused simulation was never sent, so nothing did.
"""

from __future__ import annotations

HINTS: dict[str, str] = {
    "JobMarket__InsufficientFree": (
        "Deposit the difference first; escrow of running jobs is not free until they end. "
        "No money moved."
    ),
    "JobMarket__WrongState": (
        "Look at the job's present state; somebody may have acted first, or a deadline passed. "
        "No money moved."
    ),
    "JobMarket__JobExists": (
        "The same submission arrived before: the job is there once and is paid once. Watch it "
        "instead of sending again."
    ),
    "JobMarket__OfferExpired": "Ask the provider for a new offer; nothing was paid.",
    "JobMarket__OfferTooLong": "Ask the provider for an offer that is valid for 600 s at most.",
    "JobMarket__OfferNotForCaller": "Ask the provider for an offer to this client's address.",
    "JobMarket__OfferForOtherSpec": "Ask for an offer for exactly this spec; nothing was paid.",
    "JobMarket__NonceUsed": "The offer was taken or revoked; ask the provider for a new one.",
    "JobMarket__BadSignature": (
        "The provider's operator key did not sign this offer, or it was changed since. Ask again."
    ),
    "JobMarket__PriceTooHigh": "Accept at the listed maximum price or less.",
    "JobMarket__LockTooSmall": "Put a larger lock behind the job.",
    "JobMarket__DeadlinePassed": "Too late; `expire` or `settle` ends the job, by anyone.",
    "JobMarket__DeadlineNotPassed": "Wait until the deadline has passed, then call again.",
    "JobMarket__RoundPending": "Wait for the next block or two, then call again.",
    "JobMarket__AlreadyDrawn": "Go on with the reveal.",
    "JobMarket__NotDrawn": "Call `draw` first.",
    "JobMarket__WrongOpening": (
        "The opening differs from what was committed: use the journaled salt, key and roots."
    ),
    "JobMarket__NotOperator": "Send it with the operator key that the provider registered.",
    "JobMarket__NotOwnerNorOperator": "Send it with the provider's owner or operator key.",
    "JobMarket__NotClient": "Send it with the key that posted the job.",
    "JobMarket__NothingEarned": "Nothing is due; settle finished jobs first.",
    "JobMarket__BadSpec": "Mend the named field of the spec; nothing was paid.",
    "JobMarket__BadDeadline": "Choose a listing deadline inside the bounds given.",
    "AuditCourt__RiskTooHigh": (
        "Lower the declared gain, or take an offer with a larger lock. No money moved."
    ),
    "AuditCourt__SlotsTooFew": "Ask for the audit slots named; nothing was paid.",
    "AuditCourt__PoolTooSmall": (
        "Wait until more providers take seats in the model's pool, or use another model. "
        "No money moved."
    ),
    "AuditCourt__DeadlinePassed": "Too late; `expire` ends this phase, by anyone.",
    "AuditCourt__DeadlineNotPassed": "Wait until the deadline has passed, then call again.",
    "AuditCourt__NotOperator": "Send it with the operator key that the owner registered.",
    "AuditCourt__WrongPhase": "Look at the slot's present phase; somebody may have acted first.",
    "AuditCourt__UnknownAudit": "Give the facts as the event AuditOpened states them.",
    "AuditCourt__WrongOpening": "Use the journaled salt and projection.",
    "DisputeCourt__DeadlinePassed": "Too late; `advance` ends this phase, by anyone.",
    "DisputeCourt__DeadlineNotPassed": "Wait until the deadline has passed, then call again.",
    "DisputeCourt__NotChallengeable": (
        "Only revealed jobs can be challenged, and settled ones for a week. No money moved."
    ),
    "DisputeCourt__RoundPending": "Wait for the next block or two, then call again.",
    "DisputeCourt__UnknownDispute": "Give the facts as the event DisputeOpened states them.",
    "InsuranceFund__OverGrantLimit": (
        "Votes grant at most 1 % of the fund an epoch. Ask for what is left, or execute it when "
        "the next epoch has begun (Thursday, 0:00 UTC). No money moved."
    ),
    "JobMarket__NotConfirmable": (
        "An audited job is paid when its window ends; nothing has to be done for it."
    ),
    "JobMarket__WrongSpec": "Give the spec and salt that the job was posted with.",
    "ModelRegistry__WrongState": (
        "Register the model first with `neurovoyance model register`, or use another one: this one "
        "is unknown or was suspended. No money moved."
    ),
    "ModelRegistry__NotActive": "Wait until the time given; the model takes jobs from then on.",
    "ModelRegistry__ClassNotCertified": (
        "Choose a job class that the model's certificate covers; `neurovoyance model show` tells."
    ),
    "ModelRegistry__AlreadyRegistered": "The model is registered; use its id.",
    "StakeManager__SeatsTaken": "Leave seats first; the stake behind them cannot unbond.",
    "StakeManager__SeatsUnbacked": "Stake more, or take fewer seats.",
    "StakeManager__SlashNotReady": "Wait until the time given; anyone may split it then.",
    "StakeManager__InsufficientFree": ("Stake more, or wait until running jobs free their locks."),
    "StakeManager__BelowMinimum": "Stake at least the minimum before taking jobs.",
    "StakeManager__NotRegistered": "Register the provider first.",
    "StakeManager__AlreadyRegistered": "The registration is there; change its parts instead.",
    "StakeManager__NotOwnerNorOperator": "Send it with the provider's owner or operator key.",
    "StakeManager__UnbondingNotFinished": "Wait until the time given; the stake stays yours.",
    "StakeManager__NothingUnbonding": "Request unbonding first, or it was withdrawn already.",
    "ERC20InsufficientBalance": "The account holds too few tokens; transfer some to it first.",
    "ERC20InsufficientAllowance": "Approve the contract for the amount, or use a permit.",
    "ERC2612ExpiredSignature": "Sign a new permit with a later deadline.",
    "RandomnessBeacon__NotReady": "Wait for the round's block; a lapsed round is drawn anew.",
}

# Refusals of a value rather than of a moment answer 422; all others 409.
UNPROCESSABLE = frozenset(
    {
        "JobMarket__BadSpec",
        "JobMarket__BadCid",
        "JobMarket__BadDeadline",
        "JobMarket__ZeroAmount",
        "JobMarket__AmountTooLarge",
        "JobMarket__ZeroCommitment",
        "StakeManager__ZeroAddress",
        "StakeManager__ZeroAmount",
        "StakeManager__AmountTooLarge",
    }
)

# Sentences for errors of OpenZeppelin, whose sources are not part of this repository.
OPENZEPPELIN_SENTENCES: dict[str, str] = {
    "AccessControlBadConfirmation": "Who renounces a role confirms with its own address.",
    "AccessControlUnauthorizedAccount": "This account does not hold the role that the call needs.",
    "AddressEmptyCode": "There is no contract at this address.",
    "CheckpointUnorderedInsertion": "A checkpoint lies before the latest one.",
    "ECDSAInvalidSignature": "The signature yields no address.",
    "ECDSAInvalidSignatureLength": "The signature has a wrong length.",
    "ECDSAInvalidSignatureS": "The signature is malleable: its S value is in the upper half.",
    "ERC20InsufficientAllowance": "The spender's allowance does not cover the amount.",
    "ERC20InsufficientBalance": "The sender's token balance does not cover the amount.",
    "ERC20InvalidApprover": "This address cannot approve.",
    "ERC20InvalidReceiver": "This address cannot receive tokens.",
    "ERC20InvalidSender": "This address cannot send tokens.",
    "ERC20InvalidSpender": "This address cannot be given an allowance.",
    "ERC2612ExpiredSignature": "The permit has expired.",
    "ERC2612InvalidSigner": "The permit was not signed by the owner.",
    "ERC5805FutureLookup": "Votes of a time that has not passed cannot be looked up.",
    "ERC6372InconsistentClock": "The clock of the votes was changed.",
    "FailedCall": "A call to another contract failed.",
    "GovernorAlreadyCastVote": "This account has voted on the proposal already.",
    "GovernorAlreadyQueuedProposal": "The proposal is queued already.",
    "GovernorDisabledDeposit": "The governor keeps no money; its timelock does.",
    "GovernorInsufficientProposerVotes": "The proposer's votes do not reach the threshold.",
    "GovernorInvalidProposalLength": "Targets, values and calls must be equally many, and some.",
    "GovernorInvalidSignature": "The vote was not signed by the voter.",
    "GovernorInvalidVoteParams": "The parameters of the vote are malformed.",
    "GovernorInvalidVoteType": "A vote is against (0), for (1) or abstain (2).",
    "GovernorInvalidVotingPeriod": "The voting period is out of range.",
    "GovernorNonexistentProposal": "There is no proposal with this id.",
    "GovernorOnlyExecutor": "Only the governor's timelock may do this.",
    "GovernorPreventLateQuorumVoteExtensionTooLarge": "The extension of a late quorum is too long.",
    "GovernorProposalQueueingFailed": "The timelock did not take the proposal.",
    "GovernorProposalQueueingNotRequired": "This proposal need not be queued.",
    "GovernorRestrictedProposer": "The proposal's text names another proposer.",
    "GovernorUnableToCancel": "This account may not cancel the proposal.",
    "GovernorUnexpectedProposalState": "The proposal is not in the state that the call needs.",
    "InsufficientBalance": "The contract does not hold what the call would send.",
    "InvalidAccountNonce": "The nonce is not the account's next one.",
    "InvalidCliffDuration": "The cliff is longer than the vesting.",
    "InvalidShortString": "A short string is malformed.",
    "OwnableInvalidOwner": "This address cannot be an owner.",
    "OwnableUnauthorizedAccount": "This account is not the owner.",
    "ReentrancyGuardReentrantCall": "The contract was called again while it was running.",
    "SafeCastOverflowedUintDowncast": "A number is too large for the record.",
    "SafeERC20FailedOperation": "The token refused the transfer.",
    "StringTooLong": "A string is too long for its slot.",
    "TimelockInsufficientDelay": "The delay is shorter than the timelock's least.",
    "TimelockInvalidOperationLength": "An operation needs as many targets as values and calls.",
    "TimelockUnauthorizedCaller": "Only the timelock itself may do this.",
    "TimelockUnexecutedPredecessor": "Another operation has to be executed first.",
    "TimelockUnexpectedOperationState": "The operation still waits, or is done.",
    "VotesExpiredSignature": "The signed delegation has expired.",
}
