// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {JobState} from "../../contracts/types/Job.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice See Slashes.tree. STAKE is 10,000 NVY; a job's lock 20.
contract SlashesTest is CourtBase {
    bytes32 private constant JOB = "job";
    bytes32 private constant SLASH = "slash";
    address private finder = makeAddr("finder");

    function _lock(bytes32 lockId, uint256 amount) private {
        vm.prank(address(audits));
        stakes.lock(provider, lockId, amount);
    }

    function _unbond(uint256 amount) private {
        vm.prank(provider);
        stakes.requestUnbonding(amount);
    }

    function _verdict() private view returns (IStakeManager.Verdict memory) {
        return IStakeManager.Verdict({
            slashId: SLASH,
            jobId: JOB,
            provider: provider,
            lockAmount: LOCK,
            bondAmount: 0,
            price: PRICE,
            client: client,
            finder: finder,
            isForgery: false,
            isLate: false
        });
    }

    function _book(IStakeManager.Verdict memory verdict) private returns (uint256 amount) {
        uint256 before = stakes.heldWei();
        vm.prank(address(audits));
        stakes.bookSlash(verdict);
        (address who, uint256 held, uint256 readyAt) = stakes.heldSlashOf(verdict.slashId);
        assertEq(who, provider);
        assertEq(readyAt, block.timestamp + 48 hours);
        assertEq(stakes.heldWei() - before, held);
        _assertSolvent();
        return held;
    }

    function _finalize() private {
        vm.warp(block.timestamp + 48 hours);
        stakes.finalizeSlash(SLASH);
        _assertSolvent();
    }

    function _assertSolvent() private view {
        IStakeManager.Stake memory s = stakes.stakeOf(provider);
        assertEq(
            token.balanceOf(address(stakes)),
            uint256(s.own) + s.unbonding + stakes.insuranceWei() + stakes.heldWei()
        );
        assertLe(s.locked, s.own);
    }

    function _expectOnlyCourt() private {
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__OnlyCourt.selector, other)
        );
    }

    // --- callers ---

    function test_WhenCalledByAnother_Revert() public {
        vm.startPrank(other);
        _expectOnlyCourt();
        stakes.lock(provider, JOB, 1);
        _expectOnlyCourt();
        stakes.unlock(provider, JOB, 0);
        _expectOnlyCourt();
        stakes.slashLock(provider, JOB, 0, 0);
        _expectOnlyCourt();
        stakes.slashFree(provider, JOB, 1);
        _expectOnlyCourt();
        stakes.bookSlash(_verdict());
        vm.startPrank(address(market));
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__OnlyCourt.selector, market)
        );
        stakes.bookSlash(_verdict());
    }

    function test_BothCourtsLockAndUnlock() public {
        address[2] memory courts = [address(audits), address(disputes)];
        for (uint256 i; i < 2; ++i) {
            vm.startPrank(courts[i]);
            vm.expectEmit(address(stakes));
            emit IStakeManager.StakeLocked(provider, JOB, 7);
            stakes.lock(provider, JOB, 7);
            assertEq(_locked(), 7);
            stakes.unlock(provider, JOB, 7);
            assertEq(_locked(), 0);
            vm.stopPrank();
        }
    }

    function test_Lock_ByACourt_NeedsNoMinimumOfJobs() public {
        _unbond(STAKE - 100e18);
        _lock(JOB, 100e18);
        assertEq(_locked(), 100e18);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__InsufficientFree.selector, provider, 0, 1
            )
        );
        _lock("more", 1);
    }

    // --- slashLock, slashFree ---

    function test_SlashLock_WhenMoreIsTakenThanLocked_Reverts() public {
        _lock(JOB, 10);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__AmountTooLarge.selector, 11, 10)
        );
        vm.prank(address(audits));
        stakes.slashLock(provider, JOB, 10, 11);
    }

    function testFuzz_SlashLock_FreesBurnsAndInsures(uint256 amount, uint256 taken) public {
        amount = bound(amount, 1, STAKE);
        taken = bound(taken, 0, amount);
        _lock(JOB, amount);
        uint256 burned = taken * 30 / 100;
        vm.expectEmit(address(stakes));
        emit IStakeManager.StakeUnlocked(provider, JOB, amount);
        vm.expectEmit(address(stakes));
        emit IStakeManager.LockSlashed(provider, JOB, taken, burned, taken - burned);
        vm.prank(address(disputes));
        stakes.slashLock(provider, JOB, amount, taken);
        assertEq(_locked(), 0);
        assertEq(_own(), STAKE - taken);
        assertEq(stakes.insuranceWei(), taken - burned);
        _assertSolvent();
    }

    function testFuzz_SlashFree_TakesUnbondingThenFree(
        uint256 unbonding,
        uint256 locked,
        uint256 amount
    ) public {
        unbonding = bound(unbonding, 1, STAKE - 2_000e18);
        locked = bound(locked, 0, STAKE - unbonding);
        amount = bound(amount, 0, 2 * STAKE);
        _unbond(unbonding);
        _lock(JOB, locked);
        uint256 most = STAKE - locked;
        uint256 expected = amount < most ? amount : most;
        uint256 fromUnbonding = amount < unbonding ? amount : unbonding;
        vm.prank(address(audits));
        assertEq(stakes.slashFree(provider, JOB, amount), expected);
        assertEq(stakes.stakeOf(provider).unbonding, unbonding - fromUnbonding);
        assertEq(_own(), STAKE - unbonding - (expected - fromUnbonding));
        assertEq(_locked(), locked);
        _assertSolvent();
    }

    // --- bookSlash ---

    function test_BookSlash_TakesTheLockAndFivePercent() public {
        _lock(JOB, LOCK);
        vm.expectEmit(address(stakes));
        emit IStakeManager.StakeUnlocked(provider, JOB, LOCK);
        vm.expectEmit(address(stakes));
        emit IStakeManager.SlashBooked(SLASH, JOB, provider, 520e18, START + 48 hours);
        assertEq(_book(_verdict()), 520e18);
        assertEq(_own(), STAKE - 520e18);
        assertEq(_locked(), 0);
    }

    function test_BookSlash_TakesUnbondingFirst() public {
        _lock(JOB, LOCK);
        _unbond(300e18);
        assertEq(_book(_verdict()), 520e18);
        assertEq(stakes.stakeOf(provider).unbonding, 0);
        assertEq(_own(), STAKE - 520e18);
    }

    function test_BookSlash_WithABond_TakesThatToo() public {
        _lock(JOB, LOCK);
        _lock(SLASH, 30e18);
        IStakeManager.Verdict memory v = _verdict();
        v.bondAmount = 30e18;
        vm.expectEmit(address(stakes));
        emit IStakeManager.StakeUnlocked(provider, SLASH, 30e18);
        assertEq(_book(v), 550e18);
        assertEq(_locked(), 0);
        assertEq(_own(), STAKE - 550e18);
    }

    function test_BookSlash_OfAForgery_TakesHalf() public {
        _lock(JOB, LOCK);
        IStakeManager.Verdict memory v = _verdict();
        v.isForgery = true;
        assertEq(_book(v), 5_020e18);
        assertEq(_own(), STAKE - 5_020e18);
    }

    function test_BookSlash_Late_TakesAsMuchFreeStake() public {
        IStakeManager.Verdict memory v = _verdict();
        v.isLate = true;
        assertEq(_book(v), 520e18);
        assertEq(_own(), STAKE - 520e18);
        assertEq(_locked(), 0);
    }

    function test_BookSlash_LateWithABond_FreesOnlyTheBond() public {
        _lock("other job", 9_000e18);
        _lock(SLASH, 30e18);
        IStakeManager.Verdict memory v = _verdict();
        (v.isLate, v.isForgery, v.bondAmount) = (true, true, 30e18);
        assertEq(_book(v), 1_000e18, "bond and what other locks leave");
        assertEq(_locked(), 9_000e18);
        assertEq(_own(), 9_000e18);
    }

    function testFuzz_BookSlash_NeverTouchesOtherLocks(
        uint256 unbonding,
        uint256 others,
        bool isForgery,
        bool isLate
    ) public {
        unbonding = bound(unbonding, 1, STAKE - 2_000e18);
        others = bound(others, 0, STAKE - unbonding - LOCK);
        _unbond(unbonding);
        if (!isLate) _lock(JOB, LOCK);
        _lock("others", others);
        IStakeManager.Verdict memory v = _verdict();
        (v.isForgery, v.isLate) = (isForgery, isLate);
        uint256 wanted = LOCK + STAKE * (isForgery ? 50 : 5) / 100;
        uint256 most = STAKE - others;
        assertEq(_book(v), wanted < most ? wanted : most);
        assertEq(_locked(), others);
    }

    function test_BookSlash_GivenBookedBeforeOrFinal_Reverts() public {
        _lock(JOB, LOCK);
        _book(_verdict());
        bytes memory refusal =
            abi.encodeWithSelector(IStakeManager.StakeManager__SlashExists.selector, SLASH);
        vm.expectRevert(refusal);
        vm.prank(address(disputes));
        stakes.bookSlash(_verdict());
        _finalize();
        vm.expectRevert(refusal);
        vm.prank(address(disputes));
        stakes.bookSlash(_verdict());
    }

    function test_BookSlash_OfALockThatIsNotThere_Reverts() public {
        vm.expectRevert();
        vm.prank(address(audits));
        stakes.bookSlash(_verdict());
    }

    // --- finalizeSlash ---

    function _expectNotReady(uint256 readyAt) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__SlashNotReady.selector, SLASH, readyAt, block.timestamp
            )
        );
        stakes.finalizeSlash(SLASH);
    }

    function test_FinalizeSlash_GivenNotHeldNotReadyOrFinal_Reverts() public {
        _expectNotReady(0);
        _lock(JOB, LOCK);
        _book(_verdict());
        uint256 readyAt = START + 48 hours;
        vm.warp(readyAt - 1);
        _expectNotReady(readyAt);
        vm.warp(readyAt);
        stakes.finalizeSlash(SLASH);
        _expectNotReady(readyAt);
        (address who, uint256 amount, uint256 readyThen) = stakes.heldSlashOf(SLASH);
        assertEq(who, address(0));
        assertEq(amount, 0);
        assertEq(readyThen, 0);
    }

    function test_FinalizeSlash_SplitsWithinTheCaps() public {
        _lock(JOB, LOCK);
        IStakeManager.Verdict memory v = _verdict();
        v.price = 1_000e18; // no cap is reached
        _book(v);
        uint256 supply = token.totalSupply();
        vm.expectEmit(address(stakes));
        emit IStakeManager.SlashFinalized(SLASH, 156e18, 78e18, 130e18, 78e18, 78e18);
        _finalize();
        assertEq(supply - token.totalSupply(), 156e18);
        assertEq(market.freeOf(client), DEPOSIT + 78e18);
        assertEq(market.freeOf(finder), 130e18);
        assertEq(market.freeOf(address(audits)), POOL + 78e18);
        assertEq(stakes.insuranceWei(), 78e18);
        assertEq(stakes.heldWei(), 0);
    }

    function test_FinalizeSlash_TheClientGetsAtMostThePriceTheFinderFive() public {
        _lock(JOB, LOCK);
        _book(_verdict());
        _finalize();
        assertEq(market.freeOf(client), DEPOSIT + PRICE);
        assertEq(market.freeOf(finder), 5 * uint256(PRICE));
        assertEq(stakes.insuranceWei(), 520e18 - 156e18 - 78e18 - 6e18);
    }

    function test_FinalizeSlash_WithoutAFinder_InsuranceGetsTheShare() public {
        _lock(JOB, LOCK);
        IStakeManager.Verdict memory v = _verdict();
        v.finder = address(0);
        _book(v);
        _finalize();
        assertEq(market.freeOf(address(0)), 0);
        assertEq(stakes.insuranceWei(), 520e18 - 156e18 - 78e18 - PRICE);
    }

    function test_FinalizeSlash_TheJudgesShareGoesToTheCourtThatBooked() public {
        _lock(JOB, LOCK);
        vm.prank(address(disputes));
        stakes.bookSlash(_verdict());
        _finalize();
        assertEq(market.freeOf(address(disputes)), 78e18);
        assertEq(market.freeOf(address(audits)), POOL);
    }

    function test_FinalizeSlash_OfNothing() public {
        _unbond(STAKE);
        vm.prank(address(audits));
        stakes.slashFree(provider, "all", STAKE);
        IStakeManager.Verdict memory v = _verdict();
        v.isLate = true;
        assertEq(_book(v), 0);
        _finalize();
        assertEq(market.freeOf(client), DEPOSIT);
    }

    function testFuzz_FinalizeSlash_SharesSumToTheSlash(uint96 price, uint256 lock, bool isFound)
        public
    {
        lock = bound(lock, 1, STAKE);
        _lock(JOB, lock);
        IStakeManager.Verdict memory v = _verdict();
        (v.price, v.lockAmount) = (price, uint96(lock));
        if (!isFound) v.finder = address(0);
        uint256 amount = _book(v);
        (uint256 supply, uint256 inMarket) = (token.totalSupply(), token.balanceOf(address(market)));
        _finalize();
        uint256 credited = market.freeOf(client) - DEPOSIT + market.freeOf(finder)
            + market.freeOf(address(audits)) - POOL;
        assertEq(token.balanceOf(address(market)) - inMarket, credited, "the tokens came along");
        assertEq(supply - token.totalSupply() + credited + stakes.insuranceWei(), amount);
    }

    function test_AMarketJobThatIsRejected_IsSlashedByItsCourt() public {
        audits.setTerms(P_ECON, 10_000);
        bytes32 jobId = _audited();
        vm.prank(address(audits));
        market.courtMove(jobId, JobState.Rejected, 0);
        IStakeManager.Verdict memory v = _verdict();
        (v.jobId, v.slashId) = (jobId, SLASH);
        assertEq(_book(v), 520e18);
        assertEq(_locked(), 0);
        _finalize();
        uint256 owed = market.freeOf(client) + market.freeOf(finder) + _pool()
            + market.freeOf(address(this));
        assertEq(token.balanceOf(address(market)), owed);
    }
}
