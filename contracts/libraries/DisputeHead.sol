// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {DisputePhase, RefereeVote} from "../types/Dispute.sol";

/// @notice Where a dispute stands, in memory. Weights count votes of the present sitting: a level
/// sits again, once, if too few revealed. Stored as one word.
struct Head {
    DisputePhase phase;
    RefereeVote verdict; // of the last count; None if it had none
    bool isSecond; // the second sitting of the level
    bool isBooked; // the slash
    uint256 level;
    uint256 deadline; // unix seconds of the present phase; 0: none
    uint256 round; // of the beacon, that draws the referees
    uint256 drawn;
    uint256 committed;
    uint256 guilty;
    uint256 clear;
    uint256 abstain;
    uint256 guiltyBefore; // in counted sittings before the present one
    uint256 clearBefore;
    bytes12 pool;
}

/// @title The head of a dispute as one word
/// @notice Packed by hand: a vote reads and writes one word, once, and the court stays within the
/// limit on the size of contracts.
/// @dev Low bits first: phase 8, level 8, deadline 40, round 32, drawn, committed, guilty, clear,
/// abstain 8 each, verdict 3, isSecond 1, isBooked 1, 3 free, guiltyBefore 8, clearBefore 8, 8 free,
/// pool 96. Weights stay under 2^8: all sittings together draw at most 142 seats.
library DisputeHead {
    uint256 private constant _LEVEL = 8;
    uint256 private constant _DEADLINE = 16;
    uint256 private constant _ROUND = 56;
    uint256 private constant _DRAWN = 88;
    uint256 private constant _COMMITTED = 96;
    uint256 private constant _GUILTY = 104;
    uint256 private constant _CLEAR = 112;
    uint256 private constant _ABSTAIN = 120;
    uint256 private constant _VERDICT = 128;
    uint256 private constant _SECOND = 131;
    uint256 private constant _BOOKED = 132;
    uint256 private constant _GUILTY_BEFORE = 136;
    uint256 private constant _CLEAR_BEFORE = 144;
    uint256 private constant _POOL = 160;
    uint256 private constant _VOTE_MASK = 7;

    /// @notice The word of a head.
    function pack(Head memory h) internal pure returns (uint256 word) {
        word = uint256(h.phase) | h.level << _LEVEL | h.deadline << _DEADLINE | h.round << _ROUND;
        word |= h.drawn << _DRAWN | h.committed << _COMMITTED | h.guilty << _GUILTY;
        word |= h.clear << _CLEAR | h.abstain << _ABSTAIN | uint256(h.verdict) << _VERDICT;
        word |= h.guiltyBefore << _GUILTY_BEFORE | h.clearBefore << _CLEAR_BEFORE;
        if (h.isSecond) word |= 1 << _SECOND;
        if (h.isBooked) word |= 1 << _BOOKED;
        word |= uint256(uint96(h.pool)) << _POOL;
    }

    /// @notice The head of a word.
    function unpack(uint256 word) internal pure returns (Head memory h) {
        h.phase = DisputePhase(uint8(word));
        h.verdict = RefereeVote((word >> _VERDICT) & _VOTE_MASK);
        h.isSecond = (word >> _SECOND) & 1 != 0;
        h.isBooked = (word >> _BOOKED) & 1 != 0;
        h.level = uint8(word >> _LEVEL);
        h.deadline = uint40(word >> _DEADLINE);
        h.round = uint32(word >> _ROUND);
        h.drawn = uint8(word >> _DRAWN);
        h.committed = uint8(word >> _COMMITTED);
        h.guilty = uint8(word >> _GUILTY);
        h.clear = uint8(word >> _CLEAR);
        h.abstain = uint8(word >> _ABSTAIN);
        h.guiltyBefore = uint8(word >> _GUILTY_BEFORE);
        h.clearBefore = uint8(word >> _CLEAR_BEFORE);
        h.pool = bytes12(uint96(word >> _POOL));
    }
}
