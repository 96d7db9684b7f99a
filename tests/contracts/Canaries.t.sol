// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICanaries} from "../../contracts/interfaces/ICanaries.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {JobSpec} from "../../contracts/types/Job.sol";
import {CanaryBase} from "./CanaryBase.sol";

/// @notice See Canaries.tree: catalogue, fund, request and draw.
contract CanaryDrawTest is CanaryBase {
    function _set(bytes32 id, bytes12 pool, uint32 batch, uint32 runtime, bool isListed) private {
        vm.prank(timelock);
        canaries.setModel(id, pool, batch, runtime, isListed);
    }

    // --- catalogue ---

    function test_SetModel_WhenNotByTheTimelock_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(ICanaries.Canaries__OnlyTimelock.selector, address(this))
        );
        canaries.setModel(modelId, CPU, 4, 60, true);
    }

    function _expectBad(bytes32 field, uint256 value) private {
        vm.expectRevert(
            abi.encodeWithSelector(ICanaries.Canaries__BadModel.selector, field, value)
        );
    }

    function test_SetModel_WhenANumberIsBad_Reverts() public {
        _expectBad("pool", 0);
        _set(modelId, 0, 4, 60, true);
        _expectBad("batch", 0);
        _set(modelId, CPU, 0, 60, true);
        _expectBad("maxRuntime", 0);
        _set(modelId, CPU, 4, 0, true);
        _expectBad("maxRuntime", 14_401);
        _set(modelId, CPU, 4, 14_401, true);
    }

    function test_SetModel_WhenTheCatalogueIsFull_Reverts() public {
        for (uint256 i = 1; i < 64; ++i) {
            _set(bytes32(i), CPU, 1, 1, true);
        }
        vm.expectRevert(abi.encodeWithSelector(ICanaries.Canaries__CatalogueFull.selector, 64));
        _set(bytes32(uint256(64)), CPU, 1, 1, true);
        _set(bytes32(uint256(63)), CPU, 2, 1, true);
        assertEq(canaries.models()[63].batch, 2);
    }

    function test_SetModel_WhenNotListed_DelistingReverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(ICanaries.Canaries__NotListed.selector, bytes32("none"))
        );
        _set("none", CPU, 1, 1, false);
    }

    function test_SetModel_ListsChangesAndDelists() public {
        ICanaries.CanaryModel[] memory first = new ICanaries.CanaryModel[](2);
        first[0] = ICanaries.CanaryModel("a", CPU, 1, 1);
        first[1] = ICanaries.CanaryModel("b", CLASS, 2, 2);
        canaries = _deployCanaries(first);
        _set("c", CPU, 3, 3, true);
        _set("a", CPU, 0, 0, false);
        ICanaries.CanaryModel[] memory found = canaries.models();
        assertEq(found.length, 2);
        assertEq(found[0].modelId, "c");
        assertEq(found[1].modelId, "b");
        _set("c", CPU, 9, 9, true);
        _set("b", CPU, 0, 0, false);
        assertEq(canaries.models().length, 1);
        assertEq(canaries.models()[0].batch, 9);
        _set("c", CPU, 0, 0, false);
        assertEq(canaries.models().length, 0);
        assertEq(canaries.market(), address(market));
        assertEq(canaries.stakeManager(), address(stakes));
        assertEq(canaries.registry(), address(registry));
        assertEq(canaries.auditCourt(), address(audits));
        assertEq(canaries.beacon(), address(beacon));
        assertEq(canaries.standardTimelock(), timelock);
    }

    // --- fund ---

    function test_Fund_MovesTokensIntoTheBudget() public {
        token.approve(address(canaries), 5e18);
        vm.expectEmit(address(canaries));
        emit ICanaries.CanariesFunded(address(this), 5e18);
        canaries.fund(5e18);
        assertEq(_budget(), BUDGET + 5e18);
        assertEq(token.balanceOf(address(canaries)), 0);
    }

    // --- request ---

    function test_Request_GivenNoModels_Reverts() public {
        _set(modelId, CPU, 0, 0, false);
        vm.expectRevert(ICanaries.Canaries__NoModels.selector);
        canaries.request();
    }

    function test_Request_GivenTheLastIsTooRecent_Reverts() public {
        canaries.request();
        uint256 ready = block.timestamp + PACE;
        assertEq(canaries.readyAt(), ready);
        vm.warp(ready - 1);
        vm.expectRevert(
            abi.encodeWithSelector(ICanaries.Canaries__TooSoon.selector, ready, ready - 1)
        );
        canaries.request();
        vm.warp(ready);
        assertEq(canaries.request(), 2);
    }

    function _drain(uint256 left) internal {
        uint256 free = _budget();
        vm.prank(address(canaries));
        market.withdraw(free - left);
    }

    function test_Request_GivenTheBudgetIsTooSmall_Reverts() public {
        _drain(2 * CANARY_PRICE - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICanaries.Canaries__BudgetTooSmall.selector,
                2 * CANARY_PRICE - 1,
                2 * CANARY_PRICE
            )
        );
        canaries.request();
    }

    function test_Request_AsksTheBeacon() public {
        vm.expectEmit(address(canaries));
        emit ICanaries.CanaryRequested(1, block.number + 2, block.timestamp);
        assertEq(canaries.request(), 1);
        assertEq(canaries.count(), 1);
        assertEq(canaries.canaryOf(1).requestedAt, block.timestamp);
    }

    // --- draw ---

    function test_Draw_GivenItIsNotRequested_Reverts() public {
        _expectState(7, ICanaries.CanaryState.Requested);
        canaries.draw(7);
        uint256 id = _drawnCanary();
        _expectState(id, ICanaries.CanaryState.Requested);
        canaries.draw(id);
    }

    function test_Draw_GivenTheRoundIsPending_Reverts() public {
        uint256 id = canaries.request();
        vm.roll(block.number + 2);
        vm.expectRevert(
            abi.encodeWithSelector(ICanaries.Canaries__RoundPending.selector, id, block.number)
        );
        canaries.draw(id);
    }

    function _assertVoid(uint256 id) private {
        vm.expectEmit(address(canaries));
        emit ICanaries.CanaryVoided(id, address(0));
        canaries.draw(id);
        assertEq(uint8(_stateOf(id)), uint8(ICanaries.CanaryState.Void));
    }

    function test_Draw_GivenTheRoundLapsed_Voids() public {
        uint256 id = _requested();
        vm.roll(block.number + 300);
        _assertVoid(id);
    }

    function test_Draw_GivenTheCatalogueWasEmptied_Voids() public {
        uint256 id = _requested();
        _set(modelId, CPU, 0, 0, false);
        _assertVoid(id);
    }

    function test_Draw_GivenTheModelTakesNoJobs_Voids() public {
        uint256 id = _requested();
        vm.prank(arbiter);
        registry.suspend(modelId);
        _assertVoid(id);
    }

    function test_Draw_GivenNobodySits_Voids() public {
        _set(modelId, "empty pool", 4, 60, true);
        _assertVoid(_requested());
    }

    function test_Draw_GivenAllSeatsEnded_Voids() public {
        uint256[] memory indices = new uint256[](2);
        for (uint256 i; i < OWNERS; ++i) {
            (indices[0], indices[1]) = (2 * i, 2 * i + 1);
            vm.prank(_auditor(i));
            stakes.leaveSeats(CPU, indices);
        }
        vm.warp(block.timestamp + 2);
        _assertVoid(_requested());
    }

    function test_Draw_GivenAnOwnersStakeIsTooSmall_ItIsPassedOver() public {
        uint256 field = uint256(type(uint96).max) << 64; // minSelfStakeWei
        uint256 high = Params.DEFAULT_HIRING & ~field | (STAKE + 1) << 64;
        words.set(Params.WORD_HIRING, high);
        assertGt(Params.minSelfStakeWei(high), STAKE);
        _assertVoid(_requested());
    }

    /// @dev Every attempt as anyone computes it from public values.
    function _expectedOwner(bytes32 value, uint256 id, uint256 seats)
        private
        view
        returns (address owner)
    {
        bytes32 seed = keccak256(
            abi.encode("NVY/canary/1", value, block.chainid, address(canaries), id)
        );
        uint256 index = uint256(keccak256(abi.encode(seed, "seat", 0))) % seats;
        (owner,,) = stakes.seatAt(CPU, index);
    }

    function test_Draw_DrawsASeatThatWasTakenBeforeTheRequest() public {
        for (uint256 i; i < 8; ++i) {
            vm.warp(block.timestamp + PACE);
            uint256 id = canaries.request();
            uint256 round = block.number + 2;
            vm.prank(provider); // has no seat yet, or only such as were taken after a request
            if (i == 0) stakes.takeSeats(CPU, 8);
            _readyRound();
            uint256 seats = stakes.seatCountAt(CPU, canaries.canaryOf(id).requestedAt);
            assertEq(seats, i == 0 ? 2 * OWNERS : 2 * OWNERS + 8);
            address expected = _expectedOwner(blockhash(round), id, seats);
            (, uint256 before) = canaries.scoreOf(expected, block.timestamp / EPOCH_S);
            canaries.draw(id);
            ICanaries.Canary memory c = canaries.canaryOf(id);
            assertEq(c.provider, expected);
            assertEq(c.epoch, block.timestamp / EPOCH_S);
            assertEq(c.takeBy, block.timestamp + 3_600);
            assertEq(c.modelId, modelId);
            assertEq(c.jobClass, TENSOR);
            (, uint256 drawn) = canaries.scoreOf(expected, c.epoch);
            assertEq(drawn, before + 1);
        }
    }

    function test_Draw_OfAnExactPool_MakesAnExactJob() public {
        _set(modelId, CLASS, 4, 60, true);
        uint256 id = _drawnCanary();
        assertEq(canaries.canaryOf(id).jobClass, EXACT);
        (JobSpec memory spec,,) = canaries.specOf(id);
        assertEq(spec.jobClass, EXACT);
    }
}
