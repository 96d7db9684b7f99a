// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AuditSlot, SlotPhase} from "../types/Audit.sol";

/// @title An audit slot as one word
/// @notice The layout is the one the compiler would choose for the struct; packing by hand keeps the
/// code of the court a third of a kilobyte shorter at every place that reads or writes a slot.
/// Low bits first: auditor 160, deadline 40, round, phase, attempts, passes, fails, nonFinites 8 each.
library AuditSlots {
    uint256 private constant _DEADLINE = 160;
    uint256 private constant _ROUND = 200;
    uint256 private constant _PHASE = 208;
    uint256 private constant _ATTEMPTS = 216;
    uint256 private constant _PASSES = 224;
    uint256 private constant _FAILS = 232;
    uint256 private constant _NON_FINITES = 240;

    /// @notice The word of a slot.
    function pack(AuditSlot memory s) internal pure returns (uint256 word) {
        word = uint160(s.auditor) | uint256(s.deadline) << _DEADLINE | uint256(s.round) << _ROUND;
        word |= uint256(s.phase) << _PHASE | uint256(s.attempts) << _ATTEMPTS;
        word |= uint256(s.passes) << _PASSES | uint256(s.fails) << _FAILS;
        word |= uint256(s.nonFinites) << _NON_FINITES;
    }

    /// @notice The slot of a word.
    function unpack(uint256 word) internal pure returns (AuditSlot memory s) {
        s.auditor = auditorOf(word);
        s.deadline = uint40(word >> _DEADLINE);
        s.round = uint8(word >> _ROUND);
        s.phase = phaseOf(word);
        s.attempts = uint8(word >> _ATTEMPTS);
        s.passes = uint8(word >> _PASSES);
        s.fails = uint8(word >> _FAILS);
        s.nonFinites = uint8(word >> _NON_FINITES);
    }

    function phaseOf(uint256 word) internal pure returns (SlotPhase) {
        return SlotPhase(uint8(word >> _PHASE));
    }

    function auditorOf(uint256 word) internal pure returns (address) {
        return address(uint160(word));
    }
}
