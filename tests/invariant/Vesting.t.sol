// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {VotingPower} from "../../contracts/governance/VotingPower.sol";
import {VestingVault} from "../../contracts/rewards/VestingVault.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {VaultNeighbours} from "../contracts/mocks/VaultNeighbours.sol";
import {VestingHandler} from "./VestingHandler.sol";

/// @notice The vault's invariants of README.md.
contract VestingInvariantTest is Test {
    VestingHandler private handler;
    ComputeToken private token;
    VestingVault private vault;
    VotingPower private votes;
    VaultNeighbours private neighbours;

    function setUp() public {
        handler = new VestingHandler();
        handler.setUp();
        (address token_, address vault_, address votes_, address neighbours_) = handler.parts();
        token = ComputeToken(token_);
        vault = VestingVault(vault_);
        votes = VotingPower(votes_);
        neighbours = VaultNeighbours(neighbours_);
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: _actions()}));
    }

    function _actions() private view returns (bytes4[] memory listed) {
        bytes4[12] memory all = [
            handler.deposit.selector,
            handler.release.selector,
            handler.requestExit.selector,
            handler.executeExit.selector,
            handler.slash.selector,
            handler.govern.selector,
            handler.passTime.selector,
            handler.passWeeks.selector,
            handler.sync.selector,
            // The common path again, so that there is something to leave and to slash.
            handler.deposit.selector,
            handler.requestExit.selector,
            handler.executeExit.selector
        ];
        listed = new bytes4[](all.length);
        for (uint256 i; i < all.length; ++i) {
            listed[i] = all[i];
        }
    }

    /// @notice Invariants 18 to 21; one campaign, so that every state is seen by all of them.
    function invariant_TheVaultKeepsItsPromises() public view {
        _checkBooks();
        _checkAccounts();
    }

    /// @dev Windows of one epoch, some, half a year, and all.
    function _checkWindows() private view {
        uint256 count = handler.epochCount();
        for (uint256 i; i + 1 < count; ++i) {
            uint256 first = handler.epochs(i);
            _checkOutflow(first, handler.epochs(i + 1));
            if (i + 5 < count) _checkOutflow(first, handler.epochs(i + 5));
            if (i + 26 < count) _checkOutflow(first, handler.epochs(i + 26));
            if (i % 4 == 0) _checkOutflow(first, handler.epochs(count - 1));
        }
    }

    function _checkBooks() private view {
        assertEq(
            token.balanceOf(address(vault)),
            vault.totalHeld() + vault.undistributed(),
            "balance = held + undistributed"
        );
        assertEq(token.totalSupply() + handler.burned(), token.CAP(), "supply + burned = cap");
        assertEq(
            token.balanceOf(address(neighbours)),
            handler.slashed() + neighbours.funded(),
            "slashes and insurance"
        );
        assertEq(
            handler.burned() + neighbours.funded() + handler.shared(),
            handler.penalties(),
            "sinks sum to the penalties"
        );
    }

    function _checkAccounts() private view {
        uint256 sum;
        for (uint256 i; i < handler.COUNT(); ++i) {
            address account = handler.accounts(i);
            uint256 held = vault.heldOf(account);
            sum += held;
            assertEq(votes.unitsOf(account), held, "votes are what is held");
            uint256 gone = handler.released(account) + handler.taken(account);
            assertEq(gone + held, handler.deposited(account), "released <= vested <= deposited");
            uint256 left = vault.unvestedOf(account);
            uint256[26] memory schedule = vault.scheduleOf(account);
            for (uint256 j; j < 26; ++j) {
                left -= schedule[j];
            }
            assertEq(left, 0, "what is unvested vests within 26 epochs");
        }
        assertEq(sum, vault.totalHeld(), "sum of held");
    }

    function _checkOutflow(uint256 first, uint256 last) private view {
        uint256 out = handler.claimableAt(last) - handler.claimableAt(first);
        assertLe(out, handler.bound_(first, last), "the outflow bound");
    }

    /// @notice Everything comes out but dust of income that nobody holds enough to settle.
    function afterInvariant() public {
        _checkWindows();
        handler.drain();
        _checkBooks();
        _checkAccounts();
        assertEq(vault.totalHeld(), 0, "nothing is left");
    }

    /// @notice The campaign is not empty: a walk of fixed steps reaches every action.
    function test_AWalkReachesEveryAction() public {
        bytes4[] memory actions = _actions();
        for (uint256 step; step < 300; ++step) {
            uint256 seed = uint256(keccak256(abi.encode("walk", step)));
            bytes4 action = actions[seed % actions.length];
            bytes memory words = abi.encode(seed >> 4, seed >> 16);
            (bool ok, bytes memory reason) = address(handler).call(bytes.concat(action, words));
            assertTrue(ok, vm.toString(reason));
            if (step % 20 == 0) invariant_TheVaultKeepsItsPromises();
        }
        bytes32[9] memory names = [
            bytes32("deposit"), "release", "requestExit", "executeExit", "slash", "govern",
            "passTime", "passWeeks", "sync"
        ];
        for (uint256 i; i < names.length; ++i) {
            assertGt(handler.count(names[i]), 0, vm.toString(names[i]));
        }
        afterInvariant();
    }
}
