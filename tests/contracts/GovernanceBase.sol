// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VestingWallet} from "@openzeppelin/contracts/finance/VestingWallet.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Test} from "forge-std/Test.sol";

import {ConstitutionalGovernor} from "../../contracts/governance/ConstitutionalGovernor.sol";
import {Guardian} from "../../contracts/governance/Guardian.sol";
import {ProtocolGovernor} from "../../contracts/governance/ProtocolGovernor.sol";
import {ProtocolParams} from "../../contracts/governance/ProtocolParams.sol";
import {ProtocolTimelock} from "../../contracts/governance/ProtocolTimelock.sol";
import {StandardGovernor} from "../../contracts/governance/StandardGovernor.sol";
import {Treasury} from "../../contracts/governance/Treasury.sol";
import {VotingPower} from "../../contracts/governance/VotingPower.sol";
import {AllowedCall} from "../../contracts/interfaces/IProtocolGovernor.sol";
import {IProtocolParams} from "../../contracts/interfaces/IProtocolParams.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {GovernedTarget} from "./mocks/GovernedTarget.sol";
import {VotingSource} from "./mocks/VotingSource.sol";

/// @notice The whole governance as deployed, three holders with votes, and the steps of a proposal.
/// At the first second of a test the votes are a day old.
abstract contract GovernanceBase is Test {
    struct Draft {
        ProtocolGovernor governor;
        address[] targets;
        uint256[] values;
        bytes[] calldatas;
        string description;
    }

    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant EPOCH_S = 604_800;
    uint256 internal constant GENESIS = 150_000_000e18;
    uint256 internal constant GRANT = 40_000_000e18;
    uint8 internal constant AGAINST = 0;
    uint8 internal constant FOR = 1;
    uint8 internal constant ABSTAIN = 2;
    uint256 internal constant ALICE_VOTES = 40_000_000e18;
    uint256 internal constant BOB_VOTES = 20_000_000e18;
    uint256 internal constant CAROL_VOTES = 4_000_000e18;
    uint256 internal constant TOTAL = 100_000_000e18;

    ComputeToken internal token;
    VotingSource internal source;
    VotingPower internal votes;
    ProtocolParams internal params;
    ProtocolTimelock internal standardTimelock;
    ProtocolTimelock internal constitutionalTimelock;
    StandardGovernor internal standard;
    ConstitutionalGovernor internal constitutional;
    Guardian internal guardian;
    Treasury internal treasury;
    VestingWallet internal grant;
    GovernedTarget internal target;

    address internal alice;
    uint256 internal aliceKey;
    address internal bob = makeAddr("bob");
    address internal carol = makeAddr("carol");
    address internal silent = makeAddr("silent"); // units, never delegated
    address internal holder = makeAddr("holder");
    address internal insurance = makeAddr("insurance");
    address internal vault = makeAddr("vault");

    function setUp() public virtual {
        (alice, aliceKey) = makeAddrAndKey("alice");
        vm.warp(START - 1 days);
        address[] memory holders = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (holders[0], amounts[0]) = (address(this), 1_000_000_000e18);
        token = new ComputeToken(holders, amounts);
        target = new GovernedTarget();
        _deploy();
        token.approve(address(treasury), GENESIS);
        treasury.fund(GENESIS);
        token.transfer(address(grant), GRANT);
        _voter(alice, ALICE_VOTES);
        _voter(bob, BOB_VOTES);
        _voter(carol, CAROL_VOTES);
        _stake(silent, TOTAL - ALICE_VOTES - BOB_VOTES - CAROL_VOTES);
        vm.warp(START);
    }

    function _deploy() private {
        uint256 nonce = vm.getNonce(address(this));
        address[10] memory a;
        for (uint256 i; i < a.length; ++i) {
            a[i] = vm.computeCreateAddress(address(this), nonce + i);
        }
        source = new VotingSource(address(token), a[1]);
        votes = new VotingPower(a[0], vault);
        params = new ProtocolParams(a[3], a[4], a[7], a[0], insurance);
        standardTimelock = new ProtocolTimelock(a[5], a[2], false);
        constitutionalTimelock = new ProtocolTimelock(a[6], a[2], true);
        standard = new StandardGovernor(
            a[1], payable(a[3]), a[2], a[7], _allowed(a[2], a[8], address(0))
        );
        constitutional = new ConstitutionalGovernor(
            a[1], payable(a[4]), a[2], a[7], _allowed(a[2], a[8], a[7])
        );
        guardian = new Guardian(holder, a[2], a[4], a[5], a[6]);
        address[] memory grants = new address[](1);
        grants[0] = a[9];
        treasury = new Treasury(address(token), a[3], a[4], a[2], grants);
        grant = new VestingWallet(a[8], uint64(START), 104 * 7 days);
        assertEq(address(grant), a[9], "precomputed addresses");
    }

    function _allowed(address params_, address treasury_, address guardian_)
        private
        view
        returns (AllowedCall[] memory list)
    {
        list = new AllowedCall[](guardian_ == address(0) ? 4 : 5);
        list[0] = AllowedCall(params_, bytes4(0));
        list[1] = AllowedCall(treasury_, bytes4(0));
        list[2] = AllowedCall(address(target), GovernedTarget.set.selector);
        list[3] = AllowedCall(address(uint160(0xdead)), bytes4(0)); // nothing stands there
        if (guardian_ != address(0)) list[4] = AllowedCall(guardian_, Guardian.renew.selector);
    }

    // --- votes ---

    function _stake(address who, uint256 amount) internal {
        token.transfer(who, amount);
        vm.startPrank(who);
        token.approve(address(source), amount);
        source.put(amount);
        vm.stopPrank();
    }

    function _voter(address who, uint256 amount) internal {
        _stake(who, amount);
        vm.prank(who);
        votes.delegate(who);
    }

    // --- proposals ---

    function _draft(ProtocolGovernor governor, address to, bytes memory data)
        internal
        pure
        returns (Draft memory draft)
    {
        draft.governor = governor;
        draft.targets = new address[](1);
        draft.values = new uint256[](1);
        draft.calldatas = new bytes[](1);
        (draft.targets[0], draft.calldatas[0]) = (to, data);
        draft.description = "because";
    }

    function _setDraft(ProtocolGovernor governor, bytes32 key, uint256 value)
        internal
        view
        returns (Draft memory)
    {
        return _draft(governor, address(params), abi.encodeCall(IProtocolParams.set, (key, value)));
    }

    function _targetDraft(ProtocolGovernor governor) internal view returns (Draft memory) {
        return _draft(governor, address(target), abi.encodeCall(GovernedTarget.set, (7)));
    }

    function _propose(Draft memory d) internal returns (uint256) {
        vm.prank(alice);
        return d.governor.propose(d.targets, d.values, d.calldatas, d.description);
    }

    function _vote(Draft memory d, uint256 id, address who, uint8 support) internal {
        vm.prank(who);
        d.governor.castVote(id, support);
    }

    function _toVoting(Draft memory d, uint256 id) internal {
        vm.warp(d.governor.proposalSnapshot(id) + 1 days);
    }

    function _toEnd(Draft memory d, uint256 id) internal {
        vm.warp(d.governor.proposalDeadline(id) + 1 days);
    }

    function _succeeded(Draft memory d) internal returns (uint256 id) {
        id = _propose(d);
        _toVoting(d, id);
        _vote(d, id, alice, FOR);
        _toEnd(d, id);
    }

    function _queue(Draft memory d) internal {
        d.governor.queue(d.targets, d.values, d.calldatas, keccak256(bytes(d.description)));
    }

    function _execute(Draft memory d) internal {
        d.governor.execute(d.targets, d.values, d.calldatas, keccak256(bytes(d.description)));
    }

    function _queued(Draft memory d) internal returns (uint256 id) {
        id = _succeeded(d);
        _queue(d);
    }

    function _executed(Draft memory d) internal returns (uint256 id) {
        id = _queued(d);
        vm.warp(d.governor.proposalEta(id));
        _execute(d);
    }


    function _assertState(Draft memory d, uint256 id, IGovernor.ProposalState expected)
        internal
        view
    {
        assertEq(uint8(d.governor.state(id)), uint8(expected), "state of the proposal");
    }
}
