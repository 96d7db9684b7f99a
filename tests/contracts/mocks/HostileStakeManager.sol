// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../../../contracts/interfaces/IJobMarket.sol";

/// @notice Lets jobs begin as usual and then does its worst when a lock is to be closed.
contract HostileStakeManager {
    enum Attack {
        None,
        Revert,
        BurnGas,
        ReturnBomb,
        Reenter
    }

    error HostileStakeManager__Refused();

    mapping(address provider => address) public operatorOf;
    Attack public attack;
    bool public hasEntered;
    uint256 public closed;
    bytes32 public victim;

    function setOperator(address provider, address operator) external {
        operatorOf[provider] = operator;
    }

    function setAttack(Attack attack_) external {
        attack = attack_;
    }

    /// @notice Another job, which a stranger may end at this moment.
    function setVictim(bytes32 jobId) external {
        victim = jobId;
    }

    function lock(address, bytes32, uint256) external {}

    function unlock(address, bytes32 jobId, uint256) external {
        _strike(jobId);
    }

    function slashTimeout(address, bytes32 jobId, uint256, uint256, bool)
        external
        returns (uint256)
    {
        _strike(jobId);
        return 0;
    }

    function _strike(bytes32 jobId) private {
        ++closed;
        if (attack == Attack.Revert) revert HostileStakeManager__Refused();
        if (attack == Attack.BurnGas) while (true) ++closed;
        if (attack == Attack.ReturnBomb) {
            assembly ("memory-safe") {
                revert(0, 50000)
            }
        }
        if (attack == Attack.Reenter) _reenter(jobId);
    }

    /// @dev Every call that could move money or a state, from inside the call of the market.
    function _reenter(bytes32 jobId) private {
        bytes[9] memory calls = [
            abi.encodeCall(IJobMarket.settle, (jobId)),
            abi.encodeCall(IJobMarket.expire, (jobId)),
            abi.encodeCall(IJobMarket.expire, (victim)),
            abi.encodeCall(IJobMarket.cancel, (jobId)),
            abi.encodeCall(IJobMarket.cancel, (victim)),
            abi.encodeCall(IJobMarket.closeLock, (jobId)),
            abi.encodeCall(IJobMarket.draw, (jobId)),
            abi.encodeCall(IJobMarket.harvest, (address(this))),
            abi.encodeCall(IJobMarket.withdraw, (1))
        ];
        for (uint256 i; i < calls.length; ++i) {
            (bool ok,) = msg.sender.call(calls[i]);
            if (ok) hasEntered = true;
        }
    }
}
