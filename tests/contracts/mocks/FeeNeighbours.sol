// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IFeeRouter} from "../../../contracts/interfaces/IFeeRouter.sol";

/// @notice Everything that the FeeRouter asks, as a test sets it: the market, the stakes, the
/// courts, the funds, the vault and the parameters.
contract FeeNeighbours {
    address private immutable _TOKEN;
    uint256 public feesWord;
    uint256 public pool;
    uint256 public funded;
    uint256 public vested;
    bool private _isRefusing;
    bool private _isWasting;
    mapping(address account => address) public operatorOf;
    mapping(address client => uint256) public freeOf;
    mapping(address provider => uint256) public earnedOf;

    error TooLittle(uint256 free, uint256 needed);
    error Refused();

    constructor(address token, uint256 word_) {
        _TOKEN = token;
        feesWord = word_;
    }

    // --- what a test sets ---

    function setWord(uint256 word_) external {
        feesWord = word_;
    }

    function setOperator(address account, address operator) external {
        operatorOf[account] = operator;
    }

    function earn(address provider, uint256 amount) external {
        earnedOf[provider] += amount;
    }

    /// @dev The vault refuses; or it uses all gas that it gets.
    function refuse(bool isRefusing, bool isWasting) external {
        (_isRefusing, _isWasting) = (isRefusing, isWasting);
    }

    /// @dev As the market settles a job; the tokens were sent here before.
    function record(IFeeRouter router, address provider, uint256 amount) external {
        freeOf[address(router)] += amount;
        router.record(provider, amount);
    }

    // --- what the FeeRouter asks ---

    function word(uint256) external view returns (uint256) {
        return feesWord;
    }

    function withdraw(uint256 amount) external {
        _take(amount);
        IERC20(_TOKEN).transfer(msg.sender, amount);
    }

    function harvest(address provider) external returns (uint256 amount) {
        amount = earnedOf[provider];
        earnedOf[provider] = 0;
        IERC20(_TOKEN).transfer(provider, amount);
    }

    function fundPool(uint256 amount) external {
        _take(amount);
        pool += amount;
    }

    function fund(uint256 amount) external {
        funded += amount;
        IERC20(_TOKEN).transferFrom(msg.sender, address(this), amount);
    }

    /// @dev The market's.
    function deposit(uint256 amount) external {
        freeOf[msg.sender] += amount;
        IERC20(_TOKEN).transferFrom(msg.sender, address(this), amount);
    }

    /// @dev The vault's.
    function deposit(address, uint256 amount) external {
        if (_isRefusing) revert Refused();
        while (_isWasting) vested = 1 + gasleft();
        vested += amount;
        IERC20(_TOKEN).transferFrom(msg.sender, address(this), amount);
    }

    function _take(uint256 amount) private {
        uint256 free = freeOf[msg.sender];
        if (free < amount) revert TooLittle(free, amount);
        freeOf[msg.sender] = free - amount;
    }
}
