// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEmissionController} from "../../contracts/interfaces/IEmissionController.sol";
import {IFeeRouter} from "../../contracts/interfaces/IFeeRouter.sol";
import {EmissionBase} from "./EmissionBase.sol";
import {EmissionSurroundings} from "./mocks/EmissionSurroundings.sol";

/// @notice See EmissionController.tree: claim, handOn, claimDelegated, vest, expire and gas.
contract EmissionClaimTest is EmissionBase {
    uint256 private constant E = START + 1;
    uint256 private constant A = 298_397_674_593_738_900_000_000;

    function test_Claim_WhenByAStranger_Reverts() public {
        _registered(E, 0);
        _goTo(E + 2);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionController.EmissionController__NotOwnerNorOperator.selector,
                one,
                stranger
            )
        );
        vm.prank(stranger);
        emission.claim(one, E);
        vm.prank(operator);
        emission.claim(one, E);
    }

    function test_Claim_GivenRegistrationIsNotOver_Reverts() public {
        _registered(E, 0);
        _expectNotOver(E + 1);
        _claim(one, E);
    }

    function test_Claim_GivenNineEpochsPassed_Reverts() public {
        _registered(E, 0);
        _goTo(E + 9);
        _claim(two, E);
        _goTo(E + 10);
        _expect(
            IEmissionController.EmissionController__ClaimExpired.selector,
            address(uint160(E)),
            (E + 10) * EPOCH_S
        );
        _claim(one, E);
    }

    function test_Claim_GivenNoRegistrationOrPaid_Reverts() public {
        _registered(E, 0);
        _goTo(E + 2);
        _claim(one, E);
        address[2] memory who = [one, stranger];
        for (uint256 i; i < 2; ++i) {
            _expect(IEmissionController.EmissionController__NotRegistered.selector, who[i], E);
            _claim(who[i], E);
        }
    }

    function testFuzz_Claim_WorkNeverPaysWhatTheFeesLost(uint96 fees, uint16 age) public {
        vm.assume(fees > 1e6);
        _stake(one, STAKE, 0, age);
        _registered(E, fees);
        IEmissionController.Reward memory r = emission.rewardOf(one, E);
        assertLe(r.work, uint256(fees) * 900 * 9_000 / 1e8, "90 % of the sink");
        assertLt(r.work, uint256(fees) * 900 / 10_000);
    }

    function test_Claim_GivenFewFees_PaysNinetyPercentOfWhatTheyLost() public {
        _registered(E, 1_000e18);
        assertEq(emission.rewardOf(one, E).work, 81e18);
    }

    function test_Claim_AvailabilityIsSharedByStakeScoreAndLoyalty() public {
        _stake(one, STAKE, 0, 52);
        _stake(two, 4 * STAKE, 0, 0);
        _registered(E, 0);
        // one: 1 * 1 * 15,000; two: 4 * 0.5 * 10,000
        assertEq(emission.rewardOf(one, E).avail, A * 15 / 35);
        assertEq(emission.rewardOf(two, E).avail, A * 20 / 35);
    }

    function test_Claim_TheRatesAreThoseOfTheRoll() public {
        _registered(E, 1_000e18);
        uint256 before = emission.rewardOf(one, E).work;
        world.setWord(0);
        world.setRates(IFeeRouter.Rates(0, 0, 0, 0, 0));
        _goTo(E + 2);
        (uint256 liquid, uint256 vested) = _claim(one, E);
        assertEq(emission.paidWei(), before + A * 2 / 3);
        assertEq(liquid, (liquid + vested) / 4);
    }

    function test_Claim_GivenDelegators_TheirPartStays() public {
        _stake(one, STAKE, STAKE, 0);
        _registered(E, 0);
        _goTo(E + 2);
        IEmissionController.Reward memory r = emission.rewardOf(one, E);
        assertEq(r.avail, A * 4 / 5);
        assertEq(r.delegated, r.avail * 45 / 100);
        (uint256 liquid, uint256 vested) = _claim(one, E);
        assertEq(liquid + vested, r.avail - r.delegated);
        assertEq(emission.delegatedWei(), r.delegated);
        assertEq(world.notified(one), r.delegated);
        _assertWhole();
    }

    function test_Claim_GivenAllDelegatorsLeft_EverythingIsTheProviders() public {
        _stake(one, STAKE, STAKE, 0);
        _registered(E, 0);
        _stake(one, STAKE, 0, 0);
        _goTo(E + 2);
        (uint256 liquid, uint256 vested) = _claim(one, E);
        assertEq(liquid + vested, A * 4 / 5);
        assertEq(emission.delegatedWei(), 0);
    }

    function test_Claim_PaysAQuarterAtOnce() public {
        _registered(E, 5_000_000e18);
        _goTo(E + 2);
        uint256 reserved = emission.reservedWei();
        IEmissionController.Reward memory r = emission.rewardOf(one, E);
        uint256 whole = r.work + r.avail;
        vm.expectEmit(address(emission));
        emit IEmissionController.EmissionClaimed(
            one, E, r.work, r.avail, 0, whole / 4, whole - whole / 4
        );
        (uint256 liquid, uint256 vested) = _claim(one, E);
        assertEq(liquid, whole / 4);
        assertEq(token.balanceOf(one), liquid);
        assertEq(world.deposited(one), vested);
        assertEq(emission.paidWei(), whole);
        assertEq(emission.reservedWei(), reserved - whole);
        assertEq(emission.rewardOf(one, E).work, 0);
        _assertWhole();
    }

    // --- handOn ---

    function test_HandOn_GivenItCannotBeClaimed_Reverts() public {
        _stake(one, STAKE, STAKE, 0);
        _registered(E, 0);
        _expectNotOver(E + 1);
        emission.handOn(one, E);
        _goTo(E + 2);
        _expect(IEmissionController.EmissionController__NotRegistered.selector, stranger, E);
        emission.handOn(stranger, E);
        _goTo(E + 10);
        vm.expectPartialRevert(IEmissionController.EmissionController__ClaimExpired.selector);
        emission.handOn(one, E);
    }

    function test_HandOn_GivenNothingIsTheDelegators_Reverts() public {
        _stake(one, STAKE, STAKE, 0);
        _registered(E, 0);
        _goTo(E + 2);
        _expectNothingToHandOn(two); // had no delegators
        _stake(one, STAKE, 0, 0);
        _expectNothingToHandOn(one); // has none now
        _claim(one, E);
        _expect(IEmissionController.EmissionController__NotRegistered.selector, one, E);
        emission.handOn(one, E);
    }

    function _expectNothingToHandOn(address provider) private {
        _expect(IEmissionController.EmissionController__NothingToHandOn.selector, provider, E);
        emission.handOn(provider, E);
    }

    function test_HandOn_ByAnyone_SharesOutTheDelegatorsPartOnce() public {
        _stake(one, STAKE, STAKE, 0);
        _registered(E, 1_000e18);
        _goTo(E + 2);
        IEmissionController.Reward memory r = emission.rewardOf(one, E);
        uint256 left = emission.epochOf(E).left;
        vm.expectEmit(address(emission));
        emit IEmissionController.DelegatedHandedOn(one, E, r.delegated);
        vm.prank(stranger);
        assertEq(emission.handOn(one, E), r.delegated);
        assertEq(world.notified(one), r.delegated);
        assertEq(emission.delegatedWei(), r.delegated);
        assertEq(emission.epochOf(E).left, left - r.delegated);
        assertEq(emission.rewardOf(one, E).delegated, r.delegated, "a claim leaves it out");
        _assertWhole();
        _expectNothingToHandOn(one);
    }

    /// @dev Whoever is there at the claim, and however late it is, changes nothing any more.
    function testFuzz_HandOn_ThenAClaim_PaysTheSameAsAClaimAlone(
        uint96 counted,
        uint96 fees,
        uint256 ago,
        bool isLeft
    ) public {
        _stake(one, STAKE, bound(counted, 1e15, 5 * STAKE), 30);
        _registered(E, fees);
        _goTo(E + 2);
        uint256 snapshot = vm.snapshotState();
        _claim(one, E);
        uint256 paid = emission.paidWei();
        uint256 notified = world.notified(one);
        vm.revertToState(snapshot);
        emission.handOn(one, E);
        if (isLeft) _stake(one, STAKE, 0, 0);
        _goTo(E + 2 + ago % 8);
        _claim(one, E);
        assertEq(emission.paidWei(), paid);
        assertEq(world.notified(one), notified, "once");
        assertEq(emission.delegatedWei(), notified);
        _assertWhole();
    }

    function test_HandOn_ThenExpired_TheRestReturns() public {
        _stake(one, STAKE, STAKE, 0);
        _registered(E, 0);
        _goTo(E + 9);
        uint256 handedOn = emission.handOn(one, E);
        uint256 left = emission.epochOf(E).left;
        _goTo(E + 10);
        assertEq(emission.expire(E), left);
        assertEq(emission.delegatedWei(), handedOn);
        _assertWhole();
    }

    // --- a vault that refuses ---

    function test_Claim_GivenTheVaultRefuses_PaysTheRest() public {
        _stake(one, STAKE, STAKE, 0);
        _registered(E, 0);
        _goTo(E + 2);
        world.refuse(true, false);
        uint256 circulating = emission.circulatingWei();
        uint256 vested = _assertOwed(one, E, one);
        world.refuse(false, true);
        uint256 others = _assertOwed(two, E, two);
        assertEq(emission.vestingOwedWei(), vested + others);
        uint256 left = emission.circulatingWei() - circulating;
        assertEq(left, token.balanceOf(one) + token.balanceOf(two), "what is owed does not circulate");
    }

    function _assertOwed(address provider, uint256 epoch, address account)
        private
        returns (uint256 vested)
    {
        uint256 balance = token.balanceOf(account);
        uint256 liquid;
        vm.prank(account);
        (liquid, vested) = emission.claim{gas: 1_500_000}(provider, epoch);
        assertEq(token.balanceOf(account), balance + liquid);
        assertEq(emission.vestingOwedOf(account), vested);
        assertEq(world.deposited(account), 0);
        _assertWhole();
    }

    function test_ClaimDelegated_GivenTheVaultRefuses_PaysTheRest() public {
        _stake(one, STAKE, STAKE, 0);
        _registered(E, 0);
        _goTo(E + 2);
        emission.handOn(one, E);
        world.refuse(true, false);
        world.setNextTaken(1_000e18);
        vm.expectEmit(address(emission));
        emit IEmissionController.EmissionVestingOwed(delegator, 750e18);
        vm.prank(delegator);
        emission.claimDelegated(one);
        assertEq(token.balanceOf(delegator), 250e18);
        assertEq(emission.vestingOwedOf(delegator), 750e18);
        _assertWhole();
    }

    function test_Claim_WithTooLittleGasForTheVault_Reverts() public {
        _registered(E, 0);
        _goTo(E + 2);
        uint256 paid;
        for (uint256 gas = 50_000; gas < 1_000_000; gas += 25_000) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(one);
            (bool ok,) = address(emission).call{gas: gas}(abi.encodeCall(emission.claim, (one, E)));
            assertEq(world.deposited(one) != 0, ok, "paid and vested, or neither");
            if (ok) ++paid;
            vm.revertToState(snapshot);
        }
        assertGt(paid, 0);
        vm.prank(one);
        vm.expectPartialRevert(IEmissionController.EmissionController__TooLittleGas.selector);
        emission.claim{gas: 500_000}(one, E);
    }

    function test_Vest_DepositsWhatIsOwed_Once() public {
        _registered(E, 0);
        _goTo(E + 2);
        world.refuse(true, false);
        (, uint256 vested) = _claim(one, E);
        vm.expectRevert(EmissionSurroundings.Refused.selector);
        emission.vest(one);
        assertEq(emission.vestingOwedOf(one), vested);
        world.refuse(false, false);
        vm.expectEmit(address(emission));
        emit IEmissionController.OwedEmissionVested(one, vested);
        vm.prank(stranger);
        assertEq(emission.vest(one), vested);
        assertEq(world.deposited(one), vested);
        assertEq(emission.vestingOwedWei(), 0);
        _assertWhole();
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionController.EmissionController__NothingToVest.selector, one
            )
        );
        emission.vest(one);
    }

    // --- claimDelegated ---

    function test_ClaimDelegated_GivenNothing_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionController.EmissionController__NothingDelegated.selector, one, delegator
            )
        );
        vm.prank(delegator);
        emission.claimDelegated(one);
    }

    function test_ClaimDelegated_PaysAQuarterAtOnce() public {
        _stake(one, STAKE, STAKE, 0);
        _registered(E, 0);
        _goTo(E + 2);
        _claim(one, E);
        uint256 before = emission.delegatedWei();
        world.setNextTaken(1_000e18);
        vm.prank(delegator);
        (uint256 liquid, uint256 vested) = emission.claimDelegated(one);
        assertEq(liquid, 250e18);
        assertEq(vested, 750e18);
        assertEq(token.balanceOf(delegator), 250e18);
        assertEq(world.deposited(delegator), 750e18);
        assertEq(emission.delegatedWei(), before - 1_000e18);
        _assertWhole();
    }

    // --- expire ---

    function test_Expire_GivenClaimsAreOpen_Reverts() public {
        _registered(E, 0);
        _goTo(E + 9);
        _expectNotOver(E + 9);
        emission.expire(E);
    }

    function test_Expire_GivenNothingIsLeft_Reverts() public {
        _goTo(E + 10);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionController.EmissionController__NothingToExpire.selector, E
            )
        );
        emission.expire(E);
    }

    function test_Expire_ReturnsTheRest() public {
        _registered(E, 0);
        _goTo(E + 2);
        _claim(two, E);
        uint256 reserve = emission.reserveWei();
        uint256 left = emission.epochOf(E).left;
        _goTo(E + 10);
        assertEq(emission.expire(E), left);
        assertApproxEqAbs(left, A * 2 / 3, 1);
        assertEq(emission.reserveWei(), reserve + left);
        assertEq(emission.reservedWei(), 0);
        _assertWhole();
    }

    // --- gas ---

    function test_Gas_RegisterAndClaimStayUnder200000() public {
        _stake(one, STAKE, STAKE, 30);
        world.addFees(one, E, 1e18);
        _score(one, E, 3, 4);
        _registered(E, 1e18);
        _goTo(E + 2);
        emission.roll();
        _score(one, E + 1, 1, 1);
        uint256 before = gasleft();
        emission.register(one);
        assertLt(before - gasleft(), 200_000, "register");
        before = gasleft();
        _claim(one, E);
        assertLt(before - gasleft(), 200_000, "claim");
    }
}
