// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IDisputeCourt} from "../interfaces/IDisputeCourt.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Lifecycle} from "../libraries/Lifecycle.sol";
import {Params} from "../libraries/Params.sol";
import {DisputeFacts, DisputeKind, DisputePhase, RefereeVote} from "../types/Dispute.sol";
import {JobState} from "../types/Job.sol";
import {DisputeBook} from "./DisputeBook.sol";

/// @title The ends of disputes, and all of their money
/// @notice The court's free balance in the market is at every moment the sum of the challengers'
/// bonds of open disputes, of the pots that referees still share, and of judges' shares that arrived
/// and are not yet in a pot. Providers' bonds never leave their stake.
/// @dev Every end keeps one order: the job is moved, and its client refunded, first; booking a slash
/// is tried in the same call but never a condition of anything.
abstract contract DisputeVerdicts is DisputeBook {
    uint256 private constant _BPS = 10_000;
    /// @dev Gas that booking a slash may use behind a refund: twice what the StakeManager needs.
    uint256 private constant _BOOK_GAS = 300_000;

    // --- after the end ---

    /// @inheritdoc IDisputeCourt
    function bookSlash(DisputeFacts calldata facts) external {
        Case storage c = _record(facts);
        if (c.phase != DisputePhase.Guilty || c.isBooked) {
            revert DisputeCourt__NothingToBook(facts.disputeId);
        }
        IStakeManager(stakeManager).bookSlash(_verdict(facts, c));
        _noteBooked(facts, c);
    }

    /// @inheritdoc IDisputeCourt
    function closeReferee(DisputeFacts calldata facts, uint8 level, uint256 index) external {
        Case storage c = _record(facts);
        uint256 disputeId = facts.disputeId;
        address owner = _refereeAt(c, level, index);
        if (owner == address(0)) revert DisputeCourt__NotReferee(disputeId, owner);
        Ballot storage b = c.ballots[level][owner];
        uint8 marks = b.marks;
        DisputePhase phase = c.phase;
        bool hasEnded = phase == DisputePhase.Guilty || phase == DisputePhase.Clear
            || phase == DisputePhase.Undecided;
        if (!hasEnded || marks & CLOSED_BIT != 0) {
            revert DisputeCourt__NothingDue(disputeId, owner);
        }
        b.marks = marks | CLOSED_BIT;
        uint256 weight = b.weight;
        RefereeVote vote = RefereeVote(marks & VOTE_MASK);
        uint256 paid;
        uint256 slashed;
        if (_isRight(phase, vote)) {
            paid = _share(facts, c, owner, weight);
            if (paid != 0) _pay(owner, paid, true);
        } else {
            slashed = weight * _penalty(phase, vote);
            if (slashed != 0) {
                slashed =
                    IStakeManager(stakeManager).slashFree(owner, bytes32(disputeId), slashed);
            }
        }
        emit RefereePaid(disputeId, level, owner, paid, slashed);
    }

    /// @inheritdoc IDisputeCourt
    function sweepJudges(DisputeFacts calldata facts) external {
        Case storage c = _record(facts);
        if (c.phase != DisputePhase.Guilty || c.guilty + c.purse.guilty != 0) {
            revert DisputeCourt__NothingDue(facts.disputeId, auditCourt);
        }
        _fill(facts, c, auditCourt);
        uint256 left = c.pot.left;
        if (left == 0) revert DisputeCourt__NothingDue(facts.disputeId, auditCourt);
        c.pot.left = 0;
        _pay(auditCourt, left, false);
    }

    // --- the ends ---

    /// @dev The provider is convicted, by verdict or because it posted no trace.
    function _convict(DisputeFacts calldata facts, Case storage c, JobState to) internal {
        _strike(facts, c, DisputePhase.Guilty);
        _dockets[facts.jobId].isConvicted = true;
        if (!facts.isLate) IJobMarket(market).courtMove(facts.jobId, to, 0);
        uint256 bond = _challengerBond(facts, c);
        if (bond != 0) _pay(facts.challenger, bond, false);
        try IStakeManager(stakeManager).bookSlash{gas: _BOOK_GAS}(_verdict(facts, c)) {
            _noteBooked(facts, c);
        } catch {
            emit DisputeSlashFailed(facts.disputeId);
        }
    }

    /// @dev The provider is cleared: what the challenger bonded goes half to it, half to the
    /// referees who said so.
    function _acquit(DisputeFacts calldata facts, Case storage c) internal {
        uint256 left = _strike(facts, c, DisputePhase.Clear);
        _freeJob(facts, left);
        uint256 lost = _challengerBond(facts, c);
        uint256 half = lost / 2;
        c.pot = Pot(uint96(lost - half), c.clear + c.purse.clear, true);
        if (half != 0) _pay(facts.provider, half, true);
        _unlockProvider(facts, c);
    }

    /// @dev The challenger did not point: its bond goes half to the provider and, as there are no
    /// referees, half to the audit pool.
    function _forfeit(DisputeFacts calldata facts, Case storage c) internal {
        uint256 left = _strike(facts, c, DisputePhase.Dropped);
        _freeJob(facts, left);
        uint256 lost = _challengerBond(facts, c);
        if (lost != 0) {
            _pay(facts.provider, lost / 2, true);
            _pay(auditCourt, lost - lost / 2, false);
        }
        _unlockProvider(facts, c);
    }

    /// @dev Nobody could decide: the client is refunded, nobody loses a bond.
    function _giveUp(DisputeFacts calldata facts, Case storage c) internal {
        _strike(facts, c, DisputePhase.Undecided);
        if (!facts.isLate) IJobMarket(market).courtMove(facts.jobId, JobState.Invalid, 0);
        _returnBonds(facts, c);
    }

    /// @dev The job ended without this dispute.
    function _drop(DisputeFacts calldata facts, Case storage c) internal {
        _strike(facts, c, DisputePhase.Dropped);
        _returnBonds(facts, c);
    }

    /// @dev Whether the job ended without this dispute. Late disputes have no job to wait for them:
    /// another conviction, or the backstop, ends those.
    function _hasJobEnded(DisputeFacts calldata facts) internal view returns (bool) {
        if (!facts.isLate) return IJobMarket(market).stateOf(facts.jobId) != JobState.Disputed;
        return _dockets[facts.jobId].isConvicted
            || block.timestamp > facts.openedAt + Params.AUDIT_BACKSTOP_S;
    }

    // --- bonds ---

    /// @dev Bond of an appeal out of `level`: doubled each time.
    function _appealBond(DisputeFacts calldata facts, uint256 level)
        internal
        pure
        returns (uint256)
    {
        return uint256(facts.bond) << (level + 1);
    }

    function _collect(address from, uint256 amount) internal {
        IJobMarket(market).collect(from, amount);
    }

    /// @dev What the challenger has in this court. In a contest the first bond is the provider's.
    function _challengerBond(DisputeFacts calldata facts, Case storage c)
        private
        view
        returns (uint256)
    {
        uint256 first = facts.isContest ? 0 : facts.bond;
        return first + c.purse.challengerBond;
    }

    function _providerBond(DisputeFacts calldata facts, Case storage c)
        private
        view
        returns (uint256)
    {
        uint256 first = facts.isContest ? facts.bond : 0;
        return first + c.purse.providerBond;
    }

    function _returnBonds(DisputeFacts calldata facts, Case storage c) private {
        uint256 bond = _challengerBond(facts, c);
        if (bond != 0) _pay(facts.challenger, bond, false);
        _unlockProvider(facts, c);
    }

    function _unlockProvider(DisputeFacts calldata facts, Case storage c) private {
        uint256 bond = _providerBond(facts, c);
        if (bond != 0) IStakeManager(stakeManager).unlock(facts.provider, facts.jobId, bond);
    }

    function _pay(address to, uint256 amount, bool asEarned) private {
        IJobMarket(market).courtPay(to, amount, asEarned);
    }

    /// @dev The last dispute about a live job lets it go on; if its window is over, it settles.
    function _freeJob(DisputeFacts calldata facts, uint256 left) private {
        if (left != 0 || facts.isLate) return;
        IJobMarket(market).courtMove(facts.jobId, JobState.Revealed, facts.windowEnd);
    }

    // --- the slash ---

    function _verdict(DisputeFacts calldata facts, Case storage c)
        private
        view
        returns (IStakeManager.Verdict memory)
    {
        bool isFinder = !facts.isDrawn
            || IAuditCourt(auditCourt).wasDrawn(facts.jobId, facts.challenger);
        return IStakeManager.Verdict({
            slashId: facts.jobId,
            jobId: facts.jobId,
            provider: facts.provider,
            lockAmount: facts.lock,
            bondAmount: uint96(_providerBond(facts, c)),
            price: facts.price,
            client: facts.client,
            finder: isFinder ? facts.challenger : address(0),
            isForgery: facts.kind == DisputeKind.ForgedAnswer,
            isLate: facts.isLate
        });
    }

    function _noteBooked(DisputeFacts calldata facts, Case storage c) private {
        c.isBooked = true;
        (, uint256 amount,) = IStakeManager(stakeManager).heldSlashOf(facts.jobId);
        _dockets[facts.jobId].slashed = uint96(amount); // under the supply, 2^90 wei
    }

    // --- referees ---

    function _isRight(DisputePhase phase, RefereeVote vote) private pure returns (bool) {
        if (phase == DisputePhase.Clear) return vote == RefereeVote.Clear;
        return phase == DisputePhase.Guilty
            && (vote == RefereeVote.Guilty || vote == RefereeVote.Unavailable);
    }

    /// @dev Wei of one seat's stake that a vote costs which is not right.
    function _penalty(DisputePhase phase, RefereeVote vote) private pure returns (uint256) {
        uint256 bps;
        if (vote == RefereeVote.None) bps = Params.REFEREE_NO_SHOW_BPS;
        else if (vote != RefereeVote.Abstain && phase != DisputePhase.Undecided) {
            bps = Params.REFEREE_MINORITY_BPS;
        }
        return (Params.SEAT_WEI * bps) / _BPS;
    }

    /// @dev Shares by weight out of what is left: the last one takes the rounding, nothing stays.
    function _share(DisputeFacts calldata facts, Case storage c, address owner, uint256 weight)
        private
        returns (uint256 paid)
    {
        _fill(facts, c, owner);
        Pot storage pot = c.pot;
        uint256 left = pot.left;
        uint256 weightLeft = pot.weightLeft;
        paid = (left * weight) / weightLeft;
        pot.left = uint96(left - paid);
        pot.weightLeft = uint16(weightLeft - weight);
    }

    /// @dev The judges' share of a slash is this dispute's as soon as it was split, and not before:
    /// nothing is paid out of others' money.
    function _fill(DisputeFacts calldata facts, Case storage c, address payee) private {
        if (c.pot.isFilled) return;
        (,, uint256 readyAt) = IStakeManager(stakeManager).heldSlashOf(facts.jobId);
        if (!c.isBooked || readyAt != 0) {
            revert DisputeCourt__NothingDue(facts.disputeId, payee);
        }
        uint256 slashed = _dockets[facts.jobId].slashed;
        uint256 share = (slashed * Params.SLASH_REFEREE_BPS) / _BPS;
        c.pot = Pot(uint96(share), c.guilty + c.purse.guilty, true);
    }
}
