// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {JobMarket} from "../../contracts/market/JobMarket.sol";
import {StakeManager} from "../../contracts/staking/StakeManager.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {JobState} from "../../contracts/types/Job.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Handler} from "./Handler.sol";

/// @notice The numbered invariants of README.md.
contract MarketInvariantTest is Test {
    Handler private handler;
    ComputeToken private token;
    JobMarket private market;
    StakeManager private stakes;

    function setUp() public {
        handler = new Handler();
        handler.setUp();
        (address token_, address market_, address stakes_) = handler.parts();
        token = ComputeToken(token_);
        market = JobMarket(market_);
        stakes = StakeManager(stakes_);
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: _actions()}));
    }

    function _actions() private view returns (bytes4[] memory) {
        bytes4[26] memory all = [
            handler.deposit.selector,
            handler.withdraw.selector,
            handler.harvest.selector,
            handler.stake.selector,
            handler.requestUnbonding.selector,
            handler.withdrawUnbonded.selector,
            handler.collectInsurance.selector,
            handler.donate.selector,
            handler.post.selector,
            handler.accept.selector,
            handler.open.selector,
            handler.replay.selector,
            handler.commit.selector,
            handler.draw.selector,
            handler.reveal.selector,
            handler.cancel.selector,
            handler.declareInvalid.selector,
            handler.confirm.selector,
            handler.settle.selector,
            handler.expire.selector,
            handler.passTime.selector,
            handler.passBlocks.selector,
            handler.passWeeks.selector,
            // The common path again, so that jobs get far within a run.
            handler.open.selector,
            handler.commit.selector,
            handler.handBack.selector // the last, which the walk does at its own times
        ];
        bytes4[] memory listed = new bytes4[](all.length);
        for (uint256 i; i < all.length; ++i) {
            listed[i] = all[i];
        }
        return listed;
    }

    /// @notice Invariants 1 to 6; one campaign, so that every state is seen by all of them.
    function invariant_TheBooksAgree() public view {
        _checkJobs();
        _checkStakes();
        assertEq(token.totalSupply() + handler.burned(), token.CAP(), "5: supply + burned = cap");
    }

    function _checkJobs() private view {
        uint256 owed = handler.sentToMarket();
        uint256 count = handler.jobCount();
        for (uint256 i; i < count; ++i) {
            bytes32 jobId = handler.jobIds(i);
            (,, uint256 price, uint256 paid, uint256 refunded, bool isOver) = handler.books(jobId);
            if (isOver) assertEq(paid + refunded, price, "2: paid + refunded = price");
            else owed += market.job(jobId).price;
            assertFalse(market.isLockOpen(jobId), "4: every lock is closed with its job");
        }
        for (uint256 i; i < 3; ++i) {
            owed += market.freeOf(handler.clients(i)) + market.earnedOf(handler.providers(i));
        }
        assertEq(token.balanceOf(address(market)), owed, "1: balance = free + escrow + earned");
    }

    function _checkStakes() private view {
        uint256 owed = stakes.insuranceWei() + handler.sentToStakes();
        for (uint256 i; i < 3; ++i) {
            address provider = handler.providers(i);
            IStakeManager.Stake memory s = stakes.stakeOf(provider);
            owed += uint256(s.own) + s.unbonding;
            assertEq(s.locked, _liveLocks(provider), "4: locked = sum of the live jobs' locks");
            assertLe(s.locked, s.own, "4: locked <= own");
        }
        assertEq(token.balanceOf(address(stakes)), owed, "3: balance = own + unbonding + insurance");
    }

    function _liveLocks(address provider) private view returns (uint256 locks) {
        uint256 count = handler.jobCount();
        for (uint256 i; i < count; ++i) {
            bytes32 jobId = handler.jobIds(i);
            (, address by,,,, bool isOver) = handler.books(jobId);
            if (!isOver && by == provider) locks += market.job(jobId).lock;
        }
    }

    /// @notice Invariants 7 and 8.
    function afterInvariant() public {
        handler.drain();
        invariant_TheBooksAgree();
    }

    function _names() private pure returns (bytes32[29] memory) {
        return [
            bytes32("deposit"), "withdraw", "harvest", "stake", "requestUnbonding",
            "withdrawUnbonded", "collectInsurance", "donate", "post", "accept", "open", "replay",
            "commit", "draw", "renew", "reveal", "drawAndReveal", "cancel", "handBack",
            "declareInvalid", "confirm", "settle", "passTime", "passBlocks", "passWeeks",
            "openWithPermit", bytes32(uint256(JobState.Open)), bytes32(uint256(JobState.Assigned)),
            bytes32(uint256(JobState.Committed))
        ];
    }

    function _missed() private view returns (bytes32) {
        bytes32[29] memory names = _names();
        for (uint256 i; i < names.length; ++i) {
            if (handler.count(names[i]) == 0) return names[i];
        }
        return 0;
    }

    /// @notice The campaign is not empty: a walk of fixed steps reaches every action.
    function test_AWalkReachesEveryAction() public {
        bytes4[] memory actions = _actions();
        for (uint256 step; step < 500; ++step) {
            uint256 seed = uint256(keccak256(abi.encode("walk", step)));
            bytes memory words = abi.encode(seed, seed >> 8, seed >> 16, seed >> 24);
            bytes4 action = actions[seed % (actions.length - 1)];
            if (step % 50 == 49) (action, words) = (handler.handBack.selector, abi.encode(4 * step));
            // Weeks pass rarely: jobs would never get far.
            if (action == handler.passWeeks.selector && seed % 3 != 0) continue;
            if (action == handler.donate.selector) words = abi.encode(seed, seed % 2);
            (bool ok, bytes memory reason) = address(handler).call(bytes.concat(action, words));
            assertTrue(ok, vm.toString(reason));
        }
        invariant_TheBooksAgree();
        assertEq(_missed(), 0, "an action was never reached");
        handler.drain();
        invariant_TheBooksAgree();
    }
}
