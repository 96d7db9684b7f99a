// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IDisputeCourt} from "../interfaces/IDisputeCourt.sol";
import {IRandomnessBeacon} from "../interfaces/IRandomnessBeacon.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {DisputeHashing} from "../libraries/DisputeHashing.sol";
import {Params} from "../libraries/Params.sol";
import {DisputeFacts, DisputePhase, RefereeVote} from "../types/Dispute.sol";
import {DisputeVerdicts} from "./DisputeVerdicts.sol";

/// @title Referees: drawn by the beacon, sworn by hash, counted by weight
/// @notice Three levels of 7, 21 and 43 seats. A level that cannot decide goes to the next one; the
/// loser of a level may take it there for a doubled bond.
abstract contract DisputeCommittee is DisputeVerdicts {
    uint8 internal constant LAST_LEVEL = 2;
    uint256 private constant _SEATS_FIRST = 7;
    uint256 private constant _SEATS_SECOND = 21;
    uint256 private constant _SEATS_LAST = 43;
    /// @dev Seats looked at, for every one wanted; never under ATTEMPTS_MAX.
    uint256 private constant _ATTEMPTS_PER_SEAT = 4;
    uint8 private constant _ROUND_PENDING = 0;
    uint8 private constant _ROUND_EXPIRED = 2;

    /// @dev Owners found so far, in memory.
    struct Bench {
        uint256 seats; // votes that were drawn
        uint256 count; // owners
        uint256[] firstSeats; // index of the first seat of every owner
        address[] owners;
        uint8[] weights;
    }

    // --- the draw ---

    /// @inheritdoc IDisputeCourt
    function drawReferees(DisputeFacts calldata facts) external {
        Case storage c = _record(facts);
        uint256 disputeId = facts.disputeId;
        _requirePhase(disputeId, c, DisputePhase.Seating);
        uint64 round = c.round;
        uint8 status = IRandomnessBeacon(beacon).status(round);
        if (status == _ROUND_PENDING) revert DisputeCourt__RoundPending(disputeId, round);
        if (status == _ROUND_EXPIRED) {
            _requestReferees(disputeId, c);
            return;
        }
        Bench memory bench = _drawBench(facts, c, IRandomnessBeacon(beacon).value(round));
        if (bench.count == 0) _sitElsewhere(facts, c);
        else _seatBench(disputeId, c, bench);
    }

    // --- votes ---

    /// @inheritdoc IDisputeCourt
    /// @dev Uses nothing of the facts but the id, so nothing else of them is checked: every call of
    /// a referee is cheaper by reading and hashing them.
    function commitVote(DisputeFacts calldata facts, address referee, bytes32 commitment) external {
        uint256 disputeId = facts.disputeId;
        Case storage c = _cases[disputeId];
        _requireInTime(disputeId, c, DisputePhase.Vote);
        uint8 level = c.level;
        Ballot storage b = c.ballots[level][referee];
        _requireOperator(referee);
        if (!_isSitting(c, b) || b.commitment != 0) {
            revert DisputeCourt__NotReferee(disputeId, referee);
        }
        if (bytes30(commitment) == 0) revert DisputeCourt__ZeroCommitment(disputeId);
        b.commitment = bytes30(commitment);
        uint8 committed = c.committed + b.weight;
        c.committed = committed;
        if (committed == c.drawn) _openVotes(c);
        emit VoteCommitted(disputeId, level, referee, commitment);
    }

    /// @inheritdoc IDisputeCourt
    /// @dev Uses nothing of the facts but the id, as `commitVote`.
    function revealVote(
        DisputeFacts calldata facts,
        address referee,
        RefereeVote vote,
        bytes32 salt
    ) external {
        uint256 disputeId = facts.disputeId;
        Case storage c = _cases[disputeId];
        _requireInTime(disputeId, c, DisputePhase.VoteReveal);
        uint8 level = c.level;
        Ballot storage b = c.ballots[level][referee];
        _requireOperator(referee);
        if (vote == RefereeVote.None) revert DisputeCourt__BadVote(disputeId);
        bytes30 needed = b.commitment;
        if (!_isSitting(c, b) || needed == 0 || b.marks & VOTE_MASK != 0) {
            revert DisputeCourt__NotReferee(disputeId, referee);
        }
        bytes30 found = bytes30(DisputeHashing.vote(disputeId, level, referee, vote, salt));
        if (found != needed) revert DisputeCourt__WrongOpening(disputeId, found, needed);
        b.marks |= uint8(vote);
        _countIn(c, b.weight, vote);
        emit VoteRevealed(disputeId, level, referee, vote);
        if (c.guilty + c.clear + c.abstain == c.committed) _tally(disputeId, c);
    }

    /// @inheritdoc IDisputeCourt
    function appeal(DisputeFacts calldata facts) external {
        Case storage c = _record(facts);
        uint256 disputeId = facts.disputeId;
        _requirePhase(disputeId, c, DisputePhase.Appeal);
        uint8 level = c.level;
        bool isGuilty = c.verdict == RefereeVote.Guilty;
        bool isLoser = isGuilty ? _isOperator(facts.provider) : _isChallenger(facts);
        if (c.verdict == RefereeVote.None || level == LAST_LEVEL || !isLoser) {
            revert DisputeCourt__CannotAppeal(disputeId, msg.sender);
        }
        _requireInTime(disputeId, c, DisputePhase.Appeal);
        uint256 bond = _appealBond(facts, level);
        emit Appealed(disputeId, level, isGuilty ? facts.provider : facts.challenger, bond);
        _nextLevel(disputeId, c);
        if (isGuilty) {
            c.purse.providerBond += uint96(bond);
            IStakeManager(stakeManager).lock(facts.provider, facts.jobId, bond);
        } else {
            c.purse.challengerBond += uint96(bond);
            _collect(facts.challenger, bond);
        }
    }

    // --- phases ---

    /// @dev No deadline: anyone draws as soon as the round is ready, and renews it when it lapsed.
    function _requestReferees(uint256 disputeId, Case storage c) internal {
        uint64 round = IRandomnessBeacon(beacon).request();
        c.phase = DisputePhase.Seating;
        c.deadline = 0;
        c.round = uint32(round); // the beacon promises less than 2^32
        emit RefereesRequested(disputeId, c.level, round, 0);
    }

    /// @dev After the deadline of a vote: those who committed reveal, if there is anybody.
    function _endVote(uint256 disputeId, Case storage c) internal {
        if (c.committed == 0) _tally(disputeId, c);
        else _openVotes(c);
    }

    function _openVotes(Case storage c) private {
        c.phase = DisputePhase.VoteReveal;
        c.deadline = uint40(block.timestamp + Params.VOTE_REVEAL_PERIOD_S);
    }

    /// @dev Counts the sitting. Two thirds of the drawn weight are a quorum; without one the level
    /// sits once more. A tie, or more than half abstaining, goes to the next level.
    function _tally(uint256 disputeId, Case storage c) internal {
        (uint256 guilty, uint256 clear, uint256 abstain) = (c.guilty, c.clear, c.abstain);
        uint256 revealed = guilty + clear + abstain;
        bool hasQuorum = revealed * 3 >= uint256(c.drawn) * 2;
        RefereeVote verdict;
        if (hasQuorum && guilty != clear && abstain * 2 <= revealed) {
            verdict = guilty > clear ? RefereeVote.Guilty : RefereeVote.Clear;
        }
        c.verdict = verdict;
        bool mayAppeal = verdict != RefereeVote.None && c.level < LAST_LEVEL;
        uint256 deadline = mayAppeal ? block.timestamp + Params.APPEAL_PERIOD_S : 0;
        emit Tallied(disputeId, c.level, verdict, guilty, clear, abstain, deadline);
        if (verdict == RefereeVote.None && !hasQuorum && !c.isSecond) {
            _sitAgain(disputeId, c);
        } else if (verdict == RefereeVote.None && c.level < LAST_LEVEL) {
            _nextLevel(disputeId, c);
        } else {
            c.phase = DisputePhase.Appeal; // final at the last level, decided or not
            c.deadline = uint40(deadline);
        }
    }

    function _nextLevel(uint256 disputeId, Case storage c) private {
        _putBy(c);
        ++c.level;
        c.isSecond = false;
        _requestReferees(disputeId, c);
    }

    function _sitAgain(uint256 disputeId, Case storage c) private {
        _putBy(c);
        c.isSecond = true;
        _requestReferees(disputeId, c);
    }

    /// @dev Keeps the weights of a sitting for the day when its referees are paid.
    function _putBy(Case storage c) private {
        if (c.guilty != 0) c.purse.guilty += c.guilty;
        if (c.clear != 0) c.purse.clear += c.clear;
        c.guilty = 0;
        c.clear = 0;
        c.abstain = 0;
        c.committed = 0;
        c.drawn = 0;
        c.verdict = RefereeVote.None;
    }

    /// @dev Nobody could be drawn. A second sitting leaves it to the next level.
    function _sitElsewhere(DisputeFacts calldata facts, Case storage c) private {
        if (c.isSecond && c.level < LAST_LEVEL) _nextLevel(facts.disputeId, c);
        else _giveUp(facts, c);
    }

    function _seatBench(uint256 disputeId, Case storage c, Bench memory bench) private {
        uint256 deadline = block.timestamp + Params.VOTE_PERIOD_S;
        uint8 level = c.level;
        uint256 count = bench.count;
        address[] memory owners = new address[](count);
        uint8[] memory weights = new uint8[](count);
        uint8 marks = c.isSecond ? SECOND_BIT : 0;
        for (uint256 i; i < count; ++i) {
            (owners[i], weights[i]) = (bench.owners[i], bench.weights[i]);
            c.ballots[level][owners[i]] = Ballot(0, weights[i], marks);
        }
        _listSeats(c, level, bench.firstSeats, count);
        c.phase = DisputePhase.Vote;
        c.deadline = uint40(deadline);
        c.drawn = uint8(bench.seats);
        emit RefereesDrawn(disputeId, level, owners, weights, deadline);
    }

    // --- the bench ---

    function _drawBench(DisputeFacts calldata facts, Case storage c, bytes32 value)
        private
        view
        returns (Bench memory bench)
    {
        uint256 level = c.level;
        uint256 wanted = level == 0 ? _SEATS_FIRST : level == 1 ? _SEATS_SECOND : _SEATS_LAST;
        uint256 length = IStakeManager(stakeManager).seatCountAt(facts.pool, facts.openedAt);
        if (length == 0) return bench;
        uint256 attempts = wanted * _ATTEMPTS_PER_SEAT;
        if (attempts < Params.ATTEMPTS_MAX) attempts = Params.ATTEMPTS_MAX;
        bench.firstSeats = new uint256[](wanted);
        bench.owners = new address[](wanted);
        bench.weights = new uint8[](wanted);
        for (uint256 i; i < attempts && bench.seats < wanted; ++i) {
            uint256 index = DisputeHashing.seatIndex(value, facts.disputeId, level, i, length);
            address owner = _liveOwner(facts.pool, index, facts.openedAt);
            if (owner != address(0)) _tryOwner(facts, c, bench, owner, index);
        }
    }

    function _tryOwner(
        DisputeFacts calldata facts,
        Case storage c,
        Bench memory bench,
        address owner,
        uint256 index
    ) private view {
        uint256 count = bench.count;
        for (uint256 i; i < count; ++i) {
            if (bench.owners[i] == owner) {
                ++bench.weights[i];
                ++bench.seats;
                return;
            }
        }
        if (!_mayJudge(facts, c, owner)) return;
        bench.firstSeats[count] = index;
        bench.owners[count] = owner;
        bench.weights[count] = 1;
        bench.count = count + 1;
        ++bench.seats;
    }

    /// @dev Nobody judges its own case, its own audit, or twice at one level.
    function _mayJudge(DisputeFacts calldata facts, Case storage c, address owner)
        private
        view
        returns (bool)
    {
        if (owner == facts.provider || owner == facts.client || owner == facts.challenger) {
            return false;
        }
        if (c.isSecond && c.ballots[c.level][owner].weight != 0) return false;
        return !facts.isDrawn || !IAuditCourt(auditCourt).wasDrawn(facts.jobId, owner);
    }

    /// @dev The owner of a seat that was live at a time; zero if it was not.
    function _liveOwner(bytes12 pool, uint256 index, uint256 time)
        private
        view
        returns (address)
    {
        (address owner, uint40 since, uint40 until) =
            IStakeManager(stakeManager).seatAt(pool, index);
        return since <= time && (until == 0 || time < until) ? owner : address(0);
    }

    function _isSitting(Case storage c, Ballot storage b) private view returns (bool) {
        return b.weight != 0 && (b.marks & SECOND_BIT != 0) == c.isSecond;
    }

    function _countIn(Case storage c, uint8 weight, RefereeVote vote) private {
        if (vote == RefereeVote.Clear) c.clear += weight;
        else if (vote == RefereeVote.Abstain) c.abstain += weight;
        else c.guilty += weight;
    }
}
