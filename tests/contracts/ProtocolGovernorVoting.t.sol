// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {
    GovernorPreventLateQuorum
} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";

import {ProtocolGovernor} from "../../contracts/governance/ProtocolGovernor.sol";
import {GovernanceBase} from "./GovernanceBase.sol";
import {ContractWallet} from "./mocks/ContractWallet.sol";

/// @notice See ProtocolGovernor.tree: voting, the end.
contract ProtocolGovernorVotingTest is GovernanceBase {
    bytes32 private constant DOMAIN = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    function _digest(ProtocolGovernor governor, bytes32 body) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                DOMAIN,
                keccak256(bytes(governor.name())),
                keccak256("1"),
                block.chainid,
                address(governor)
            )
        );
        return keccak256(abi.encodePacked("\x19\x01", domain, body));
    }

    function _ballot(uint256 id, uint8 support, address voter, uint256 nonce)
        private
        view
        returns (bytes32)
    {
        bytes32 body =
            keccak256(abi.encode(standard.BALLOT_TYPEHASH(), id, support, voter, nonce));
        return _digest(standard, body);
    }

    function _aliceSigns(bytes32 digest) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(aliceKey, digest);
        return abi.encodePacked(r, s, v);
    }

    function _expectBadSignature(address voter) private {
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorInvalidSignature.selector, voter)
        );
    }

    function _expectState(uint256 id, IGovernor.ProposalState found, IGovernor.ProposalState needed)
        private
    {
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorUnexpectedProposalState.selector,
                id,
                found,
                bytes32(1 << uint8(needed))
            )
        );
    }

    function _open() private returns (Draft memory d, uint256 id) {
        d = _targetDraft(standard);
        id = _propose(d);
        _toVoting(d, id);
    }

    // --- voting ---

    function test_Vote_BeforeTheTickAfterTheSnapshot_Reverts() public {
        Draft memory d = _targetDraft(standard);
        uint256 id = _propose(d);
        vm.warp(standard.proposalSnapshot(id) + 1 days - 1);
        _expectState(id, IGovernor.ProposalState.Pending, IGovernor.ProposalState.Active);
        _vote(d, id, alice, FOR);
        vm.warp(standard.proposalSnapshot(id) + 1 days);
        _vote(d, id, alice, FOR);
        assertTrue(standard.hasVoted(id, alice));
        vm.warp(standard.proposalDeadline(id) + 1 days - 1);
        _vote(d, id, bob, FOR);
        vm.warp(standard.proposalDeadline(id) + 1 days);
        _expectState(id, IGovernor.ProposalState.Succeeded, IGovernor.ProposalState.Active);
        _vote(d, id, carol, FOR);
    }

    function test_Vote_StandsAsAtTheEndOfTheSnapshotsTick() public {
        Draft memory d = _targetDraft(standard);
        uint256 id = _propose(d);
        vm.warp(standard.proposalSnapshot(id) + 1 days - 1);
        _stake(carol, 1e18);
        vm.warp(block.timestamp + 1);
        _stake(carol, 5e18);
        vm.prank(bob);
        source.take(BOB_VOTES);
        _vote(d, id, carol, AGAINST);
        _vote(d, id, bob, FOR);
        _vote(d, id, silent, ABSTAIN);
        (uint256 against, uint256 forVotes, uint256 abstain) = standard.proposalVotes(id);
        assertEq(against, CAROL_VOTES + 1e18);
        assertEq(forVotes, BOB_VOTES, "taken out later");
        assertEq(abstain, 0, "never delegated");
    }

    function test_Vote_OnceWithAKnownSupport() public {
        (Draft memory d, uint256 id) = _open();
        vm.expectRevert(IGovernor.GovernorInvalidVoteType.selector);
        _vote(d, id, alice, 3);
        _vote(d, id, alice, FOR);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, alice));
        _vote(d, id, alice, FOR);
    }

    // --- by signature ---

    function test_VoteBySig_CountsOnce() public {
        (, uint256 id) = _open();
        bytes memory signature = _aliceSigns(_ballot(id, FOR, alice, 0));
        standard.castVoteBySig(id, FOR, alice, signature);
        (, uint256 forVotes,) = standard.proposalVotes(id);
        assertEq(forVotes, ALICE_VOTES);
        assertEq(standard.nonces(alice), 1);
        _expectBadSignature(alice);
        standard.castVoteBySig(id, FOR, alice, signature);
    }

    function test_VoteBySig_GivenTheOtherForm_Reverts() public {
        (, uint256 id) = _open();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(aliceKey, _ballot(id, FOR, alice, 0));
        uint256 n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        _expectBadSignature(alice);
        standard.castVoteBySig(
            id, FOR, alice, abi.encodePacked(r, n - uint256(s), v == 27 ? uint8(28) : uint8(27))
        );
    }

    function test_VoteBySig_IsGoodForNothingElse() public {
        (, uint256 id) = _open();
        bytes memory signature = _aliceSigns(_ballot(id, AGAINST, alice, 0));
        _expectBadSignature(alice);
        standard.castVoteBySig(id, FOR, alice, signature);
        _expectBadSignature(bob);
        standard.castVoteBySig(id, AGAINST, bob, signature);
        Draft memory d = _targetDraft(standard);
        d.description = "another";
        uint256 other = _propose(d);
        d.governor = constitutional;
        uint256 same = _propose(d);
        assertEq(same, other, "both governors number it alike");
        _toVoting(d, same);
        signature = _aliceSigns(_ballot(same, FOR, alice, 0));
        _expectBadSignature(alice);
        standard.castVoteBySig(id, FOR, alice, signature);
        _expectBadSignature(alice);
        constitutional.castVoteBySig(same, FOR, alice, signature);
        standard.castVoteBySig(same, FOR, alice, signature);
    }

    function test_VoteBySig_WithReasonAndParams_CountsOnce() public {
        (, uint256 id) = _open();
        bytes32 body = keccak256(
            abi.encode(
                standard.EXTENDED_BALLOT_TYPEHASH(),
                id,
                ABSTAIN,
                alice,
                0,
                keccak256("why"),
                keccak256(hex"01")
            )
        );
        bytes memory signature = _aliceSigns(_digest(standard, body));
        standard.castVoteWithReasonAndParamsBySig(id, ABSTAIN, alice, "why", hex"01", signature);
        (,, uint256 abstain) = standard.proposalVotes(id);
        assertEq(abstain, ALICE_VOTES);
        _expectBadSignature(alice);
        standard.castVoteWithReasonAndParamsBySig(id, ABSTAIN, alice, "why", hex"01", signature);
    }

    function test_VoteBySig_AContractWalletVotes() public {
        ContractWallet wallet = new ContractWallet();
        _voter(address(wallet), 9e18);
        (, uint256 id) = _open();
        _expectBadSignature(address(wallet));
        standard.castVoteBySig(id, FOR, address(wallet), "");
        wallet.approve(_ballot(id, FOR, address(wallet), 0));
        standard.castVoteBySig(id, FOR, address(wallet), "");
        (, uint256 forVotes,) = standard.proposalVotes(id);
        assertEq(forVotes, 9e18);
        _expectBadSignature(address(wallet));
        standard.castVoteBySig(id, FOR, address(wallet), "");
    }

    // --- late quorum ---

    function test_LateQuorum_GivesTwoMoreDays() public {
        (Draft memory d, uint256 id) = _open();
        uint256 deadline = standard.proposalDeadline(id);
        _vote(d, id, carol, FOR); // 4 % of all votes: no quorum yet
        assertEq(standard.proposalDeadline(id), deadline);
        vm.warp(deadline + 1 days - 1); // the last second
        vm.expectEmit();
        emit GovernorPreventLateQuorum.ProposalExtended(id, uint64(deadline + 2 days));
        _vote(d, id, bob, FOR);
        assertEq(standard.proposalDeadline(id), deadline + 2 days);
        vm.warp(deadline + 1 days);
        _assertState(d, id, IGovernor.ProposalState.Active);
        vm.warp(deadline + 3 days - 1);
        _vote(d, id, alice, AGAINST);
        assertEq(standard.proposalDeadline(id), deadline + 2 days, "extended once");
        vm.warp(deadline + 3 days);
        _assertState(d, id, IGovernor.ProposalState.Defeated);
    }

    function test_LateQuorum_GivenItWasReachedEarly_ExtendsNothing() public {
        (Draft memory d, uint256 id) = _open();
        uint256 deadline = standard.proposalDeadline(id);
        _vote(d, id, bob, FOR);
        vm.warp(deadline);
        _vote(d, id, alice, AGAINST);
        assertEq(standard.proposalDeadline(id), deadline);
    }

    // --- the end ---

    function _ends(Draft memory d, uint256 id, IGovernor.ProposalState expected) private {
        _toEnd(d, id);
        _assertState(d, id, expected);
    }

    function test_End_GivenTooFewTakePart_IsDefeated() public {
        (Draft memory d, uint256 id) = _open();
        _vote(d, id, carol, FOR);
        assertEq(standard.quorumOf(id), TOTAL * 8 / 100);
        _ends(d, id, IGovernor.ProposalState.Defeated);
        assertEq(standard.quorumOf(id), TOTAL * 8 / 100);
    }

    function test_End_GivenAbstentionsFillTheQuorum_Succeeds() public {
        (Draft memory d, uint256 id) = _open();
        _vote(d, id, carol, FOR);
        _vote(d, id, bob, ABSTAIN);
        _ends(d, id, IGovernor.ProposalState.Succeeded);
    }

    function test_End_GivenAbstentionsAlone_IsDefeated() public {
        (Draft memory d, uint256 id) = _open();
        _vote(d, id, alice, ABSTAIN);
        _ends(d, id, IGovernor.ProposalState.Defeated);
    }

    /// @dev Nearly everybody has left: all remaining votes are under the floor.
    function test_End_GivenAllVotesAreUnderTheFloor_IsDefeated() public {
        vm.prank(alice);
        source.take(ALICE_VOTES - 900_000e18);
        vm.prank(bob);
        source.take(BOB_VOTES);
        vm.prank(silent);
        source.take(TOTAL - ALICE_VOTES - BOB_VOTES - CAROL_VOTES);
        vm.warp(START + 1 days);
        (Draft memory d, uint256 id) = _open();
        _vote(d, id, alice, FOR);
        _vote(d, id, carol, FOR);
        assertEq(standard.quorumOf(id), 5_000_000e18);
        _ends(d, id, IGovernor.ProposalState.Defeated);
    }

    function test_End_Standard_NeedsMoreForThanAgainst() public {
        _stake(bob, ALICE_VOTES - BOB_VOTES);
        (Draft memory d, uint256 id) = _open();
        _vote(d, id, alice, FOR);
        _vote(d, id, bob, AGAINST);
        _ends(d, id, IGovernor.ProposalState.Defeated);
        _stake(alice, 1);
        d.description = "again";
        id = _propose(d);
        _toVoting(d, id);
        _vote(d, id, alice, FOR);
        _vote(d, id, bob, AGAINST);
        _ends(d, id, IGovernor.ProposalState.Succeeded);
    }

    function test_End_Constitutional_NeedsTwoThirds() public {
        // 40,000,000 For; 6667/10000 needs at most 19,997,000.299985... Against.
        vm.prank(bob);
        source.take(BOB_VOTES - 19_997_000e18);
        Draft memory d = _targetDraft(constitutional);
        uint256 id = _propose(d);
        _toVoting(d, id);
        _vote(d, id, alice, FOR);
        _vote(d, id, bob, AGAINST);
        _ends(d, id, IGovernor.ProposalState.Succeeded);
        _stake(bob, 1e18);
        d.description = "again";
        id = _propose(d);
        _toVoting(d, id);
        _vote(d, id, alice, FOR);
        _vote(d, id, bob, AGAINST);
        _ends(d, id, IGovernor.ProposalState.Defeated);
    }

    function test_End_ChangedParametersChangeNoRunningVote() public {
        Draft memory d = _targetDraft(constitutional);
        uint256 id = _propose(d);
        uint256 deadline = constitutional.proposalDeadline(id);
        vm.startPrank(address(constitutionalTimelock));
        params.set("constitutionalQuorumBps", 2_250);
        params.set("constitutionalMajorityBps", 6_772);
        params.set("constitutionalPeriodS", 11 days);
        vm.stopPrank();
        vm.prank(bob);
        source.take(BOB_VOTES - 19_997_000e18);
        _toVoting(d, id);
        vm.warp(block.timestamp + 7 days);
        assertEq(constitutional.majorityBps(), 6_772, "applies to proposals from now on");
        assertEq(constitutional.proposalDeadline(id), deadline);
        uint256 total = TOTAL - BOB_VOTES + 19_997_000e18;
        assertEq(constitutional.quorumOf(id), total * 20 / 100);
        uint256 snapshot = constitutional.proposalSnapshot(id);
        assertEq(constitutional.quorum(snapshot), total * 225 / 1_000);
        _vote(d, id, alice, FOR);
        _vote(d, id, bob, AGAINST);
        _ends(d, id, IGovernor.ProposalState.Succeeded);
    }
}
