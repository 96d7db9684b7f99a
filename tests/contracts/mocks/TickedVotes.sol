// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VotingPower} from "../../../contracts/governance/VotingPower.sol";

/// @notice The same votes with another tick, to measure what the tick costs.
contract TickedVotes is VotingPower {
    uint256 private immutable _otherTickS;

    constructor(address stakeManager_, address vault_, uint256 otherTickS)
        VotingPower(stakeManager_, vault_)
    {
        _otherTickS = otherTickS;
    }

    function clock() public view override returns (uint48) {
        return uint48(block.timestamp - block.timestamp % _otherTickS);
    }
}
