// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VestingVaultBase} from "./VestingVaultBase.sol";

/// @notice Replays tests/vectors/vesting_traces.json, which the Python twin has made: what every
/// step returns and what it leaves behind is the same to the wei, and what it refuses, too.
contract VestingVaultTracesTest is VestingVaultBase {
    string private _json;

    function setUp() public override {
        super.setUp();
        vault = _vault(address(0));
        _json = vm.readFile("tests/vectors/vesting_traces.json");
    }

    function test_Trace0() public {
        _replay("[0]");
    }

    function test_Trace1() public {
        _replay("[1]");
    }

    function test_Trace2() public {
        _replay("[2]");
    }

    function _replay(string memory trace) private {
        uint256 steps;
        for (; steps < 100; ++steps) {
            string memory path = string.concat("$", trace, "[", vm.toString(steps), "]");
            if (!vm.keyExistsJson(_json, path)) break;
            vm.warp(_number(path, "time"));
            address account = vm.addr(1 + _number(path, "who"));
            (bool isDone, bytes memory result) = _act(path, account);
            _checkResult(path, isDone, result);
            assertEq(vault.heldOf(account), _number(path, "held"), path);
            assertEq(vault.releasableOf(account), _number(path, "releasable"), path);
            assertEq(vault.unvestedOf(account), _number(path, "unvested"), path);
            assertEq(vault.totalHeld(), _number(path, "totalHeld"), path);
            assertEq(vault.undistributed(), _number(path, "undistributed"), path);
        }
        assertGe(steps, 40);
    }

    function _act(string memory path, address account) private returns (bool, bytes memory) {
        bytes32 action = keccak256(bytes(_text(path, "action")));
        uint256 value = _number(path, "value");
        if (action == keccak256("setWord")) {
            neighbours.setWord(value);
            return (true, abi.encode(0));
        }
        if (action == keccak256("deposit")) {
            vault.deposit(account, value);
            return (true, abi.encode(0));
        }
        if (action == keccak256("slash")) return (true, abi.encode(_slash(account, value)));
        vm.prank(account);
        return _byAccount(action, account, value);
    }

    function _byAccount(bytes32 action, address account, uint256 value)
        private
        returns (bool, bytes memory)
    {
        if (action == keccak256("release")) {
            return address(vault).call(abi.encodeCall(vault.release, (account)));
        }
        if (action == keccak256("executeExit")) {
            return address(vault).call(abi.encodeCall(vault.executeExit, (10_000)));
        }
        return address(vault).call(abi.encodeCall(vault.requestExit, (value)));
    }

    function _checkResult(string memory path, bool isDone, bytes memory result) private view {
        string memory refusal = _text(path, "refusal");
        assertEq(isDone, bytes(refusal).length == 0, path);
        uint256 expected = _number(path, "result");
        if (isDone) {
            if (result.length != 0) assertEq(uint256(bytes32(result)), expected, path);
            return;
        }
        assertEq(bytes4(result), bytes4(keccak256(bytes(refusal))), path);
    }

    function _text(string memory path, string memory key) private view returns (string memory) {
        return vm.parseJsonString(_json, string.concat(path, ".", key));
    }

    function _number(string memory path, string memory key) private view returns (uint256) {
        return vm.parseUint(_text(path, key));
    }
}
