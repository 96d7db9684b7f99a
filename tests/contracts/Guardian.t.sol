// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {Guardian} from "../../contracts/governance/Guardian.sol";
import {IGuardian} from "../../contracts/interfaces/IGuardian.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {GovernanceBase} from "./GovernanceBase.sol";

/// @notice See Guardian.tree.
contract GuardianTest is GovernanceBase {
    uint256 private constant DEPLOYED = START - 1 days;
    uint256 private constant TERM = Params.GUARDIAN_TERM_S;

    address private successor = makeAddr("successor");

    function _cancel(address caller, Draft memory d) private {
        vm.prank(caller);
        guardian.cancel(
            address(d.governor), d.targets, d.values, d.calldatas, keccak256(bytes(d.description))
        );
    }

    function _renewDraft() private view returns (Draft memory) {
        return _draft(
            constitutional, address(guardian), abi.encodeCall(Guardian.renew, (successor))
        );
    }

    function _expectNotHolder() private {
        vm.expectRevert(
            abi.encodeWithSelector(IGuardian.Guardian__NotHolder.selector, address(this))
        );
    }

    function _expectExpired() private {
        vm.expectRevert(
            abi.encodeWithSelector(IGuardian.Guardian__Expired.selector, DEPLOYED + TERM)
        );
    }

    // --- as deployed ---

    function test_AsDeployed_ItNamesItsHolderAndExpires() public {
        assertEq(TERM, 548 days);
        assertEq(guardian.holder(), holder);
        assertEq(guardian.expiresAt(), DEPLOYED + TERM);
        assertEq(guardian.params(), address(params));
        assertEq(guardian.constitutionalTimelock(), address(constitutionalTimelock));
        assertEq(guardian.standardGovernor(), address(standard));
        assertEq(guardian.constitutionalGovernor(), address(constitutional));
        vm.expectRevert(IGuardian.Guardian__ZeroAddress.selector);
        new Guardian(address(0), address(1), address(2), address(3), address(4));
    }

    // --- cancel ---

    function test_Cancel_WhenAnotherThanTheHolderCalls_Reverts() public {
        _expectNotHolder();
        _cancel(address(this), _targetDraft(standard));
    }

    function test_Cancel_GivenTheTermIsOver_Reverts() public {
        Draft memory d = _targetDraft(standard);
        vm.warp(DEPLOYED + TERM - 1);
        _propose(d);
        _cancel(holder, d);
        vm.warp(DEPLOYED + TERM);
        d.description = "again";
        _propose(d);
        _expectExpired();
        _cancel(holder, d);
    }

    function test_Cancel_WhenTheGovernorIsUnknown_Reverts() public {
        Draft memory d = _targetDraft(standard);
        vm.expectRevert(
            abi.encodeWithSelector(IGuardian.Guardian__UnknownGovernor.selector, address(target))
        );
        vm.prank(holder);
        guardian.cancel(address(target), d.targets, d.values, d.calldatas, 0);
    }

    function test_Cancel_WhenItIsAboutTheGuardian_Reverts() public {
        Draft memory d = _renewDraft();
        _propose(d);
        vm.expectRevert(IGuardian.Guardian__AboutItself.selector);
        _cancel(holder, d);
    }

    function test_Cancel_CancelsUntilExecution() public {
        for (uint256 stage; stage < 4; ++stage) {
            Draft memory d =
                stage % 2 == 0 ? _targetDraft(standard) : _targetDraft(constitutional);
            d.description = string(abi.encode(stage));
            uint256 id = _propose(d);
            if (stage > 0) _toVoting(d, id);
            if (stage > 1) {
                _vote(d, id, alice, FOR);
                _toEnd(d, id);
            }
            if (stage > 2) _queue(d);
            _assertState(d, id, IGovernor.ProposalState([0, 1, 4, 5][stage]));
            vm.expectEmit();
            emit IGuardian.GuardianCancelled(address(d.governor), id);
            _cancel(holder, d);
            _assertState(d, id, IGovernor.ProposalState.Canceled);
        }
    }

    function test_Cancel_GivenTheProposalWasExecuted_RevertsAsTheGovernor() public {
        Draft memory d = _targetDraft(standard);
        uint256 id = _executed(d);
        bytes32 allowed = bytes32(uint256(255 ^ (1 << 2) ^ (1 << 6) ^ (1 << 7)));
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorUnexpectedProposalState.selector,
                id,
                IGovernor.ProposalState.Executed,
                allowed
            )
        );
        _cancel(holder, d);
    }

    function test_Cancel_GivenItWasQueued_NobodyExecutes() public {
        Draft memory d = _targetDraft(standard);
        uint256 id = _queued(d);
        uint256 eta = standard.proposalEta(id);
        _cancel(holder, d);
        vm.warp(eta + 10 * 365 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorUnexpectedProposalState.selector,
                id,
                IGovernor.ProposalState.Canceled,
                bytes32(uint256(1 << 5))
            )
        );
        _execute(d);
        assertEq(target.value(), 0);
    }

    // --- pause ---

    function test_Pause_WhenAnotherThanTheHolderCalls_Reverts() public {
        _expectNotHolder();
        guardian.pause(1 days);
    }

    function test_Pause_GivenTheTermIsOver_Reverts() public {
        vm.warp(DEPLOYED + TERM);
        _expectExpired();
        vm.prank(holder);
        guardian.pause(1 days);
    }

    function test_Pause_Pauses() public {
        vm.prank(holder);
        guardian.pause(7 days);
        assertEq(params.pausedUntil(), START + 7 days);
    }

    // --- renew ---

    function test_Renew_WhenAnotherThanTheConstitutionalTimelockCalls_Reverts() public {
        address[3] memory others = [holder, address(standardTimelock), address(constitutional)];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IGuardian.Guardian__OnlyTimelock.selector, others[i])
            );
            vm.prank(others[i]);
            guardian.renew(others[i]);
        }
    }

    function test_Renew_WhenTheHolderIsToBeNobody_Reverts() public {
        vm.expectRevert(IGuardian.Guardian__ZeroAddress.selector);
        vm.prank(address(constitutionalTimelock));
        guardian.renew(address(0));
    }

    function test_Renew_BeginsANewTermThoughTheOldOneIsOver() public {
        vm.warp(DEPLOYED + TERM + 5 days);
        vm.expectEmit();
        emit IGuardian.GuardianRenewed(successor, DEPLOYED + 2 * TERM + 5 days);
        vm.prank(address(constitutionalTimelock));
        guardian.renew(successor);
        vm.prank(successor);
        guardian.pause(1);
        vm.expectRevert(abi.encodeWithSelector(IGuardian.Guardian__NotHolder.selector, holder));
        vm.prank(holder);
        guardian.pause(1);
    }

    function test_Renew_ByVote_TheOldHolderCannotCancel() public {
        Draft memory d = _renewDraft();
        uint256 id = _queued(d);
        vm.expectRevert(IGuardian.Guardian__AboutItself.selector);
        _cancel(holder, d);
        vm.warp(constitutional.proposalEta(id));
        _execute(d);
        assertEq(guardian.holder(), successor);
        assertEq(guardian.expiresAt(), block.timestamp + TERM);
    }

    function test_YearsAfterItsTerm_ProposalsPass() public {
        vm.warp(START + 20 * 365 days);
        _executed(_targetDraft(standard));
        assertEq(target.value(), 7);
    }
}
