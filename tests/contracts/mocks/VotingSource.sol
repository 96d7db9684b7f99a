// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IVotingPower} from "../../../contracts/interfaces/IVotingPower.sol";

/// @notice Stakes without unbonding: whoever puts tokens in may take them out at once. Every defence
/// against borrowed votes has to hold even so.
contract VotingSource {
    IERC20 private immutable _token;
    IVotingPower private immutable _votes;

    constructor(address token, address votes) {
        _token = IERC20(token);
        _votes = IVotingPower(votes);
    }

    function put(uint256 amount) external {
        _token.transferFrom(msg.sender, address(this), amount);
        _votes.move(msg.sender, int256(amount));
    }

    function take(uint256 amount) external {
        _votes.move(msg.sender, -int256(amount));
        _token.transfer(msg.sender, amount);
    }
}
