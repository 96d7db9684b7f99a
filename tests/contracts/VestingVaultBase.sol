// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {VotingPower} from "../../contracts/governance/VotingPower.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {VestingVault} from "../../contracts/rewards/VestingVault.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {VaultNeighbours} from "./mocks/VaultNeighbours.sol";

/// @notice The vault with the real token and votes, and neighbours that a test sets. This contract
/// is the FeeRouter and the EmissionController.
abstract contract VestingVaultBase is Test {
    uint256 internal constant EPOCH = 604_800;
    uint256 internal constant START = 2_977 * EPOCH + 5;
    uint256 internal constant AMOUNT = 26_000e18;
    bytes32 internal constant SLASH_ID = keccak256("slash");

    ComputeToken internal token;
    VaultNeighbours internal neighbours;
    VotingPower internal votes;
    VestingVault internal vault;

    address internal owner = makeAddr("owner");
    address internal holder = makeAddr("holder");
    address internal operator = makeAddr("operator");
    address internal other = makeAddr("other");

    function setUp() public virtual {
        vm.warp(START);
        address[] memory holders = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (holders[0], amounts[0]) = (address(this), 1_000_000_000e18);
        token = new ComputeToken(holders, amounts);
        neighbours = new VaultNeighbours(address(token), Params.DEFAULT_VESTING);
        neighbours.setOperator(owner, operator);
        address future = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        votes = new VotingPower(address(neighbours), future);
        vault = _vault(address(votes));
    }

    function _vault(address votes_) internal returns (VestingVault made) {
        made = new VestingVault(
            address(token),
            address(neighbours),
            address(this),
            makeAddr("emission"),
            address(neighbours),
            address(neighbours),
            votes_
        );
        token.approve(address(made), type(uint256).max);
    }

    // --- steps ---

    function _deposit(address account, uint256 amount) internal {
        vault.deposit(account, amount);
    }

    function _skip(uint256 epochs) internal {
        vm.warp(block.timestamp + epochs * EPOCH);
    }

    function _release(address account) internal returns (uint256) {
        vm.prank(account);
        return vault.release(account);
    }

    function _announce(address account, uint256 amount) internal {
        vm.prank(account);
        vault.requestExit(amount);
        vm.warp(block.timestamp + 24 hours);
    }

    function _leave(address account) internal returns (uint256 paid, uint256 penalty) {
        vm.prank(account);
        return vault.executeExit(10_000);
    }

    function _slash(address account, uint256 bps) internal returns (uint256) {
        return neighbours.slash(vault, account, SLASH_ID, bps);
    }

    function _setValue(uint256 offset, uint256 value) internal {
        uint256 word = neighbours.vestingWord();
        neighbours.setWord((word & ~(uint256(0xffff) << offset)) | (value << offset));
    }

    // --- what always holds ---

    function _assertBooks() internal view {
        assertEq(
            token.balanceOf(address(vault)),
            vault.totalHeld() + vault.undistributed(),
            "balance = held + undistributed"
        );
        assertEq(vault.heldOf(owner) + vault.heldOf(holder), vault.totalHeld(), "sum of held");
        assertEq(votes.unitsOf(owner), vault.heldOf(owner), "votes are what is held");
        assertEq(votes.unitsOf(holder), vault.heldOf(holder), "votes are what is held");
    }
}
