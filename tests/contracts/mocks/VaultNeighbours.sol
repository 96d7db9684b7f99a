// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IVestingVault} from "../../../contracts/interfaces/IVestingVault.sol";

/// @notice Everything that the vault asks, as a test sets it: the StakeManager, the insurance, the
/// parameters. Hostile, it refuses every call, or wastes all gas of one that reports votes.
contract VaultNeighbours {
    address private immutable _TOKEN;
    bool public isHostile;
    uint256 public vestingWord;
    uint256 public pausedUntil;
    uint256 public funded;
    uint256 public kept;
    uint256 public whole;
    mapping(address account => address) private _operators;
    mapping(address account => bool) private _pending;
    mapping(address account => int256) public moved;

    error Hostile();

    modifier friendly() {
        if (isHostile) revert Hostile();
        _;
    }

    constructor(address token, uint256 word_) {
        _TOKEN = token;
        vestingWord = word_;
    }

    // --- what a test sets ---

    function setHostile(bool hostile) external {
        isHostile = hostile;
    }

    function setWord(uint256 word_) external {
        vestingWord = word_;
    }

    function setPausedUntil(uint256 until) external {
        pausedUntil = until;
    }

    function setOperator(address account, address operator) external {
        _operators[account] = operator;
    }

    function setPendingSlash(address account, bool isPending) external {
        _pending[account] = isPending;
    }

    function slash(IVestingVault vault, address account, bytes32 slashId, uint256 bps)
        external
        returns (uint256)
    {
        return vault.slash(account, slashId, bps);
    }

    // --- what the vault asks ---

    function operatorOf(address account) external view friendly returns (address) {
        return _operators[account];
    }

    function hasPendingSlash(address account) external view friendly returns (bool) {
        return _pending[account];
    }

    function scaleAge(address, uint256 kept_, uint256 whole_) external friendly {
        (kept, whole) = (kept_, whole_);
    }

    function word(uint256) external view friendly returns (uint256) {
        return vestingWord;
    }

    function fund(uint256 amount) external friendly {
        funded += amount;
        IERC20(_TOKEN).transferFrom(msg.sender, address(this), amount);
    }

    function move(address account, int256 change) external {
        while (isHostile) {} // until the gas is gone
        moved[account] += change;
    }
}
