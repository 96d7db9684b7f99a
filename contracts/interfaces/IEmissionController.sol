// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What providers get beside their fees, out of a reserve that only shrinks
/// @notice An epoch lasts 604,800 seconds. What is earned in epoch e is registered in e+1 and payable
/// from e+2 to e+9; what nobody takes returns to the reserve. Two pools: availability, shared by
/// stake among those who passed canaries, and work, shared by client-paid fees and capped by what
/// those fees lost to burn, treasury and insurance.
/// @dev Assumptions for correctness: the token moves what it is asked to; the FeeRouter counts only
/// fees that clients paid, Canaries only jobs the protocol drew; the StakeManager hands delegators
/// no more than it was notified of. For liveness: somebody rolls each epoch, else it emits nothing.
/// What is paid at once does not depend on the vault: what that refuses is owed, and anyone tries again.
interface IEmissionController {
    /// @notice An epoch, as its roll fixed it; amounts in wei.
    struct Epoch {
        uint96 availPool; // A
        uint96 workPool; // W
        uint32 capE8; // sinkBps * washCapBps
        uint16 liquidBps; // part of a reward that is paid out at once
        uint16 loyaltyBps; // extra weight of a stake that is a year old
        uint128 availSum; // sum of stake * score * loyalty, over those registered
        uint128 workSum; // sum of fees * loyalty
        uint96 left; // of A + W, not paid out and not expired
    }

    /// @notice What a provider brings into an epoch; zeros once it was paid.
    struct Weight {
        uint96 fees; // wei
        uint96 stake; // own and counted delegated, wei
        uint16 scoreBps; // canaries passed, of those drawn
        uint16 loyalty; // 10,000 .. 15,000
        uint32 delegatedE9; // delegators' part of the availability reward, in 1e-9; 2^31: handed on
    }

    /// @notice What a reward consists of, in wei.
    struct Reward {
        uint256 work;
        uint256 avail;
        uint256 delegated; // part of avail that is the delegators', handed on already or not
    }

    /// @param budget B: part of the reserve that the epoch could emit
    /// @param availBps of B that went into the availability pool
    /// @param nextAvailBps of the epoch after
    event EmissionRolled(
        uint256 indexed epoch,
        uint256 budget,
        uint256 availPool,
        uint256 workPool,
        uint256 fees,
        uint256 baseline,
        uint256 availBps,
        uint256 nextAvailBps
    );
    /// @param staked own and counted delegated stake, in wei
    event EmissionRegistered(
        address indexed provider,
        uint256 indexed epoch,
        uint256 fees,
        uint256 staked,
        uint256 scoreBps,
        uint256 loyalty
    );
    /// @param delegated part of avail that is the delegators', handed on now or before
    event EmissionClaimed(
        address indexed provider,
        uint256 indexed epoch,
        uint256 work,
        uint256 avail,
        uint256 delegated,
        uint256 liquid,
        uint256 vested
    );
    /// @notice The delegators' part of an epoch was shared out before the provider claimed.
    event DelegatedHandedOn(address indexed provider, uint256 indexed epoch, uint256 amount);
    event DelegatedEmissionClaimed(
        address indexed provider, address indexed delegator, uint256 liquid, uint256 vested
    );
    /// @notice The vault refused the vesting part of a claim; `vest` tries again.
    event EmissionVestingOwed(address indexed account, uint256 amount);
    /// @notice The vault took what it had refused.
    event OwedEmissionVested(address indexed account, uint256 amount);
    /// @param amount wei that returned to the reserve
    event EmissionExpired(uint256 indexed epoch, uint256 amount);

