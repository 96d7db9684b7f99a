// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Lifecycle} from "../../contracts/libraries/Lifecycle.sol";
import {JobMarket} from "../../contracts/market/JobMarket.sol";
import {StakeManager} from "../../contracts/staking/StakeManager.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {Job, JobState} from "../../contracts/types/Job.sol";
import {CourtHandler} from "./CourtHandler.sol";

/// @notice The invariants of README.md where audits are on.
contract CourtInvariantTest is Test {
    CourtHandler private handler;
    ComputeToken private token;
    JobMarket private market;
    StakeManager private stakes;

    function setUp() public {
        handler = new CourtHandler();
        handler.setUp();
        (address token_, address market_, address stakes_,,) = handler.parts();
        token = ComputeToken(token_);
        market = JobMarket(market_);
        stakes = StakeManager(stakes_);
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: _actions()}));
    }

    function _actions() private view returns (bytes4[] memory listed) {
        bytes4[29] memory all = [
            handler.setTerms.selector, handler.hire.selector, handler.commit.selector,
            handler.draw.selector, handler.reveal.selector, handler.declareInvalid.selector,
            handler.confirm.selector, handler.settle.selector, handler.expire.selector,
            handler.move.selector, handler.book.selector, handler.bookLate.selector,
            handler.finalize.selector, handler.courtLock.selector, handler.slashFree.selector,
            handler.bonds.selector, handler.takeSeats.selector, handler.leaveSeat.selector,
            handler.stakeOrUnbond.selector, handler.passTime.selector, handler.passDays.selector,
            // The common path again, so that jobs get far within a run.
            handler.hire.selector, handler.commit.selector, handler.draw.selector,
            handler.hire.selector, handler.commit.selector, handler.reveal.selector,
            handler.passTime.selector,
            handler.handBack.selector // the last, which the walk does at its own times
        ];
        listed = new bytes4[](all.length);
        for (uint256 i; i < all.length; ++i) {
            listed[i] = all[i];
        }
    }

    function invariant_TheBooksAgree() public view {
        _checkMarket();
        _checkStakes();
    }

    function _checkMarket() private view {
        uint256 owed;
        (uint256 jobs,) = handler.counts();
        for (uint256 i; i < jobs; ++i) {
            Job memory j = handler.record(handler.jobIds(i));
            if (!_isWarm(j.state)) continue;
            owed += j.price;
            if (j.flags & 16 == 0) owed += j.held;
        }
        address[6] memory all = handler.everybody();
        for (uint256 i; i < 6; ++i) {
            owed += market.freeOf(all[i]);
        }
        owed += market.earnedOf(handler.providers(0)) + market.earnedOf(handler.providers(1));
        assertEq(token.balanceOf(address(market)), owed, "1: free + escrow + earned");
    }

    function _isWarm(JobState state) private pure returns (bool) {
        return state == JobState.Revealed || Lifecycle.canExpire(state);
    }

    function _checkStakes() private view {
        uint256 owed = stakes.insuranceWei() + stakes.heldWei();
        uint256 seats;
        for (uint256 i; i < 2; ++i) {
            address provider = handler.providers(i);
            IStakeManager.Stake memory s = stakes.stakeOf(provider);
            owed += uint256(s.own) + s.unbonding;
            seats += s.seats;
            assertEq(s.locked, _locks(provider), "4: locked = locks of jobs and courts");
            assertLe(s.locked, s.own, "4: locked <= own");
        }
        assertEq(token.balanceOf(address(stakes)), owed, "3: own + unbonding + insurance + held");
        (uint256 live,) = stakes.poolOf(handler.SEATS());
        assertEq(live, seats, "9: live seats = sum of the owners' seats");
        assertEq(stakes.heldWei(), _held(), "10: held = sum of the slashes that are not final");
    }

    function _locks(address provider) private view returns (uint256 locks) {
        (uint256 jobs,) = handler.counts();
        locks = handler.courtLocked(provider);
        for (uint256 i; i < jobs; ++i) {
            bytes32 jobId = handler.jobIds(i);
            Job memory j = handler.record(jobId);
            if (j.provider == provider && handler.hasLock(jobId)) locks += j.lock;
            assertFalse(market.isLockOpen(jobId), "4: locks close with their jobs");
        }
    }

    function _held() private view returns (uint256 sum) {
        (, uint256 slashes) = handler.counts();
        for (uint256 i; i < slashes; ++i) {
            (, uint256 amount,) = stakes.heldSlashOf(handler.slashIds(i));
            sum += amount;
        }
    }

    function afterInvariant() public {
        handler.drain();
        invariant_TheBooksAgree();
    }

    function _missed() private view returns (bytes32) {
        bytes32[22] memory names = [
            bytes32("hire"), "commit", "draw", "drawn", "reveal", "declareInvalid", "handBack",
            "confirm", "settle", "move", "book", "finalize", "court lock closed", "slashFree",
            "bonds", "takeSeats", "leaveSeats", "unbond", bytes32(uint256(JobState.Assigned)),
            bytes32(uint256(JobState.Committed)), bytes32(uint256(JobState.Drawn)),
            bytes32(uint256(JobState.Audited))
        ];
        for (uint256 i; i < names.length; ++i) {
            if (handler.count(names[i]) == 0) return names[i];
        }
        return 0;
    }

    /// @notice The campaign is not empty: a walk of fixed steps reaches every action.
    function test_AWalkReachesEveryAction() public {
        bytes4[] memory actions = _actions();
        for (uint256 step; step < 1_200; ++step) {
            uint256 seed = uint256(keccak256(abi.encode("walk", step)));
            bytes4 action = actions[seed % (actions.length - 1)];
            // Days pass rarely: jobs would never get far.
            if (action == handler.passDays.selector && seed % 3 != 0) continue;
            // The action's own dice are others than those that chose it.
            uint256 die = seed >> 100;
            bytes memory words = abi.encode(die, seed >> 8, seed >> 16);
            if (action == handler.book.selector || action == handler.leaveSeat.selector) {
                words = abi.encode(die, die % 2);
            }
            if (action == handler.bonds.selector) words = abi.encode(die, seed >> 8, die % 2);
            if (step % 40 == 1) (action, words) = (handler.handBack.selector, abi.encode(4 * step));
            (bool ok, bytes memory reason) = address(handler).call(bytes.concat(action, words));
            assertTrue(ok, vm.toString(reason));
        }
        invariant_TheBooksAgree();
        assertEq(_missed(), 0, "an action was never reached");
        handler.drain();
        invariant_TheBooksAgree();
    }
}
