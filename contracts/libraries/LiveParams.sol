// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProtocolParams} from "../interfaces/IProtocolParams.sol";

/// @title Access to the parameters that governance may move
/// @notice Where a deployment has no ProtocolParams the defaults hold for ever.
abstract contract LiveParams {
    /// @notice The ProtocolParams, or zero.
    address public immutable params;

    constructor(address params_) {
        params = params_;
    }

    /// @param id a `Params.WORD_…`
    /// @param defaults the `Params.DEFAULT_…` beside it
    function _word(uint256 id, uint256 defaults) internal view returns (uint256) {
        return params == address(0) ? defaults : IProtocolParams(params).word(id);
    }
}
