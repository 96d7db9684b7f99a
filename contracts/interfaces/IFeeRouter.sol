// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Fees of providers, and their split
/// @notice A finished job only raises counters here; its tokens wait in the market, in this
/// contract's free balance. `harvest` splits what a provider earned, epoch by epoch at the rates of
/// that epoch: the liquid part goes to the owner, the vesting part into the vault, the rest into
/// pots that `sweep` hands on: burn, treasury, insurance, audit pool.
/// @dev Assumptions for correctness: the market credited what it records. The liquid part does not
/// depend on the vault: what that refuses is owed, and anyone tries again.
interface IFeeRouter {
    /// @notice Rates of an epoch as its first fee froze them; they sum to at most 4,000.
    struct Rates {
        uint16 burnBps;
        uint16 treasuryBps;
        uint16 insuranceBps;
        uint16 auditBps;
        uint16 vestBps;
    }

    /// @param epoch in which the fees became final
    event FeesSplit(
        address indexed provider,
        uint256 indexed epoch,
        uint256 fees,
        uint256 burned,
        uint256 toTreasury,
        uint256 toInsurance,
        uint256 toAudits,
        uint256 vested,
        uint256 liquid
    );
    event FeesHarvested(address indexed provider, uint256 liquid, uint256 vested);
    /// @notice The vault refused the vesting part of a harvest; `vest` tries again.
    event VestingOwed(address indexed provider, uint256 amount);
    /// @notice The vault took what it had refused.
    event OwedVested(address indexed provider, uint256 amount);
    event PotsSwept(uint256 burned, uint256 toTreasury, uint256 toInsurance, uint256 toAudits);

    /// @notice Only the market and the payment channels record fees.
    error FeeRouter__OnlyMarket(address caller);
    /// @notice Only the provider's owner or operator may harvest.
    error FeeRouter__NotOwnerNorOperator(address provider, address caller);
    /// @notice The provider has nothing to harvest.
    error FeeRouter__NothingToHarvest(address provider);
    /// @notice The vault has refused nothing of the provider's.
    error FeeRouter__NothingToVest(address provider);
    /// @notice The call has too little gas for the vault.
    error FeeRouter__TooLittleGas(uint256 left, uint256 needed);
    /// @notice The pots are empty.
    error FeeRouter__NothingToSweep();

    /// @notice Counts a final fee. The caller has credited `amount` to this contract's free balance
    /// in the market. Only the market and the payment channels.
    function record(address provider, uint256 amount) external;
    /// @notice Splits the provider's fees of at most 64 epochs with any, oldest first; pays the
    /// liquid part to the owner and the vesting part into the vault, and harvests in the market, too,
    /// what the provider earned there as auditor or referee. A vault that refuses stops nothing: its
    /// part is owed. Owner or operator.
    function harvest(address provider) external returns (uint256 liquid, uint256 vested);
    /// @notice Deposits in the vault what it refused in harvests of the provider. Anyone.
    function vest(address provider) external returns (uint256 amount);
    /// @notice Burns and hands on what harvests put into the pots. Anyone.
    function sweep() external;

    /// @notice Fees of a provider that became final in an epoch, harvested or not, in wei.
    function feesOf(address provider, uint256 epoch) external view returns (uint256);
    /// @notice Fees of all providers that became final in an epoch, in wei.
    function feesIn(uint256 epoch) external view returns (uint256);
    /// @notice Rates of an epoch; those of now if it had no fee.
    function ratesOf(uint256 epoch) external view returns (Rates memory);
    /// @notice What a harvest would split now, in wei: the provider's fees of its 64 oldest epochs
    /// with any.
    function unharvestedOf(address provider) external view returns (uint256);
    /// @notice What the vault has refused of a provider's fees, in wei; part of this contract's free
    /// balance in the market.
    function vestingOwedOf(address provider) external view returns (uint256);
    function pots()
        external
        view
        returns (uint256 burn, uint256 treasury, uint256 insurance, uint256 audits);
}
