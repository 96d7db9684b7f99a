// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../../contracts/interfaces/IAuditCourt.sol";
import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {AuditFacts, Outcome} from "../../contracts/types/Audit.sol";
import {JobState, Opening} from "../../contracts/types/Job.sol";
import {AuditBase} from "./AuditBase.sol";

/// @notice See AuditCourtEnding.tree.
contract AuditCourtEndingTest is AuditBase {
    uint256 private constant BOND = 20e18;
    /// @dev Lock and 5 % of the stake.
    uint256 private constant SLASH = LOCK + STAKE / 20;

    function _expectNotFailed(AuditFacts memory f) private {
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCourt.AuditCourt__NotFailed.selector, f.jobId)
        );
    }

    function _concede(AuditFacts memory f) private {
        vm.prank(operator);
        audits.concede(f);
    }

    function _contest(AuditFacts memory f) private {
        vm.prank(operator);
        audits.contest(f, _opening(f.seed0));
    }

    function _assertRejected(AuditFacts memory f, address finder) private {
        _assertState(f.jobId, JobState.Rejected);
        assertEq(market.freeOf(client), DEPOSIT - PRICE, "all but the premium");
        (address who, uint256 held,) = stakes.heldSlashOf(f.jobId);
        assertEq(who, provider);
        assertEq(held, SLASH);
        assertEq(_ownOf(provider), STAKE - SLASH);
        assertEq(_locked(), 0);
        assertEq(audits.streakOf(provider, modelId), 0);
        uint256 pool = _pool();
        vm.warp(block.timestamp + 172_800);
        stakes.finalizeSlash(f.jobId);
        assertEq(market.freeOf(finder), 5 * PRICE, "capped at five prices");
        assertEq(market.freeOf(client), DEPOSIT, "capped at the price");
        assertEq(_pool(), pool + SLASH * 15 / 100, "the judges' share stays in the pool");
    }

    // --- concede, expireContest ---

    function test_Concede_RefundsAndBooksTheSlash() public {
        (AuditFacts memory f, address first,) = _failed();
        _expectNotOperator(provider, other);
        vm.prank(other);
        audits.concede(f);
        vm.expectEmit(address(audits));
        emit IAuditCourt.AuditConceded(f.jobId);
        _concede(f);
        _assertRejected(f, first);
        _expectNotFailed(f);
        vm.prank(operator);
        audits.concede(f);
    }

    function test_NothingOfIt_UnlessTheAuditFailed() public {
        AuditFacts memory f = _audited(TENSOR, 1);
        _expectNotFailed(f);
        vm.prank(operator);
        audits.concede(f);
        _expectNotFailed(f);
        audits.expireContest(f);
        _expectNotFailed(f);
        audits.contest(f, _opening(f.seed0));
    }

    function test_ExpireContest_RefundsAndBooksTheSlash() public {
        (AuditFacts memory f, address first,) = _failed();
        uint256 deadline = audits.contestDeadlineOf(f.jobId);
        vm.warp(deadline);
        _expectEarly(f, 0, deadline);
        audits.expireContest(f);
        vm.warp(deadline + 1);
        vm.prank(other);
        audits.expireContest(f);
        _assertRejected(f, first);
    }

    // --- contest ---

    function test_Contest_PublishesBondsAndHandsOver() public {
        (AuditFacts memory f, address first, address second) = _failed();
        vm.warp(audits.contestDeadlineOf(f.jobId));
        Opening memory o = _opening(f.seed0);
        vm.expectEmit(address(audits));
        emit IAuditCourt.AuditContested(
            f.jobId, o.outRoot, o.envelopeCid, o.resultKey, f.seed0, 2 * BOND
        );
        _contest(f);
        _assertState(f.jobId, JobState.Disputed);
        assertEq(market.job(f.jobId).deadline, block.timestamp + 432_000);
        assertEq(_locked(), LOCK + 2 * BOND);
        assertEq(audits.contestDeadlineOf(f.jobId), 0);
        assertEq(disputes.factsHash(), audits.auditOf(f.jobId));
        assertEq(disputes.outRoot(), o.outRoot);
        assertEq(disputes.bond(), BOND);
        address[] memory failing = disputes.auditorsOf();
        assertEq(failing.length, 2);
        assertEq(failing[0], first);
        assertEq(failing[1], second);
        _expectNotFailed(f);
        _contest(f);
    }

    function test_Contest_OnlyTheProviderInTimeWithItsOpening() public {
        (AuditFacts memory f,,) = _failed();
        Opening memory o = _opening(f.seed0);
        _expectNotOperator(provider, other);
        vm.prank(other);
        audits.contest(f, o);
        o.outRoot = bytes32("another");
        vm.expectPartialRevert(IJobMarket.JobMarket__WrongOpening.selector);
        vm.prank(operator);
        audits.contest(f, o);
        uint256 deadline = audits.contestDeadlineOf(f.jobId);
        vm.warp(deadline + 1);
        _expectLate(f, 0, deadline);
        _contest(f);
    }

    function test_Contest_NeedsStakeForTheBonds() public {
        (AuditFacts memory f,,) = _failed();
        uint256 free = stakes.freeOf(provider);
        vm.prank(address(market));
        stakes.lock(provider, "elsewhere", free - 2 * BOND + 1);
        vm.expectPartialRevert(IStakeManager.StakeManager__InsufficientFree.selector);
        _contest(f);
    }

    function test_Contest_TheBondGrowsWithThePrice() public {
        uint96 price = 40e18;
        AuditFacts memory f = _auditedAt(price);
        _round(f, 0, Outcome.Fail);
        _round(f, 0, Outcome.Fail);
        _contest(f);
        assertEq(disputes.bond(), 60e18);
    }

    function _auditedAt(uint96 price) private returns (AuditFacts memory) {
        _price = price;
        return _audited(TENSOR, 1);
    }

    // --- bookSlash ---

    function test_BookSlash_CanBeRepeated() public {
        (AuditFacts memory f, address first,) = _failed();
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCourt.AuditCourt__NothingToBook.selector, f.jobId)
        );
        audits.bookSlash(f);
        vm.mockCallRevert(
            address(stakes), abi.encodeWithSelector(IStakeManager.bookSlash.selector), "no"
        );
        vm.expectEmit(address(audits));
        emit IAuditCourt.SlashBookingFailed(f.jobId);
        _concede(f);
        _assertState(f.jobId, JobState.Rejected);
        assertEq(market.freeOf(client), DEPOSIT - PRICE, "refunded all the same");
        audits.bookSlash(f);
        assertEq(_ownOf(provider), STAKE, "still refused");
        vm.clearMockedCalls();
        vm.prank(other);
        audits.bookSlash(f);
        _assertRejected(f, first);
        vm.expectRevert(
            abi.encodeWithSelector(IAuditCourt.AuditCourt__NothingToBook.selector, f.jobId)
        );
        audits.bookSlash(f);
    }
}
