// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeCourt} from "../interfaces/IDisputeCourt.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {DisputeHashing} from "../libraries/DisputeHashing.sol";
import {DisputeHead, Head} from "../libraries/DisputeHead.sol";
import {DisputeFacts, DisputePhase, Referee, RefereeVote} from "../types/Dispute.sol";
import {Job} from "../types/Job.sol";

/// @title The records of disputes
/// @notice A dispute that is decided at the first level writes four words of its own (head, facts,
/// root of the trace, seats) and one a referee; everything else only when it is needed.
abstract contract DisputeBook is IDisputeCourt {
    /// @dev Bonds of appeals; one word.
    struct Purse {
        uint96 challengerBond; // wei
        uint96 providerBond; // wei
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

    /// @dev One dispute.
    struct Case {
        uint256 head;
        bytes32 factsHash;
        bytes32 traceRoot;
        Purse purse;
        Pot pot;
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
        Head memory h = _head(disputeId);
        factsHash = _cases[disputeId].factsHash;
        return (factsHash, h.phase, uint8(h.level), uint40(h.deadline), uint64(h.round));
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
        bytes12 pool = _head(disputeId).pool;
        uint256 count = _seatCount(c, level);
        referees = new Referee[](count);
        for (uint256 i; i < count; ++i) {
            address owner = _refereeAt(c, pool, level, i);
            Ballot memory b = c.ballots[level][owner];
            RefereeVote vote = RefereeVote(b.marks & VOTE_MASK);
            referees[i] = Referee(owner, b.weight, vote, b.marks & CLOSED_BIT != 0);
        }
    }

    /// @inheritdoc IDisputeCourt
    function openCountOf(bytes32 jobId) external view returns (uint256) {
        return _dockets[jobId].openCount;
    }

    // --- records ---

    /// @dev Writes a new dispute, its head left to the caller. `facts.disputeId` is what
    /// `nextDisputeId` was.
    function _file(DisputeFacts memory facts) internal {
        bytes32 jobId = facts.jobId;
        // A contest names every failing vote, and one auditor may have failed a job in two slots.
        if (!facts.isContest) {
            bytes32 key = DisputeHashing.openKey(jobId, facts.challenger, facts.kind);
            if (_isOpen[key]) revert DisputeCourt__AlreadyChallenged(jobId, facts.challenger);
            _isOpen[key] = true;
        }
        uint256 disputeId = facts.disputeId;
        nextDisputeId = disputeId + 1;
        _cases[disputeId].factsHash = DisputeHashing.factsHash(facts);
        JobDocket storage d = _dockets[jobId];
        d.windowEnd = facts.windowEnd;
        ++d.openCount;
        emit DisputeOpened(jobId, disputeId, facts.challenger, facts);
    }

    /// @dev Takes a dispute off the docket and stores its head.
    /// @return left how many of the job are still open
    function _strike(DisputeFacts calldata facts, Head memory h, DisputePhase phase)
        internal
        returns (uint256 left)
    {
        h.phase = phase;
        h.deadline = 0;
        _save(facts.disputeId, h);
        JobDocket storage d = _dockets[facts.jobId];
        left = d.openCount - 1;
        d.openCount = uint32(left);
        if (!facts.isContest) {
            delete _isOpen[DisputeHashing.openKey(facts.jobId, facts.challenger, facts.kind)];
        }
        emit DisputeClosed(facts.jobId, facts.disputeId, phase);
    }

    /// @dev The head of a dispute whose facts are given rightly. They are the first argument of
    /// every call, so their encoding stands behind the selector: hashing it there is a third of the
    /// gas of encoding it anew, and refuses what is not encoded as the ABI has it.
    function _headOf(DisputeFacts calldata facts) internal view returns (Head memory) {
        uint256 disputeId = facts.disputeId;
        bytes32 found = keccak256(msg.data[4:4 + DisputeHashing.FACTS_BYTES]);
        bytes32 needed = _cases[disputeId].factsHash;
        if (found != needed) revert DisputeCourt__UnknownDispute(disputeId, found, needed);
        return _head(disputeId);
    }

    function _head(uint256 disputeId) internal view returns (Head memory) {
        return DisputeHead.unpack(_cases[disputeId].head);
    }

    function _save(uint256 disputeId, Head memory h) internal {
        _cases[disputeId].head = DisputeHead.pack(h);
    }

    function _job(bytes32 jobId) internal view returns (Job memory) {
        return IJobMarket(market).job(jobId);
    }

    // --- checks ---

    function _requireInTime(uint256 disputeId, Head memory h, DisputePhase needed) internal view {
        _requirePhase(disputeId, h, needed);
        uint256 deadline = h.deadline;
        if (block.timestamp > deadline) {
            revert DisputeCourt__DeadlinePassed(disputeId, deadline, block.timestamp);
        }
    }

    function _requirePhase(uint256 disputeId, Head memory h, DisputePhase needed) internal pure {
        if (h.phase != needed) revert DisputeCourt__WrongPhase(disputeId, h.phase, needed);
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
    function _refereeAt(Case storage c, bytes12 pool, uint256 level, uint256 index)
        internal
        view
        returns (address owner)
    {
        uint256 entry = _entry(c, level, index);
        if (entry != 0) (owner,,) = IStakeManager(stakeManager).seatAt(pool, entry - 1);
    }

    /// @dev Appends seats to the list of a level, of which a first sitting may have left some.
    /// @param seats indices in the pool: of each word the low bits
    function _listSeats(Case storage c, uint256 level, uint256 end, uint256[] memory seats)
        internal
    {
        mapping(uint256 word => uint256) storage words = c.seats[level];
        uint256 slot = end / _SEATS_PER_WORD;
        uint256 word = end == 0 ? 0 : words[slot];
        unchecked {
            for (uint256 i; i < seats.length; ++i) {
                uint256 lane = (end + i) % _SEATS_PER_WORD;
                if (lane == 0 && i != 0) {
                    words[slot++] = word;
                    word = 0;
                }
                word |= (uint256(uint32(seats[i])) + 1) << (_SEAT_BITS * lane);
            }
        }
        words[slot] = word;
    }

    function _seatCount(Case storage c, uint256 level) internal view returns (uint256 count) {
        while (_entry(c, level, count) != 0) ++count;
    }

    function _entry(Case storage c, uint256 level, uint256 index) private view returns (uint256) {
        uint256 word = c.seats[level][index / _SEATS_PER_WORD];
        return uint32(word >> (_SEAT_BITS * (index % _SEATS_PER_WORD)));
    }
}
