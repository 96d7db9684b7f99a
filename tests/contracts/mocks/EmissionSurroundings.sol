// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IFeeRouter} from "../../../contracts/interfaces/IFeeRouter.sol";

/// @notice Everything that the EmissionController asks, as a test sets it: stakes, fees, canaries,
/// parameters and the vault, each with the calls that emission makes and no rules of its own.
contract EmissionSurroundings {
    struct Stake {
        uint256 own;
        uint256 counted;
        uint256 ageS;
        uint256 shares;
        uint256 commissionBps;
    }

    struct Score {
        uint256 passed;
        uint256 drawn;
    }

    address private _token;
    bool private _isRefusing;
    bool private _isWasting;
    uint256 private _wasted;
    uint256 public totalStakeWei;
    uint256 public word4; // the word of emission
    uint256 public nextTaken;
    IFeeRouter.Rates private _rates;
    mapping(address provider => address) public operatorOf;
    mapping(address provider => Stake) private _stakes;
    mapping(address provider => uint256) public notified;
    mapping(address account => uint256) public deposited;
    mapping(uint256 epoch => uint256) public feesIn;
    mapping(address provider => mapping(uint256 epoch => uint256)) public feesOf;
    mapping(address provider => mapping(uint256 epoch => Score)) private _scores;

    error Refused();

    // --- what a test sets ---

    /// @dev The vault refuses; or it uses all gas that it gets.
    function refuse(bool isRefusing, bool isWasting) external {
        (_isRefusing, _isWasting) = (isRefusing, isWasting);
    }

    function setToken(address token) external {
        _token = token;
    }

    function setOperator(address provider, address operator) external {
        operatorOf[provider] = operator;
    }

    function setStake(address provider, Stake calldata stake) external {
        _stakes[provider] = stake;
    }

    function setTotalStake(uint256 amount) external {
        totalStakeWei = amount;
    }

    function setWord(uint256 word_) external {
        word4 = word_;
    }

    function setRates(IFeeRouter.Rates calldata rates) external {
        _rates = rates;
    }

    function setNextTaken(uint256 amount) external {
        nextTaken = amount;
    }

    function addFees(address provider, uint256 epoch, uint256 amount) external {
        feesOf[provider][epoch] += amount;
        feesIn[epoch] += amount;
    }

    function setScore(address provider, uint256 epoch, Score calldata found) external {
        _scores[provider][epoch] = found;
    }

    // --- what emission calls ---

    function weightAt(address provider, uint256) external view returns (uint256, uint256) {
        return (_stakes[provider].own, _stakes[provider].counted);
    }

    function ageOf(address provider) external view returns (uint256) {
        return _stakes[provider].ageS;
    }

    function poolStakeOf(address provider) external view returns (uint256, uint256, uint256) {
        Stake storage s = _stakes[provider];
        return (s.counted, s.shares, s.commissionBps);
    }

    function notifyReward(address provider, uint256 amount) external {
        notified[provider] += amount;
    }

    function takeReward(address provider, address) external returns (uint256 amount) {
        amount = nextTaken < notified[provider] ? nextTaken : notified[provider];
        notified[provider] -= amount;
    }

    function scoreOf(address provider, uint256 epoch) external view returns (uint256, uint256) {
        Score storage s = _scores[provider][epoch];
        return (s.passed, s.drawn);
    }

    function ratesOf(uint256) external view returns (IFeeRouter.Rates memory) {
        return _rates;
    }

    function word(uint256 id) external view returns (uint256) {
        return id == 4 ? word4 : 0;
    }

    function deposit(address account, uint256 amount) external {
        if (_isRefusing) revert Refused();
        while (_isWasting) _wasted = 1 + gasleft();
        deposited[account] += amount;
        IERC20(_token).transferFrom(msg.sender, address(this), amount);
    }
}
