// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {LiveParams} from "../libraries/LiveParams.sol";
import {Economy} from "../types/Economy.sol";
import {Payment} from "../types/Job.sol";

/// @title Free balances of clients and earnings of providers
/// @notice The only place where tokens enter and leave the market. Counts what it was told, never
/// `balanceOf(this)`: tokens sent here without a call belong to nobody.
/// @dev SafeERC20 although the token is ours: a deployer's wrong address then fails loudly without
/// an error path of our own that no test could reach.
abstract contract Ledger is IJobMarket, LiveParams, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IJobMarket
    address public immutable token;
    /// @inheritdoc IJobMarket
    address public immutable stakeManager;
    /// @inheritdoc IJobMarket
    address public immutable auditCourt;
    /// @inheritdoc IJobMarket
    address public immutable disputeCourt;
    /// @inheritdoc IJobMarket
    address public immutable feeRouter;
    /// @inheritdoc IJobMarket
    address public immutable channels;

    mapping(address client => uint256) private _free;
    mapping(address provider => uint256) private _earned;

    modifier onlyCourt() {
        _requireCourt();
        _;
    }

    constructor(
        address token_,
        address stakeManager_,
        address auditCourt_,
        address disputeCourt_,
        Economy memory economy
    ) LiveParams(economy.params) {
        token = token_;
        stakeManager = stakeManager_;
        auditCourt = auditCourt_;
        disputeCourt = disputeCourt_;
        feeRouter = economy.feeRouter;
        channels = economy.channels;
    }

    /// @inheritdoc IJobMarket
    function deposit(uint256 amount) external nonReentrant {
        _deposit(amount);
    }

    /// @inheritdoc IJobMarket
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
    {
        _depositWithPermit(amount, deadline, v, r, s);
    }

    /// @inheritdoc IJobMarket
    function withdraw(uint256 amount) external nonReentrant {
        if (amount == 0) revert JobMarket__ZeroAmount();
        _debit(msg.sender, amount);
        emit Withdrawn(msg.sender, amount);
        IERC20(token).safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IJobMarket
    function harvest(address provider) external nonReentrant returns (uint256 amount) {
        // The FeeRouter asks on behalf of an owner or operator; the owner is paid, whoever asks.
        if (msg.sender != feeRouter) _requireOwnerOrOperator(provider);
        amount = _earned[provider];
        if (amount == 0) revert JobMarket__NothingEarned(provider);
        _earned[provider] = 0;
        emit Harvested(provider, amount);
        IERC20(token).safeTransfer(provider, amount);
    }

    // --- money of the courts and of the channels: their own free balance ---

    /// @inheritdoc IJobMarket
    function collect(address from, uint256 amount) external nonReentrant onlyCourt {
        _debit(from, amount);
        _credit(msg.sender, amount);
        emit Collected(from, msg.sender, amount);
    }

    /// @inheritdoc IJobMarket
    function courtPay(address to, uint256 amount, bool asEarned) external nonReentrant onlyCourt {
        _debit(msg.sender, amount);
        if (asEarned) _earn(to, amount);
        else _credit(to, amount);
        emit CourtPaid(msg.sender, to, amount, asEarned);
    }

    /// @inheritdoc IJobMarket
    function creditSlash(
        bytes32 slashId,
        address client,
        uint256 toClient,
        address finder,
        uint256 toFinder,
        address court,
        uint256 toJudges
    ) external nonReentrant {
        if (msg.sender != stakeManager) revert JobMarket__OnlyStakeManager(msg.sender);
        _credit(client, toClient);
        _credit(finder, toFinder);
        _credit(court, toJudges);
        emit SlashSplit(slashId, client, toClient, finder, toFinder, court, toJudges);
    }

    // --- views ---

    /// @inheritdoc IJobMarket
    function freeOf(address client) external view returns (uint256) {
        return _free[client];
    }

    /// @inheritdoc IJobMarket
    function earnedOf(address provider) external view returns (uint256) {
        return _earned[provider];
    }

    function _freeOf(address client) internal view returns (uint256) {
        return _free[client];
    }

    /// @dev The caller emits the event that says why.
    function _credit(address client, uint256 amount) internal {
        _free[client] += amount;
    }

    /// @dev The caller emits the event that says why.
    function _debit(address client, uint256 amount) internal {
        uint256 free = _free[client];
        if (free < amount) revert JobMarket__InsufficientFree(client, free, amount);
        unchecked {
            _free[client] = free - amount; // free >= amount was checked
        }
    }

    /// @dev The caller emits the event that says why.
    function _earn(address provider, uint256 amount) internal {
        unchecked {
            _earned[provider] += amount; // sums of prices that were in escrow: under the supply, 2^90 wei
        }
    }

    function _payIn(Payment calldata payment) internal {
        _depositWithPermit(payment.amount, payment.deadline, payment.v, payment.r, payment.s);
    }

    function _operatorOf(address provider) internal view returns (address) {
        return IStakeManager(stakeManager).operatorOf(provider);
    }

    function _requireOperator(address provider) internal view {
        if (_operatorOf(provider) != msg.sender) {
            revert JobMarket__NotOperator(provider, msg.sender);
        }
    }

    function _requireOwnerOrOperator(address provider) internal view {
        if (msg.sender != provider && _operatorOf(provider) != msg.sender) {
            revert JobMarket__NotOwnerNorOperator(provider, msg.sender);
        }
    }

    function _requireCourt() private view {
        if (msg.sender != auditCourt && msg.sender != disputeCourt && msg.sender != channels) {
            revert JobMarket__OnlyCourt(msg.sender);
        }
    }

    function _depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        private
    {
        // A permit that someone else submitted first has done its work: the allowance decides.
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(amount);
    }

    function _deposit(uint256 amount) private {
        if (amount == 0) revert JobMarket__ZeroAmount();
        // Every amount of a job is a uint96; the supply is under 2^90 wei.
        if (amount > type(uint96).max) revert JobMarket__AmountTooLarge(amount, type(uint96).max);
        unchecked {
            // Under 2^96 more; the transfer below fails unless the tokens exist.
            _free[msg.sender] += amount;
        }
        emit Deposited(msg.sender, amount);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
    }
}
