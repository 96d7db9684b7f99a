// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeCourt} from "../interfaces/IDisputeCourt.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {DisputeHashing} from "../libraries/DisputeHashing.sol";
import {DisputeFacts, DisputePhase, Referee, RefereeVote} from "../types/Dispute.sol";

/// @title The records of disputes
/// @notice A dispute that is decided at the first level writes three words of its own (state, facts,
/// root of the trace) and one a referee; everything else only when it is needed.
abstract contract DisputeBook is IDisputeCourt {
    /// @dev What appeals and counted sittings before the present one left; one word.
    struct Purse {
        uint96 challengerBond; // wei, of appeals
        uint96 providerBond; // wei, of appeals
        uint16 guilty; // weight
        uint16 clear; // weight
    }

    /// @dev What the referees of a closed dispute still share; one word.
    struct Pot {
        uint96 left; // wei
        uint16 weightLeft;
        bool isFilled;
    }

    /// @dev A referee of one level; one word. 30 bytes of a hash bind as well as 32.
    struct Ballot {
        bytes30 commitment;
        uint8 weight;
        uint8 marks; // bits 0-2 vote; bit 3 second sitting; bit 4 closed
    }

    /// @dev One dispute. The first word is all that a vote has to read. Weights count votes of the
    /// present sitting: a level sits again, once, if too few revealed.
    struct Case {
        DisputePhase phase; // slot 1
        uint8 level;
        uint40 deadline; // unix seconds of the present phase; 0: none
        uint32 round; // of the beacon, that draws the referees
        bytes12 pool;
        uint8 drawn;
        uint8 committed;
        uint8 guilty;
        uint8 clear;
        uint8 abstain;
        bool isSecond; // the second sitting of the level
        RefereeVote verdict; // of the last count; None if it had none
        bool isBooked; // the slash
        bytes32 factsHash; // slot 2
        bytes32 traceRoot; // slot 3
        Purse purse; // slot 4
        Pot pot; // slot 5
        mapping(uint256 level => mapping(address owner => Ballot)) ballots;
        // Drawn seats, eight to a word, each one more than its index: zero ends the list.
        mapping(uint256 level => mapping(uint256 word => uint256)) seats;
    }

    /// @dev What disputes of one job share; one word.
    struct JobDocket {
        uint40 windowEnd; // unix seconds
        uint32 openCount;
        bool isConvicted;
        uint96 slashed; // wei that the verdict took
    }

    uint8 internal constant VOTE_MASK = 7;
    uint8 internal constant SECOND_BIT = 8;
    uint8 internal constant CLOSED_BIT = 16;
    uint256 private constant _SEATS_PER_WORD = 8;
    uint256 private constant _SEAT_BITS = 32;

    /// @inheritdoc IDisputeCourt
    address public immutable market;
    /// @inheritdoc IDisputeCourt
    address public immutable stakeManager;
    /// @inheritdoc IDisputeCourt
    address public immutable registry;
    /// @inheritdoc IDisputeCourt
    address public immutable auditCourt;
    /// @inheritdoc IDisputeCourt
    address public immutable beacon;

    /// @inheritdoc IDisputeCourt
    uint256 public nextDisputeId = 1;
    mapping(uint256 disputeId => Case) internal _cases;
    mapping(bytes32 jobId => JobDocket) internal _dockets;
    mapping(bytes32 openKey => bool) private _isOpen;

    constructor(
        address market_,
        address stakeManager_,
        address registry_,
        address auditCourt_,
        address beacon_
    ) {
        market = market_;
        stakeManager = stakeManager_;
        registry = registry_;
        auditCourt = auditCourt_;
        beacon = beacon_;
    }

    // --- views ---

    /// @inheritdoc IDisputeCourt
    function disputeOf(uint256 disputeId)
        external
        view
        returns (bytes32 factsHash, DisputePhase phase, uint8 level, uint40 deadline, uint64 round)
    {
        Case storage c = _cases[disputeId];
        return (c.factsHash, c.phase, c.level, c.deadline, c.round);
    }

    /// @inheritdoc IDisputeCourt
    function traceOf(uint256 disputeId) external view returns (bytes32 root) {
        return _cases[disputeId].traceRoot;
    }

    /// @inheritdoc IDisputeCourt
    function refereesOf(uint256 disputeId, uint8 level)
        external
        view
        returns (Referee[] memory referees)
    {
        Case storage c = _cases[disputeId];
        uint256 count = _seatCount(c, level);
        referees = new Referee[](count);
        for (uint256 i; i < count; ++i) {
            address owner = _refereeAt(c, level, i);
            Ballot storage b = c.ballots[level][owner];
            RefereeVote vote = RefereeVote(b.marks & VOTE_MASK);
            referees[i] = Referee(owner, b.weight, vote, b.marks & CLOSED_BIT != 0);
        }
    }

    /// @inheritdoc IDisputeCourt
    function openCountOf(bytes32 jobId) external view returns (uint256) {
        return _dockets[jobId].openCount;
    }

    // --- records ---

    /// @dev Writes a new dispute. `facts.disputeId` is what `nextDisputeId` was.
    function _file(DisputeFacts memory facts, DisputePhase phase, uint40 deadline) internal {
        bytes32 key = DisputeHashing.openKey(facts.jobId, facts.challenger, facts.kind);
        if (_isOpen[key]) revert DisputeCourt__AlreadyChallenged(facts.jobId, facts.challenger);
        _isOpen[key] = true;
        uint256 disputeId = facts.disputeId;
        nextDisputeId = disputeId + 1;
        Case storage c = _cases[disputeId];
        c.factsHash = DisputeHashing.factsHash(facts);
        c.phase = phase;
        c.deadline = deadline;
        c.pool = facts.pool;
        JobDocket storage d = _dockets[facts.jobId];
        d.windowEnd = facts.windowEnd;
        ++d.openCount;
        emit DisputeOpened(facts.jobId, disputeId, facts.challenger, facts);
    }

    /// @dev Takes a dispute off the docket.
    /// @return left how many of the job are still open
    function _strike(DisputeFacts calldata facts, Case storage c, DisputePhase phase)
        internal
        returns (uint256 left)
    {
        c.phase = phase;
        c.deadline = 0;
        JobDocket storage d = _dockets[facts.jobId];
        left = d.openCount - 1;
        d.openCount = uint32(left);
        delete _isOpen[DisputeHashing.openKey(facts.jobId, facts.challenger, facts.kind)];
        emit DisputeClosed(facts.jobId, facts.disputeId, phase);
    }

    /// @dev The record of a dispute whose facts are given rightly.
    function _record(DisputeFacts calldata facts) internal view returns (Case storage c) {
        c = _cases[facts.disputeId];
        bytes32 found = DisputeHashing.factsHash(facts);
        bytes32 needed = c.factsHash;
        if (found != needed) revert DisputeCourt__UnknownDispute(facts.disputeId, found, needed);
    }

    /// @dev As `_record`, in the phase `needed` and not late.
    function _inTime(DisputeFacts calldata facts, DisputePhase needed)
        internal
        view
        returns (Case storage c)
    {
        c = _record(facts);
        _requireInTime(facts.disputeId, c, needed);
    }

    function _requireInTime(uint256 disputeId, Case storage c, DisputePhase needed) internal view {
        _requirePhase(disputeId, c, needed);
        uint256 deadline = c.deadline;
        if (block.timestamp > deadline) {
            revert DisputeCourt__DeadlinePassed(disputeId, deadline, block.timestamp);
        }
    }

    function _requirePhase(uint256 disputeId, Case storage c, DisputePhase needed) internal view {
        if (c.phase != needed) revert DisputeCourt__WrongPhase(disputeId, c.phase, needed);
    }

    function _requireOperator(address owner) internal view {
        if (!_isOperator(owner)) revert DisputeCourt__NotOperator(owner, msg.sender);
    }

    function _isOperator(address owner) internal view returns (bool) {
        return IStakeManager(stakeManager).operatorOf(owner) == msg.sender;
    }

    /// @dev A challenger need not be registered; then it acts itself.
    function _isChallenger(DisputeFacts calldata facts) internal view returns (bool) {
        return msg.sender == facts.challenger || _isOperator(facts.challenger);
    }

    // --- drawn seats ---

    /// @dev The owner of the `index`-th drawn seat; zero past the end of the list.
    function _refereeAt(Case storage c, uint256 level, uint256 index)
        internal
        view
        returns (address owner)
    {
        uint256 entry = _entry(c, level, index);
        if (entry != 0) (owner,,) = IStakeManager(stakeManager).seatAt(c.pool, entry - 1);
    }

    /// @dev Appends seats to the list of a level, of which a first sitting may have left some.
    function _listSeats(Case storage c, uint256 level, uint256[] memory seats, uint256 count)
        internal
    {
        uint256 end = c.isSecond ? _seatCount(c, level) : 0;
        mapping(uint256 word => uint256) storage words = c.seats[level];
        uint256 slot = end / _SEATS_PER_WORD;
        uint256 word = end == 0 ? 0 : words[slot];
        for (uint256 i; i < count; ++i) {
            uint256 lane = (end + i) % _SEATS_PER_WORD;
            if (lane == 0 && i != 0) {
                words[slot++] = word;
                word = 0;
            }
            word |= (seats[i] + 1) << (_SEAT_BITS * lane);
        }
        words[slot] = word;
    }

    function _seatCount(Case storage c, uint256 level) private view returns (uint256 count) {
        while (_entry(c, level, count) != 0) ++count;
    }

    function _entry(Case storage c, uint256 level, uint256 index) private view returns (uint256) {
        uint256 word = c.seats[level][index / _SEATS_PER_WORD];
        return uint32(word >> (_SEAT_BITS * (index % _SEATS_PER_WORD)));
    }
}
