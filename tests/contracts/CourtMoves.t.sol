// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {Job, JobState, Opening} from "../../contracts/types/Job.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice See CourtMoves.tree.
contract CourtMovesTest is CourtBase {
    function _expectOnlyCourt(address caller) private {
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__OnlyCourt.selector, caller)
        );
    }

    /// @dev A job that is stored in the state, reached as jobs reach it; or zero if none is.
    function _jobIn(JobState state) private returns (bytes32 jobId) {
        if (state == JobState.Open) return _posted();
        if (state == JobState.Assigned) return _assigned();
        if (state == JobState.Committed) return _committed();
        if (state == JobState.Revealed) return _revealedUndrawn();
        if (state == JobState.Disputed) return _disputed();
        if (state == JobState.Drawn) return _drawnAudit();
        if (state == JobState.Audited) return _audited();
        if (state == JobState.Settled) {
            jobId = _revealedUndrawn();
            vm.prank(client);
            market.confirm(jobId);
        }
        if (state == JobState.Cancelled) {
            jobId = _posted();
            vm.prank(client);
            market.cancel(jobId);
        }
        if (state == JobState.Rejected) _move(jobId = _audited(), JobState.Rejected);
        if (state == JobState.Invalid) _move(jobId = _assigned(), JobState.Invalid);
    }

    /// @dev The table, spelled out apart from the library.
    function _isAllowed(JobState from, JobState to) private pure returns (bool) {
        JobState[14] memory table = [
            JobState.Drawn, JobState.Audited,
            JobState.Audited, JobState.Committed,
            JobState.Audited, JobState.Disputed,
            JobState.Audited, JobState.Rejected,
            JobState.Audited, JobState.ProviderAnswerTimeout,
            JobState.Revealed, JobState.Disputed,
            JobState.Disputed, JobState.Revealed
        ];
        for (uint256 i; i < table.length; i += 2) {
            if (table[i] == from && table[i + 1] == to) return true;
        }
        if (from == JobState.Disputed) {
            if (to == JobState.Rejected || to == JobState.ProviderTraceTimeout) return true;
        }
        return to == JobState.Invalid
            && (from == JobState.Assigned || from == JobState.Committed
                || from == JobState.Revealed || from == JobState.Disputed
                || from == JobState.Drawn || from == JobState.Audited);
    }

    // --- courtMove ---

    function test_CourtMove_WhenNotCalledByACourt_Reverts() public {
        bytes32 jobId = _drawnAudit();
        address[4] memory callers = [client, provider, operator, address(stakes)];
        for (uint256 i; i < callers.length; ++i) {
            _expectOnlyCourt(callers[i]);
            vm.prank(callers[i]);
            market.courtMove(jobId, JobState.Audited, 0);
        }
    }

    function test_CourtMove_FollowsTheTable() public {
        uint256 allowed;
        for (uint8 raw; raw <= uint8(type(JobState).max); ++raw) {
            JobState from = JobState(raw);
            bytes32 jobId = _jobIn(from);
            if (jobId == 0 && from != JobState.None) continue;
            for (uint8 next; next <= uint8(type(JobState).max); ++next) {
                JobState to = JobState(next);
                uint256 snapshot = vm.snapshotState();
                if (_isAllowed(from, to)) ++allowed;
                else _expectBadMove(jobId, from, to);
                vm.prank(next % 2 == 0 ? address(audits) : address(disputes));
                market.courtMove(jobId, to, uint40(block.timestamp + 1));
                if (_isAllowed(from, to)) _assertState(jobId, to);
                vm.revertToState(snapshot);
            }
        }
        assertEq(allowed, 15);
    }

    function test_CourtMove_GivenTheDeadlinePassed_Reverts() public {
        JobState[4] memory from =
            [JobState.Drawn, JobState.Audited, JobState.Revealed, JobState.Disputed];
        JobState[4] memory found = [
            JobState.ProviderAnswerTimeout,
            JobState.AuditorTimeout,
            JobState.Accepted,
            JobState.RefereeTimeout
        ];
        for (uint256 i; i < 4; ++i) {
            bytes32 jobId = _jobIn(from[i]);
            _miss(jobId);
            _expectBadMove(jobId, found[i], JobState.Invalid);
            _move(jobId, JobState.Invalid);
        }
    }

    function test_CourtMove_ToAWarmState_SetsTheDeadlineAndMovesNoMoney() public {
        bytes32 jobId = _audited();
        (uint256 free, uint256 pool) = (market.freeOf(client), _pool());
        uint40 deadline = uint40(block.timestamp + 15 minutes);
        vm.expectEmit(address(market));
        emit IJobMarket.JobMoved(jobId, JobState.Audited, JobState.Committed, deadline, 0);
        _move(jobId, JobState.Committed, deadline);
        assertEq(market.job(jobId).deadline, deadline);
        assertEq(market.job(jobId).beaconRound, 0, "drawn");
        assertEq(market.freeOf(client), free);
        assertEq(_pool(), pool);
        assertEq(_locked(), LOCK);
    }

    function test_CourtMove_BackToRevealed_MayLieInThePast() public {
        bytes32 jobId = _revealedUndrawn();
        uint40 windowEnd = market.job(jobId).deadline;
        _move(jobId, JobState.Disputed);
        vm.warp(uint256(windowEnd) + 1 days);
        _move(jobId, JobState.Revealed, windowEnd);
        _assertState(jobId, JobState.Accepted);
        market.settle(jobId);
        assertEq(market.earnedOf(provider), PRICE);
    }

    function _moveAndCount(bytes32 jobId, JobState to)
        private
        returns (uint256 toClient, uint256 toPool)
    {
        (uint256 free, uint256 pool) = (market.freeOf(client), _pool());
        _move(jobId, to);
        return (market.freeOf(client) - free, _pool() - pool);
    }

    function test_CourtMove_ToInvalidFromAssigned_ReturnsEverything() public {
        bytes32 jobId = _assigned();
        vm.expectEmit(address(market));
        emit IJobMarket.JobMoved(
            jobId, JobState.Assigned, JobState.Invalid, 0, PRICE + PREMIUM
        );
        (uint256 toClient, uint256 toPool) = _moveAndCount(jobId, JobState.Invalid);
        assertEq(toClient, PRICE + PREMIUM);
        assertEq(toPool, 0);
        assertEq(_locked(), 0);
        assertEq(_own(), STAKE);
    }

    function test_CourtMove_ToInvalidLater_SpendsThePremium() public {
        (uint256 toClient, uint256 toPool) = _moveAndCount(_committed(), JobState.Invalid);
        assertEq(toClient, PRICE);
        assertEq(toPool, PREMIUM);
        (toClient, toPool) = _moveAndCount(_audited(), JobState.Invalid);
        assertEq(toClient, PRICE);
        assertEq(toPool, 0, "went there when it was drawn");
        assertEq(_locked(), 0);
        assertEq(_own(), STAKE);
    }

    function test_CourtMove_ToAnswerTimeout_RefundsAndSlashesInFull() public {
        bytes32 jobId = _audited();
        (uint256 toClient,) = _moveAndCount(jobId, JobState.ProviderAnswerTimeout);
        assertEq(toClient, 2 * uint256(PRICE), "refund, and a share of at most the price");
        assertEq(_own(), STAKE - 520e18);
        assertEq(_locked(), 0);
    }

    function test_CourtMove_ToRejectedOrTraceTimeout_LeavesTheLockToTheCourt() public {
        bytes32[2] memory jobIds = [_audited(), _disputed()];
        JobState[2] memory to = [JobState.Rejected, JobState.ProviderTraceTimeout];
        for (uint256 i; i < 2; ++i) {
            (uint256 toClient,) = _moveAndCount(jobIds[i], to[i]);
            assertEq(toClient, PRICE);
            assertEq(_locked(), 2 * uint256(LOCK));
            assertFalse(market.isLockOpen(jobIds[i]), "not the market's to close");
        }
        assertEq(_own(), STAKE);
    }

    // --- expire, closeLock ---

    function test_Expire_PastTheBackstop_RefundsAndFreesTheLock() public {
        bytes32[2] memory jobIds = [_audited(), _disputed()];
        JobState[2] memory ended = [JobState.AuditorTimeout, JobState.RefereeTimeout];
        for (uint256 i; i < 2; ++i) {
            uint256 free = market.freeOf(client);
            _expectDeadlineNotPassed(jobIds[i]);
            market.expire(jobIds[i]);
            vm.warp(uint256(market.job(jobIds[i]).deadline) + 1);
            vm.expectEmit(address(market));
            emit IJobMarket.JobExpired(jobIds[i], ended[i], PRICE);
            market.expire(jobIds[i]);
            assertEq(market.freeOf(client) - free, PRICE);
            _assertState(jobIds[i], ended[i]);
            vm.warp(START);
        }
        assertEq(_locked(), 0);
        assertEq(_own(), STAKE);
    }

    function _breakStakes() private {
        vm.mockCallRevert(
            address(stakes), abi.encodeWithSelector(IStakeManager.unlock.selector), "busy"
        );
        vm.mockCallRevert(
            address(stakes), abi.encodeWithSelector(IStakeManager.slashTimeout.selector), "busy"
        );
    }

    function test_CloseLock_OfFaultlessEnds_Unlocks() public {
        bytes32[3] memory jobIds = [_audited(), _disputed(), _committed()];
        _breakStakes();
        uint256 free = market.freeOf(client);
        _move(jobIds[2], JobState.Invalid);
        _miss(jobIds[1]);
        market.expire(jobIds[0]);
        market.expire(jobIds[1]);
        assertEq(market.freeOf(client) - free, 3 * uint256(PRICE), "no refund waited");
        vm.clearMockedCalls();
        for (uint256 i; i < 3; ++i) {
            assertTrue(market.isLockOpen(jobIds[i]));
            vm.expectCall(
                address(stakes), abi.encodeCall(IStakeManager.unlock, (provider, jobIds[i], LOCK))
            );
            market.closeLock(jobIds[i]);
        }
        assertEq(_locked(), 0);
    }

    function test_CloseLock_OfAnAnswerTimeout_SlashesInFull() public {
        bytes32 jobId = _audited();
        _breakStakes();
        _move(jobId, JobState.ProviderAnswerTimeout);
        vm.clearMockedCalls();
        market.closeLock(jobId);
        assertEq(_own(), STAKE - 520e18);
        assertEq(_locked(), 0);
    }

    // --- doubleWindow ---

    function _double(bytes32 jobId) private {
        vm.prank(address(audits));
        market.doubleWindow(jobId);
    }

    function test_DoubleWindow_WhenNotCalledByTheAuditCourt_Reverts() public {
        bytes32 jobId = _audited();
        _expectOnlyCourt(address(disputes));
        vm.prank(address(disputes));
        market.doubleWindow(jobId);
    }

    function test_DoubleWindow_GivenAnotherState_Reverts() public {
        JobState[4] memory found =
            [JobState.None, JobState.Assigned, JobState.Revealed, JobState.Disputed];
        for (uint256 i; i < 4; ++i) {
            bytes32 jobId = _jobIn(found[i]);
            _expectWrongState(jobId, found[i], JobState.Audited);
            _double(jobId);
        }
    }

    function test_DoubleWindow_DoublesUpToTheField() public {
        bytes32[3] memory jobIds = [_audited(), _drawnAudit(), _audited()];
        _move(jobIds[2], JobState.Committed);
        for (uint256 i; i < 3; ++i) {
            vm.expectEmit(address(market));
            emit IJobMarket.WindowDoubled(jobIds[i], 3_600);
            _double(jobIds[i]);
            assertEq(market.job(jobIds[i]).window, 3_600);
        }
        for (uint256 i; i < 14; ++i) {
            _double(jobIds[0]);
        }
        assertEq(market.job(jobIds[0]).window, type(uint24).max);
    }

    // --- money ---

    function test_CollectAndCourtPay_WhenNotCalledByACourt_Revert() public {
        vm.startPrank(client);
        _expectOnlyCourt(client);
        market.collect(client, 1);
        _expectOnlyCourt(client);
        market.courtPay(client, 1, true);
    }

    function test_CollectAndCourtPay_GivenTooLittle_Revert() public {
        bytes4 refusal = IJobMarket.JobMarket__InsufficientFree.selector;
        vm.startPrank(address(disputes));
        vm.expectRevert(abi.encodeWithSelector(refusal, client, DEPOSIT, DEPOSIT + 1));
        market.collect(client, DEPOSIT + 1);
        vm.expectRevert(abi.encodeWithSelector(refusal, address(disputes), 0, 1));
        market.courtPay(client, 1, false);
    }

    function testFuzz_CollectAndCourtPay_MoveMoney(uint256 taken, uint256 back) public {
        taken = bound(taken, 0, DEPOSIT);
        back = bound(back, 0, taken);
        vm.startPrank(address(disputes));
        vm.expectEmit(address(market));
        emit IJobMarket.Collected(client, address(disputes), taken);
        market.collect(client, taken);
        vm.expectEmit(address(market));
        emit IJobMarket.CourtPaid(address(disputes), provider, back, true);
        market.courtPay(provider, back, true);
        vm.expectEmit(address(market));
        emit IJobMarket.CourtPaid(address(disputes), other, taken - back, false);
        market.courtPay(other, taken - back, false);
        assertEq(market.freeOf(client), DEPOSIT - taken);
        assertEq(market.earnedOf(provider), back);
        assertEq(market.freeOf(other), taken - back);
        assertEq(market.freeOf(address(disputes)), 0);
    }

    function test_CreditSlash_WhenNotCalledByTheStakeManager_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__OnlyStakeManager.selector, address(audits)
            )
        );
        vm.prank(address(audits));
        market.creditSlash("slash", client, 1, other, 1, address(audits), 1);
    }

    function test_CreditSlash_CreditsAllThree() public {
        vm.expectEmit(address(market));
        emit IJobMarket.SlashSplit("slash", client, 1, other, 2, address(disputes), 3);
        vm.prank(address(stakes));
        market.creditSlash("slash", client, 1, other, 2, address(disputes), 3);
        assertEq(market.freeOf(client), DEPOSIT + 1);
        assertEq(market.freeOf(other), 2);
        assertEq(market.freeOf(address(disputes)), 3);
    }

    // --- checkOpening ---

    function test_CheckOpening_PassesOnlyForTheDrawnOpening() public {
        audits.setTerms(P_ECON, 10_000);
        bytes32 jobId = _committed();
        vm.expectPartialRevert(IJobMarket.JobMarket__WrongOpening.selector);
        market.checkOpening(jobId, _opening(0));
        _readyRound();
        bytes32 seed0 = _seed0(jobId);
        market.draw(jobId);
        market.checkOpening(jobId, _opening(seed0));
        vm.expectPartialRevert(IJobMarket.JobMarket__WrongOpening.selector);
        market.checkOpening(jobId, _opening("another seed"));
        Opening memory opening = _opening(seed0);
        opening.shift = SHIFT + 1;
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__BadShift.selector, jobId, SHIFT + 1)
        );
        market.checkOpening(jobId, opening);
    }

    function test_TheMarketNamesItsCourts() public view {
        assertEq(market.auditCourt(), address(audits));
        assertEq(market.disputeCourt(), address(disputes));
        assertEq(stakes.auditCourt(), address(audits));
        assertEq(stakes.disputeCourt(), address(disputes));
    }

    // --- hostile ---

    function test_GivenAStakeManagerThatBurnsAllGas_RefundsGoOn() public {
        bytes32[2] memory jobIds = [_audited(), _audited()];
        vm.etch(address(stakes), hex"5b600056"); // loops for ever
        uint256 free = market.freeOf(client);
        vm.prank(address(audits));
        market.courtMove{gas: 280_000}(jobIds[0], JobState.ProviderAnswerTimeout, 0);
        _miss(jobIds[1]);
        market.expire{gas: 280_000}(jobIds[1]);
        assertEq(market.freeOf(client) - free, 2 * uint256(PRICE));
        assertTrue(market.isLockOpen(jobIds[0]) && market.isLockOpen(jobIds[1]));
    }
}
