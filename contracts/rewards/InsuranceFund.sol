// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IFunded} from "../interfaces/IFunded.sol";
import {IInsuranceFund} from "../interfaces/IInsuranceFund.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IProtocolParams} from "../interfaces/IProtocolParams.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {LiveParams} from "../libraries/LiveParams.sol";
import {Params} from "../libraries/Params.sol";

/// @title What pays when the protocol failed a client or its audit pool
/// @notice See IInsuranceFund.
contract InsuranceFund is IInsuranceFund, LiveParams, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant _BPS = 10_000;
    uint256 private constant _EPOCH_S = 604_800;

    /// @dev One word. What was held when a period began, and what was paid in it.
    struct Period {
        uint112 held;
        uint112 paid;
        uint32 number; // epoch, or day
    }

    /// @dev One word. What was granted in an epoch; of any other epoch, nothing.
    struct Grants {
        uint224 paid;
        uint32 epoch;
    }

    /// @inheritdoc IInsuranceFund
    address public immutable token;
    /// @inheritdoc IInsuranceFund
    address public immutable market;
    /// @inheritdoc IInsuranceFund
    address public immutable stakeManager;
    /// @inheritdoc IInsuranceFund
    address public immutable auditCourt;
    /// @inheritdoc IInsuranceFund
    address public immutable constitutionalTimelock;

    /// @inheritdoc IInsuranceFund
    uint256 public holdings;
    /// @inheritdoc IInsuranceFund
    mapping(bytes32 slashId => bool) public isPaid;
    Period private _epoch;
    Period private _day;
    Grants private _grants;

    /// @param params_ the ProtocolParams; zero: the defaults for ever, and no breaker
    constructor(
        address token_,
        address market_,
        address stakeManager_,
        address auditCourt_,
        address constitutionalTimelock_,
        address params_
    ) LiveParams(params_) {
        token = token_;
        market = market_;
        stakeManager = stakeManager_;
        auditCourt = auditCourt_;
        constitutionalTimelock = constitutionalTimelock_;
        IERC20(token_).forceApprove(market_, type(uint256).max);
    }

    // --- coming in ---

    /// @inheritdoc IFunded
    function fund(uint256 amount) external nonReentrant {
        if (amount == 0) revert InsuranceFund__ZeroAmount();
        _receive(msg.sender, amount);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IInsuranceFund
    function collect() external nonReentrant returns (uint256 amount) {
        amount = IStakeManager(stakeManager).collectInsurance();
        _receive(stakeManager, amount);
    }

    // --- going out ---

    /// @inheritdoc IInsuranceFund
    function payVerdict(bytes32 slashId) external nonReentrant returns (uint256 amount) {
        if (isPaid[slashId]) revert InsuranceFund__AlreadyPaid(slashId);
        address client;
        (client, amount) = IStakeManager(stakeManager).lossOf(slashId);
        if (amount == 0) revert InsuranceFund__NoVerdict(slashId);
        isPaid[slashId] = true;
        _spend(amount);
        emit VerdictPaid(slashId, client, amount);
        IERC20(token).safeTransfer(client, amount);
    }

    /// @inheritdoc IInsuranceFund
    function topUpPool() external nonReentrant returns (uint256 amount) {
        uint256 pool = IJobMarket(market).freeOf(auditCourt);
        if (pool >= Params.POOL_FLOOR_WEI) {
            revert InsuranceFund__PoolFull(pool, Params.POOL_FLOOR_WEI);
        }
        uint256 missing = Params.POOL_FLOOR_WEI - pool;
        amount = Math.min(missing, leftNow());
        if (amount == 0) revert InsuranceFund__OverLimit(missing, 0);
        _spend(amount);
        emit PoolToppedUp(amount);
        IJobMarket(market).deposit(amount);
        IAuditCourt(auditCourt).fundPool(amount);
    }

    /// @inheritdoc IInsuranceFund
    function pay(address to, uint256 amount, string calldata reason) external nonReentrant {
        if (msg.sender != constitutionalTimelock) revert InsuranceFund__OnlyTimelock(msg.sender);
        if (to == address(0) || to == address(this)) revert InsuranceFund__BadPayee(to);
        if (amount == 0) revert InsuranceFund__ZeroAmount();
        uint256 left = grantLeftNow();
        if (amount > left) revert InsuranceFund__OverGrantLimit(amount, left);
        _grants = Grants(uint224(_granted() + amount), uint32(block.timestamp / _EPOCH_S));
        _spend(amount);
        emit InsurancePaid(to, amount, reason);
        IERC20(token).safeTransfer(to, amount);
    }

    // --- views ---

    /// @inheritdoc IInsuranceFund
    function leftNow() public view returns (uint256) {
        Period memory epoch = _present(_epoch, _EPOCH_S);
        uint256 word = _word(Params.WORD_FUNDS, Params.DEFAULT_FUNDS);
        uint256 perEvent = (epoch.held * Params.insurancePerEventBps(word)) / _BPS;
        uint256 inAll = (epoch.held * Params.insurancePerEpochBps(word)) / _BPS;
        uint256 rest = inAll > epoch.paid ? inAll - epoch.paid : 0; // a limit may have been lowered
        return Math.min(Math.min(perEvent, rest), holdings);
    }

    /// @inheritdoc IInsuranceFund
    function grantLeftNow() public view returns (uint256) {
        uint256 held = _present(_epoch, _EPOCH_S).held; // the same in a whole epoch
        uint256 rest = (held * Params.INSURANCE_GRANT_BPS) / _BPS - _granted();
        return Math.min(rest, leftNow());
    }

    /// @inheritdoc IInsuranceFund
    function epochBook() external view returns (uint256 heldWei, uint256 paidWei) {
        Period memory epoch = _present(_epoch, _EPOCH_S);
        return (epoch.held, epoch.paid);
    }

    // --- private ---

    function _receive(address from, uint256 amount) private {
        _begin();
        holdings += amount;
        emit InsuranceFunded(from, amount);
    }

    function _spend(uint256 amount) private {
        uint256 left = leftNow();
        if (amount > left) revert InsuranceFund__OverLimit(amount, left);
        _begin();
        holdings -= amount;
        _epoch.paid += uint112(amount);
        _day.paid += uint112(amount);
        if (params == address(0)) return;
        uint256 most = (uint256(_day.held) * Params.BREAKER_INSURANCE_BPS) / _BPS;
        if (_day.paid <= most) return;
        // A payment within the limits stands, whatever the breaker does.
        try IProtocolParams(params).trip() {} catch {}
    }

    function _granted() private view returns (uint256) {
        Grants memory last = _grants;
        return last.epoch == block.timestamp / _EPOCH_S ? last.paid : 0;
    }

    /// @dev Before the first change of a period, what is held is what was held when it began.
    function _begin() private {
        _epoch = _present(_epoch, _EPOCH_S);
        _day = _present(_day, 1 days);
    }

    function _present(Period memory last, uint256 lengthS) private view returns (Period memory) {
        uint256 number = block.timestamp / lengthS;
        if (last.number == number) return last;
        return Period(uint112(holdings), 0, uint32(number)); // tokens that exist: under 2^90 wei
    }
}
