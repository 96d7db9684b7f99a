// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {IProtocolTimelock} from "../../contracts/interfaces/IProtocolTimelock.sol";
import {GovernanceBase} from "./GovernanceBase.sol";
import {Reexecutor} from "./mocks/Reexecutor.sol";

/// @notice See ProtocolTimelock.tree.
contract ProtocolTimelockTest is GovernanceBase {
    function _roles() private view returns (bytes32[4] memory) {
        return [
            standardTimelock.DEFAULT_ADMIN_ROLE(),
            standardTimelock.PROPOSER_ROLE(),
            standardTimelock.CANCELLER_ROLE(),
            standardTimelock.EXECUTOR_ROLE()
        ];
    }

    function _one(address to, bytes memory data)
        private
        pure
        returns (address[] memory targets, uint256[] memory values, bytes[] memory payloads)
    {
        targets = new address[](1);
        values = new uint256[](1);
        payloads = new bytes[](1);
        (targets[0], payloads[0]) = (to, data);
    }


    // --- as deployed ---

    function test_AsDeployed_TheGovernorAloneHoldsRoles() public view {
        bytes32[4] memory roles = _roles();
        address[9] memory accounts = [
            address(this),
            address(0),
            address(standardTimelock),
            address(constitutionalTimelock),
            address(constitutional),
            address(guardian),
            holder,
            alice,
            address(standard)
        ];
        for (uint256 i; i < accounts.length; ++i) {
            assertFalse(standardTimelock.hasRole(roles[0], accounts[i]), "nobody is admin");
            for (uint256 role = 1; role < 4; ++role) {
                bool isGovernor = accounts[i] == address(standard);
                assertEq(standardTimelock.hasRole(roles[role], accounts[i]), isGovernor);
            }
        }
        for (uint256 role = 1; role < 4; ++role) {
            assertTrue(constitutionalTimelock.hasRole(roles[role], address(constitutional)));
            assertFalse(constitutionalTimelock.hasRole(roles[role], address(standard)));
        }
        assertEq(standardTimelock.governor(), address(standard));
        assertEq(standardTimelock.params(), address(params));
        assertFalse(standardTimelock.isConstitutional());
        assertTrue(constitutionalTimelock.isConstitutional());
    }

    function test_AsDeployed_TheDelayIsTheParameter() public {
        assertEq(standardTimelock.getMinDelay(), 3 days);
        assertEq(constitutionalTimelock.getMinDelay(), 28 days);
        vm.startPrank(address(constitutionalTimelock));
        params.set("standardTimelockS", 4 days);
        params.set("constitutionalTimelockS", 30 days);
        vm.stopPrank();
        assertEq(standardTimelock.getMinDelay(), 3 days, "not before the next epoch");
        vm.warp((START / EPOCH_S + 1) * EPOCH_S);
        assertEq(standardTimelock.getMinDelay(), 4 days);
        assertEq(constitutionalTimelock.getMinDelay(), 30 days);
    }

    // --- fixed ---

    function _expectFixed(address caller) private {
        vm.prank(caller);
        vm.expectRevert(IProtocolTimelock.Timelock__Fixed.selector);
    }

    function test_Fixed_WhoeverCalls() public {
        address[4] memory callers =
            [address(this), address(standard), address(standardTimelock), holder];
        bytes32 role = standardTimelock.PROPOSER_ROLE();
        for (uint256 i; i < callers.length; ++i) {
            _expectFixed(callers[i]);
            standardTimelock.grantRole(role, alice);
            _expectFixed(callers[i]);
            standardTimelock.revokeRole(role, address(standard));
            _expectFixed(callers[i]);
            standardTimelock.renounceRole(role, callers[i]);
            _expectFixed(callers[i]);
            standardTimelock.updateDelay(0);
        }
    }

    function test_Fixed_ThoughTheGovernorScheduledIt() public {
        bytes memory data = abi.encodeCall(TimelockController.updateDelay, (0));
        (address[] memory targets, uint256[] memory values, bytes[] memory payloads) =
            _one(address(standardTimelock), data);
        vm.startPrank(address(standard));
        standardTimelock.scheduleBatch(targets, values, payloads, 0, 0, 3 days);
        vm.warp(START + 3 days);
        vm.expectRevert(IProtocolTimelock.Timelock__Fixed.selector);
        standardTimelock.executeBatch(targets, values, payloads, 0, 0);
    }

    function test_ByAnotherThanTheGovernor_Reverts() public {
        bytes32[4] memory roles = _roles();
        (address[] memory targets, uint256[] memory values, bytes[] memory payloads) =
            _one(address(target), "");
        _expectUnauthorized(roles[1]);
        standardTimelock.scheduleBatch(targets, values, payloads, 0, 0, 3 days);
        _expectUnauthorized(roles[1]);
        standardTimelock.schedule(address(target), 0, "", 0, 0, 3 days);
        _expectUnauthorized(roles[2]);
        standardTimelock.cancel(0);
        _expectUnauthorized(roles[3]);
        standardTimelock.executeBatch(targets, values, payloads, 0, 0);
        _expectUnauthorized(roles[3]);
        standardTimelock.execute(address(target), 0, "", 0, 0);
    }

    function _expectUnauthorized(bytes32 role) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector, address(this), role
            )
        );
    }

    // --- operations ---

    function test_GivenABatchQueuedAgainWhileItRuns_Reverts() public {
        Reexecutor again = new Reexecutor();
        (address[] memory targets, uint256[] memory values, bytes[] memory payloads) =
            _one(address(again), abi.encodeCall(Reexecutor.run, ()));
        again.setUp(targets, payloads);
        vm.prank(address(standard));
        standardTimelock.scheduleBatch(targets, values, payloads, 0, 0, 3 days);
        vm.warp(START + 3 days);
        bytes32 proposer = standardTimelock.PROPOSER_ROLE();
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector, address(again), proposer
            )
        );
        vm.prank(address(standard));
        standardTimelock.executeBatch(targets, values, payloads, 0, 0);
    }

    /// @dev The other half of the incident: a batch cannot run before it is ready, and not twice.
    function test_ABatchRunsOnceAndNotEarly() public {
        (address[] memory targets, uint256[] memory values, bytes[] memory payloads) =
            _one(address(target), abi.encodeWithSignature("set(uint256)", 7));
        vm.startPrank(address(standard));
        bytes32 id = standardTimelock.hashOperationBatch(targets, values, payloads, 0, 0);
        vm.expectRevert(_notReady(id));
        standardTimelock.executeBatch(targets, values, payloads, 0, 0);
        standardTimelock.scheduleBatch(targets, values, payloads, 0, 0, 3 days);
        vm.warp(START + 3 days - 1);
        vm.expectRevert(_notReady(id));
        standardTimelock.executeBatch(targets, values, payloads, 0, 0);
        vm.warp(START + 3 days);
        standardTimelock.executeBatch(targets, values, payloads, 0, 0);
        assertEq(target.value(), 7);
        vm.expectRevert(_notReady(id));
        standardTimelock.executeBatch(targets, values, payloads, 0, 0);
    }

    function _notReady(bytes32 id) private pure returns (bytes memory) {
        bytes32 ready = bytes32(uint256(1 << uint8(TimelockController.OperationState.Ready)));
        return abi.encodeWithSelector(
            TimelockController.TimelockUnexpectedOperationState.selector, id, ready
        );
    }

    function test_AChangedParameterChangesNoQueuedDelay() public {
        (address[] memory targets, uint256[] memory values, bytes[] memory payloads) =
            _one(address(target), abi.encodeWithSignature("set(uint256)", 7));
        vm.prank(address(constitutionalTimelock));
        params.set("standardTimelockS", 4 days);
        vm.warp((START / EPOCH_S + 1) * EPOCH_S - 1);
        uint256 queuedAt = block.timestamp;
        vm.prank(address(standard));
        standardTimelock.scheduleBatch(targets, values, payloads, 0, 0, 3 days);
        vm.warp(queuedAt + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                TimelockController.TimelockInsufficientDelay.selector, 3 days, 4 days
            )
        );
        vm.prank(address(standard));
        standardTimelock.scheduleBatch(targets, values, payloads, 0, bytes32("b"), 3 days);
        vm.warp(queuedAt + 3 days);
        vm.prank(address(standard));
        standardTimelock.executeBatch(targets, values, payloads, 0, 0);
        assertEq(target.value(), 7);
    }

    function test_SentEther_Reverts() public {
        vm.deal(address(this), 1);
        (bool ok, bytes memory reason) = address(standardTimelock).call{value: 1}("");
        assertFalse(ok);
        assertEq(bytes4(reason), IProtocolTimelock.Timelock__NoEther.selector);
    }
}
