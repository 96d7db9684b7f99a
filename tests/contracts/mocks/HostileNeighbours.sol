// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ParamBounds} from "../../../contracts/libraries/ParamBounds.sol";

/// @notice Parameters and votes that do what is asked; no storage, so that the code can be put anywhere.
contract KindNeighbour {
    function word(uint256 id) external pure returns (uint256) {
        return ParamBounds.defaultOf(id);
    }

    function pausedUntil() external pure returns (uint256) {
        return 0;
    }

    function move(address, int256) external pure {}
}

/// @notice Refuses every call.
contract RefusingNeighbour {
    error RefusingNeighbour__Refused();

    fallback() external {
        revert RefusingNeighbour__Refused();
    }
}

/// @notice Wastes all the gas that it is given.
contract BurningNeighbour {
    fallback() external {
        while (true) {}
    }
}

/// @notice Answers every call with 50,000 bytes.
contract BombingNeighbour {
    fallback() external {
        assembly ("memory-safe") {
            revert(0, 50000)
        }
    }
}
