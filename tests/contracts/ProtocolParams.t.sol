// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProtocolParams} from "../../contracts/interfaces/IProtocolParams.sol";
import {ParamBounds} from "../../contracts/libraries/ParamBounds.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {ParamsBase} from "./ProtocolParamsBase.sol";
import {GovernedKeys} from "./mocks/GovernedKeys.sol";

/// @notice See ProtocolParams.tree.
contract ProtocolParamsTest is ParamsBase {
    function _expectClass(bytes32 key, address caller) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IProtocolParams.ProtocolParams__WrongClass.selector, key, caller
            )
        );
    }

    function _expectCooling(bytes32 key, uint256 readyAt) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IProtocolParams.ProtocolParams__CoolingDown.selector, key, readyAt
            )
        );
    }

    // --- as deployed ---

    function test_AsDeployed_EveryKeyHasItsDefaultBetweenItsBounds() public view {
        bytes32[] memory keys = GovernedKeys.all();
        for (uint256 i; i < keys.length; ++i) {
            (uint256 min, uint256 max, uint256 step,, uint256 readyAt) = params.boundsOf(keys[i]);
            uint256 value = params.valueOf(keys[i]);
            (uint256 next,) = params.nextOf(keys[i]);
            assertGt(max, min, "known");
            assertGe(value, min, "above the minimum");
            assertLe(value, max, "below the maximum");
            assertEq(next, value, "nothing waits");
            assertEq(step, (max - min + 7) / 8, "an eighth, rounded up");
            assertEq(readyAt, 0, "may move at once");
        }
        assertEq(params.valueOf("burnBps"), Params.BURN_BPS);
        assertEq(params.valueOf("rhoWad"), Params.RHO_WAD);
        assertEq(params.valueOf("constitutionalTimelockS"), Params.CONSTITUTIONAL_TIMELOCK_S);
    }

    function test_AsDeployed_EveryWordIsTheDefault() public view {
        for (uint256 id; id < ParamBounds.WORDS; ++id) {
            assertEq(params.word(id), ParamBounds.defaultOf(id));
            assertGt(params.word(id), 0);
        }
        assertEq(params.word(Params.WORD_FEES), Params.DEFAULT_FEES);
        assertEq(params.word(ParamBounds.WORDS), 0, "unknown id");
        assertEq(params.word(type(uint256).max), 0, "unknown id");
        assertEq(params.standardTimelock(), standard);
        assertEq(params.constitutionalTimelock(), constitutional);
        assertEq(params.guardian(), guardian);
        assertEq(params.stakeManager(), stakes);
        assertEq(params.insurance(), insurance);
    }

    function test_AsDeployed_AnUnknownKeyReadsAsZero() public view {
        assertEq(params.valueOf("taxBps"), 0);
        (uint256 value,) = params.nextOf("taxBps");
        (uint256 min, uint256 max, uint256 step, bool isC, uint256 readyAt) =
            params.boundsOf("taxBps");
        assertEq(value + min + max + step + readyAt, 0);
        assertFalse(isC);
    }

    // --- set ---

    function testFuzz_Set_GivenNobodyKnowsTheKey_Reverts(bytes32 key) public {
        (, uint256 max,,,) = params.boundsOf(key);
        vm.assume(max == 0);
        vm.expectRevert(
            abi.encodeWithSelector(IProtocolParams.ProtocolParams__UnknownKey.selector, key)
        );
        _set(constitutional, key, 1);
    }

    function test_Set_WhenACallerMayNot_Reverts() public {
        _expectClass("burnBps", address(this));
        params.set("burnBps", 410);
        _expectClass("unbondingS", standard);
        _set(standard, "unbondingS", 1_800_000);
        _expectClass("burnBps", guardian);
        _set(guardian, "burnBps", 410);
    }

    function test_Set_WhenTheConstitutionalTimelockSetsClassS_Sets() public {
        _set(constitutional, "burnBps", 410);
        (uint256 next,) = params.nextOf("burnBps");
        assertEq(next, 410);
    }

    function testFuzz_Set_WhenOutsideTheBounds_Reverts(uint256 index, uint256 by, bool above)
        public
    {
        bytes32 key = GovernedKeys.all()[bound(index, 0, GovernedKeys.COUNT - 1)];
        (uint256 min, uint256 max,,,) = params.boundsOf(key);
        vm.assume(above || min > 0);
        uint256 value = above ? max + bound(by, 1, type(uint256).max - max) : bound(by, 0, min - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProtocolParams.ProtocolParams__OutOfBounds.selector, key, value, min, max
            )
        );
        _set(constitutional, key, value);
    }

    function testFuzz_Set_WhenAStepAwaySetsAndFartherReverts(uint256 index, uint256 target)
        public
    {
        bytes32 key = GovernedKeys.all()[bound(index, 0, GovernedKeys.COUNT - 1)];
        (uint256 min, uint256 max, uint256 step,,) = params.boundsOf(key);
        uint256 from = params.valueOf(key);
        uint256 value = bound(target, min, max);
        uint256 distance = value > from ? value - from : from - value;
        if (distance > step) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IProtocolParams.ProtocolParams__StepTooLarge.selector, key, from, value, step
                )
            );
        }
        _set(constitutional, key, value);
    }

    function test_Set_WhenExactlyAStepAwaySets_UpAndDown() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IProtocolParams.ProtocolParams__StepTooLarge.selector,
                bytes32("burnBps"),
                400,
                464,
                63
            )
        );
        _set(standard, "burnBps", 464);
        _set(standard, "burnBps", 463);
        vm.warp(START + 7 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProtocolParams.ProtocolParams__StepTooLarge.selector,
                bytes32("burnBps"),
                463,
                399,
                63
            )
        );
        _set(standard, "burnBps", 399);
        _set(standard, "burnBps", 400);
    }

    function test_Set_GivenTheCoolDownRuns_Reverts() public {
        _set(standard, "burnBps", 410);
        _set(constitutional, "unbondingS", 1_800_000);
        vm.warp(START + 7 days - 1);
        _expectCooling("burnBps", START + 7 days);
        _set(standard, "burnBps", 420);
        _expectCooling("burnBps", START + 7 days);
        _set(constitutional, "burnBps", 420);
        (,,,, uint256 readyAt) = params.boundsOf("burnBps");
        assertEq(readyAt, START + 7 days);
        vm.warp(START + 28 days - 1);
        _expectCooling("unbondingS", START + 28 days);
        _set(constitutional, "unbondingS", 1_790_000);
    }

    function test_Set_GivenTheCoolDownIsJustOver_Sets() public {
        _set(standard, "burnBps", 410);
        _set(constitutional, "unbondingS", 1_800_000);
        vm.warp(START + 7 days);
        _set(standard, "burnBps", 420);
        vm.warp(START + 28 days);
        _set(constitutional, "unbondingS", 1_790_000);
        _nextEpoch();
        assertEq(params.valueOf("burnBps"), 420);
        assertEq(params.valueOf("unbondingS"), 1_790_000);
    }

    function test_Set_AppliesFromTheNextEpoch() public {
        uint256 epoch = START / EPOCH_S;
        vm.expectEmit();
        emit IProtocolParams.ParameterSet("burnBps", 400, 450, epoch + 1);
        _set(standard, "burnBps", 450);
        (uint256 next, uint256 since) = params.nextOf("burnBps");
        assertEq(next, 450);
        assertEq(since, epoch + 1);
        vm.warp((epoch + 1) * EPOCH_S - 1);
        assertEq(params.valueOf("burnBps"), 400, "last second of the epoch");
        assertEq(Params.burnBps(params.word(Params.WORD_FEES)), 400);
        vm.warp((epoch + 1) * EPOCH_S);
        assertEq(params.valueOf("burnBps"), 450, "first second of the next");
        assertEq(Params.burnBps(params.word(Params.WORD_FEES)), 450);
    }

    function test_Set_GivenTwoKeysOfAWordInOneEpoch_BothApplyTogether() public {
        _set(standard, "burnBps", 450);
        vm.warp(START + 1 days);
        _set(standard, "treasuryBps", 340);
        assertEq(params.word(Params.WORD_FEES), Params.DEFAULT_FEES, "neither applies yet");
        _nextEpoch();
        uint256 word = params.word(Params.WORD_FEES);
        assertEq(Params.burnBps(word), 450);
        assertEq(Params.treasuryBps(word), 340);
        assertEq(Params.insuranceBps(word), Params.INSURANCE_BPS, "untouched");
        assertEq(Params.auditBps(word), Params.AUDIT_BPS, "untouched");
        assertEq(Params.vestBps(word), Params.VEST_BPS, "untouched");
    }

    function test_Set_GivenAWordInTwoEpochs_TheEarlierAppliesWhileTheLaterWaits() public {
        _set(standard, "burnBps", 450);
        _nextEpoch();
        _set(standard, "treasuryBps", 340);
        assertEq(params.valueOf("burnBps"), 450);
        assertEq(params.valueOf("treasuryBps"), 300);
        _nextEpoch();
        assertEq(params.valueOf("burnBps"), 450);
        assertEq(params.valueOf("treasuryBps"), 340);
    }

    function testFuzz_Set_ChangesNoOtherField(uint256 index, uint256 target) public {
        bytes32[] memory keys = GovernedKeys.all();
        bytes32 key = keys[bound(index, 0, keys.length - 1)];
        (uint256 min, uint256 max, uint256 step,,) = params.boundsOf(key);
        uint256 from = params.valueOf(key);
        uint256 low = from > min + step ? from - step : min;
        uint256 value = bound(target, low, from + step < max ? from + step : max);
        uint256[] memory before = new uint256[](keys.length);
        for (uint256 i; i < keys.length; ++i) {
            before[i] = params.valueOf(keys[i]);
        }
        _set(constitutional, key, value);
        _nextEpoch();
        for (uint256 i; i < keys.length; ++i) {
            assertEq(params.valueOf(keys[i]), keys[i] == key ? value : before[i]);
        }
    }

    function test_Set_AfterYearsWithoutAChange_SetsAsEver() public {
        _set(standard, "burnBps", 450);
        vm.warp(START + 30 * 365 days);
        assertEq(params.valueOf("burnBps"), 450);
        _set(standard, "burnBps", 400);
        assertEq(params.valueOf("burnBps"), 450, "not before the next epoch");
        _nextEpoch();
        assertEq(params.valueOf("burnBps"), 400);
    }

    // --- trip ---

    function test_Trip_WhenNeitherStakesNorInsuranceCall_Reverts() public {
        address[3] memory others = [address(this), guardian, constitutional];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IProtocolParams.ProtocolParams__OnlyBreaker.selector, others[i]
                )
            );
            vm.prank(others[i]);
            params.trip();
        }
    }

    function test_Trip_StopsForADayFromTheLastTime() public {
        assertEq(params.pausedUntil(), 0);
        vm.expectEmit();
        emit IProtocolParams.BreakerTripped(stakes, START + 1 days);
        vm.prank(stakes);
        params.trip();
        assertEq(params.pausedUntil(), START + 1 days);
        vm.warp(START + 5 hours);
        vm.prank(insurance);
        params.trip();
        assertEq(params.pausedUntil(), START + 1 days + 5 hours);
    }

    function test_Trip_GivenALongerPause_ShortensNothing() public {
        vm.prank(guardian);
        params.pause(7 days);
        vm.prank(stakes);
        params.trip();
        assertEq(params.pausedUntil(), START + 7 days);
    }

    // --- pause ---

    function test_Pause_WhenAnotherThanTheGuardianCalls_Reverts() public {
        address[3] memory others = [stakes, standard, constitutional];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IProtocolParams.ProtocolParams__OnlyBreaker.selector, others[i]
                )
            );
            vm.prank(others[i]);
            params.pause(1 days);
        }
    }

    function test_Pause_WhenTheDurationIsBad_Reverts() public {
        uint256[2] memory bad = [uint256(0), 7 days + 1];
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IProtocolParams.ProtocolParams__BadPause.selector, bad[i], 7 days
                )
            );
            vm.prank(guardian);
            params.pause(bad[i]);
        }
    }

    function testFuzz_Pause_CoolsFor30DaysFromItsEnd(uint256 durationS, uint256 laterS) public {
        durationS = bound(durationS, 1, 7 days);
        uint256 readyAt = START + durationS + 30 days;
        vm.expectEmit();
        emit IProtocolParams.BreakerTripped(guardian, START + durationS);
        vm.prank(guardian);
        params.pause(durationS);
        assertEq(params.pausedUntil(), START + durationS);
        vm.warp(START + bound(laterS, 0, durationS + 30 days - 1));
        vm.expectRevert(
            abi.encodeWithSelector(
                IProtocolParams.ProtocolParams__GuardianCooling.selector, readyAt
            )
        );
        vm.prank(guardian);
        params.pause(1);
        vm.warp(readyAt);
        vm.prank(guardian);
        params.pause(7 days);
        assertEq(params.pausedUntil(), readyAt + 7 days);
    }

    function test_Pause_GivenTheBreakerStopsForLonger_ShortensNothing() public {
        vm.prank(stakes);
        params.trip();
        vm.prank(guardian);
        params.pause(1 hours);
        assertEq(params.pausedUntil(), START + 1 days);
    }

    function test_Trip_DoesNotWaitForTheGuardian() public {
        vm.prank(guardian);
        params.pause(1 days);
        vm.warp(START + 2 days);
        vm.prank(insurance);
        params.trip();
        assertEq(params.pausedUntil(), START + 3 days);
    }

    function test_NobodyElseWrites() public {
        string[4] memory calls =
            ["owner()", "transferOwnership(address)", "initialize()", "release()"];
        for (uint256 i; i < calls.length; ++i) {
            (bool ok,) = address(params).call(
                abi.encodePacked(bytes4(keccak256(bytes(calls[i]))), new bytes(32))
            );
            assertFalse(ok, calls[i]);
        }
    }
}
