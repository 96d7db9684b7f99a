// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {JobSpec, Offer} from "../types/Job.sol";

/// @title Jobs that the protocol draws, to see who does its work
/// @notice A canary is a job whose client is this contract. Model, provider and input come from the
/// beacon; its audit is certain. Its money is this contract's free balance in the market: it comes
/// by `fund`, goes as price and audit pay, and returns there as refunds.
/// @dev Assumptions for correctness: nobody knows the beacon's value when a canary is requested.
/// For liveness: somebody requests and draws; the budget is filled.
interface ICanaries {
    /// @notice Where a canary stands.
    enum CanaryState {
        None, // 0 unknown
        Requested, // 1 the beacon's round is awaited
        Drawn, // 2 the provider has an hour to take it
        Taken, // 3 a job of the market
        Passed, // 4 cold: settled after an audit
        Failed, // 5 cold: not taken in time, or the job ended another way
        Void // 6 cold: counts for nobody
    }

    /// @notice A model that canaries may use.
    struct CanaryModel {
        bytes32 modelId;
        bytes12 pool; // of its auditors, the tensor or the exact one; canaries are drawn from it
        uint32 batch; // inputs in one run
        uint32 maxRuntime; // seconds
    }

    /// @notice A canary.
    struct Canary {
        uint64 round; // of the beacon
        uint40 requestedAt; // unix seconds: seats that were live then can be drawn
        uint40 takeBy; // last second to take it
        uint48 epoch; // of the draw
        CanaryState state;
        uint8 jobClass;
        address provider; // drawn
        uint32 batch;
        uint32 maxRuntime; // seconds
        bytes32 modelId;
        bytes32 seed; // the input is expanded from it
        bytes32 jobId; // once taken
    }

    event CanaryModelSet(
        bytes32 indexed modelId, bytes12 pool, uint256 batch, uint256 maxRuntime, bool isListed
    );
    event CanariesFunded(address indexed from, uint256 amount);
    event CanaryRequested(uint256 indexed canaryId, uint256 round, uint256 requestedAt);
    /// @param takeBy last second to take it
    event CanaryDrawn(
        uint256 indexed canaryId,
        address indexed provider,
        bytes32 indexed modelId,
        uint256 epoch,
        bytes32 seed,
        uint256 takeBy
    );
    event CanaryTaken(uint256 indexed canaryId, address indexed provider, bytes32 indexed jobId);
    event CanaryPassed(uint256 indexed canaryId, address indexed provider, uint256 indexed epoch);
    event CanaryFailed(uint256 indexed canaryId, address indexed provider, uint256 indexed epoch);
    /// @param provider whom it no longer counts for; zero if it was never drawn
    event CanaryVoided(uint256 indexed canaryId, address indexed provider);

    /// @notice Only the Standard timelock may change the catalogue.
    error Canaries__OnlyTimelock(address caller);
    /// @notice A model's numbers are out of range, or its pool is zero. `field` is its ASCII name.
    error Canaries__BadModel(bytes32 field, uint256 value);
    /// @notice The catalogue is full.
    error Canaries__CatalogueFull(uint256 max);
    /// @notice The model is not in the catalogue.
    error Canaries__NotListed(bytes32 modelId);
    /// @notice The catalogue is empty.
    error Canaries__NoModels();
    /// @notice The next canary can be requested from `readyAt` on.
    error Canaries__TooSoon(uint256 readyAt, uint256 time);
    /// @notice The budget does not pay for a canary and its audit.
    error Canaries__BudgetTooSmall(uint256 budget, uint256 needed);
    /// @notice The canary is not in the state that the call needs.
    error Canaries__WrongState(uint256 canaryId, CanaryState found, CanaryState needed);
    /// @notice The beacon has no value for the round yet.
    error Canaries__RoundPending(uint256 canaryId, uint256 round);
    /// @notice The offer is of another provider than the drawn one.
    error Canaries__WrongProvider(uint256 canaryId, address found, address needed);
    /// @notice Price and lock of a canary are fixed; see `specOf`.
    error Canaries__WrongTerms(uint256 canaryId, uint256 price, uint256 lock);
    /// @notice The time to take the canary is over.
    error Canaries__TooLate(uint256 canaryId, uint256 takeBy, uint256 time);
    /// @notice The time to take the canary is not over.
    error Canaries__NotMissed(uint256 canaryId, uint256 takeBy, uint256 time);
    /// @notice The job of the canary is not over.
    error Canaries__JobNotOver(uint256 canaryId, bytes32 jobId, uint8 state);

    /// @notice Lists a model, changes its numbers, or takes it off the list. Standard timelock.
    function setModel(
        bytes32 modelId,
        bytes12 pool,
        uint32 batch,
        uint32 maxRuntime,
        bool isListed
    ) external;
    /// @notice Adds `amount` of the caller's tokens to the budget. Anyone.
    function fund(uint256 amount) external;
    /// @notice Asks the beacon for the next canary. Anyone, at most canariesPerEpoch times an epoch,
    /// evenly spread.
    function request() external returns (uint256 canaryId);
    /// @notice Draws model, provider and input. Anyone, once the round is ready; a round that lapsed,
    /// and a draw that finds nobody or no active model, voids the canary.
    function draw(uint256 canaryId) external;
    /// @notice Opens the canary's job with the drawn provider's offer. Anyone, within the hour.
    /// @param offer for the spec, price and lock of `specOf`, made out to this contract or to anyone
    function take(uint256 canaryId, Offer calldata offer, bytes calldata signature)
        external
        returns (bytes32 jobId);
    /// @notice Ends a canary that was not taken in time: failed, or void if the market would not
    /// have let it be taken. Anyone.
    function miss(uint256 canaryId) external;
    /// @notice Ends a canary whose job is over; settles or expires that first, if nobody did.
    /// Passed if the job was audited and settled; void if nobody could audit or judge it, or its
    /// model was suspended; failed otherwise. Anyone.
    function score(uint256 canaryId) external;

    /// @notice What the provider's offer has to be for, by the parameters of now; zeros unless the
    /// canary is drawn.
    function specOf(uint256 canaryId)
        external
        view
        returns (JobSpec memory spec, uint256 price, uint256 lock);
    function canaryOf(uint256 canaryId) external view returns (Canary memory);
    /// @notice Duties drawn for a provider, and those of them that count for it: canaries drawn in
    /// the epoch and passed. An audit that the provider was late with counts as one drawn, in the
    /// epoch in which that was found.
    function scoreOf(address provider, uint256 epoch)
        external
        view
        returns (uint256 passed, uint256 drawn);
    /// @notice Canaries requested so far; the last id.
    function count() external view returns (uint256);
    /// @notice From when the next canary can be requested.
    function readyAt() external view returns (uint256);
    /// @notice Models that canaries may use.
    function models() external view returns (CanaryModel[] memory);
    function market() external view returns (address);
    function stakeManager() external view returns (address);
    function registry() external view returns (address);
    function auditCourt() external view returns (address);
    function beacon() external view returns (address);
    function standardTimelock() external view returns (address);
}
