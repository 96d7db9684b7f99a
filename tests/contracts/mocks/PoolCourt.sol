// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../../../contracts/interfaces/IJobMarket.sol";

/// @notice The part of an AuditCourt that funds its pool.
contract PoolCourt {
    address public market;

    function setMarket(address market_) external {
        market = market_;
    }

    function fundPool(uint256 amount) external {
        IJobMarket(market).collect(msg.sender, amount);
    }
}
