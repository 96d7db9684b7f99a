// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {Guardian} from "../../contracts/governance/Guardian.sol";
import {ProtocolGovernor} from "../../contracts/governance/ProtocolGovernor.sol";
import {IProtocolGovernor} from "../../contracts/interfaces/IProtocolGovernor.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {GovernanceBase} from "./GovernanceBase.sol";
import {GovernedTarget} from "./mocks/GovernedTarget.sol";

/// @notice See ProtocolGovernor.tree: as deployed, propose.
contract ProtocolGovernorTest is GovernanceBase {
    uint256 private constant TODAY = START - START % 1 days;

    function _proposeAs(address who, Draft memory d) private returns (uint256) {
        vm.prank(who);
        return d.governor.propose(d.targets, d.values, d.calldatas, d.description);
    }

    function _repeat(Draft memory d, uint256 count) private pure returns (Draft memory many) {
        many = d;
        (address to, bytes memory data) = (d.targets[0], d.calldatas[0]);
        many.targets = new address[](count);
        many.values = new uint256[](count);
        many.calldatas = new bytes[](count);
        for (uint256 i; i < count; ++i) {
            (many.targets[i], many.calldatas[i]) = (to, data);
        }
    }

    // --- as deployed ---

    function test_AsDeployed_SettingsAreAsDesigned() public view {
        assertEq(standard.name(), "NVY Standard Governor");
        assertEq(constitutional.name(), "NVY Constitutional Governor");
        assertEq(standard.clock(), TODAY);
        assertEq(standard.CLOCK_MODE(), votes.CLOCK_MODE());
        assertEq(standard.COUNTING_MODE(), "support=bravo&quorum=for,abstain");
        assertEq(standard.votingDelay(), 2 days);
        assertEq(standard.votingPeriod(), 5 days);
        assertEq(constitutional.votingDelay(), 3 days);
        assertEq(constitutional.votingPeriod(), 10 days);
        assertEq(standard.lateQuorumVoteExtension(), 2 days);
        assertEq(standard.proposalThreshold(), TOTAL * 25 / 10_000);
        assertEq(constitutional.proposalThreshold(), TOTAL / 100);
        assertEq(standard.quorum(TODAY - 1), TOTAL * 8 / 100);
        assertEq(constitutional.quorum(TODAY - 1), TOTAL * 20 / 100);
        assertEq(standard.quorum(TODAY - 1 days - 1), 5_000_000e18, "the floor, before any stake");
        assertEq(constitutional.quorum(TODAY - 1 days - 1), 10_000_000e18, "the floor");
        assertEq(standard.majorityBps(), 5_000);
        assertEq(constitutional.majorityBps(), 6_667);
        assertEq(standard.params(), address(params));
        assertEq(standard.guardian(), address(guardian));
        assertEq(standard.timelock(), address(standardTimelock));
    }

    function test_AsDeployed_SettersAreFixedWhoeverCalls() public {
        address[3] memory callers = [address(this), address(standardTimelock), address(standard)];
        for (uint256 i; i < callers.length; ++i) {
            vm.startPrank(callers[i]);
            vm.expectRevert(IProtocolGovernor.ProtocolGovernor__Fixed.selector);
            standard.relay(address(target), 0, "");
            vm.expectRevert(IProtocolGovernor.ProtocolGovernor__Fixed.selector);
            standard.updateTimelock(TimelockController(payable(alice)));
            vm.expectRevert(IProtocolGovernor.ProtocolGovernor__Fixed.selector);
            standard.setLateQuorumVoteExtension(0);
            vm.stopPrank();
        }
    }

    // --- propose ---

    function test_Propose_GivenTooFewVotes_Reverts() public {
        uint256 threshold = TOTAL * 25 / 10_000;
        address small = makeAddr("small");
        Draft memory d = _targetDraft(standard);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorInsufficientProposerVotes.selector, small, 0, threshold
            )
        );
        _proposeAs(small, d);
        _voter(small, 250_000e18); // of 100,250,000: the threshold is 250,625
        vm.warp(START + 1 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorInsufficientProposerVotes.selector,
                small,
                250_000e18,
                250_625e18
            )
        );
        _proposeAs(small, d);
        _stake(small, 625e18 + 2e18);
        vm.warp(START + 2 days);
        _proposeAs(small, d);
    }

    function test_Propose_GivenNobodyHasVotes_NobodyProposes() public {
        vm.startPrank(alice);
        source.take(ALICE_VOTES);
        vm.stopPrank();
        vm.prank(bob);
        source.take(BOB_VOTES);
        vm.prank(carol);
        source.take(CAROL_VOTES);
        vm.prank(silent);
        source.take(TOTAL - ALICE_VOTES - BOB_VOTES - CAROL_VOTES);
        vm.warp(START + 1 days);
        assertEq(standard.proposalThreshold(), 1);
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorInsufficientProposerVotes.selector, alice, 0, 1)
        );
        _propose(_targetDraft(standard));
    }

    function test_Propose_WhenLengthsDiffer_Reverts() public {
        Draft memory d = _targetDraft(standard);
        d.calldatas = new bytes[](2);
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorInvalidProposalLength.selector, 1, 2, 1)
        );
        _propose(d);
        d = _repeat(d, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorInvalidProposalLength.selector, 0, 0, 0)
        );
        _propose(d);
    }

    function test_Propose_WhenACallSendsValue_Reverts() public {
        Draft memory d = _repeat(_targetDraft(standard), 2);
        d.values[1] = 3;
        vm.expectRevert(
            abi.encodeWithSelector(IProtocolGovernor.ProtocolGovernor__SendsValue.selector, 3)
        );
        _propose(d);
    }

    function _expectNotAllowed(address to, bytes4 selector) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IProtocolGovernor.ProtocolGovernor__TargetNotAllowed.selector, to, selector
            )
        );
    }

    function test_Propose_WhenATargetIsNotAllowed_Reverts() public {
        address[6] memory never = [
            address(standard),
            address(constitutional),
            address(standardTimelock),
            address(constitutionalTimelock),
            address(votes),
            address(token)
        ];
        ProtocolGovernor[2] memory both = [ProtocolGovernor(standard), constitutional];
        for (uint256 i; i < 12; ++i) {
            Draft memory d = _draft(both[i / 6], never[i % 6], hex"01020304");
            _expectNotAllowed(never[i % 6], 0x01020304);
            _propose(d);
        }
    }

    function test_Propose_WhenAFunctionIsNotAllowed_Reverts() public {
        bytes memory refuse = abi.encodeCall(GovernedTarget.refuse, ());
        _expectNotAllowed(address(target), GovernedTarget.refuse.selector);
        _propose(_draft(standard, address(target), refuse));
        _expectNotAllowed(address(target), bytes4(0));
        _propose(_draft(standard, address(target), ""));
        bytes memory renew = abi.encodeCall(Guardian.renew, (alice));
        _expectNotAllowed(address(guardian), Guardian.renew.selector);
        _propose(_draft(standard, address(guardian), renew));
        bytes memory pause = abi.encodeCall(Guardian.pause, (1));
        _expectNotAllowed(address(guardian), Guardian.pause.selector);
        _propose(_draft(constitutional, address(guardian), pause));
        assertTrue(standard.isAllowed(address(params), 0x01020304), "any function");
        assertTrue(constitutional.isAllowed(address(guardian), Guardian.renew.selector));
        assertFalse(standard.isAllowed(address(this), bytes4(0)));
    }

    function test_Propose_WhenNothingStandsThere_Reverts() public {
        address empty = address(uint160(0xdead));
        vm.expectRevert(
            abi.encodeWithSelector(IProtocolGovernor.ProtocolGovernor__NoCode.selector, empty)
        );
        _propose(_draft(standard, empty, hex"01020304"));
    }

    function test_Propose_WhenThereAreTooManyCalls_Reverts() public {
        _propose(_repeat(_targetDraft(standard), 16));
        vm.expectRevert(
            abi.encodeWithSelector(
                IProtocolGovernor.ProtocolGovernor__TooManyActions.selector, 17, 16
            )
        );
        _propose(_repeat(_targetDraft(standard), 17));
    }

    function test_Propose_WhenTheGuardianIsCalledBesideSomethingElse_Reverts() public {
        bytes memory renew = abi.encodeCall(Guardian.renew, (alice));
        Draft memory d = _repeat(_draft(constitutional, address(guardian), renew), 2);
        _propose(d); // twice the Guardian is odd, but about nothing else
        d.targets[1] = address(target);
        d.calldatas[1] = abi.encodeCall(GovernedTarget.set, (7));
        vm.expectRevert(IProtocolGovernor.ProtocolGovernor__MixedWithGuardian.selector);
        _propose(d);
    }

    function test_Propose_WhenTheDescriptionNamesAnother_Reverts() public {
        Draft memory d = _targetDraft(standard);
        d.description = string.concat("mine #proposer=", vm.toString(bob));
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorRestrictedProposer.selector, alice)
        );
        _propose(d);
        _proposeAs(bob, d);
    }

    function test_Propose_FreezesItsTerms() public {
        Draft memory d = _targetDraft(constitutional);
        bytes28 digest = bytes28(keccak256(abi.encode(bytes32(0), address(target).codehash)));
        uint256 expected = constitutional.hashProposal(
            d.targets, d.values, d.calldatas, keccak256(bytes(d.description))
        );
        vm.expectEmit();
        emit IProtocolGovernor.CodePinned(expected, digest);
        uint256 id = _propose(d);
        assertEq(constitutional.proposalSnapshot(id), TODAY + 3 days);
        assertEq(constitutional.proposalDeadline(id), TODAY + 13 days);
        (uint256 quorumBps, uint256 majorityBps, bytes28 pinned) = constitutional.termsOf(id);
        assertEq(quorumBps, Params.CONSTITUTIONAL_QUORUM_BPS);
        assertEq(majorityBps, Params.CONSTITUTIONAL_MAJORITY_BPS);
        assertEq(pinned, digest);
        (quorumBps, majorityBps, pinned) = standard.termsOf(id);
        assertEq(quorumBps + majorityBps, 0, "no such proposal");
        assertEq(pinned, bytes28(0));
    }

    /// @dev 64,800 s is a step of the delay, not a whole number of days.
    function test_Propose_DelayAndPeriodAreWholeTicks() public {
        vm.startPrank(address(constitutionalTimelock));
        params.set("standardDelayS", 172_800 - 64_800);
        params.set("standardPeriodS", 432_000 + 1);
        vm.stopPrank();
        vm.warp((START / EPOCH_S + 1) * EPOCH_S);
        assertEq(standard.votingDelay(), 2 days, "1.25 days, rounded up");
        assertEq(standard.votingPeriod(), 6 days, "5 days and a second, rounded up");
    }
}
