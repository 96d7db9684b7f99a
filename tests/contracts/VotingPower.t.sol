// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Test} from "forge-std/Test.sol";

import {VotingPower} from "../../contracts/governance/VotingPower.sol";
import {IVotingPower} from "../../contracts/interfaces/IVotingPower.sol";

/// @notice A chain with one VotingPower whose sources are this contract's to play.
abstract contract VotesBase is Test {
    uint256 internal constant START = 1_800_000_000;
    uint48 internal constant TODAY = uint48(START - START % 1 days);

    address internal stakes = makeAddr("stake manager");
    address internal vault = makeAddr("vault");
    VotingPower internal votes;

    function setUp() public virtual {
        vm.warp(START);
        votes = new VotingPower(stakes, vault);
    }

    function _move(address account, int256 change) internal {
        vm.prank(stakes);
        votes.move(account, change);
    }

    function _delegate(address from, address to) internal {
        vm.prank(from);
        votes.delegate(to);
    }
}

/// @notice See VotingPower.tree.
contract VotingPowerTest is VotesBase {
    address private alice;
    uint256 private aliceKey;
    address private bob = makeAddr("bob");

    function setUp() public override {
        super.setUp();
        (alice, aliceKey) = makeAddrAndKey("alice");
    }

    // --- move ---

    function test_Move_WhenNoSourceCalls_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IVotingPower.VotingPower__OnlySource.selector, address(this))
        );
        votes.move(alice, 1);
    }

    function test_Move_WhenMoreIsTakenThanThere_Reverts() public {
        _move(alice, 5);
        vm.expectRevert(
            abi.encodeWithSelector(IVotingPower.VotingPower__TooFewUnits.selector, alice, 5, 6)
        );
        _move(alice, -6);
    }

    function test_Move_WhenSourcesMove_UnitsAndTotalFollow() public {
        vm.expectEmit();
        emit IVotingPower.UnitsMoved(alice, 5, 5);
        _move(alice, 5);
        vm.prank(vault);
        votes.move(alice, 3);
        assertEq(votes.unitsOf(alice), 8);
        vm.expectEmit();
        emit IVotingPower.UnitsMoved(alice, -6, 2);
        _move(alice, -6);
        _move(alice, 0);
        assertEq(votes.unitsOf(alice), 2);
        assertEq(votes.getVotes(alice), 0, "not delegated");
        vm.warp(START + 1 days);
        assertEq(votes.getPastTotalSupply(TODAY), 2);
        assertEq(votes.stakeManager(), stakes);
        assertEq(votes.vault(), vault);
    }

    function test_Move_GivenADelegation_VotesFollow() public {
        _delegate(alice, bob);
        _move(alice, 5);
        assertEq(votes.getVotes(bob), 5);
        _move(alice, -3);
        assertEq(votes.getVotes(bob), 2);
        assertEq(votes.getVotes(alice), 0);
    }

    // --- delegate ---

    function test_Delegate_MovesAllUnits() public {
        _move(alice, 5);
        _move(bob, 7);
        _delegate(alice, alice);
        assertEq(votes.getVotes(alice), 5);
        _delegate(alice, bob);
        assertEq(votes.getVotes(alice), 0);
        assertEq(votes.getVotes(bob), 5, "not the undelegated units of bob");
        _delegate(bob, bob);
        assertEq(votes.getVotes(bob), 12);
        _delegate(alice, address(0));
        assertEq(votes.getVotes(bob), 7);
        assertEq(votes.unitsOf(alice), 5);
        vm.warp(START + 1 days);
        assertEq(votes.getPastTotalSupply(TODAY), 12);
    }

    // --- delegateBySig ---

    function _sign(uint256 expiry) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 typeHash = keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)");
        (, string memory name, string memory version, uint256 chainId, address verifier,,) =
            votes.eip712Domain();
        assertEq(name, "Neurovoyance votes");
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                verifier
            )
        );
        bytes32 body = keccak256(abi.encode(typeHash, bob, 0, expiry));
        return vm.sign(aliceKey, keccak256(abi.encodePacked("\x19\x01", domain, body)));
    }

    function test_DelegateBySig_DelegatesOnce() public {
        _move(alice, 5);
        (uint8 v, bytes32 r, bytes32 s) = _sign(START);
        votes.delegateBySig(bob, 0, START, v, r, s);
        assertEq(votes.getVotes(bob), 5);
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, alice, 1));
        votes.delegateBySig(bob, 0, START, v, r, s);
    }

    function test_DelegateBySig_GivenTheOtherFormOfTheSignature_Reverts() public {
        (uint8 v, bytes32 r, bytes32 s) = _sign(START);
        uint256 n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes32 high = bytes32(n - uint256(s));
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, high));
        votes.delegateBySig(bob, 0, START, v == 27 ? 28 : 27, r, high);
    }

    function test_DelegateBySig_WhenItIsTooOld_Reverts() public {
        (uint8 v, bytes32 r, bytes32 s) = _sign(START - 1);
        vm.expectRevert(abi.encodeWithSelector(IVotes.VotesExpiredSignature.selector, START - 1));
        votes.delegateBySig(bob, 0, START - 1, v, r, s);
    }

    // --- clock ---

    function testFuzz_Clock_IsTheBeginningOfTheDay(uint256 time) public {
        time = bound(time, START, START + 1_000 * 365 days);
        vm.warp(time);
        uint256 clock = votes.clock();
        assertEq(clock % 1 days, 0);
        assertLe(clock, time);
        assertLt(time - clock, votes.TICK_S());
        assertEq(votes.CLOCK_MODE(), "mode=timestamp&tick=86400");
    }

    function test_Clock_ThePresentTickCannotBeLookedUp() public {
        _move(alice, 5);
        vm.expectRevert(
            abi.encodeWithSelector(Votes.ERC5805FutureLookup.selector, TODAY, TODAY)
        );
        votes.getPastVotes(alice, TODAY);
        vm.expectRevert(
            abi.encodeWithSelector(Votes.ERC5805FutureLookup.selector, START, TODAY)
        );
        votes.getPastTotalSupply(START);
    }

    function testFuzz_Clock_InAndOutOnOneDayLeavesNothing(uint256 amount, uint256 outS) public {
        amount = bound(amount, 1, 1e27);
        _delegate(alice, alice);
        vm.warp(TODAY);
        _move(alice, int256(amount));
        vm.warp(bound(outS, TODAY, TODAY + 1 days - 1));
        _move(alice, -int256(amount));
        vm.warp(TODAY + 1 days);
        assertEq(votes.getPastVotes(alice, TODAY), 0);
        assertEq(votes.getPastTotalSupply(TODAY), 0);
    }

    // --- past votes ---

    function test_PastVotes_WhatIsStakedTodayCountsForNoEarlierTimepoint() public {
        _delegate(alice, alice);
        _move(alice, 5);
        assertEq(votes.getPastVotes(alice, TODAY - 1), 0, "the last timepoint to be read today");
        vm.warp(TODAY + 1 days);
        assertEq(votes.getPastVotes(alice, TODAY), 5);
        assertEq(votes.getPastVotes(alice, TODAY + 1 days - 1), 5);
        assertEq(votes.getPastVotes(alice, TODAY - 1), 0);
    }

    function test_PastVotes_AfterYearsTheyStand() public {
        _delegate(alice, alice);
        _move(alice, 5);
        vm.warp(START + 50 * 365 days);
        assertEq(votes.getPastVotes(alice, START + 49 * 365 days), 5);
        assertEq(votes.getPastVotes(alice, TODAY - 1), 0);
        _move(alice, 1);
        assertEq(votes.getVotes(alice), 6);
    }
}

