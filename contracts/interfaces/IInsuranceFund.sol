// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IFunded} from "./IFunded.sol";

/// @title What pays when the protocol failed a client or its audit pool
/// @notice It pays clients of jobs that were proven wrong after they were paid, fills up the audit
/// pool, and pays what the Constitutional timelock says. Only what came by `fund` and `collect` counts;
/// tokens sent without a call belong to nobody.
/// @dev Limits, of what was held at the beginning of the present epoch (a week: unix seconds / 604800),
/// as the parameters now stand: a payment is at most insurancePerEventBps of it, all payments of the
/// epoch together at most insurancePerEpochBps. Within both, what votes grant in an epoch is at most
/// INSURANCE_GRANT_BPS, which no vote can change: claims keep the rest, whoever has the votes. What came
/// in meanwhile counts from the next epoch on; hence nothing is paid in the epoch of the first funding.
/// When the payments of a day (UTC) are above BREAKER_INSURANCE_BPS of what was held when the day began,
/// the breaker trips.
/// Assumptions for correctness: the StakeManager tells the truth about verdicts. For liveness: none.
interface IInsuranceFund is IFunded {
    event InsuranceFunded(address indexed from, uint256 amount);
    event VerdictPaid(bytes32 indexed slashId, address indexed client, uint256 amount);
    event PoolToppedUp(uint256 amount);
    event InsurancePaid(address indexed to, uint256 amount, string reason);

    /// @notice No final verdict of a late window is known under this id, or the client lost nothing.
    error InsuranceFund__NoVerdict(bytes32 slashId);
    /// @notice The verdict was paid already.
    error InsuranceFund__AlreadyPaid(bytes32 slashId);
    /// @notice The payment is above what may be paid at once now.
    error InsuranceFund__OverLimit(uint256 amount, uint256 left);
    /// @notice The grant is above what may be granted by vote now.
    error InsuranceFund__OverGrantLimit(uint256 amount, uint256 left);
    /// @notice The audit pool has what it needs.
    error InsuranceFund__PoolFull(uint256 pool, uint256 floor);
    /// @notice Only the Constitutional timelock may do this.
    error InsuranceFund__OnlyTimelock(address caller);
    /// @notice A payment to nobody, or to the fund itself.
    error InsuranceFund__BadPayee(address to);
    /// @notice Zero tokens were to be moved.
    error InsuranceFund__ZeroAmount();

    /// @notice Takes what slashes left to insurance from the StakeManager, and counts it. Anyone.
    function collect() external returns (uint256 amount);
    /// @notice Pays the client of a verdict what the slash did not return of the job's price. Anyone,
    /// once a verdict, when the slash is final.
    function payVerdict(bytes32 slashId) external returns (uint256 amount);
    /// @notice Fills the audit pool up to POOL_FLOOR_WEI, as far as the limits allow. Anyone.
    function topUpPool() external returns (uint256 amount);
    /// @notice Grants at most `grantLeftNow`. Only the Constitutional timelock. Bought votes, which may
    /// pass a grant for every week of a year at once, take less than half of the fund with them.
    /// @param reason for the record; the contract does not read it
    function pay(address to, uint256 amount, string calldata reason) external;

    /// @notice Counted tokens, in wei.
    function holdings() external view returns (uint256);
    /// @notice What may be paid at once now, in wei.
    function leftNow() external view returns (uint256);
    /// @notice What may be granted by vote now, in wei; never more than `leftNow`.
    function grantLeftNow() external view returns (uint256);
    /// @notice The present epoch: what was held when it began, and is paid since; in wei.
    function epochBook() external view returns (uint256 heldWei, uint256 paidWei);
    function isPaid(bytes32 slashId) external view returns (bool);
    function token() external view returns (address);
    function market() external view returns (address);
    function stakeManager() external view returns (address);
    function auditCourt() external view returns (address);
    function constitutionalTimelock() external view returns (address);
}
