// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {IGuardian} from "../interfaces/IGuardian.sol";
import {IProtocolParams} from "../interfaces/IProtocolParams.sol";
import {Params} from "../libraries/Params.sol";

/// @title Cancels proposals and pauses, for a while
/// @notice See IGuardian.
contract Guardian is IGuardian {
    /// @inheritdoc IGuardian
    address public immutable params;
    /// @inheritdoc IGuardian
    address public immutable constitutionalTimelock;
    /// @inheritdoc IGuardian
    address public immutable standardGovernor;
    /// @inheritdoc IGuardian
    address public immutable constitutionalGovernor;

    /// @inheritdoc IGuardian
    address public holder;
    /// @inheritdoc IGuardian
    uint256 public expiresAt;

    modifier onlyHolder() {
        _checkHolder();
        _;
    }

    constructor(
        address holder_,
        address params_,
        address constitutionalTimelock_,
        address standardGovernor_,
        address constitutionalGovernor_
    ) {
        params = params_;
        constitutionalTimelock = constitutionalTimelock_;
        standardGovernor = standardGovernor_;
        constitutionalGovernor = constitutionalGovernor_;
        _renew(holder_);
    }

    /// @inheritdoc IGuardian
    function cancel(
        address governor,
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata calldatas,
        bytes32 descriptionHash
    ) external onlyHolder {
        if (governor != standardGovernor && governor != constitutionalGovernor) {
            revert Guardian__UnknownGovernor(governor);
        }
        for (uint256 i; i < targets.length; ++i) {
            if (targets[i] == address(this)) revert Guardian__AboutItself();
        }
        uint256 proposalId = IGovernor(governor).cancel(targets, values, calldatas, descriptionHash);
        emit GuardianCancelled(governor, proposalId);
    }

    /// @inheritdoc IGuardian
    function pause(uint256 durationS) external onlyHolder {
        IProtocolParams(params).pause(durationS);
    }

    /// @inheritdoc IGuardian
    function renew(address newHolder) external {
        if (msg.sender != constitutionalTimelock) revert Guardian__OnlyTimelock(msg.sender);
        _renew(newHolder);
    }

    function _renew(address newHolder) private {
        if (newHolder == address(0)) revert Guardian__ZeroAddress();
        holder = newHolder;
        expiresAt = block.timestamp + Params.GUARDIAN_TERM_S;
        emit GuardianRenewed(newHolder, expiresAt);
    }

    function _checkHolder() private view {
        if (msg.sender != holder) revert Guardian__NotHolder(msg.sender);
        if (block.timestamp >= expiresAt) revert Guardian__Expired(expiresAt);
    }
}
