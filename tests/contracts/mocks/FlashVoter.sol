// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {VotingSource} from "./VotingSource.sol";

interface IBorrower {
    function onLoan(uint256 amount) external;
}

/// @notice Lends any amount for one transaction.
contract FlashLender {
    IERC20 private immutable _token;

    constructor(address token) {
        _token = IERC20(token);
    }

    function lend(uint256 amount) external {
        uint256 before = _token.balanceOf(address(this));
        _token.transfer(msg.sender, amount);
        IBorrower(msg.sender).onLoan(amount);
        require(_token.balanceOf(address(this)) == before, "not paid back");
    }
}

/// @notice Borrows, stakes, delegates to itself, votes, takes the stake out and pays back: all in one
/// transaction, as in the incidents of Beanstalk and Maker.
contract FlashVoter is IBorrower {
    IERC20 private immutable _token;
    VotingSource private immutable _source;
    IVotes private immutable _votes;
    FlashLender private immutable _lender;
    IGovernor private _governor;
    uint256 private _proposalId;
    uint256 public weight;
    uint256 public votesWhileHeld;

    constructor(address token, VotingSource source, address votes, FlashLender lender) {
        (_token, _source, _votes, _lender) = (IERC20(token), source, IVotes(votes), lender);
    }

    function attack(IGovernor governor, uint256 proposalId, uint256 amount) external {
        (_governor, _proposalId) = (governor, proposalId);
        _lender.lend(amount);
    }

    function onLoan(uint256 amount) external {
        _token.approve(address(_source), amount);
        _source.put(amount);
        _votes.delegate(address(this));
        votesWhileHeld = _votes.getVotes(address(this));
        weight = _governor.castVote(_proposalId, 1);
        _source.take(amount);
        _token.transfer(msg.sender, amount);
    }
}
