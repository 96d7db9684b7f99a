// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Params} from "../../../contracts/libraries/Params.sol";

/// @notice Packed parameter words as a test sets them; the defaults until then.
contract WordBook {
    uint256 public constant pausedUntil = 0;
    mapping(uint256 id => uint256) public word;

    constructor() {
        word[Params.WORD_HIRING] = Params.DEFAULT_HIRING;
        word[Params.WORD_SLASHING] = Params.DEFAULT_SLASHING;
        word[Params.WORD_FEES] = Params.DEFAULT_FEES;
        word[Params.WORD_VESTING] = Params.DEFAULT_VESTING;
        word[Params.WORD_EMISSION] = Params.DEFAULT_EMISSION;
        word[Params.WORD_FUNDS] = Params.DEFAULT_FUNDS;
    }

    function set(uint256 id, uint256 value) external {
        word[id] = value;
    }
}
