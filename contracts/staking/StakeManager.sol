// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Params} from "../libraries/Params.sol";

/// @title The book of stakes
/// @notice Counts only what it was told: tokens sent here without a call belong to nobody.
/// @dev Holds exactly sum(own + unbonding) + insuranceWei. Amounts fit uint96: the supply is under
/// 2^90 wei. SafeERC20 although the token is ours: a deployer's wrong address then fails loudly
/// without an error path of our own that no test could reach. No reentrancy guard: every function
/// ends with its token calls, after all of its writes, and the token has no hooks.
contract StakeManager is IStakeManager {
    using SafeERC20 for IERC20;

    uint256 private constant _BPS = 10_000;

    /// @inheritdoc IStakeManager
    address public immutable token;
    /// @inheritdoc IStakeManager
    address public immutable market;
    /// @inheritdoc IStakeManager
    address public immutable insurance;

    mapping(address provider => Stake) private _stakes;
    mapping(address provider => address) private _operators;
    /// @inheritdoc IStakeManager
    uint256 public insuranceWei;

    modifier onlyMarket() {
        _requireMarket();
        _;
    }

    /// @param token_ the token that is staked
    /// @param market_ the JobMarket, which may not be deployed yet; fixed for ever
    /// @param insurance_ who collects the insurance share of slashes
    constructor(address token_, address market_, address insurance_) {
        if (token_ == address(0) || market_ == address(0) || insurance_ == address(0)) {
            revert StakeManager__ZeroAddress();
        }
        token = token_;
        market = market_;
        insurance = insurance_;
    }

    // --- identity ---

    /// @inheritdoc IStakeManager
    function register(address operator, string calldata endpoint) external {
        if (_operators[msg.sender] != address(0)) revert StakeManager__AlreadyRegistered(msg.sender);
        if (operator == address(0)) revert StakeManager__ZeroAddress();
        _operators[msg.sender] = operator;
        emit ProviderRegistered(msg.sender, operator);
        emit EndpointChanged(msg.sender, endpoint);
    }

    /// @inheritdoc IStakeManager
    function setOperator(address operator) external {
        _requireRegistered(msg.sender);
        if (operator == address(0)) revert StakeManager__ZeroAddress();
        _operators[msg.sender] = operator;
        emit OperatorChanged(msg.sender, operator);
    }

    /// @inheritdoc IStakeManager
    function setEndpoint(address provider, string calldata endpoint) external {
        _requireRegistered(provider);
        if (msg.sender != provider && msg.sender != _operators[provider]) {
            revert StakeManager__NotOwnerNorOperator(provider, msg.sender);
        }
        emit EndpointChanged(provider, endpoint);
    }

    // --- stake ---

    /// @inheritdoc IStakeManager
    function stake(uint256 amount) external {
        _stake(amount);
    }

    /// @inheritdoc IStakeManager
    function stakeWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        // A permit that someone else submitted first has done its work: the allowance decides.
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _stake(amount);
    }

    /// @inheritdoc IStakeManager
    function requestUnbonding(uint256 amount) external {
        if (amount == 0) revert StakeManager__ZeroAmount();
        Stake storage s = _stakes[msg.sender];
        uint256 own = s.own;
        uint256 free = own - s.locked;
        if (amount > free) revert StakeManager__InsufficientFree(msg.sender, free, amount);
        uint256 unbonding = s.unbonding + amount;
        uint256 readyAt = block.timestamp + Params.UNBONDING_S;
        s.own = uint96(own - amount);
        s.unbonding = uint96(unbonding);
        s.unbondingReadyAt = uint40(readyAt);
        emit UnbondingRequested(msg.sender, amount, unbonding, readyAt);
    }

    /// @inheritdoc IStakeManager
    function withdrawUnbonded() external returns (uint256 amount) {
        Stake storage s = _stakes[msg.sender];
        amount = s.unbonding;
        uint256 readyAt = s.unbondingReadyAt;
        if (amount == 0) revert StakeManager__NothingUnbonding(msg.sender);
        if (block.timestamp < readyAt) {
            revert StakeManager__UnbondingNotFinished(msg.sender, readyAt, block.timestamp);
        }
        s.unbonding = 0; // readyAt stays: the next request then finds a used slot, 17,100 gas cheaper
        emit UnbondingWithdrawn(msg.sender, amount);
        IERC20(token).safeTransfer(msg.sender, amount);
    }

    // --- jobs ---

    /// @inheritdoc IStakeManager
    function lock(address provider, bytes32 jobId, uint256 amount) external onlyMarket {
        Stake storage s = _stakes[provider];
        uint256 own = s.own;
        uint256 locked = s.locked;
        if (own < Params.MIN_SELF_STAKE_WEI) {
            _requireRegistered(provider); // whoever has stake is registered
            revert StakeManager__BelowMinimum(provider, own, Params.MIN_SELF_STAKE_WEI);
        }
        if (amount > own - locked) {
            revert StakeManager__InsufficientFree(provider, own - locked, amount);
        }
        s.locked = uint96(locked + amount);
        emit StakeLocked(provider, jobId, amount);
    }

    /// @inheritdoc IStakeManager
    function unlock(address provider, bytes32 jobId, uint256 amount) external onlyMarket {
        Stake storage s = _stakes[provider];
        s.locked = uint96(s.locked - amount);
        emit StakeUnlocked(provider, jobId, amount);
    }

    /// @inheritdoc IStakeManager
    function slashTimeout(address provider, bytes32 jobId, uint256 amount, uint256 price, bool full)
        external
        onlyMarket
        returns (uint256 toClient)
    {
        uint256 taken = _take(provider, amount, full);
        uint256 burned = (taken * Params.SLASH_BURN_BPS) / _BPS;
        toClient = Math.min((taken * Params.SLASH_CLIENT_BPS) / _BPS, price);
        // Nobody found or judged a time-out: their shares, the dust and what the client's cap leaves
        // over are the insurance's.
        uint256 toInsurance = taken - burned - toClient;
        insuranceWei += toInsurance;
        emit StakeUnlocked(provider, jobId, amount);
        emit Slashed(provider, jobId, taken, burned, toClient, toInsurance);
        ERC20Burnable(token).burn(burned);
        IERC20(token).safeTransfer(market, toClient);
    }

    /// @inheritdoc IStakeManager
    function collectInsurance() external returns (uint256 amount) {
        if (msg.sender != insurance) revert StakeManager__OnlyInsurance(msg.sender);
        amount = insuranceWei;
        if (amount == 0) revert StakeManager__ZeroAmount();
        insuranceWei = 0;
        emit InsuranceCollected(insurance, amount);
        IERC20(token).safeTransfer(insurance, amount);
    }

    // --- views ---

    /// @inheritdoc IStakeManager
    function operatorOf(address provider) external view returns (address) {
        return _operators[provider];
    }

    /// @inheritdoc IStakeManager
    function stakeOf(address provider) external view returns (Stake memory) {
        return _stakes[provider];
    }

    /// @inheritdoc IStakeManager
    function freeOf(address provider) external view returns (uint256) {
        Stake storage s = _stakes[provider];
        return s.own - s.locked;
    }

    // --- internal ---

    function _stake(uint256 amount) private {
        if (amount == 0) revert StakeManager__ZeroAmount();
        if (amount > type(uint96).max) {
            revert StakeManager__AmountTooLarge(amount, type(uint96).max);
        }
        Stake storage s = _stakes[msg.sender];
        uint256 own = s.own;
        if (own == 0) _requireRegistered(msg.sender); // whoever has stake is registered
        own += amount;
        s.own = uint96(own); // the transfer below fails unless the tokens exist, so it fits
        emit Staked(msg.sender, amount, own);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @dev Frees the job's lock of `amount` and takes the slash out of the provider's stake.
    function _take(address provider, uint256 amount, bool full) private returns (uint256 taken) {
        Stake storage s = _stakes[provider];
        uint256 own = s.own;
        uint256 locked = s.locked - amount; // from here on: the locks of other jobs
        if (!full) {
            taken = (amount * Params.NO_SHOW_BPS) / _BPS;
            own -= taken;
        } else {
            uint256 unbonding = s.unbonding;
            uint256 extra = ((own + unbonding) * Params.STAKE_SLASH_BPS) / _BPS;
            uint256 fromUnbonding = Math.min(extra, unbonding);
            own -= amount;
            uint256 fromFree = Math.min(extra - fromUnbonding, own - locked);
            own -= fromFree;
            s.unbonding = uint96(unbonding - fromUnbonding);
            taken = amount + fromUnbonding + fromFree;
        }
        s.own = uint96(own);
        s.locked = uint96(locked);
    }

    function _requireRegistered(address provider) private view {
        if (_operators[provider] == address(0)) revert StakeManager__NotRegistered(provider);
    }

    function _requireMarket() private view {
        if (msg.sender != market) revert StakeManager__OnlyMarket(msg.sender);
    }
}
