// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Job, JobSpec, JobState, Offer} from "../../contracts/types/Job.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice See Hiring.tree: spec, post, accept, and cancel of a listing.
contract HiringTest is MarketBase {
    function _post(JobSpec memory spec, uint96 maxPrice, uint40 deadline) private returns (bytes32) {
        vm.prank(client);
        return market.post(spec, "salt", maxPrice, 0, deadline, "src");
    }

    function _post(JobSpec memory spec) private returns (bytes32) {
        return _post(spec, PRICE, uint40(block.timestamp + 60));
    }

    function _expectBadSpec(bytes32 field, uint256 value, uint256 min, uint256 max) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__BadSpec.selector, field, value, min, max
            )
        );
    }

    // --- spec ---

    function testFuzz_WhenANumberIsOutOfRange_Reverts(uint256 raw) public {
        JobSpec memory spec = _spec();
        spec.jobClass = uint8(bound(raw, 4, 255));
        _expectBadSpec("jobClass", spec.jobClass, 0, 3);
        _post(spec);

        spec = _spec();
        spec.batch = 0;
        _expectBadSpec("batch", 0, 1, type(uint32).max);
        _post(spec);

        spec = _spec();
        spec.maxRuntime = raw % 2 == 0 ? 0 : uint32(bound(raw, 14_401, type(uint32).max));
        _expectBadSpec("maxRuntime", spec.maxRuntime, 1, 14_400);
        _post(spec);

        spec = _spec();
        spec.window =
            uint32(raw % 2 == 0 ? bound(raw, 0, 599) : bound(raw, 86_401, type(uint32).max));
        _expectBadSpec("window", spec.window, 600, 86_400);
        _post(spec);

        spec = _spec();
        spec.auditSlots = uint8(raw % 2 == 0 ? 0 : bound(raw, 9, 255));
        _expectBadSpec("auditSlots", spec.auditSlots, 1, 8);
        _post(spec);
    }

    function testFuzz_WithinTheRanges_EverySpecIsTaken(JobSpec memory spec) public {
        spec.jobClass = uint8(bound(spec.jobClass, 0, 3));
        spec.batch = uint32(bound(spec.batch, 1, type(uint32).max));
        spec.maxRuntime = uint32(bound(spec.maxRuntime, 1, 14_400));
        spec.window = uint32(bound(spec.window, 600, 86_400));
        spec.auditSlots = uint8(bound(spec.auditSlots, 1, 8));
        spec.inputCid = new bytes(bound(spec.inputCid.length, 4, 128));
        Job memory j = market.job(_post(spec));
        assertEq(j.jobClass, spec.jobClass);
        assertEq(j.window, spec.window);
        assertEq(j.maxRuntime, spec.maxRuntime);
    }

    function testFuzz_WhenTheInputCidHasABadLength_Reverts(uint256 length) public {
        length = length % 2 == 0 ? bound(length, 0, 3) : bound(length, 129, 400);
        JobSpec memory spec = _spec();
        spec.inputCid = new bytes(length);
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__BadCid.selector, length, 128)
        );
        _post(spec);
    }

    function test_GivenTheSameJob_RevertsEvenWhenItIsOver() public {
        bytes32 jobId = _post(_spec());
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__JobExists.selector, jobId, JobState.Open)
        );
        _post(_spec());
        _miss(jobId);
        market.expire(jobId);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__JobExists.selector, jobId, JobState.Unmatched
            )
        );
        _post(_spec());
    }

    // --- post ---

    function test_Post_WhenTheMaximumPriceIsZero_Reverts() public {
        vm.expectRevert(IJobMarket.JobMarket__ZeroAmount.selector);
        _post(_spec(), 0, uint40(block.timestamp + 60));
    }

    function testFuzz_Post_WhenTheDeadlineIsBad_Reverts(uint40 deadline) public {
        vm.assume(deadline <= START || deadline > START + 7 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__BadDeadline.selector, deadline, START + 1, START + 7 days
            )
        );
        _post(_spec(), PRICE, deadline);
    }

    function testFuzz_Post_WhenTheFreeBalanceIsTooSmall_Reverts(uint96 price) public {
        price = uint96(bound(price, DEPOSIT + 1, type(uint88).max));
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__InsufficientFree.selector, client, DEPOSIT, price
            )
        );
        _post(_spec(), price, uint40(block.timestamp + 60));
    }

    function testFuzz_Post_WhenAnAmountDoesNotFitTheRecord_Reverts(uint96 amount) public {
        amount = uint96(bound(amount, uint256(type(uint88).max) + 1, type(uint96).max));
        _expectTooLarge(amount);
        _post(_spec(), amount, uint40(block.timestamp + 60));
        _expectTooLarge(amount);
        vm.prank(client);
        market.post(_spec(), "salt", 1, amount, uint40(block.timestamp + 60), "src");
    }

    function _expectTooLarge(uint256 amount) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__AmountTooLarge.selector, amount, type(uint88).max
            )
        );
    }

    function testFuzz_Post_EscrowsAndAnnounces(uint96 price, uint96 minLock, uint40 ahead) public {
        price = uint96(bound(price, 1, DEPOSIT));
        minLock = uint96(bound(minLock, 0, type(uint88).max));
        uint40 deadline = uint40(START + bound(ahead, 1, 7 days));
        JobSpec memory spec = _spec();
        bytes32 expected = market.jobIdOf(client, "s", market.specHashOf(spec));
        vm.expectEmit(address(market));
        emit IJobMarket.JobPosted(expected, client, spec, "s", price, minLock, deadline, "src");
        vm.prank(client);
        bytes32 jobId = market.post(spec, "s", price, minLock, deadline, "src");
        assertEq(jobId, expected);
        assertEq(market.freeOf(client), DEPOSIT - price, "free falls by the escrow");
        Job memory j = market.job(jobId);
        assertEq(j.client, client);
        assertEq(j.provider, address(0));
        assertEq(j.price, price);
        assertEq(j.lock, minLock);
        assertEq(j.deadline, deadline);
        assertEq(j.pBps, 0);
        _assertState(jobId, JobState.Open);
    }

    // --- accept ---

    function _accept(bytes32 jobId, uint96 price, uint96 lock) private {
        vm.prank(operator);
        _acceptAs(jobId, price, lock);
    }

    function test_Accept_GivenNotOpen_Reverts() public {
        _expectWrongState("unknown", JobState.None, JobState.Open);
        _accept("unknown", PRICE, LOCK);
        bytes32 jobId = _assigned();
        _expectWrongState(jobId, JobState.Assigned, JobState.Open);
        _accept(jobId, PRICE, LOCK);
    }

    function test_Accept_AtTheDeadlineStillAndLaterNot() public {
        bytes32 first = _posted();
        bytes32 second = _posted();
        vm.warp(market.job(first).deadline);
        _accept(first, PRICE, LOCK);
        _miss(second);
        _expectDeadlinePassed(second);
        _accept(second, PRICE, LOCK);
    }

    function test_Accept_WhenNotCalledByTheOperator_Reverts() public {
        bytes32 jobId = _posted();
        address[3] memory callers = [provider, client, other];
        for (uint256 i; i < 3; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IJobMarket.JobMarket__NotOperator.selector, provider, callers[i]
                )
            );
            _acceptAs(jobId, PRICE, LOCK);
        }
    }

    function testFuzz_Accept_WhenThePriceIsTooHigh_Reverts(uint96 price) public {
        price = uint96(bound(price, PRICE + 1, type(uint96).max));
        bytes32 jobId = _posted();
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__PriceTooHigh.selector, jobId, price, PRICE
            )
        );
        _accept(jobId, price, LOCK);
    }

    function test_Accept_WhenThePriceIsZero_Reverts() public {
        bytes32 jobId = _posted();
        vm.expectRevert(IJobMarket.JobMarket__ZeroAmount.selector);
        _accept(jobId, 0, LOCK);
    }

    function testFuzz_Accept_WhenTheLockIsTooSmall_Reverts(uint96 price, uint96 minLock, uint96 lock)
        public
    {
        price = uint96(bound(price, 1, PRICE));
        minLock = uint96(bound(minLock, 0, type(uint88).max));
        uint256 needed = uint256(minLock) > 5 * uint256(price) ? minLock : 5 * uint256(price);
        lock = uint96(bound(lock, 0, needed - 1));
        vm.prank(client);
        bytes32 jobId = market.post(_spec(), "s", PRICE, minLock, uint40(START + 1), "");
        _saltOf[jobId] = "s";
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__LockTooSmall.selector, lock, needed)
        );
        _accept(jobId, price, lock);
    }

    function testFuzz_AcceptAndOpen_WhenTheLockDoesNotFitTheRecord_Revert(uint96 lock) public {
        lock = uint96(bound(lock, uint256(type(uint88).max) + 1, type(uint96).max));
        bytes32 jobId = _posted();
        _expectTooLarge(lock);
        _accept(jobId, PRICE, lock);
        Offer memory offer = _offer();
        offer.lock = lock;
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        _expectTooLarge(lock);
        vm.prank(client);
        market.open(_spec(), "salt", offer, signature);
    }

    function test_Accept_WhenTheSpecOrSaltIsAnother_Reverts() public {
        bytes32 jobId = _posted();
        JobSpec memory spec = _spec();
        spec.batch = 9;
        bytes32 salt = _saltOf[jobId];
        bytes32 found = market.jobIdOf(client, salt, market.specHashOf(spec));
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__WrongSpec.selector, jobId, found)
        );
        vm.prank(operator);
        market.accept(jobId, spec, salt, provider, PRICE, LOCK);
        vm.expectPartialRevert(IJobMarket.JobMarket__WrongSpec.selector);
        vm.prank(operator);
        market.accept(jobId, _spec(), "another salt", provider, PRICE, LOCK);
    }

    function test_Accept_GivenTheStakeIsTooSmall_Reverts() public {
        bytes32 jobId = _posted();
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__InsufficientFree.selector, provider, STAKE, STAKE + 1
            )
        );
        _accept(jobId, PRICE, uint96(STAKE + 1));
        _assertState(jobId, JobState.Open);
    }

    function testFuzz_Accept_RefundsTheDifferenceAndLocks(uint96 price, uint96 lock) public {
        price = uint96(bound(price, 1, PRICE));
        lock = uint96(bound(lock, LOCK, STAKE));
        bytes32 jobId = _posted();
        uint256 deadline = block.timestamp + 2 * 600 + 120;
        vm.expectEmit(address(market));
        emit IJobMarket.JobAssigned(jobId, client, provider, price, lock, deadline);
        _accept(jobId, price, lock);
        assertEq(market.freeOf(client), DEPOSIT - price, "the difference returns");
        assertEq(_locked(), lock);
        Job memory j = market.job(jobId);
        assertEq(j.provider, provider);
        assertEq(j.price, price);
        assertEq(j.lock, lock);
        assertEq(j.deadline, deadline);
        assertEq(j.pBps, 0);
        _assertState(jobId, JobState.Assigned);
    }

    // --- cancel ---

    function _cancel(bytes32 jobId) private {
        vm.prank(client);
        market.cancel(jobId);
    }

    function test_Cancel_GivenNoSuchJob_Reverts() public {
        _expectWrongState("unknown", JobState.None, JobState.Open);
        _cancel("unknown");
    }

    function test_Cancel_GivenTheDeadlinePassed_Reverts() public {
        bytes32 jobId = _posted();
        _miss(jobId);
        _expectDeadlinePassed(jobId);
        _cancel(jobId);
        vm.warp(block.timestamp - 1);
        _cancel(jobId);
    }

    function test_Cancel_WhenNotCalledByTheClient_Reverts() public {
        bytes32 jobId = _posted();
        vm.prank(other);
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__NotClient.selector, jobId, other)
        );
        market.cancel(jobId);
    }

    function test_Cancel_RefundsEverything() public {
        bytes32 jobId = _posted();
        vm.expectEmit(address(market));
        emit IJobMarket.JobCancelled(jobId, PRICE);
        _cancel(jobId);
        assertEq(market.freeOf(client), DEPOSIT);
        _assertState(jobId, JobState.Cancelled);
        _expectWrongState(jobId, JobState.Cancelled, JobState.Open);
        _cancel(jobId);
    }
}
