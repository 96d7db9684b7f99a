// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice A target that schedules the batch it is part of while that batch runs, as in the incident
/// of OpenZeppelin's timelock in 2021.
contract Reexecutor {
    address[] private _targets;
    uint256[] private _values;
    bytes[] private _payloads;

    function setUp(address[] memory targets, bytes[] memory payloads) external {
        _targets = targets;
        _values = new uint256[](targets.length);
        delete _payloads;
        for (uint256 i; i < payloads.length; ++i) {
            _payloads.push(payloads[i]);
        }
    }

    function run() external {
        TimelockController(payable(msg.sender)).scheduleBatch(
            _targets, _values, _payloads, 0, 0, 0
        );
    }
}
