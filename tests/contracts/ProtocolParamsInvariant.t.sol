// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ProtocolParams} from "../../contracts/governance/ProtocolParams.sol";

import {ParamsBase} from "./ProtocolParamsBase.sol";
import {GovernedKeys} from "./mocks/GovernedKeys.sol";

/// @notice Both timelocks set whatever they like whenever they like; what is refused changes nothing.
contract ParamsHandler is Test {
    uint256 private constant EPOCH_S = 604_800;

    ProtocolParams private immutable params;
    mapping(bytes32 key => uint256) private _lastSetAt;
    uint256 public changes;
    uint256 public faults;

    constructor(ProtocolParams params_) {
        params = params_;
    }

    function set(uint256 index, uint256 target, bool isConstitutional, uint256 laterS) external {
        vm.warp(block.timestamp + bound(laterS, 0, 10 days));
        bytes32 key = GovernedKeys.all()[bound(index, 0, GovernedKeys.COUNT - 1)];
        (uint256 min, uint256 max,, bool isC,) = params.boundsOf(key);
        (uint256 from,) = params.nextOf(key);
        uint256 value = bound(target, min, max);
        if (target % 2 == 0) value = from > min ? from - 1 : from + 1; // within a step
        vm.prank(isConstitutional ? params.constitutionalTimelock() : params.standardTimelock());
        try params.set(key, value) {
            uint256 rest = isC ? 28 days : 7 days;
            if (_lastSetAt[key] != 0 && block.timestamp < _lastSetAt[key] + rest) ++faults;
            _lastSetAt[key] = block.timestamp;
            ++changes;
        } catch {}
        _check(key, min, max);
    }

    /// @dev The key just touched, as it applies and as it will.
    function _check(bytes32 key, uint256 min, uint256 max) private {
        (uint256 next, uint256 since) = params.nextOf(key);
        uint256 value = params.valueOf(key);
        if (value < min || value > max || next < min || next > max) ++faults;
        if (since > block.timestamp / EPOCH_S + 1) ++faults;
    }
}

/// @notice See ProtocolParams.tree.
contract ProtocolParamsInvariant is ParamsBase {
    ParamsHandler private handler;

    function setUp() public override {
        super.setUp();
        handler = new ParamsHandler(params);
        targetContract(address(handler));
    }

    function invariant_EveryValueStaysInItsBounds() public view {
        assertEq(handler.faults(), 0, "in bounds, one change in a cool-down, one epoch ahead");
    }
}
