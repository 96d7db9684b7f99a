// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {IProtocolParams} from "../interfaces/IProtocolParams.sol";
import {IProtocolTimelock} from "../interfaces/IProtocolTimelock.sol";
import {Params} from "../libraries/Params.sol";

/// @title The delay between a vote and its effect
/// @notice See IProtocolTimelock.
contract ProtocolTimelock is TimelockController, IProtocolTimelock {
    /// @inheritdoc IProtocolTimelock
    address public immutable governor;
    /// @inheritdoc IProtocolTimelock
    address public immutable params;
    /// @inheritdoc IProtocolTimelock
    bool public immutable isConstitutional;

    constructor(address governor_, address params_, bool isConstitutional_)
        TimelockController(0, _only(governor_), _only(governor_), address(0))
    {
        governor = governor_;
        params = params_;
        isConstitutional = isConstitutional_;
        _revokeRole(DEFAULT_ADMIN_ROLE, address(this)); // the base makes the timelock its own admin
    }

    receive() external payable override {
        revert Timelock__NoEther();
    }

    /// @notice Always reverts: roles are fixed.
    function grantRole(bytes32, address) public pure override {
        revert Timelock__Fixed();
    }

    /// @notice Always reverts: roles are fixed.
    function revokeRole(bytes32, address) public pure override {
        revert Timelock__Fixed();
    }

    /// @notice Always reverts: roles are fixed.
    function renounceRole(bytes32, address) public pure override {
        revert Timelock__Fixed();
    }

    /// @notice Always reverts: the delay is a parameter.
    function updateDelay(uint256) public pure override {
        revert Timelock__Fixed();
    }

    /// @notice The delay as it applies now, in seconds.
    function getMinDelay() public view override returns (uint256) {
        if (isConstitutional) {
            uint256 word = IProtocolParams(params).word(Params.WORD_CONSTITUTIONAL);
            return Params.constitutionalTimelockS(word);
        }
        return Params.standardTimelockS(IProtocolParams(params).word(Params.WORD_STANDARD));
    }

    function _only(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
