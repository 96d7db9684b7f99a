// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeCourt} from "../interfaces/IDisputeCourt.sol";
import {IRandomnessBeacon} from "../interfaces/IRandomnessBeacon.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {DisputeHashing} from "../libraries/DisputeHashing.sol";
import {Head} from "../libraries/DisputeHead.sol";
import {Params} from "../libraries/Params.sol";
import {DisputeFacts, DisputePhase, RefereeVote} from "../types/Dispute.sol";
import {DisputeDraw} from "./DisputeDraw.sol";
import {DisputeVerdicts} from "./DisputeVerdicts.sol";

/// @title Referees: drawn by the beacon, sworn by hash, counted by weight
/// @notice Three levels of 7, 21 and 43 seats. A level that cannot decide goes to the next one; the
/// loser of a level may take it there for a doubled bond.
abstract contract DisputeCommittee is DisputeVerdicts {
    uint256 private constant _LAST_LEVEL = 2;
    uint256 private constant _SEATS_FIRST = 7;
    uint256 private constant _SEATS_SECOND = 21;
    uint256 private constant _SEATS_LAST = 43;
    uint256 private constant _PARTIES = 3;
    uint256 private constant _OWNER_SHIFT = 96;
    uint256 private constant _WEIGHT_SHIFT = 32;
    uint8 private constant _ROUND_PENDING = 0;
    uint8 private constant _ROUND_EXPIRED = 2;

    /// @notice Who answers which referees are drawn.
    DisputeDraw public immutable refereeDraw;

    constructor() {
        refereeDraw = new DisputeDraw(stakeManager, auditCourt);
    }

    // --- the draw ---

    /// @inheritdoc IDisputeCourt
    function drawReferees(DisputeFacts calldata facts) external {
        Head memory h = _headOf(facts);
        uint256 disputeId = facts.disputeId;
        _requirePhase(disputeId, h, DisputePhase.Seating);
        uint64 round = uint64(h.round);
        uint8 status = IRandomnessBeacon(beacon).status(round);
        if (status == _ROUND_PENDING) revert DisputeCourt__RoundPending(disputeId, round);
        if (status == _ROUND_EXPIRED) {
            _requestReferees(disputeId, h);
            return;
        }
        uint256 before = h.isSecond ? _seatCount(_cases[disputeId], h.level) : 0;
        uint256[] memory entries =
            _drawBench(facts, h, before, IRandomnessBeacon(beacon).value(round));
        if (entries.length != 0) _seatBench(disputeId, h, before, entries);
        else if (before != 0 && h.level < _LAST_LEVEL) _nextSitting(disputeId, h, true);
        else _giveUp(facts, h, DisputePhase.Undecided);
    }

    // --- votes ---

    /// @inheritdoc IDisputeCourt
    /// @dev Uses nothing of the facts but the id, so nothing else of them is checked: that saves
    /// every referee reading and hashing them.
    function commitVote(DisputeFacts calldata facts, address referee, bytes32 commitment) external {
        uint256 disputeId = facts.disputeId;
        Head memory h = _head(disputeId);
        _requireInTime(disputeId, h, DisputePhase.Vote);
        _requireOperator(referee);
        uint256 level = h.level;
        Ballot memory b = _cases[disputeId].ballots[level][referee];
        if (!_isSitting(h, b) || b.commitment != 0) {
            revert DisputeCourt__NotReferee(disputeId, referee);
        }
        b.commitment = bytes30(commitment);
        if (b.commitment == 0) revert DisputeCourt__ZeroCommitment(disputeId);
        _cases[disputeId].ballots[level][referee] = b;
        h.committed += b.weight;
        if (h.committed == h.drawn) _openVotes(h);
        _save(disputeId, h);
        emit VoteCommitted(disputeId, uint8(level), referee, commitment);
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
        Head memory h = _head(disputeId);
        _requireInTime(disputeId, h, DisputePhase.VoteReveal);
        _requireOperator(referee);
        if (vote == RefereeVote.None) revert DisputeCourt__BadVote(disputeId);
        uint256 level = h.level;
        Ballot memory b = _cases[disputeId].ballots[level][referee];
        if (!_isSitting(h, b) || b.commitment == 0 || b.marks & VOTE_MASK != 0) {
            revert DisputeCourt__NotReferee(disputeId, referee);
        }
        bytes30 found = bytes30(DisputeHashing.vote(disputeId, level, referee, vote, salt));
        if (found != b.commitment) {
            revert DisputeCourt__WrongOpening(disputeId, found, b.commitment);
        }
        b.marks |= uint8(vote);
        _cases[disputeId].ballots[level][referee] = b;
        if (vote == RefereeVote.Clear) h.clear += b.weight;
        else if (vote == RefereeVote.Abstain) h.abstain += b.weight;
        else h.guilty += b.weight;
        emit VoteRevealed(disputeId, uint8(level), referee, vote);
        if (h.guilty + h.clear + h.abstain == h.committed) _tally(disputeId, h);
        else _save(disputeId, h);
    }

    /// @inheritdoc IDisputeCourt
    function appeal(DisputeFacts calldata facts) external {
        Head memory h = _headOf(facts);
        uint256 disputeId = facts.disputeId;
        _requirePhase(disputeId, h, DisputePhase.Appeal);
        uint256 level = h.level;
        bool isGuilty = h.verdict == RefereeVote.Guilty;
        bool isLoser = isGuilty ? _isOperator(facts.provider) : _isChallenger(facts);
        if (h.verdict == RefereeVote.None || level == _LAST_LEVEL || !isLoser) {
            revert DisputeCourt__CannotAppeal(disputeId, msg.sender);
        }
        _requireInTime(disputeId, h, DisputePhase.Appeal);
        uint256 bond = uint256(facts.bond) << (level + 1); // doubled each time
        address loser = isGuilty ? facts.provider : facts.challenger;
        emit Appealed(disputeId, uint8(level), loser, bond);
        _nextSitting(disputeId, h, true);
        Purse storage purse = _cases[disputeId].purse;
        if (isGuilty) {
            purse.providerBond += uint96(bond);
            IStakeManager(stakeManager).lock(loser, facts.jobId, bond);
        } else {
            purse.challengerBond += uint96(bond);
            _collect(loser, bond);
        }
    }

    // --- phases; each of these stores the head ---

    /// @dev No deadline: anyone draws as soon as the round is ready, and renews it when it lapsed.
    function _requestReferees(uint256 disputeId, Head memory h) internal {
        uint64 round = IRandomnessBeacon(beacon).request();
        h.phase = DisputePhase.Seating;
        h.deadline = 0;
        h.round = uint32(round); // the beacon promises less than 2^32
        _save(disputeId, h);
        emit RefereesRequested(disputeId, uint8(h.level), round, 0);
    }

    /// @dev After the deadline of a vote: those who committed reveal, if there is anybody.
    function _endVote(uint256 disputeId, Head memory h) internal {
        if (h.committed == 0) {
            _tally(disputeId, h);
        } else {
            _openVotes(h);
            _save(disputeId, h);
        }
    }

    /// @dev Counts the sitting. Two thirds of the drawn weight are a quorum; without one the level
    /// sits once more. A tie, or more than half abstaining, goes to the next level.
    function _tally(uint256 disputeId, Head memory h) internal {
        (uint256 guilty, uint256 clear, uint256 abstain) = (h.guilty, h.clear, h.abstain);
        uint256 revealed = guilty + clear + abstain;
        bool hasQuorum = revealed * 3 >= h.drawn * 2;
        RefereeVote verdict;
        if (hasQuorum && guilty != clear && abstain * 2 <= revealed) {
            verdict = guilty > clear ? RefereeVote.Guilty : RefereeVote.Clear;
        }
        bool isLast = h.level == _LAST_LEVEL;
        bool sitsAgain = !hasQuorum && !h.isSecond;
        bool isFinal = verdict != RefereeVote.None || (isLast && !sitsAgain);
        // A verdict of the last level, or none even there: final, nobody has to wait.
        uint256 deadline = isFinal && !isLast ? block.timestamp + Params.APPEAL_PERIOD_S : 0;
        emit Tallied(disputeId, uint8(h.level), verdict, guilty, clear, abstain, deadline);
        if (!isFinal) {
            _nextSitting(disputeId, h, !sitsAgain);
            return;
        }
        h.verdict = verdict;
        h.phase = DisputePhase.Appeal;
        h.deadline = deadline;
        _save(disputeId, h);
    }

    /// @dev The next level, or the second sitting of the present one. Keeps the weights of the last
    /// sitting for the day when its referees are paid.
    function _nextSitting(uint256 disputeId, Head memory h, bool isHigher) private {
        h.guiltyBefore += h.guilty;
        h.clearBefore += h.clear;
        h.guilty = 0;
        h.clear = 0;
        h.abstain = 0;
        h.committed = 0;
        h.drawn = 0;
        h.verdict = RefereeVote.None;
        h.isSecond = !isHigher;
        if (isHigher) ++h.level;
        _requestReferees(disputeId, h);
    }

    function _openVotes(Head memory h) private view {
        h.phase = DisputePhase.VoteReveal;
        h.deadline = block.timestamp + Params.VOTE_REVEAL_PERIOD_S;
    }

    function _seatBench(
        uint256 disputeId,
        Head memory h,
        uint256 before,
        uint256[] memory entries
    ) private {
        uint256 count = entries.length;
        address[] memory owners = new address[](count);
        uint8[] memory weights = new uint8[](count);
        Ballot memory b;
        if (h.isSecond) b.marks = SECOND_BIT;
        mapping(address owner => Ballot) storage ballots = _cases[disputeId].ballots[h.level];
        for (uint256 i; i < count; ++i) {
            owners[i] = address(uint160(entries[i] >> _OWNER_SHIFT));
            b.weight = uint8(entries[i] >> _WEIGHT_SHIFT);
            weights[i] = b.weight;
            h.drawn += b.weight;
            ballots[owners[i]] = b;
        }
        _listSeats(_cases[disputeId], h.level, before, entries);
        h.phase = DisputePhase.Vote;
        h.deadline = block.timestamp + Params.VOTE_PERIOD_S;
        _save(disputeId, h);
        emit RefereesDrawn(disputeId, uint8(h.level), owners, weights, h.deadline);
    }

    // --- the bench ---

    /// @dev Nobody judges its own case, or twice at one level.
    /// @param before referees of the level's first sitting
    function _drawBench(
        DisputeFacts calldata facts,
        Head memory h,
        uint256 before,
        bytes32 value
    ) private view returns (uint256[] memory) {
        DisputeDraw.Question memory q;
        q.value = value;
        q.disputeId = facts.disputeId;
        q.level = h.level;
        q.wanted = h.level == 0 ? _SEATS_FIRST : h.level == 1 ? _SEATS_SECOND : _SEATS_LAST;
        q.pool = h.pool;
        q.time = facts.openedAt;
        if (facts.isDrawn) q.auditedJobId = facts.jobId;
        address[] memory excluded = new address[](before + _PARTIES);
        for (uint256 i; i < before; ++i) {
            excluded[i] = _refereeAt(_cases[q.disputeId], h.pool, h.level, i);
        }
        excluded[before] = facts.provider;
        excluded[before + 1] = facts.client;
        excluded[before + 2] = facts.challenger;
        return refereeDraw.draw(q, excluded);
    }

    function _isSitting(Head memory h, Ballot memory b) private pure returns (bool) {
        return b.weight != 0 && (b.marks & SECOND_BIT != 0) == h.isSecond;
    }
}
