// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VestingWallet} from "@openzeppelin/contracts/finance/VestingWallet.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IProtocolParams} from "../interfaces/IProtocolParams.sol";
import {ITreasury} from "../interfaces/ITreasury.sol";
import {Params} from "../libraries/Params.sol";

/// @title Tokens that voters may spend, slowly
/// @notice See ITreasury.
/// @dev Grants are counted by what their wallet says it released to this contract, not by balances:
/// `release` of a VestingWallet is open to everybody, and what it paid must not fall out of the
/// count. Hence only wallets named at deployment, which are known to tell the truth.
contract Treasury is ITreasury, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant _BPS = 10_000;
    uint256 private constant _WINDOW_DAYS = 30;

    address public immutable token;
    address public immutable params;
    /// @inheritdoc ITreasury
    address public immutable standardTimelock;
    /// @inheritdoc ITreasury
    address public immutable constitutionalTimelock;

    /// @inheritdoc ITreasury
    uint256 public holdings;
    /// @inheritdoc ITreasury
    mapping(address wallet => bool) public isGrant;
    /// @inheritdoc ITreasury
    mapping(address wallet => uint256 amount) public collectedOf;
    mapping(address timelock => mapping(uint256 day => uint256 amount)) private _paidOn;

    /// @param grants VestingWallets whose beneficiary is this contract; may be empty
    constructor(
        address token_,
        address standardTimelock_,
        address constitutionalTimelock_,
        address params_,
        address[] memory grants
    ) {
        token = token_;
        standardTimelock = standardTimelock_;
        constitutionalTimelock = constitutionalTimelock_;
        params = params_;
        for (uint256 i; i < grants.length; ++i) {
            isGrant[grants[i]] = true;
        }
    }

    /// @inheritdoc ITreasury
    function fund(uint256 amount) external nonReentrant {
        if (amount == 0) revert Treasury__ZeroAmount();
        holdings += amount;
        emit TreasuryFunded(msg.sender, amount);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc ITreasury
    function pay(address to, uint256 amount, string calldata reason) external nonReentrant {
        if (msg.sender != standardTimelock && msg.sender != constitutionalTimelock) {
            revert Treasury__OnlyTimelock(msg.sender);
        }
        if (to == address(0) || to == address(this)) revert Treasury__BadPayee(to);
        if (amount == 0) revert Treasury__ZeroAmount();
        uint256 left = leftOf(msg.sender);
        if (amount > left) revert Treasury__OverLimit(amount, left);
        holdings -= amount;
        _paidOn[msg.sender][_today()] += amount;
        emit TreasuryPaid(msg.sender, to, amount, reason);
        IERC20(token).safeTransfer(to, amount);
    }

    /// @inheritdoc ITreasury
    function collectGrant(address wallet) external nonReentrant {
        if (!isGrant[wallet]) revert Treasury__UnknownGrant(wallet);
        VestingWallet(payable(wallet)).release(token);
        uint256 released = VestingWallet(payable(wallet)).released(token);
        uint256 amount = released - collectedOf[wallet];
        if (amount == 0) revert Treasury__ZeroAmount();
        collectedOf[wallet] = released;
        holdings += amount;
        emit GrantCollected(wallet, amount);
    }

    /// @inheritdoc ITreasury
    function leftOf(address timelock) public view returns (uint256) {
        uint256 standardPaid = paidIn30Days(standardTimelock);
        uint256 constitutionalPaid = paidIn30Days(constitutionalTimelock);
        uint256 base = holdings + standardPaid + constitutionalPaid;
        uint256 word = IProtocolParams(params).word(Params.WORD_FUNDS);
        if (timelock == standardTimelock) {
            return _left(base, Params.treasuryStandardBps(word), standardPaid);
        }
        if (timelock == constitutionalTimelock) {
            return _left(base, Params.treasuryConstitutionalBps(word), constitutionalPaid);
        }
        return 0;
    }

    /// @inheritdoc ITreasury
    function paidIn30Days(address timelock) public view returns (uint256 amount) {
        uint256 today = _today();
        for (uint256 i; i <= _WINDOW_DAYS; ++i) {
            amount += _paidOn[timelock][today - i];
        }
    }

    /// @dev Zero, not a negative number, where a limit was lowered below what is paid already.
    function _left(uint256 base, uint256 bps, uint256 paid) private pure returns (uint256) {
        uint256 limit = (base * bps) / _BPS;
        return limit > paid ? limit - paid : 0;
    }

    function _today() private view returns (uint256) {
        return block.timestamp / 1 days;
    }
}
