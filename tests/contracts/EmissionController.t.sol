// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEmissionController} from "../../contracts/interfaces/IEmissionController.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {EmissionBase} from "./EmissionBase.sol";
import {EmissionSurroundings} from "./mocks/EmissionSurroundings.sol";

/// @notice See EmissionController.tree: deployment, roll and register.
contract EmissionRollTest is EmissionBase {
    // --- deployment ---

    function test_Deploy_GivenNoReserve_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionController.EmissionController__NotFunded.selector, 0, RESERVE
            )
        );
        _deploy(_excluded(1));
    }

    function test_Deploy_WhenTooManyAreExcluded_Reverts() public {
        address future = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        token = _mint(future, RESERVE);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionController.EmissionController__TooManyExcluded.selector, 17, 16
            )
        );
        _deploy(_excluded(17));
    }

    function test_Deploy_BeginsWithTheReserve() public view {
        assertEq(emission.reserveWei(), RESERVE);
        assertEq(emission.availBps(), 1_500);
        assertEq(emission.baselineWei(), 20_000_000e18);
        assertEq(emission.firstEpoch(), START + 1);
        assertEq(emission.lastEpoch(), 0);
        assertEq(emission.circulatingWei(), 250_000_000e18);
        assertEq(emission.excluded()[0], treasury);
        assertEq(emission.token(), address(token));
        assertEq(emission.stakeManager(), address(world));
        assertEq(emission.feeRouter(), address(world));
        assertEq(emission.vault(), address(world));
        assertEq(emission.canaries(), address(world));
    }

    // --- roll ---

    function test_Roll_GivenTheFirstEpochIsNotOver_Reverts() public {
        _expectNotOver(START + 1);
        emission.roll();
        _goTo(START + 1);
        _expectNotOver(START + 1);
        emission.roll();
    }

    function test_Roll_GivenItWasRolled_Reverts() public {
        _goTo(START + 2);
        emission.roll();
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionController.EmissionController__AlreadyRolled.selector, START + 1
            )
        );
        emission.roll();
    }

    function _rolled(uint256 epoch, uint256 fees)
        private
        returns (IEmissionController.Epoch memory)
    {
        if (fees != 0) world.addFees(one, epoch, fees);
        _goTo(epoch + 1);
        emission.roll();
        _assertWhole();
        assertEq(emission.lastEpoch(), epoch);
        return emission.epochOf(epoch);
    }

    function test_Roll_GivenNoFees_ReservesAvailabilityAlone() public {
        IEmissionController.Epoch memory e = _rolled(START + 1, 0);
        assertEq(e.availPool, 298_397_674_593_738_900_000_000, "15 % of B");
        assertEq(e.workPool, 0);
        assertEq(emission.reservedWei(), e.availPool);
        assertEq(e.left, e.availPool);
        assertEq(e.capE8, 900 * 9_000);
        assertEq(e.liquidBps, 2_500);
        assertEq(e.loyaltyBps, 5_000);
    }

    function test_Roll_GivenHalfTheBaseline_ReservesHalfTheWorkPool() public {
        IEmissionController.Epoch memory e = _rolled(START + 1, 10_000_000e18);
        uint256 budget = RESERVE * RHO / 1e18;
        assertEq(e.workPool, (budget - e.availPool) / 2);
        assertEq(e.availPool, 298_397_674_593_738_900_000_000, "volume never changes A");
    }

    function testFuzz_Roll_NeverReservesMoreThanTheBudget(uint96 fees, uint64 rho, uint16 cap)
        public
    {
        uint256 word = Params.DEFAULT_EMISSION & ~uint256(type(uint64).max);
        rho = uint64(bound(rho, Params.RHO_WAD_MIN, Params.RHO_WAD_MAX));
        world.setWord(word | rho);
        world.setTotalStake(uint256(cap) * 10_000e18);
        IEmissionController.Epoch memory e = _rolled(START + 1, fees);
        uint256 budget = RESERVE * rho / 1e18;
        assertLe(budget, RESERVE / 200, "half a percent");
        assertLe(uint256(e.availPool) + e.workPool, budget);
        if (fees >= 20_000_000e18) assertEq(uint256(e.availPool) + e.workPool, budget);
    }

    function _availAfter(uint256 staked, uint256 epochs) private returns (uint256) {
        world.setTotalStake(staked);
        uint256 last = START;
        if (emission.lastEpoch() != 0) last = emission.lastEpoch();
        for (uint256 i = 1; i <= epochs; ++i) {
            _goTo(last + i + 1);
            emission.roll();
        }
        return emission.availBps();
    }

    function test_Roll_GivenLittleIsStaked_AvailabilityRises() public {
        assertEq(_availAfter(74_999_999e18, 1), 1_600, "just under 30 %");
        assertEq(_availAfter(0, 20), 3_000, "the ceiling");
    }

    function test_Roll_GivenMuchIsStaked_AvailabilityFalls() public {
        assertEq(_availAfter(100_000_001e18, 1), 1_400, "just over 40 %");
        assertEq(_availAfter(250_000_000e18, 20), 1_000, "the floor");
    }

    function test_Roll_GivenTheTargetIsNear_AvailabilityStays() public {
        assertEq(_availAfter(75_000_000e18, 1), 1_500, "30 %");
        assertEq(_availAfter(100_000_000e18, 1), 1_500, "40 %");
    }

    function test_Roll_GivenNothingCirculates_AvailabilityFalls() public {
        token.transfer(treasury, 250_000_000e18);
        assertEq(emission.circulatingWei(), 0);
        assertEq(_availAfter(0, 1), 1_500, "nothing staked of nothing");
        assertEq(_availAfter(1, 1), 1_400);
    }

    function test_Circulating_WhenAnAddressIsNamedTwice_NeverUnderflows() public {
        address future = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        token = _mint(future, RESERVE);
        assertEq(_deploy(_excluded(3)).circulatingWei(), 0);
    }

    function test_Roll_GrowsTheBaseline() public {
        _rolled(START + 1, 0);
        assertEq(emission.baselineWei(), 20_100_000e18);
    }

    function test_Roll_AnEpochThatNobodyRolled_EmitsNothing() public {
        _rolled(START + 1, 0);
        uint256 reserve = emission.reserveWei();
        _score(one, START + 2, 1, 1);
        _goTo(START + 4);
        emission.roll();
        assertEq(emission.epochOf(START + 2).left, 0);
        assertEq(emission.lastEpoch(), START + 3);
        assertEq(emission.reserveWei(), reserve - emission.epochOf(START + 3).left);
        _expect(
            IEmissionController.EmissionController__NotRegistered.selector, one, START + 2
        );
        _claim(one, START + 2);
    }

    // --- register ---

    function test_Register_GivenTheEpochCannotBeRolled_Reverts() public {
        _goTo(START + 1);
        _expectNotOver(START + 1);
        emission.register(one);
    }

    function test_Register_GivenNoFeesAndNoCanary_Reverts() public {
        _goTo(START + 2);
        _expect(IEmissionController.EmissionController__NoWeight.selector, one, START + 1);
        emission.register(one);
        _score(one, START + 1, 0, 3);
        _expect(IEmissionController.EmissionController__NoWeight.selector, one, START + 1);
        emission.register(one);
        _stake(one, 0, 0, 0);
        _score(one, START + 1, 3, 3);
        _expect(IEmissionController.EmissionController__NoWeight.selector, one, START + 1);
        emission.register(one);
    }

    function test_Register_GivenNobodyRolled_Rolls() public {
        _registered(START + 1, 1e18);
        assertEq(emission.lastEpoch(), START + 1);
        IEmissionController.Weight memory w = emission.weightOf(one, START + 1);
        assertEq(w.fees, 1e18);
        assertEq(w.stake, STAKE);
        assertEq(w.scoreBps, 10_000);
        assertEq(w.loyalty, 10_000);
        assertEq(w.delegatedE9, 0);
        assertEq(emission.weightOf(two, START + 1).scoreBps, 5_000);
        IEmissionController.Epoch memory e = emission.epochOf(START + 1);
        assertEq(e.availSum, STAKE * 15_000 * 10_000);
        assertEq(e.workSum, 1e18 * 10_000);
    }

    function test_Register_GivenItBringsNothingNew_Reverts() public {
        _registered(START + 1, 1e18);
        _score(two, START + 1, 1, 3);
        for (uint256 i; i < 2; ++i) {
            address who = i == 0 ? one : two;
            _expect(
                IEmissionController.EmissionController__AlreadyRegistered.selector, who, START + 1
            );
            emission.register(who);
        }
    }

    function test_Register_GivenTheScoreHasRisen_ReplacesTheWeight() public {
        _stake(two, STAKE, 0, 52);
        _registered(START + 1, 1e18);
        _score(two, START + 1, 2, 2);
        _stake(two, STAKE / 2, 0, 26);
        emission.register(two);
        IEmissionController.Weight memory w = emission.weightOf(two, START + 1);
        assertEq(w.scoreBps, 10_000);
        assertEq(w.loyalty, 15_000, "never lowered");
        assertEq(w.stake, STAKE, "of the end of the epoch");
        IEmissionController.Epoch memory e = emission.epochOf(START + 1);
        assertEq(e.availSum, STAKE * 10_000 * 25_000);
    }

    function test_Register_LoyaltyRisesByTheWeekUpToAYear() public {
        uint256[4] memory ages = [uint256(0), 26, 52, 90];
        uint16[4] memory loyalties = [uint16(10_000), 12_500, 15_000, 15_000];
        for (uint256 i; i < 4; ++i) {
            _stake(one, STAKE, 0, ages[i]);
            _registered(START + 1 + i, 0);
            assertEq(emission.weightOf(one, START + 1 + i).loyalty, loyalties[i]);
        }
    }

    function test_Register_FeesAbove96BitsCountAsThatMuch() public {
        _registered(START + 1, 2 ** 100);
        assertEq(emission.weightOf(one, START + 1).fees, type(uint96).max);
    }

    function test_Register_KeepsTheDelegatorsPart() public {
        _stake(one, STAKE, 3 * STAKE, 0);
        _registered(START + 1, 0);
        IEmissionController.Weight memory w = emission.weightOf(one, START + 1);
        assertEq(w.stake, 4 * STAKE);
        assertEq(w.delegatedE9, 675_000_000, "three quarters less a tenth");
    }
}
