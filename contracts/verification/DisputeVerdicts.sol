// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IDisputeCourt} from "../interfaces/IDisputeCourt.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Head} from "../libraries/DisputeHead.sol";
import {Params} from "../libraries/Params.sol";
import {DisputeFacts, DisputeKind, DisputePhase, RefereeVote} from "../types/Dispute.sol";
import {JobState} from "../types/Job.sol";
import {DisputeBook} from "./DisputeBook.sol";

/// @title The ends of disputes, and all of their money
/// @notice The court's free balance in the market is at every moment the sum of the challengers'
/// bonds of open disputes, of the pots that referees still share, and of judges' shares that arrived
/// and are not yet in a pot. Providers' bonds never leave their stake.
/// @dev Every end keeps one order: the record is written, the job is moved and its client refunded,
/// then bonds; booking a slash is tried in the same call but never a condition of anything.
abstract contract DisputeVerdicts is DisputeBook {
    uint256 private constant _BPS = 10_000;
    /// @dev Gas that booking a slash may use behind a refund: twice what the StakeManager needs.
    uint256 private constant _BOOK_GAS = 300_000;

    // --- after the end ---

    /// @inheritdoc IDisputeCourt
    function bookSlash(DisputeFacts calldata facts) external {
        Head memory h = _headOf(facts);
        if (h.phase != DisputePhase.Guilty || h.isBooked) {
            revert DisputeCourt__NothingToBook(facts.disputeId);
        }
        IStakeManager(stakeManager).bookSlash(_verdict(facts));
        _noteBooked(facts, h);
    }

    /// @inheritdoc IDisputeCourt
    function closeReferee(DisputeFacts calldata facts, uint8 level, uint256 index) external {
        Head memory h = _headOf(facts);
        Case storage c = _cases[facts.disputeId];
        if (h.phase == DisputePhase.Guilty && _rightWeight(h) == 0 && level + index == 0) {
            _sweep(facts, h, c);
            return;
        }
        address owner = _refereeAt(c, h.pool, level, index);
        if (owner == address(0)) revert DisputeCourt__NotReferee(facts.disputeId, owner);
        Ballot memory b = c.ballots[level][owner];
        if (!_hasVerdict(h.phase) || b.marks & CLOSED_BIT != 0) _revertNothingDue(facts, owner);
        c.ballots[level][owner].marks = b.marks | CLOSED_BIT;
        RefereeVote vote = RefereeVote(b.marks & VOTE_MASK);
        uint256 paid;
        uint256 slashed;
        if (_isRight(h.phase, vote)) {
            paid = _takeShare(facts, h, c, owner, b.weight);
        } else {
            slashed = _slash(facts, owner, b.weight * _penalty(h.phase, vote));
        }
        emit RefereePaid(facts.disputeId, level, owner, paid, slashed);
    }

    // --- the ends ---

    /// @dev The provider is convicted, by verdict or because it posted no trace.
    function _convict(DisputeFacts calldata facts, Head memory h, JobState to) internal {
        _strike(facts, h, DisputePhase.Guilty);
        _dockets[facts.jobId].isConvicted = true;
        if (!facts.isLate) _move(facts.jobId, to, 0);
        _pay(facts.challenger, _challengerBond(facts), false);
        try IStakeManager(stakeManager).bookSlash{gas: _BOOK_GAS}(_verdict(facts)) {
            _noteBooked(facts, h);
        } catch {
            emit DisputeSlashFailed(facts.disputeId);
        }
    }

    /// @dev The provider is cleared, or the challenger did not point: what the challenger bonded
    /// goes half to the provider, half to the referees who said so, or to the audit pool where there
    /// were none. The last dispute about a live job lets it go on; if its window is over, it settles.
    function _acquit(DisputeFacts calldata facts, Head memory h, DisputePhase phase) internal {
        uint256 left = _strike(facts, h, phase);
        if (left == 0 && !facts.isLate) {
            _move(facts.jobId, JobState.Revealed, facts.windowEnd);
        }
        uint256 lost = _challengerBond(facts);
        uint256 half = lost / 2;
        _pay(facts.provider, half, true);
        if (phase == DisputePhase.Clear) {
            uint16 weight = uint16(_rightWeight(h));
            _cases[facts.disputeId].pot = Pot(uint96(lost - half), weight, true);
        } else {
            _pay(auditCourt, lost - half, false);
        }
        _unlockProvider(facts);
    }

    /// @dev Nobody could decide, or the job ended without this dispute: nobody loses a bond.
    function _giveUp(DisputeFacts calldata facts, Head memory h, DisputePhase phase) internal {
        _strike(facts, h, phase);
        if (phase == DisputePhase.Undecided && !facts.isLate) {
            _move(facts.jobId, JobState.Invalid, 0);
        }
        _pay(facts.challenger, _challengerBond(facts), false);
        _unlockProvider(facts);
    }

    /// @dev Whether the job ended without this dispute. Late disputes have no job to wait for them:
    /// another conviction, or the backstop, ends those.
    function _hasJobEnded(DisputeFacts calldata facts) internal view returns (bool) {
        if (!facts.isLate) return IJobMarket(market).stateOf(facts.jobId) != JobState.Disputed;
        return _dockets[facts.jobId].isConvicted
            || block.timestamp > facts.openedAt + Params.AUDIT_BACKSTOP_S;
    }

    function _move(bytes32 jobId, JobState to, uint40 deadline) internal {
        IJobMarket(market).courtMove(jobId, to, deadline);
    }

    // --- bonds ---

    function _collect(address from, uint256 amount) internal {
        IJobMarket(market).collect(from, amount);
    }

    /// @dev What the challenger has in this court. In a contest the first bond is the provider's.
    function _challengerBond(DisputeFacts calldata facts) private view returns (uint256 bond) {
        bond = _cases[facts.disputeId].purse.challengerBond;
        if (!facts.isContest) bond += facts.bond;
    }

    function _providerBond(DisputeFacts calldata facts) private view returns (uint256 bond) {
        bond = _cases[facts.disputeId].purse.providerBond;
        if (facts.isContest) bond += facts.bond;
    }

    function _unlockProvider(DisputeFacts calldata facts) private {
        uint256 bond = _providerBond(facts);
        if (bond != 0) IStakeManager(stakeManager).unlock(facts.provider, facts.jobId, bond);
    }

    function _pay(address to, uint256 amount, bool asEarned) private {
        if (amount != 0) IJobMarket(market).courtPay(to, amount, asEarned);
    }

    // --- the slash ---

    /// @dev The finder is the challenger: in an audited job only if it was drawn as an auditor.
    function _verdict(DisputeFacts calldata facts)
        private
        view
        returns (IStakeManager.Verdict memory v)
    {
        v.slashId = facts.jobId;
        v.jobId = facts.jobId;
        v.provider = facts.provider;
        v.lockAmount = facts.lock;
        v.bondAmount = uint96(_providerBond(facts));
        v.price = facts.price;
        v.client = facts.client;
        v.isForgery = facts.kind == DisputeKind.ForgedAnswer;
        v.isLate = facts.isLate;
        if (!facts.isDrawn || IAuditCourt(auditCourt).wasDrawn(facts.jobId, facts.challenger)) {
            v.finder = facts.challenger;
        }
    }

    function _noteBooked(DisputeFacts calldata facts, Head memory h) private {
        h.isBooked = true;
        _save(facts.disputeId, h);
        (uint256 amount,) = _held(facts.jobId);
        _dockets[facts.jobId].slashed = uint96(amount); // under the supply, 2^90 wei
    }

    function _held(bytes32 slashId) private view returns (uint256 amount, uint256 readyAt) {
        (, amount, readyAt) = IStakeManager(stakeManager).heldSlashOf(slashId);
    }

    // --- referees ---

    /// @dev Nobody voted against a provider that posted no trace: the audit pool has their share.
    function _sweep(DisputeFacts calldata facts, Head memory h, Case storage c) private {
        if (c.pot.isFilled) _revertNothingDue(facts, auditCourt);
        uint256 share = _fill(facts, h, c, auditCourt);
        c.pot.left = 0;
        _pay(auditCourt, share, false);
        emit RefereePaid(facts.disputeId, 0, auditCourt, share, 0);
    }

    /// @dev Shares by weight out of what is left: the last one takes the rounding, nothing stays.
    function _takeShare(
        DisputeFacts calldata facts,
        Head memory h,
        Case storage c,
        address owner,
        uint256 weight
    ) private returns (uint256 paid) {
        uint256 left = c.pot.isFilled ? c.pot.left : _fill(facts, h, c, owner);
        uint256 weightLeft = c.pot.weightLeft;
        paid = (left * weight) / weightLeft;
        c.pot = Pot(uint96(left - paid), uint16(weightLeft - weight), true);
        _pay(owner, paid, true);
    }

    /// @dev The judges' share of a slash is this dispute's as soon as it was split, and not before:
    /// nothing is paid out of others' money.
    function _fill(DisputeFacts calldata facts, Head memory h, Case storage c, address payee)
        private
        returns (uint256 share)
    {
        (, uint256 readyAt) = _held(facts.jobId);
        if (!h.isBooked || readyAt != 0) _revertNothingDue(facts, payee);
        share = (uint256(_dockets[facts.jobId].slashed) * Params.SLASH_REFEREE_BPS) / _BPS;
        c.pot = Pot(uint96(share), uint16(_rightWeight(h)), true);
    }

    function _slash(DisputeFacts calldata facts, address owner, uint256 amount)
        private
        returns (uint256)
    {
        if (amount == 0) return 0;
        return IStakeManager(stakeManager).slashFree(owner, bytes32(facts.disputeId), amount);
    }

    /// @dev Weight of all who voted as the dispute ended, in whatever sitting.
    function _rightWeight(Head memory h) private pure returns (uint256) {
        if (h.phase == DisputePhase.Clear) return h.clear + h.clearBefore;
        return h.guilty + h.guiltyBefore;
    }

    function _hasVerdict(DisputePhase phase) private pure returns (bool) {
        return phase > DisputePhase.Appeal && phase != DisputePhase.Dropped;
    }

    function _isRight(DisputePhase phase, RefereeVote vote) private pure returns (bool) {
        if (phase == DisputePhase.Clear) return vote == RefereeVote.Clear;
        return phase == DisputePhase.Guilty
            && (vote == RefereeVote.Guilty || vote == RefereeVote.Unavailable);
    }

    /// @dev Wei of one seat's stake that a vote costs which is not right.
    function _penalty(DisputePhase phase, RefereeVote vote) private pure returns (uint256) {
        if (vote == RefereeVote.None) return (Params.SEAT_WEI * Params.REFEREE_NO_SHOW_BPS) / _BPS;
        if (vote == RefereeVote.Abstain || phase == DisputePhase.Undecided) return 0;
        return (Params.SEAT_WEI * Params.REFEREE_MINORITY_BPS) / _BPS;
    }

    function _revertNothingDue(DisputeFacts calldata facts, address referee) private pure {
        revert DisputeCourt__NothingDue(facts.disputeId, referee);
    }
}
