// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AllowedCall} from "../interfaces/IProtocolGovernor.sol";
import {IProtocolParams} from "../interfaces/IProtocolParams.sol";
import {Params} from "../libraries/Params.sol";
import {ProtocolGovernor} from "./ProtocolGovernor.sol";

/// @title Votes on everyday matters
/// @notice Moves parameters of class S, pays from the treasury and the
/// insurance fund, lessens slashes, rules on models.
contract StandardGovernor is ProtocolGovernor {
    constructor(
        address votes_,
        address payable timelock_,
        address params_,
        address guardian_,
        AllowedCall[] memory allowed
    ) ProtocolGovernor("NVY Standard Governor", votes_, timelock_, params_, guardian_, allowed) {}

    function majorityBps() public pure override returns (uint256) {
        return Params.STANDARD_MAJORITY_BPS; // beside more For than Against: over one half
    }

    function _thresholdBps() internal view override returns (uint256) {
        return Params.standardThresholdBps(_settings());
    }

    function _delayS() internal view override returns (uint256) {
        return Params.standardDelayS(_settings());
    }

    function _periodS() internal view override returns (uint256) {
        return Params.standardPeriodS(_settings());
    }

    function _quorumBps() internal view override returns (uint256) {
        return Params.standardQuorumBps(_settings());
    }

    function _settings() private view returns (uint256) {
        return IProtocolParams(params).word(Params.WORD_STANDARD);
    }

    function _quorumFloorWei() internal pure override returns (uint256) {
        return Params.STANDARD_QUORUM_FLOOR_WEI;
    }
}
