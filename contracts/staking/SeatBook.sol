// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Params} from "../libraries/Params.sol";
import {StakeBook} from "./StakeBook.sol";

/// @title Seats of auditors and referees
/// @notice Flat lists, one a pool, that only grow: entry i of a pool never moves, so a draw modulo
/// the length at a time can be checked by anyone for ever.
/// @dev A seat taken or left counts so from the next second on. The list of a second is thereby
/// complete before that second begins, and nobody can change it after seeing a seed, however many
/// blocks share a second.
abstract contract SeatBook is StakeBook {
    uint256 internal constant SEATS_PER_CALL = 64;

    /// @dev One word.
    struct Seat {
        address owner;
        uint40 since; // unix seconds
        uint40 until; // unix seconds; zero: for ever
    }

    /// @dev One word.
    struct Pool {
        uint64 listed; // seats ever taken
        uint64 live;
        uint64 owners; // with at least one live seat
    }

    mapping(bytes12 pool => Pool) private _pools;
    mapping(bytes12 pool => mapping(uint256 index => Seat)) private _seats;
    mapping(bytes12 pool => mapping(address owner => uint256)) private _liveOf;

    /// @inheritdoc IStakeManager
    function takeSeats(bytes12 pool, uint256 count) external {
        _checkCount(count);
        Account storage s = _accounts[msg.sender];
        uint256 seats = s.seats + count;
        uint256 own = s.own;
        uint256 needed = seats * Params.SEAT_WEI;
        if (own < needed) revert StakeManager__SeatsUnbacked(msg.sender, own, needed);
        s.seats = uint24(seats); // own backs them
        Pool storage p = _pools[pool];
        uint256 first = p.listed;
        uint256 held = _liveOf[pool][msg.sender];
        p.listed = uint64(first + count);
        p.live += uint64(count);
        if (held == 0) ++p.owners;
        _liveOf[pool][msg.sender] = held + count;
        Seat memory seat = Seat(msg.sender, uint40(block.timestamp + 1), 0);
        for (uint256 i = first; i < first + count; ++i) {
            _seats[pool][i] = seat;
        }
        emit SeatsTaken(msg.sender, pool, count, first);
    }

    /// @inheritdoc IStakeManager
    function leaveSeats(bytes12 pool, uint256[] calldata indices) external {
        _checkCount(indices.length);
        for (uint256 i; i < indices.length; ++i) {
            Seat storage seat = _seats[pool][indices[i]];
            if (seat.owner != msg.sender || seat.until != 0) {
                revert StakeManager__NotYourSeat(pool, indices[i], msg.sender);
            }
            _end(pool, seat, msg.sender);
        }
        emit SeatsLeft(msg.sender, pool, indices);
    }

    /// @inheritdoc IStakeManager
    function pruneSeats(bytes12 pool, uint256[] calldata indices) external {
        _checkCount(indices.length);
        for (uint256 i; i < indices.length; ++i) {
            Seat storage seat = _seats[pool][indices[i]];
            address owner = seat.owner;
            Account storage s = _accounts[owner];
            // Passed over: seats that ended, and those whose stake came back meanwhile.
            if (seat.until != 0 || s.own >= s.seats * Params.SEAT_WEI) continue;
            _end(pool, seat, owner);
            emit SeatsLeft(owner, pool, indices[i:i + 1]);
        }
    }

    /// @inheritdoc IStakeManager
    function seatAt(bytes12 pool, uint256 index)
        external
        view
        returns (address owner, uint40 since, uint40 until)
    {
        Seat storage seat = _seats[pool][index];
        return (seat.owner, seat.since, seat.until);
    }

    /// @inheritdoc IStakeManager
    function seatCountAt(bytes12 pool, uint256 time) external view returns (uint256) {
        uint256 high = _pools[pool].listed;
        mapping(uint256 index => Seat) storage seats = _seats[pool];
        // Entries are in the order of time, and most questions are about a moment ago: steps that
        // double, backwards from the end, then halving between the last two.
        uint256 low = high;
        uint256 step = 1;
        while (low > 0) {
            low = low > step ? low - step : 0;
            if (seats[low].since <= time) break;
            high = low;
            step *= 2;
        }
        if (high == low) return 0;
        // seats[high] and all later ones are younger than `time`, or high is the end of the list.
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (seats[middle].since <= time) low = middle + 1;
            else high = middle;
        }
        return high;
    }

    /// @inheritdoc IStakeManager
    function poolOf(bytes12 pool) external view returns (uint256 liveSeats, uint256 owners) {
        Pool storage p = _pools[pool];
        return (p.live, p.owners);
    }

    function _end(bytes12 pool, Seat storage seat, address owner) private {
        Pool storage p = _pools[pool];
        uint256 left = _liveOf[pool][owner] - 1;
        seat.until = uint40(block.timestamp + 1);
        --_accounts[owner].seats;
        _liveOf[pool][owner] = left;
        --p.live;
        if (left == 0) --p.owners;
    }

    function _checkCount(uint256 count) private pure {
        if (count == 0 || count > SEATS_PER_CALL) {
            revert StakeManager__BadCount(count, SEATS_PER_CALL);
        }
    }
}
