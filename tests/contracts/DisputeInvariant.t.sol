// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Params} from "../../contracts/libraries/Params.sol";
import {
    DisputeFacts, DisputeKind, DisputePhase, PointKind, Referee, RefereeVote
} from "../../contracts/types/Dispute.sol";
import {JobState} from "../../contracts/types/Job.sol";
import {DisputeBase} from "./DisputeBase.sol";

/// @notice Random courses of three disputes of two jobs. After every step the court holds exactly the
/// bonds of open disputes and what referees are still owed; at the end, nothing.
contract DisputeInvariantTest is DisputeBase {
    uint256 private constant _COUNT = 3;

    DisputeFacts[_COUNT] private _facts;
    uint256[_COUNT] private _bonds; // the challenger's, while open

    function _isCold(uint256 i) private view returns (bool) {
        return _phase(_facts[i]) > DisputePhase.Appeal;
    }

    /// @dev What closed disputes still owe their referees.
    function _pots() private view returns (uint256 sum) {
        for (uint256 i; i < _COUNT; ++i) {
            DisputeFacts memory f = _facts[i];
            if (_phase(f) == DisputePhase.Clear) sum += _bonds[i] - _bonds[i] / 2;
        }
    }

    function _openBonds() private view returns (uint256 sum) {
        for (uint256 i; i < _COUNT; ++i) {
            if (!_isCold(i)) sum += _bonds[i];
        }
    }

    function _vote(uint256 seed, uint256 i) private pure returns (RefereeVote) {
        uint256 dice = uint256(keccak256(abi.encode(seed, i))) % 10;
        if (dice < 4) return RefereeVote.Guilty;
        if (dice < 8) return RefereeVote.Clear;
        return dice == 8 ? RefereeVote.Unavailable : RefereeVote.Abstain;
    }

    function _sitAtRandom(DisputeFacts memory f, uint256 seed) private {
        uint8 level = _level(f);
        Referee[] memory sitting = disputes.refereesOf(f.disputeId, level);
        bool isLazy = seed % 7 == 0;
        for (uint256 i; i < sitting.length && !isLazy; ++i) {
            vm.prank(_hotKey(sitting[i].owner));
            bytes32 hash = _voteHash(f, level, sitting[i].owner, _vote(seed, i));
            try disputes.commitVote(f, sitting[i].owner, hash) {} catch {}
        }
        if (_phase(f) == DisputePhase.Vote) {
            _missPhase(f);
            disputes.advance(f);
        }
        for (uint256 i; i < sitting.length; ++i) {
            if (_phase(f) != DisputePhase.VoteReveal || (seed % 5 == 0 && i > 2)) break;
            vm.prank(_hotKey(sitting[i].owner));
            try disputes.revealVote(f, sitting[i].owner, _vote(seed, i), VOTE_SALT) {} catch {}
        }
        if (_phase(f) == DisputePhase.VoteReveal) {
            _missPhase(f);
            disputes.advance(f);
        }
    }

    function _step(uint256 i, uint256 seed) private {
        DisputeFacts memory f = _facts[i];
        DisputePhase phase = _phase(f);
        bool isLazy = seed % 11 == 0;
        if (phase == DisputePhase.Trace && !isLazy && block.timestamp <= _deadline(f)) {
            _post(f, _trace(f));
        } else if (phase == DisputePhase.Point && !isLazy && block.timestamp <= _deadline(f)) {
            _point(f);
        } else if (phase == DisputePhase.Seating) {
            _readyRound();
            try disputes.drawReferees(f) {}
            catch {
                disputes.advance(f);
            }
        } else if (phase == DisputePhase.Vote) {
            _sitAtRandom(f, seed);
        } else if (phase == DisputePhase.Appeal && seed % 3 == 0) {
            uint256 bond = BOND << (_level(f) + 1);
            vm.prank(challenger);
            try disputes.appeal(f) {
                _bonds[i] += bond;
            } catch {
                vm.prank(operator);
                try disputes.appeal(f) {} catch {}
            }
        } else {
            _pass(f);
        }
    }

    function _pass(DisputeFacts memory f) private {
        uint256 deadline = _deadline(f);
        if (block.timestamp <= deadline) vm.warp(deadline + 1);
        disputes.advance(f);
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_TheCourtHoldsBondsAndPots(uint256 seed) public {
        bytes32 jobId = _revealedJob(TENSOR);
        _facts[0] = _challenge(jobId, challenger, DisputeKind.WrongOutput);
        _facts[1] = _challenge(jobId, challenger, DisputeKind.Unavailable);
        _facts[2] = _late(DisputeKind.BadEnvelope);
        for (uint256 i; i < _COUNT; ++i) {
            _bonds[i] = BOND;
        }
        uint256 steps;
        uint256 cold;
        while (cold < _COUNT) {
            assertLt(++steps, 200, "every dispute ends");
            seed = uint256(keccak256(abi.encode(seed)));
            if (!_isCold(seed % _COUNT)) _step(seed % _COUNT, seed >> 8);
            assertEq(_court(), _openBonds() + _pots(), "bonds and pots");
            cold = 0;
            for (uint256 i; i < _COUNT; ++i) {
                if (_isCold(i)) ++cold;
            }
        }
        _finish(jobId);
        _finish(_facts[2].jobId);
        for (uint256 i; i < _COUNT; ++i) {
            _payReferees(_facts[i]);
        }
        assertEq(_court(), 0, "nothing stays, nothing is missing");
        assertEq(disputes.openCountOf(jobId) + disputes.openCountOf(_facts[2].jobId), 0);
        JobState ended = market.stateOf(jobId);
        if (ended == JobState.Accepted) market.settle(jobId);
        assertEq(_locked(), 0, "all bonds and locks are free");
    }

    function _finish(bytes32 jobId) private {
        (,, uint256 readyAt) = stakes.heldSlashOf(jobId);
        if (readyAt == 0) return;
        if (block.timestamp < readyAt) vm.warp(readyAt);
        stakes.finalizeSlash(jobId);
    }

    function _payReferees(DisputeFacts memory f) private {
        if (_phase(f) == DisputePhase.Dropped) return;
        for (uint8 level; level < 3; ++level) {
            uint256 count = disputes.refereesOf(f.disputeId, level).length;
            for (uint256 i; i < count; ++i) {
                disputes.closeReferee(f, level, i);
            }
            if (count == 0 && level == 0) disputes.closeReferee(f, 0, 0); // no trace came
        }
    }
}
