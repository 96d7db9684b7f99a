// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRandomnessBeacon} from "../interfaces/IRandomnessBeacon.sol";

/// @title Randomness from the hash of a block after the request
/// @notice A round is a block number, two blocks after the request. Its value can be read once that
/// block has a successor and until 256 blocks later; then the round has expired.
/// @dev Whoever produces the block can discard it at the price of its reward, and a rollup's
/// sequencer is trusted: the value at risk behind one draw stays below that.
contract BlockHashBeacon is IRandomnessBeacon {
    /// @dev Blocks between request and round: nobody knows the hash when the request is included.
    uint256 private constant _DELAY_BLOCKS = 2;
    uint8 private constant _PENDING = 0;
    uint8 private constant _READY = 1;
    uint8 private constant _EXPIRED = 2;

    /// @inheritdoc IRandomnessBeacon
    function request() external view returns (uint64 round) {
        return uint64(block.number + _DELAY_BLOCKS); // block numbers stay far below 2^64
    }

    /// @inheritdoc IRandomnessBeacon
    function status(uint64 round) public view returns (uint8) {
        if (block.number <= round) return _PENDING;
        return blockhash(round) == 0 ? _EXPIRED : _READY;
    }

    /// @inheritdoc IRandomnessBeacon
    function value(uint64 round) external view returns (bytes32) {
        uint8 found = status(round);
        if (found != _READY) revert RandomnessBeacon__NotReady(round, found);
        return blockhash(round);
    }
}
