// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AllowedCall} from "../interfaces/IProtocolGovernor.sol";
import {IProtocolParams} from "../interfaces/IProtocolParams.sol";
import {Params} from "../libraries/Params.sol";
import {ProtocolGovernor} from "./ProtocolGovernor.sol";

/// @title Votes on the rules
/// @notice Moves every parameter, pays more from the treasury, renews the
/// Guardian. Its delay outlasts the longest unbonding by a week: who disagrees can leave before.
contract ConstitutionalGovernor is ProtocolGovernor {
    constructor(
        address votes_,
        address payable timelock_,
        address params_,
        address guardian_,
        AllowedCall[] memory allowed
    ) ProtocolGovernor("NVY Constitutional Governor", votes_, timelock_, params_, guardian_, allowed) {}

    function majorityBps() public view override returns (uint256) {
        return Params.constitutionalMajorityBps(_settings());
    }

    function _thresholdBps() internal view override returns (uint256) {
        return Params.constitutionalThresholdBps(_settings());
    }

    function _delayS() internal view override returns (uint256) {
        return Params.constitutionalDelayS(_settings());
    }

    function _periodS() internal view override returns (uint256) {
        return Params.constitutionalPeriodS(_settings());
    }

    function _quorumBps() internal view override returns (uint256) {
        return Params.constitutionalQuorumBps(_settings());
    }

    function _settings() private view returns (uint256) {
        return IProtocolParams(params).word(Params.WORD_CONSTITUTIONAL);
    }

    function _quorumFloorWei() internal pure override returns (uint256) {
        return Params.CONSTITUTIONAL_QUORUM_FLOOR_WEI;
    }
}