/// @notice Four accounts whose units move and who delegate to each other, as time passes.
contract VotesHandler is Test {
    VotingPower private immutable votes;
    address[4] public accounts;

    constructor(VotingPower votes_) {
        votes = votes_;
        for (uint160 i; i < 4; ++i) {
            accounts[i] = address(0x1000 + i);
        }
    }

    function move(uint256 who, uint256 amount, bool adds, uint256 laterS) external {
        vm.warp(block.timestamp + bound(laterS, 0, 2 days));
        address account = accounts[who % 4];
        uint256 most = adds ? 1e26 : votes.unitsOf(account);
        int256 change = int256(bound(amount, 0, most));
        vm.prank(adds ? votes.stakeManager() : votes.vault());
        votes.move(account, adds ? change : -change);
    }

    function delegate(uint256 who, uint256 to) external {
        vm.prank(accounts[who % 4]);
        votes.delegate(to % 5 == 4 ? address(0) : accounts[to % 5]);
    }
}

/// @notice See VotingPower.tree.
contract VotingPowerInvariant is VotesBase {
    VotesHandler private handler;

    function setUp() public override {
        super.setUp();
        handler = new VotesHandler(votes);
        targetContract(address(handler));
    }

    function invariant_TheTotalIsTheSum() public {
        uint256 units;
        uint256 cast;
        uint256 delegated;
        for (uint256 i; i < 4; ++i) {
            address account = handler.accounts(i);
            units += votes.unitsOf(account);
            cast += votes.getVotes(account);
            if (votes.delegates(account) != address(0)) delegated += votes.unitsOf(account);
        }
        assertEq(cast, delegated, "votes are delegated units");
        uint256 today = votes.clock();
        vm.warp(today + 1 days);
        assertEq(votes.getPastTotalSupply(today), units, "total is the sum of units");
    }
}
