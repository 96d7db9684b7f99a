// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {DisputeHashing} from "../libraries/DisputeHashing.sol";
import {Params} from "../libraries/Params.sol";

/// @title The draw of referees
/// @notice Stateless: the same question has the same answer for ever, so anyone can check a draw.
/// @dev Apart from the court, which creates it, for the sake of the limit on the size of contracts.
contract DisputeDraw {
    /// @notice What a draw depends on.
    struct Question {
        bytes32 value; // of the beacon's round
        uint256 disputeId;
        uint256 level;
        uint256 wanted; // seats
        bytes12 pool;
        uint256 time; // unix seconds: seats that were live then
        bytes32 auditedJobId; // owners drawn as its auditors are passed over; zero: none
    }

    /// @dev Seats looked at, for every one wanted; never under ATTEMPTS_MAX.
    uint256 private constant _ATTEMPTS_PER_SEAT = 4;
    uint256 private constant _OWNER_SHIFT = 96;
    uint256 private constant _WEIGHT_SHIFT = 32;

    address public immutable stakeManager;
    address public immutable auditCourt;

    constructor(address stakeManager_, address auditCourt_) {
        stakeManager = stakeManager_;
        auditCourt = auditCourt_;
    }

    /// @notice Draws seats until the wanted number is found or too many were looked at. A seat can
    /// be drawn again: an owner has as many votes as draws hit its seats.
    /// @param excluded owners that are passed over
    /// @return entries one an owner, in the order of the draw:
    /// `owner << 96 | votes << 32 | index of its first seat`
    function draw(Question calldata q, address[] calldata excluded)
        external
        view
        returns (uint256[] memory entries)
    {
        uint256 length = IStakeManager(stakeManager).seatCountAt(q.pool, q.time);
        if (length == 0) return entries;
        uint256 attempts = q.wanted * _ATTEMPTS_PER_SEAT;
        if (attempts < Params.ATTEMPTS_MAX) attempts = Params.ATTEMPTS_MAX;
        uint256[] memory found = new uint256[](q.wanted);
        uint256 count;
        uint256 drawn;
        for (uint256 i; i < attempts && drawn < q.wanted; ++i) {
            uint256 index =
                DisputeHashing.seatIndex(q.value, q.disputeId, q.level, i, length);
            uint256 place = _place(q, excluded, index, found, count);
            if (place > count) continue;
            if (place == count) ++count;
            found[place] += 1 << _WEIGHT_SHIFT;
            ++drawn;
        }
        entries = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            entries[i] = found[i];
        }
    }

    /// @dev Where the owner of a seat stands among those found, or `count` for a new one, which is
    /// written there; more if the seat is passed over.
    function _place(
        Question calldata q,
        address[] calldata excluded,
        uint256 index,
        uint256[] memory found,
        uint256 count
    ) private view returns (uint256 place) {
        address owner = _liveOwner(q, index);
        if (owner == address(0)) return count + 1;
        while (place < count && found[place] >> _OWNER_SHIFT != uint160(owner)) ++place;
        if (place < count) return place;
        for (uint256 i; i < excluded.length; ++i) {
            if (excluded[i] == owner) return count + 1;
        }
        if (q.auditedJobId != 0 && IAuditCourt(auditCourt).wasDrawn(q.auditedJobId, owner)) {
            return count + 1;
        }
        found[place] = uint256(uint160(owner)) << _OWNER_SHIFT | index;
    }

    /// @dev The owner of a seat; zero if it was not live at the time.
    function _liveOwner(Question calldata q, uint256 index) private view returns (address) {
        (address owner, uint40 since, uint40 until) =
            IStakeManager(stakeManager).seatAt(q.pool, index);
        return since <= q.time && (until == 0 || q.time < until) ? owner : address(0);
    }
}
