// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IFunded} from "../../../contracts/interfaces/IFunded.sol";
import {Params} from "../../../contracts/libraries/Params.sol";

/// @notice What the StakeManager and the InsuranceFund ask of ProtocolParams and the vault, answered
/// as told. It holds the unvested rewards itself.
contract StakeNeighbours {
    error StakeNeighbours__Refused();

    event VestingSlashed(address indexed account, bytes32 indexed slashId, uint256 amount);

    address public immutable token;
    address public standardTimelock;
    bool public refuses;
    uint256 public trips;
    mapping(uint256 id => uint256) public word;
    mapping(address account => uint256) public unvested;

    constructor(address token_, address standardTimelock_) {
        token = token_;
        standardTimelock = standardTimelock_;
        word[Params.WORD_HIRING] = Params.DEFAULT_HIRING;
        word[Params.WORD_SLASHING] = Params.DEFAULT_SLASHING;
        word[Params.WORD_FUNDS] = Params.DEFAULT_FUNDS;
    }

    function setWord(uint256 id, uint256 value) external {
        word[id] = value;
    }

    /// @notice Whether breaker and vault refuse from now on.
    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    /// @notice Gives an account unvested rewards; the tokens have to be here.
    function setUnvested(address account, uint256 amount) external {
        unvested[account] = amount;
    }

    function trip() external {
        if (refuses) revert StakeNeighbours__Refused();
        ++trips;
    }

    function slash(address account, bytes32 slashId, uint256 bps) external returns (uint256 taken) {
        if (refuses) revert StakeNeighbours__Refused();
        taken = (unvested[account] * bps) / 10_000;
        unvested[account] -= taken;
        emit VestingSlashed(account, slashId, taken);
        IERC20(token).transfer(msg.sender, taken);
    }

    // --- stakes, market and court of an InsuranceFund ---

    struct Loss {
        address client;
        uint256 amount;
    }

    mapping(bytes32 slashId => Loss) public lossOf;
    mapping(address client => uint256) public freeOf;

    function setLoss(bytes32 slashId, address client, uint256 amount) external {
        lossOf[slashId] = Loss(client, amount);
    }

    function setPool(uint256 amount) external {
        freeOf[address(this)] = amount;
    }

    function collectInsurance() external returns (uint256 amount) {
        amount = unvested[msg.sender];
        unvested[msg.sender] = 0;
        IERC20(token).transfer(msg.sender, amount);
    }

    function deposit(uint256 amount) external {
        IERC20(token).transferFrom(msg.sender, address(this), amount);
    }

    function fundPool(uint256 amount) external {
        freeOf[address(this)] += amount;
    }

    /// @notice Pays into a fund, as the vault does with penalties.
    function fund(address to, uint256 amount) external {
        IERC20(token).approve(to, amount);
        IFunded(to).fund(amount);
    }
}
