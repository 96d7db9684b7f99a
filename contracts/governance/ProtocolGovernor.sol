// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {
    GovernorCountingSimple
} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {
    GovernorPreventLateQuorum
} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {
    GovernorTimelockControl
} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IProtocolGovernor, AllowedCall} from "../interfaces/IProtocolGovernor.sol";
import {IVotingPower} from "../interfaces/IVotingPower.sol";
import {Params} from "../libraries/Params.sol";

/// @title Proposals, votes and what proposals may do
/// @notice See IProtocolGovernor. The two governors differ in their settings only.
/// @dev Settings are read as they apply at the proposal. OpenZeppelin freezes snapshot and period;
/// `Terms` freezes the rest, in one slot.
abstract contract ProtocolGovernor is
    Governor,
    GovernorCountingSimple,
    GovernorVotes,
    GovernorPreventLateQuorum,
    GovernorTimelockControl,
    IProtocolGovernor
{
    /// @dev The digest is 224 bits of Keccak: finding two lists of code that share it takes 2^112 tries.
    struct Terms {
        uint16 quorumBps;
        uint16 majorityBps;
        bytes28 codeDigest;
    }

    /// @notice Calls that a proposal may hold.
    uint256 public constant MAX_ACTIONS = 16;
    uint256 private constant _BPS = 10_000;
    bytes4 private constant _ANY = 0;

    /// @inheritdoc IProtocolGovernor
    address public immutable params;
    /// @inheritdoc IProtocolGovernor
    address public immutable guardian;
    uint256 private immutable _tickS;

    mapping(uint256 proposalId => Terms) private _terms;
    mapping(address target => mapping(bytes4 selector => bool)) private _allowed;

    constructor(
        string memory name_,
        address votes_,
        address payable timelock_,
        address params_,
        address guardian_,
        AllowedCall[] memory allowed
    )
        Governor(name_)
        GovernorVotes(IVotes(votes_))
        GovernorPreventLateQuorum(uint48(Params.LATE_QUORUM_S))
        GovernorTimelockControl(TimelockController(timelock_))
    {
        params = params_;
        guardian = guardian_;
        _tickS = IVotingPower(votes_).TICK_S();
        for (uint256 i; i < allowed.length; ++i) {
            _allowed[allowed[i].target][allowed[i].selector] = true;
        }
    }

    /// @notice Always reverts: proposals call their targets, nothing else.
    function relay(address, uint256, bytes calldata) public payable override {
        revert ProtocolGovernor__Fixed();
    }

    /// @notice Always reverts: the timelock is fixed.
    function updateTimelock(TimelockController) public pure override {
        revert ProtocolGovernor__Fixed();
    }

    /// @notice Always reverts: the extension is a constant.
    function setLateQuorumVoteExtension(uint48) public pure override {
        revert ProtocolGovernor__Fixed();
    }

    /// @inheritdoc IProtocolGovernor
    function quorumOf(uint256 proposalId) public view returns (uint256) {
        return _quorum(proposalSnapshot(proposalId), _terms[proposalId].quorumBps);
    }

    /// @inheritdoc IProtocolGovernor
    function termsOf(uint256 proposalId) external view returns (uint256, uint256, bytes28) {
        Terms memory terms = _terms[proposalId];
        return (terms.quorumBps, terms.majorityBps, terms.codeDigest);
    }

    /// @inheritdoc IProtocolGovernor
    function isAllowed(address target, bytes4 selector) public view returns (bool) {
        return _allowed[target][_ANY] || _allowed[target][selector];
    }

    /// @inheritdoc IProtocolGovernor
    function majorityBps() public view virtual returns (uint256);

    /// @notice Seconds from a proposal to its snapshot, in whole ticks.
    function votingDelay() public view override returns (uint256) {
        return _wholeTicks(_delayS());
    }

    /// @notice Seconds in which votes are cast, in whole ticks.
    function votingPeriod() public view override returns (uint256) {
        return _wholeTicks(_periodS());
    }

    /// @notice Votes that a proposal would need at a past timepoint under today's settings. What a
    /// running proposal needs tells `quorumOf`.
    function quorum(uint256 timepoint) public view override returns (uint256) {
        return _quorum(timepoint, _quorumBps());
    }

    /// @notice Votes needed to propose, counted a tick ago; at least one wei.
    function proposalThreshold() public view override returns (uint256) {
        uint256 total = token().getPastTotalSupply(clock() - 1);
        return Math.max(Math.mulDiv(total, _thresholdBps(), _BPS, Math.Rounding.Ceil), 1);
    }

    function proposalDeadline(uint256 proposalId)
        public
        view
        override(Governor, GovernorPreventLateQuorum)
        returns (uint256)
    {
        return super.proposalDeadline(proposalId);
    }

    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    function state(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (ProposalState)
    {
        return super.state(proposalId);
    }

    function _propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        address proposer
    ) internal override returns (uint256 proposalId) {
        proposalId = super._propose(targets, values, calldatas, description, proposer);
        _checkActions(targets, values, calldatas);
        bytes28 digest = _digestOf(targets);
        _terms[proposalId] = Terms(uint16(_quorumBps()), uint16(majorityBps()), digest);
        emit CodePinned(proposalId, digest);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        _checkCode(proposalId, targets);
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        if (msg.value != 0) revert ProtocolGovernor__SendsValue(msg.value);
        _checkCode(proposalId, targets);
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _tallyUpdated(uint256 proposalId)
        internal
        override(Governor, GovernorPreventLateQuorum)
    {
        super._tallyUpdated(proposalId);
    }

    function _validateCancel(uint256 proposalId, address caller)
        internal
        view
        override
        returns (bool)
    {
        return caller == guardian || super._validateCancel(proposalId, caller);
    }

    function _quorumReached(uint256 proposalId)
        internal
        view
        override(Governor, GovernorCountingSimple)
        returns (bool)
    {
        (, uint256 forVotes, uint256 abstainVotes) = proposalVotes(proposalId);
        return forVotes + abstainVotes >= quorumOf(proposalId);
    }

    function _voteSucceeded(uint256 proposalId)
        internal
        view
        override(Governor, GovernorCountingSimple)
        returns (bool)
    {
        (uint256 againstVotes, uint256 forVotes,) = proposalVotes(proposalId);
        uint256 needed = (forVotes + againstVotes) * _terms[proposalId].majorityBps;
        return super._voteSucceeded(proposalId) && forVotes * _BPS >= needed;
    }

    function _executor()
        internal
        view
        override(Governor, GovernorTimelockControl)
        returns (address)
    {
        return super._executor();
    }

    /// @dev The base asks for the voting period, which cannot be read while this is constructed.
    function _maxLateQuorumVoteExtension() internal pure override returns (uint256) {
        return Params.LATE_QUORUM_S;
    }

    function _thresholdBps() internal view virtual returns (uint256);

    function _delayS() internal view virtual returns (uint256);

    function _periodS() internal view virtual returns (uint256);

    function _quorumBps() internal view virtual returns (uint256);

    function _quorumFloorWei() internal pure virtual returns (uint256);

    function _checkActions(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas
    ) private view {
        if (targets.length > MAX_ACTIONS) {
            revert ProtocolGovernor__TooManyActions(targets.length, MAX_ACTIONS);
        }
        uint256 aboutGuardian;
        for (uint256 i; i < targets.length; ++i) {
            bytes4 selector = bytes4(calldatas[i]);
            if (values[i] != 0) revert ProtocolGovernor__SendsValue(values[i]);
            if (!isAllowed(targets[i], selector)) {
                revert ProtocolGovernor__TargetNotAllowed(targets[i], selector);
            }
            if (targets[i].code.length == 0) revert ProtocolGovernor__NoCode(targets[i]);
            if (targets[i] == guardian) ++aboutGuardian;
        }
        if (aboutGuardian != 0 && aboutGuardian != targets.length) {
            revert ProtocolGovernor__MixedWithGuardian();
        }
    }

    function _checkCode(uint256 proposalId, address[] memory targets) private view {
        if (_digestOf(targets) != _terms[proposalId].codeDigest) {
            revert ProtocolGovernor__CodeChanged(proposalId);
        }
    }

    function _quorum(uint256 timepoint, uint256 bps) private view returns (uint256) {
        uint256 total = token().getPastTotalSupply(timepoint);
        return Math.max(Math.mulDiv(total, bps, _BPS, Math.Rounding.Ceil), _quorumFloorWei());
    }

    function _wholeTicks(uint256 timeS) private view returns (uint256) {
        return Math.ceilDiv(timeS, _tickS) * _tickS;
    }

    function _digestOf(address[] memory targets) private view returns (bytes28) {
        bytes32 digest;
        for (uint256 i; i < targets.length; ++i) {
            digest = keccak256(abi.encode(digest, targets[i].codehash));
        }
        return bytes28(digest);
    }
}
