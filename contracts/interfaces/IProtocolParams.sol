// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title The parameters that governance may move, and the breaker
/// @notice Every value stays between constant bounds, moves by at most an eighth of them at a time
/// (rounded up), rests 7 days (class S) or 28 days (class C) between two changes, and applies from
/// the next epoch. Values stand in packed words; `Params` reads their fields.
/// @dev Assumptions for correctness: the two timelocks are what they say. For liveness: none;
/// reading never reverts.
interface IProtocolParams {
    event ParameterSet(bytes32 indexed key, uint256 before, uint256 value, uint256 sinceEpoch);
    /// @notice Early exits and new jobs over breakerJobWei wait until `until`.
    event BreakerTripped(address indexed by, uint256 until);

    /// @notice No governor moves a parameter of this name.
    error ProtocolParams__UnknownKey(bytes32 key);
    /// @notice The caller is not the timelock that may move this parameter.
    error ProtocolParams__WrongClass(bytes32 key, address caller);
    /// @notice The value is outside the parameter's constant bounds.
    error ProtocolParams__OutOfBounds(bytes32 key, uint256 value, uint256 min, uint256 max);
    /// @notice The change is larger than one proposal may make.
    error ProtocolParams__StepTooLarge(bytes32 key, uint256 from, uint256 to, uint256 step);
    /// @notice The parameter was changed too recently.
    error ProtocolParams__CoolingDown(bytes32 key, uint256 readyAt);
    /// @notice Only the StakeManager, the InsuranceFund and the guardian may trip the breaker.
    error ProtocolParams__OnlyBreaker(address caller);
    /// @notice The guardian paused too recently.
    error ProtocolParams__GuardianCooling(uint256 readyAt);
    /// @notice The guardian asked for a pause of zero, or of more than guardianPauseS.
    error ProtocolParams__BadPause(uint256 durationS, uint256 max);

    /// @notice Moves a parameter. Class S: either timelock; class C: the constitutional one.
    /// @param key name as in params.json, as ASCII
    function set(bytes32 key, uint256 value) external;

    /// @notice Stops early exits and large jobs for breakerS. Only StakeManager and InsuranceFund,
    /// which call it when a day's losses pass the limits; tripping again restarts the time.
    function trip() external;
    /// @notice Does the same for `durationS`, at most guardianPauseS; then the guardian waits
    /// guardianCooldownS from the end of the pause. Only the guardian.
    function pause(uint256 durationS) external;

    /// @notice A packed word as it applies now. `id` is a `Params.WORD_…`; unknown ids give zero.
    function word(uint256 id) external view returns (uint256);
    /// @notice A value as it applies now.
    function valueOf(bytes32 key) external view returns (uint256);
    /// @notice The value that applies from `sinceEpoch`, if a change waits; else the present one.
    function nextOf(bytes32 key) external view returns (uint256 value, uint256 sinceEpoch);
    /// @notice Bounds, largest step, class, and when the parameter may move again.
    function boundsOf(bytes32 key)
        external
        view
        returns (uint256 min, uint256 max, uint256 step, bool isConstitutional, uint256 readyAt);
    /// @notice Unix seconds until which early exits and large jobs are stopped.
    function pausedUntil() external view returns (uint256);
    function standardTimelock() external view returns (address);
    function constitutionalTimelock() external view returns (address);
    function guardian() external view returns (address);
    function stakeManager() external view returns (address);
    function insurance() external view returns (address);
}