    /// @notice The reserve was not in this contract when it was deployed.
    error EmissionController__NotFunded(uint256 balance, uint256 needed);
    /// @notice More addresses are taken out of the circulating supply than allowed.
    error EmissionController__TooManyExcluded(uint256 count, uint256 max);
    /// @notice The epoch has to be over first.
    error EmissionController__EpochNotOver(uint256 epoch, uint256 endsAt);
    /// @notice The epoch was rolled already.
    error EmissionController__AlreadyRolled(uint256 epoch);
    /// @notice The provider has neither fees nor passed canaries in the epoch.
    error EmissionController__NoWeight(address provider, uint256 epoch);
    /// @notice The provider is registered with these weights or better ones.
    error EmissionController__AlreadyRegistered(address provider, uint256 epoch);
    /// @notice The provider is not registered in the epoch, or was paid.
    error EmissionController__NotRegistered(address provider, uint256 epoch);
    /// @notice Rewards of the epoch could be claimed until `endedAt`.
    error EmissionController__ClaimExpired(uint256 epoch, uint256 endedAt);
    /// @notice Only the provider's owner or operator may claim.
    error EmissionController__NotOwnerNorOperator(address provider, address caller);
    /// @notice Nothing of the provider's rewards is the delegator's now.
    error EmissionController__NothingDelegated(address provider, address delegator);
    /// @notice The delegators' part of the epoch is zero, or was handed on.
    error EmissionController__NothingToHandOn(address provider, uint256 epoch);
    /// @notice The vault has refused nothing of the account's.
    error EmissionController__NothingToVest(address account);
    /// @notice The call has too little gas for the vault.
    error EmissionController__TooLittleGas(uint256 left, uint256 needed);
    /// @notice Nothing is left of the epoch, or it was never rolled.
    error EmissionController__NothingToExpire(uint256 epoch);

    /// @notice Fixes the pools of the epoch that ended last. Once an epoch, anyone; an epoch that
    /// nobody rolls before the next one is over emits nothing.
    function roll() external;
    /// @notice Enters a provider's weights for the epoch that ended last; rolls it if nobody did.
    /// Anyone, and again when its score has risen meanwhile: a later call never lowers a weight.
    function register(address provider) external;
    /// @notice Pays a provider's reward of an epoch: part at once to the owner, the rest into the
    /// vault; the delegators' part stays here until they take it. Owner or operator, in the second
    /// to ninth epoch after. A vault that refuses stops nothing: its part is owed.
    function claim(address provider, uint256 epoch) external returns (uint256 liquid, uint256 vested);
    /// @notice Shares out only the delegators' part of a provider's reward, among those of now, so
    /// that no provider chooses when. Anyone, while it can be claimed.
    function handOn(address provider, uint256 epoch) external returns (uint256 amount);
    /// @notice Deposits in the vault what it refused in claims of the account. Anyone.
    function vest(address account) external returns (uint256 amount);
    /// @notice Pays the caller, a delegator, its part of what the provider claimed since: part at
    /// once, the rest into the vault.
    function claimDelegated(address provider) external returns (uint256 liquid, uint256 vested);
    /// @notice Returns to the reserve what nobody claimed of an epoch, after its last epoch of
    /// claims. Anyone.
    function expire(uint256 epoch) external returns (uint256 amount);

    /// @notice R: wei that are promised to no epoch.
    function reserveWei() external view returns (uint256);
    /// @notice Sum of `left` of all epochs.
    function reservedWei() external view returns (uint256);
    /// @notice Wei shared out among delegators, and not taken by them yet.
    function delegatedWei() external view returns (uint256);
    /// @notice What the vault has refused in claims of all accounts, in wei.
    function vestingOwedWei() external view returns (uint256);
    /// @notice What the vault has refused of an account's emission, in wei.
    function vestingOwedOf(address account) external view returns (uint256);
    /// @notice Wei that ever left: with `reserveWei`, `reservedWei`, `delegatedWei` and
    /// `vestingOwedWei` a sum that never changes.
    function paidWei() external view returns (uint256);
    /// @notice Part of the next roll's budget that goes into the availability pool.
    function availBps() external view returns (uint256);
    /// @notice Fees of an epoch at which the next roll emits its whole work pool, in wei.
    function baselineWei() external view returns (uint256);
    /// @notice The first epoch that can be rolled: the first whole one after deployment.
    function firstEpoch() external view returns (uint256);
    /// @notice The last epoch that was rolled; zero if none.
    function lastEpoch() external view returns (uint256);
    /// @notice Supply outside of this contract and of the excluded addresses, in wei.
    function circulatingWei() external view returns (uint256);
    function epochOf(uint256 epoch) external view returns (Epoch memory);
    function weightOf(address provider, uint256 epoch) external view returns (Weight memory);
    /// @notice What `claim` would pay as weights stand now; final once the epoch after is over.
    function rewardOf(address provider, uint256 epoch) external view returns (Reward memory);
    function excluded() external view returns (address[] memory);
    function token() external view returns (address);
    function stakeManager() external view returns (address);
    function feeRouter() external view returns (address);
    function vault() external view returns (address);
    function canaries() external view returns (address);
}
