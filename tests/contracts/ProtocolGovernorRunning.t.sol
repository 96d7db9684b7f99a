// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {IProtocolGovernor} from "../../contracts/interfaces/IProtocolGovernor.sol";
import {IProtocolParams} from "../../contracts/interfaces/IProtocolParams.sol";
import {ITreasury} from "../../contracts/interfaces/ITreasury.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {GovernanceBase} from "./GovernanceBase.sol";
import {FlashLender, FlashVoter} from "./mocks/FlashVoter.sol";
import {GovernedTarget, SwappedTarget} from "./mocks/GovernedTarget.sol";

/// @notice See ProtocolGovernor.tree: queue, execute and cancel; borrowed votes; from stake to effect.
contract ProtocolGovernorRunningTest is GovernanceBase {
    function _expectCodeChanged(uint256 id) private {
        vm.expectRevert(
            abi.encodeWithSelector(IProtocolGovernor.ProtocolGovernor__CodeChanged.selector, id)
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

    /// @dev What CREATE2 and SELFDESTRUCT could do to a target before Cancun.
    function _swapCode() private {
        vm.etch(address(target), address(new SwappedTarget()).code);
    }

    // --- queue, execute, cancel ---

    function test_Queue_AndExecuteByAnybody_OnceAndNotEarly() public {
        Draft memory d = _targetDraft(standard);
        uint256 id = _succeeded(d);
        address anybody = makeAddr("anybody");
        vm.startPrank(anybody);
        _queue(d);
        assertEq(standard.proposalEta(id), block.timestamp + 3 days);
        _expectState(id, IGovernor.ProposalState.Queued, IGovernor.ProposalState.Succeeded);
        _queue(d);
        vm.warp(standard.proposalEta(id) - 1);
        bytes32 salt = bytes20(address(standard)) ^ keccak256(bytes(d.description));
        bytes32 operation = standardTimelock.hashOperationBatch(
            d.targets, d.values, d.calldatas, 0, salt
        );
        vm.expectRevert(
            abi.encodeWithSelector(
                TimelockController.TimelockUnexpectedOperationState.selector,
                operation,
                bytes32(uint256(1 << uint8(TimelockController.OperationState.Ready)))
            )
        );
        _execute(d);
        vm.warp(standard.proposalEta(id));
        _execute(d);
        assertEq(target.value(), 7);
        assertEq(target.caller(), address(standardTimelock));
        _assertState(d, id, IGovernor.ProposalState.Executed);
        _expectState(id, IGovernor.ProposalState.Executed, IGovernor.ProposalState.Queued);
        _execute(d);
    }

    function test_Queue_GivenTheCodeChanged_Reverts() public {
        Draft memory d = _targetDraft(standard);
        uint256 id = _succeeded(d);
        bytes memory honest = address(target).code;
        _swapCode();
        _expectCodeChanged(id);
        _queue(d);
        vm.etch(address(target), honest);
        _queue(d);
    }

    function test_Execute_GivenTheCodeChanged_Reverts() public {
        Draft memory d = _targetDraft(standard);
        uint256 id = _queued(d);
        vm.warp(standard.proposalEta(id));
        bytes memory honest = address(target).code;
        _swapCode();
        _expectCodeChanged(id);
        _execute(d);
        vm.etch(address(target), "");
        _expectCodeChanged(id);
        _execute(d);
        assertEq(_storedValue(), 0, "never called");
        vm.etch(address(target), honest);
        _execute(d);
        assertEq(target.value(), 7);
    }

    function _storedValue() private view returns (uint256) {
        return uint256(vm.load(address(target), 0));
    }

    function test_Execute_GivenTheCodeOfOneOfSeveralChanged_Reverts() public {
        Draft memory d = _setDraft(standard, "burnBps", 450);
        (d.targets, d.values, d.calldatas) =
            (new address[](2), new uint256[](2), new bytes[](2));
        (d.targets[0], d.targets[1]) = (address(params), address(target));
        d.calldatas[0] = abi.encodeCall(IProtocolParams.set, ("burnBps", 450));
        d.calldatas[1] = abi.encodeCall(GovernedTarget.set, (7));
        uint256 id = _queued(d);
        vm.warp(standard.proposalEta(id));
        _swapCode();
        _expectCodeChanged(id);
        _execute(d);
    }

    function test_Execute_GivenATargetRefuses_RevertsAsTheTarget() public {
        Draft memory d = _setDraft(standard, "burnBps", 601);
        uint256 id = _queued(d);
        vm.warp(standard.proposalEta(id));
        vm.expectRevert(
            abi.encodeWithSelector(
                IProtocolParams.ProtocolParams__OutOfBounds.selector,
                bytes32("burnBps"),
                601,
                100,
                600
            )
        );
        _execute(d);
    }

    function test_Execute_SentEther_Reverts() public {
        Draft memory d = _targetDraft(standard);
        uint256 id = _queued(d);
        vm.warp(standard.proposalEta(id));
        vm.deal(address(this), 1);
        bytes32 hash = keccak256(bytes(d.description));
        vm.expectRevert(
            abi.encodeWithSelector(IProtocolGovernor.ProtocolGovernor__SendsValue.selector, 1)
        );
        standard.execute{value: 1}(d.targets, d.values, d.calldatas, hash);
    }

    function _cancelAs(address who, Draft memory d) private {
        vm.prank(who);
        d.governor.cancel(d.targets, d.values, d.calldatas, keccak256(bytes(d.description)));
    }

    function _expectUnableToCancel(uint256 id, address who) private {
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, who)
        );
    }

    function test_Cancel_ByTheProposerWhilePending() public {
        Draft memory d = _targetDraft(standard);
        uint256 id = _propose(d);
        address[3] memory others = [bob, holder, address(standardTimelock)];
        for (uint256 i; i < others.length; ++i) {
            _expectUnableToCancel(id, others[i]);
            _cancelAs(others[i], d);
        }
        uint256 before = vm.snapshotState();
        _cancelAs(alice, d);
        _assertState(d, id, IGovernor.ProposalState.Canceled);
        vm.revertToState(before);
        _toVoting(d, id);
        _expectUnableToCancel(id, alice);
        _cancelAs(alice, d);
    }

    function test_ProposalsWaitForYearsWithoutHarm() public {
        Draft memory d = _setDraft(standard, "burnBps", 450);
        uint256 id = _succeeded(d);
        vm.warp(START + 5 * 365 days);
        _assertState(d, id, IGovernor.ProposalState.Succeeded);
        _queue(d);
        vm.warp(START + 10 * 365 days);
        _execute(d);
        (uint256 next, uint256 since) = params.nextOf("burnBps");
        assertEq(next, 450);
        assertEq(since, block.timestamp / EPOCH_S + 1);
    }

    // --- borrowed votes ---

    function test_Borrowed_StakedAndVotedInOneTransaction_WeighNothing() public {
        Draft memory d = _targetDraft(standard);
        uint256 id = _propose(d);
        FlashLender lender = new FlashLender(address(token));
        token.transfer(address(lender), 300_000_000e18);
        FlashVoter thief = new FlashVoter(address(token), source, address(votes), lender);
        _toVoting(d, id);
        thief.attack(standard, id, 300_000_000e18);
        assertEq(thief.votesWhileHeld(), 300_000_000e18, "they were votes for an instant");
        assertEq(thief.weight(), 0);
        (, uint256 forVotes,) = standard.proposalVotes(id);
        assertEq(forVotes, 0);
    }

    function test_Borrowed_InAndOutOnTheSnapshotsDay_WeighNothing() public {
        Draft memory d = _targetDraft(standard);
        uint256 id = _propose(d);
        address thief = makeAddr("thief");
        vm.warp(standard.proposalSnapshot(id) + 12 hours);
        _voter(thief, 300_000_000e18);
        vm.prank(thief);
        source.take(300_000_000e18);
        _toVoting(d, id);
        assertEq(standard.getVotes(thief, standard.proposalSnapshot(id)), 0);
        assertEq(standard.quorumOf(id), TOTAL * 8 / 100, "nor do they raise the quorum");
    }

    function test_Borrowed_ProposedWithOnOneDay_Reverts() public {
        address thief = makeAddr("thief");
        _voter(thief, 300_000_000e18);
        Draft memory d = _targetDraft(standard);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorInsufficientProposerVotes.selector,
                thief,
                0,
                TOTAL * 25 / 10_000
            )
        );
        vm.prank(thief);
        standard.propose(d.targets, d.values, d.calldatas, d.description);
    }

    // --- from stake to effect ---

    function test_FullCycle_BurnBps() public {
        address dora = makeAddr("dora");
        _voter(dora, 50_000_000e18);
        vm.warp(START + 1 days);
        Draft memory d = _setDraft(standard, "burnBps", 450);
        vm.prank(dora);
        uint256 id = standard.propose(d.targets, d.values, d.calldatas, d.description);
        _toVoting(d, id);
        _vote(d, id, dora, FOR);
        _vote(d, id, alice, AGAINST);
        _toEnd(d, id);
        _queue(d);
        vm.warp(standard.proposalEta(id));
        _execute(d);
        assertEq(params.valueOf("burnBps"), 400);
        vm.warp((block.timestamp / EPOCH_S + 1) * EPOCH_S);
        assertEq(params.valueOf("burnBps"), 450);
        assertEq(Params.burnBps(params.word(Params.WORD_FEES)), 450);
    }

    function test_FullCycle_ClassC() public {
        Draft memory d = _setDraft(standard, "vestEpochs", 25);
        uint256 id = _queued(d);
        vm.warp(standard.proposalEta(id));
        vm.expectRevert(
            abi.encodeWithSelector(
                IProtocolParams.ProtocolParams__WrongClass.selector,
                bytes32("vestEpochs"),
                address(standardTimelock)
            )
        );
        _execute(d);
        d.governor = constitutional;
        _executed(d);
        vm.warp(block.timestamp + EPOCH_S);
        assertEq(params.valueOf("vestEpochs"), 25);
    }

    function test_FullCycle_TreasuryOverTheLimit() public {
        uint256 limit = GENESIS * 200 / 10_000;
        bytes memory data = abi.encodeCall(ITreasury.pay, (bob, limit + 1, "too much"));
        Draft memory d = _draft(standard, address(treasury), data);
        uint256 id = _queued(d);
        vm.warp(standard.proposalEta(id));
        vm.expectRevert(
            abi.encodeWithSelector(ITreasury.Treasury__OverLimit.selector, limit + 1, limit)
        );
        _execute(d);
        d.calldatas[0] = abi.encodeCall(ITreasury.pay, (bob, limit, "just right"));
        uint256 before = token.balanceOf(bob);
        _executed(d);
        assertEq(token.balanceOf(bob) - before, limit);
    }

    function test_FullCycle_TwoProposalsForOneKey() public {
        Draft memory first = _setDraft(standard, "burnBps", 450);
        Draft memory second = _setDraft(standard, "burnBps", 460);
        uint256 id = _propose(first);
        uint256 other = _propose(second);
        _toVoting(first, id);
        _vote(first, id, alice, FOR);
        _vote(second, other, alice, FOR);
        _toEnd(first, id);
        _queue(first);
        _queue(second);
        vm.warp(standard.proposalEta(id));
        _execute(first);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProtocolParams.ProtocolParams__CoolingDown.selector,
                bytes32("burnBps"),
                block.timestamp + 7 days
            )
        );
        _execute(second);
        vm.warp(block.timestamp + 7 days);
        _execute(second);
        assertEq(params.valueOf("burnBps"), 450);
    }
}
