// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IProtocolParams} from "../interfaces/IProtocolParams.sol";
import {ParamBounds} from "../libraries/ParamBounds.sol";
import {Params} from "../libraries/Params.sol";

/// @title The parameters that governance may move, and the breaker
/// @notice See IProtocolParams. A part that a deployment lacks is the zero address: nobody.
/// @dev Two stored words for each id are enough: a change applies from the next epoch, so that at
/// any time at most one version waits, and everything set within an epoch joins that version.
contract ProtocolParams is IProtocolParams {
    uint256 private constant _EPOCH_S = 604_800;
    uint256 private constant _STEPS = 8;
    uint256 private constant _COOLDOWN_STANDARD_S = 7 days;
    uint256 private constant _COOLDOWN_CONSTITUTIONAL_S = 28 days;
    uint256 private constant _SINCE_BIT = 224; // above it stands the epoch from which a word applies

    /// @inheritdoc IProtocolParams
    address public immutable standardTimelock;
    /// @inheritdoc IProtocolParams
    address public immutable constitutionalTimelock;
    /// @inheritdoc IProtocolParams
    address public immutable guardian;
    /// @inheritdoc IProtocolParams
    address public immutable stakeManager;
    /// @inheritdoc IProtocolParams
    address public immutable insurance;

    /// @inheritdoc IProtocolParams
    uint256 public pausedUntil;
    uint256 private _guardianReadyAt;
    mapping(uint256 id => uint256 word) private _before;
    mapping(uint256 id => uint256 word) private _next;
    mapping(bytes32 key => uint256 timeS) private _lastSetAt;

    constructor(
        address standardTimelock_,
        address constitutionalTimelock_,
        address guardian_,
        address stakeManager_,
        address insurance_
    ) {
        standardTimelock = standardTimelock_;
        constitutionalTimelock = constitutionalTimelock_;
        guardian = guardian_;
        stakeManager = stakeManager_;
        insurance = insurance_;
        for (uint256 id; id < ParamBounds.WORDS; ++id) {
            _next[id] = ParamBounds.defaultOf(id);
        }
    }

    /// @inheritdoc IProtocolParams
    function set(bytes32 key, uint256 value) external {
        ParamBounds.Entry memory entry = ParamBounds.of_(key);
        _checkCaller(key, entry);
        if (value < entry.min || value > entry.max) {
            revert ProtocolParams__OutOfBounds(key, value, entry.min, entry.max);
        }
        uint256 readyAt = _readyAt(key, entry.isConstitutional);
        if (block.timestamp < readyAt) revert ProtocolParams__CoolingDown(key, readyAt);
        uint256 from = _fieldOf(_next[entry.word], entry);
        uint256 step = _stepOf(entry);
        if (Math.max(from, value) - Math.min(from, value) > step) {
            revert ProtocolParams__StepTooLarge(key, from, value, step);
        }
        _lastSetAt[key] = block.timestamp;
        emit ParameterSet(key, from, value, _write(entry, value));
    }

    /// @inheritdoc IProtocolParams
    function trip() external {
        if (msg.sender != stakeManager && msg.sender != insurance) {
            revert ProtocolParams__OnlyBreaker(msg.sender);
        }
        _stopFor(Params.BREAKER_S);
    }

    /// @inheritdoc IProtocolParams
    function pause(uint256 durationS) external {
        if (msg.sender != guardian) revert ProtocolParams__OnlyBreaker(msg.sender);
        if (durationS == 0 || durationS > Params.GUARDIAN_PAUSE_S) {
            revert ProtocolParams__BadPause(durationS, Params.GUARDIAN_PAUSE_S);
        }
        if (block.timestamp < _guardianReadyAt) {
            revert ProtocolParams__GuardianCooling(_guardianReadyAt);
        }
        _guardianReadyAt = block.timestamp + durationS + Params.GUARDIAN_COOLDOWN_S;
        _stopFor(durationS);
    }

    /// @inheritdoc IProtocolParams
    function word(uint256 id) public view returns (uint256) {
        uint256 next = _next[id];
        return _valuesOf(next >> _SINCE_BIT <= _epoch() ? next : _before[id]);
    }

    /// @inheritdoc IProtocolParams
    function valueOf(bytes32 key) external view returns (uint256) {
        ParamBounds.Entry memory entry = ParamBounds.of_(key);
        return _fieldOf(word(entry.word), entry);
    }

    /// @inheritdoc IProtocolParams
    function nextOf(bytes32 key) external view returns (uint256 value, uint256 sinceEpoch) {
        ParamBounds.Entry memory entry = ParamBounds.of_(key);
        uint256 next = _next[entry.word];
        return (_fieldOf(next, entry), next >> _SINCE_BIT);
    }

    /// @inheritdoc IProtocolParams
    function boundsOf(bytes32 key)
        external
        view
        returns (uint256 min, uint256 max, uint256 step, bool isConstitutional, uint256 readyAt)
    {
        ParamBounds.Entry memory entry = ParamBounds.of_(key);
        readyAt = _readyAt(key, entry.isConstitutional);
        return (entry.min, entry.max, _stepOf(entry), entry.isConstitutional, readyAt);
    }

    function _checkCaller(bytes32 key, ParamBounds.Entry memory entry) private view {
        if (entry.max == 0) revert ProtocolParams__UnknownKey(key);
        if (msg.sender == constitutionalTimelock) return;
        if (entry.isConstitutional || msg.sender != standardTimelock) {
            revert ProtocolParams__WrongClass(key, msg.sender);
        }
    }

    /// @return sinceEpoch the epoch from which the value applies
    function _write(ParamBounds.Entry memory entry, uint256 value)
        private
        returns (uint256 sinceEpoch)
    {
        sinceEpoch = _epoch() + 1;
        uint256 next = _next[entry.word];
        if (next >> _SINCE_BIT < sinceEpoch) _before[entry.word] = next;
        uint256 cleared = _valuesOf(next) & ~(_maskOf(entry) << entry.offset);
        _next[entry.word] = (sinceEpoch << _SINCE_BIT) | cleared | (value << entry.offset);
    }

    /// @dev A shorter stop never ends a longer one.
    function _stopFor(uint256 durationS) private {
        pausedUntil = Math.max(pausedUntil, block.timestamp + durationS);
        emit BreakerTripped(msg.sender, pausedUntil);
    }

    function _readyAt(bytes32 key, bool isConstitutional) private view returns (uint256) {
        uint256 last = _lastSetAt[key];
        if (last == 0) return 0; // as deployed, anything may move
        return last + (isConstitutional ? _COOLDOWN_CONSTITUTIONAL_S : _COOLDOWN_STANDARD_S);
    }

    function _epoch() private view returns (uint256) {
        return block.timestamp / _EPOCH_S;
    }

    function _stepOf(ParamBounds.Entry memory entry) private pure returns (uint256) {
        return Math.ceilDiv(entry.max - entry.min, _STEPS);
    }

    function _maskOf(ParamBounds.Entry memory entry) private pure returns (uint256) {
        return (1 << entry.width) - 1;
    }

    function _fieldOf(uint256 packed, ParamBounds.Entry memory entry)
        private
        pure
        returns (uint256)
    {
        return (packed >> entry.offset) & _maskOf(entry);
    }

    function _valuesOf(uint256 packed) private pure returns (uint256) {
        return packed & ((1 << _SINCE_BIT) - 1);
    }
}
