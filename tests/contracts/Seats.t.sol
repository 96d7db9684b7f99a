// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice See Seats.tree. STAKE backs ten seats.
contract SeatsTest is CourtBase {
    bytes12 private constant POOL_A = "pool a";
    bytes12 private constant POOL_B = "pool b";
    uint256 private constant MOST = 10;

    function setUp() public override {
        super.setUp();
        _fundProvider(other, operator);
    }

    function _take(address who, bytes12 pool, uint256 count) private {
        vm.prank(who);
        stakes.takeSeats(pool, count);
    }

    function _indices(uint256 first, uint256 count) private pure returns (uint256[] memory list) {
        list = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            list[i] = first + i;
        }
    }

    function _leave(address who, bytes12 pool, uint256 first, uint256 count) private {
        vm.prank(who);
        stakes.leaveSeats(pool, _indices(first, count));
    }

    function _assertPool(bytes12 pool, uint256 live, uint256 owners) private view {
        (uint256 liveSeats, uint256 ownerCount) = stakes.poolOf(pool);
        assertEq(liveSeats, live, "live");
        assertEq(ownerCount, owners, "owners");
    }

    function _assertSeat(uint256 index, address owner, uint256 since, uint256 until) private view {
        (address o, uint40 s, uint40 u) = stakes.seatAt(POOL_A, index);
        assertEq(o, owner, "owner");
        assertEq(s, since, "since");
        assertEq(u, until, "until");
    }

    function _expectBadCount(uint256 count) private {
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__BadCount.selector, count, 64)
        );
    }

    // --- takeSeats ---

    function test_TakeLeaveAndPrune_WhenTheCountIsBad_Revert() public {
        uint256[2] memory counts = [uint256(0), 65];
        for (uint256 i; i < 2; ++i) {
            _expectBadCount(counts[i]);
            _take(provider, POOL_A, counts[i]);
            _expectBadCount(counts[i]);
            _leave(provider, POOL_A, 0, counts[i]);
            _expectBadCount(counts[i]);
            stakes.pruneSeats(POOL_A, _indices(0, counts[i]));
        }
    }

    function test_TakeSeats_GivenTooLittleStakeInAllPoolsTogether_Reverts() public {
        _take(provider, POOL_A, 6);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__SeatsUnbacked.selector, provider, STAKE, STAKE + 1_000e18
            )
        );
        _take(provider, POOL_B, 5);
        _take(provider, POOL_B, 4);
        assertEq(stakes.stakeOf(provider).seats, MOST);
    }

    function test_TakeSeats_ByAStranger_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__SeatsUnbacked.selector, client, 0, Params.SEAT_WEI
            )
        );
        _take(client, POOL_A, 1);
    }

    function test_TakeSeats_ListsThemFromTheNextSecondOn() public {
        vm.expectEmit(address(stakes));
        emit IStakeManager.SeatsTaken(provider, POOL_A, 2, 0);
        _take(provider, POOL_A, 2);
        vm.expectEmit(address(stakes));
        emit IStakeManager.SeatsTaken(other, POOL_A, 1, 2);
        _take(other, POOL_A, 1);
        _assertSeat(0, provider, START + 1, 0);
        _assertSeat(1, provider, START + 1, 0);
        _assertSeat(2, other, START + 1, 0);
        _assertSeat(3, address(0), 0, 0);
        assertEq(stakes.seatCountAt(POOL_A, START), 0, "this second is complete");
        assertEq(stakes.seatCountAt(POOL_A, START + 1), 3);
        _assertPool(POOL_A, 3, 2);
        _assertPool(POOL_B, 0, 0);
    }

    // --- leaveSeats ---

    function test_LeaveSeats_EndsThemButKeepsThemListed() public {
        _take(provider, POOL_A, 3);
        _take(other, POOL_A, 1);
        vm.warp(START + 100);
        vm.expectEmit(address(stakes));
        emit IStakeManager.SeatsLeft(provider, POOL_A, _indices(1, 2));
        _leave(provider, POOL_A, 1, 2);
        _assertSeat(0, provider, START + 1, 0);
        _assertSeat(2, provider, START + 1, START + 101);
        assertEq(stakes.seatCountAt(POOL_A, START + 200), 4);
        assertEq(stakes.stakeOf(provider).seats, 1);
        _assertPool(POOL_A, 2, 2);
        _leave(provider, POOL_A, 0, 1);
        _assertPool(POOL_A, 1, 1);
    }

    function test_LeaveSeats_WhenNotALiveOneOfTheCaller_Reverts() public {
        _take(provider, POOL_A, 1);
        bytes4 refusal = IStakeManager.StakeManager__NotYourSeat.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, POOL_A, 0, other));
        _leave(other, POOL_A, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(refusal, POOL_B, 0, provider));
        _leave(provider, POOL_B, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(refusal, POOL_A, 1, provider));
        _leave(provider, POOL_A, 0, 2);
        _leave(provider, POOL_A, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(refusal, POOL_A, 0, provider));
        _leave(provider, POOL_A, 0, 1);
    }

    // --- requestUnbonding ---

    function test_RequestUnbonding_GivenSeatsNeedTheStake_Reverts() public {
        _take(provider, POOL_A, 4);
        vm.startPrank(provider);
        stakes.requestUnbonding(6_000e18);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__SeatsTaken.selector,
                provider,
                4,
                4_000e18 - 1,
                4_000e18
            )
        );
        stakes.requestUnbonding(1);
        stakes.leaveSeats(POOL_A, _indices(0, 1));
        stakes.requestUnbonding(1_000e18);
    }

    // --- pruneSeats ---

    function test_PruneSeats_PassesOverBackedAndEndedSeats() public {
        _take(provider, POOL_A, 5);
        _leave(provider, POOL_A, 0, 1);
        stakes.pruneSeats(POOL_A, _indices(0, 7));
        _assertPool(POOL_A, 4, 1);
        assertEq(stakes.stakeOf(provider).seats, 4);
    }

    function test_PruneSeats_EndsWhatStakeNoLongerBacks() public {
        _take(provider, POOL_A, MOST);
        vm.prank(address(audits));
        stakes.slashFree(provider, "lock", 2_500e18); // 7,500 are left: seven seats
        vm.expectEmit(address(stakes));
        emit IStakeManager.SeatsLeft(provider, POOL_A, _indices(4, 1));
        vm.prank(client);
        stakes.pruneSeats(POOL_A, _indices(4, 6));
        _assertSeat(6, provider, START + 1, START + 1);
        _assertSeat(7, provider, START + 1, 0);
        assertEq(stakes.stakeOf(provider).seats, 7);
        _assertPool(POOL_A, 7, 1);
    }

    function test_PruneSeats_OfAll_TheOwnerIsGone() public {
        _take(provider, POOL_A, 2);
        vm.prank(address(audits));
        stakes.slashFree(provider, "lock", STAKE);
        stakes.pruneSeats(POOL_A, _indices(0, 2));
        _assertPool(POOL_A, 0, 0);
    }

    // --- seatCountAt ---

    function testFuzz_SeatCountAt_CountsAsAPlainCountDoes(uint256 seed, uint256 asked) public {
        uint256 total;
        uint256[] memory times = new uint256[](2 * MOST);
        for (uint256 i; i < 2 * MOST; ++i) {
            vm.warp(block.timestamp + uint256(keccak256(abi.encode(seed, i))) % 3);
            _take(i % 2 == 0 ? provider : other, POOL_A, 1);
            times[total++] = block.timestamp + 1;
        }
        asked = bound(asked, START - 1, block.timestamp + 2);
        uint256 expected;
        while (expected < total && times[expected] <= asked) {
            ++expected;
        }
        assertEq(stakes.seatCountAt(POOL_A, asked), expected);
    }

    function test_SeatCountAt_OfATimeThatHasCome_NeverChanges() public {
        _take(provider, POOL_A, 3);
        vm.warp(START + 10);
        assertEq(stakes.seatCountAt(POOL_A, START + 10), 3);
        _take(other, POOL_A, 5);
        _leave(provider, POOL_A, 0, 1);
        assertEq(stakes.seatCountAt(POOL_A, START + 10), 3);
        _assertSeat(0, provider, START + 1, START + 11); // live in second START + 10
    }
}
