// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {IVotingPower} from "../../contracts/interfaces/IVotingPower.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {StakingHandler} from "./StakingHandler.sol";

/// @notice See README.md.
contract StakingInvariantTest is Test {
    StakingHandler private handler;
    ComputeToken private token;
    IStakeManager private stakes;
    IVotingPower private votes;

    function setUp() public {
        handler = new StakingHandler();
        handler.setUp();
        (address token_, address stakes_,, address votes_) = handler.parts();
        token = ComputeToken(token_);
        stakes = IStakeManager(stakes_);
        votes = IVotingPower(votes_);
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: _actions()}));
    }

    function _actions() private view returns (bytes4[] memory listed) {
        bytes4[19] memory all = [
            handler.stake.selector,
            handler.requestUnbonding.selector,
            handler.withdrawUnbonded.selector,
            handler.lock.selector,
            handler.unlock.selector,
            handler.delegate.selector,
            handler.delegate.selector,
            handler.requestUndelegation.selector,
            handler.withdrawUndelegated.selector,
            handler.syncVotes.selector,
            handler.reward.selector,
            handler.slashTimeout.selector,
            handler.bookSlash.selector,
            handler.reduceSlash.selector,
            handler.finalizeSlash.selector,
            handler.collectInsurance.selector,
            handler.donate.selector,
            handler.passTime.selector,
            handler.passTime.selector
        ];
        listed = new bytes4[](all.length);
        for (uint256 i; i < all.length; ++i) {
            listed[i] = all[i];
        }
    }

    /// @notice One campaign, so that every state is seen by all of them.
    function invariant_TheStakesAgree() public view {
        uint256 owed = stakes.insuranceWei() + stakes.heldWei();
        uint256 staked;
        for (uint256 i; i < 2; ++i) {
            address provider = handler.providers(i);
            IStakeManager.Stake memory s = stakes.stakeOf(provider);
            assertEq(s.locked, handler.lockedOf(provider), "11: locked = sum of live locks");
            assertLe(s.locked, s.own, "11: locked <= own");
            (uint256 pool, uint256 leaving) = _pools(provider);
            owed += uint256(s.own) + s.unbonding + pool + leaving;
            staked += s.own + pool;
            (uint256 own, uint256 counted) =
                stakes.weightAt(provider, block.timestamp / 604_800);
            assertEq(own, s.own);
            assertLe(counted, 5 * own);
        }
        assertEq(stakes.totalStakeWei(), staked, "total");
        uint256 balance = token.balanceOf(address(stakes)) - handler.donated();
        assertEq(balance, owed, "3: balance = own + pools + unbonding + held + insurance");
        assertEq(
            handler.paidIn(),
            balance + handler.paidOut() + handler.burned(),
            "every wei that came in is here, was paid or burned"
        );
        assertEq(_heldSum(), stakes.heldWei(), "held = sum of the slashes that are not final");
    }

    function _pools(address provider) private view returns (uint256 pool, uint256 leaving) {
        (pool,,) = stakes.poolStakeOf(provider);
        (leaving,) = stakes.undelegatingOf(provider);
        (uint256 worth, uint256 unbonding) = (0, 0);
        for (uint256 k; k < 3; ++k) {
            (, uint256 amount, uint256 out,) =
                stakes.delegationOf(provider, handler.delegators(k));
            worth += amount;
            unbonding += out;
        }
        assertLe(worth, pool, "shares are worth at most the pool");
        assertLe(unbonding, leaving, "the same of what unbonds");
    }

    function _heldSum() private view returns (uint256 sum) {
        uint256 count = handler.slashCount();
        for (uint256 i; i < count; ++i) {
            (, uint256 amount,) = stakes.heldSlashOf(handler.slashIds(i));
            sum += amount;
        }
    }

    function afterInvariant() public {
        handler.drain();
        invariant_TheStakesAgree();
        for (uint256 i; i < 2; ++i) {
            assertEq(stakes.stakeOf(handler.providers(i)).own, 0);
            (uint256 pool, uint256 leaving) = _pools(handler.providers(i));
            assertLt(pool + leaving, 1_000, "what rounding left");
        }
        for (uint256 k; k < 3; ++k) {
            assertEq(votes.unitsOf(handler.delegators(k)), 0, "no stake, no votes");
        }
    }

    /// @notice The campaign is not empty: a walk of fixed steps reaches every action.
    function test_AWalkReachesEveryAction() public {
        bytes4[] memory actions = _actions();
        for (uint256 step; step < 1_200; ++step) {
            uint256 seed = uint256(keccak256(abi.encode("walk", step)));
            bytes4 action = actions[seed % actions.length];
            bytes memory words = abi.encode(seed >> 8, seed >> 16, seed >> 24);
            if (action == handler.bookSlash.selector) {
                words = abi.encode(seed >> 8, seed >> 16, uint8(seed >> 24));
            }
            if (action == handler.slashTimeout.selector) words = abi.encode(seed, seed, seed % 2);
            (bool ok, bytes memory reason) = address(handler).call(bytes.concat(action, words));
            assertTrue(ok, vm.toString(reason));
        }
        invariant_TheStakesAgree();
        bytes32[17] memory names = [
            bytes32("stake"), "requestUnbonding", "withdrawUnbonded", "lock", "unlock", "delegate",
            "requestUndelegation", "withdrawUndelegated", "syncVotes", "reward", "timeout",
            "bookSlash", "reduceSlash", "finalizeSlash", "collectInsurance", "donate", "passTime"
        ];
        for (uint256 i; i < names.length; ++i) {
            assertGt(handler.count(names[i]), 0, vm.toString(names[i]));
        }
        afterInvariant();
    }
}
