// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IEmissionController} from "../../contracts/interfaces/IEmissionController.sol";
import {EmissionController} from "../../contracts/rewards/EmissionController.sol";
import {FeeRouter} from "../../contracts/rewards/FeeRouter.sol";
import {VestingVault} from "../../contracts/rewards/VestingVault.sol";
import {StakeManager} from "../../contracts/staking/StakeManager.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {Economy} from "../../contracts/types/Economy.sol";
import {EmissionSurroundings} from "./mocks/EmissionSurroundings.sol";

/// @notice See EmissionReal.tree. Only the market (this contract) and the scores are made up.
contract EmissionRealTest is Test {
    uint256 private constant EPOCH_S = 604_800;
    uint256 private constant START = 3_000;
    uint256 private constant RESERVE = 600_000_000e18;
    uint256 private constant STAKE = 10_000e18;

    ComputeToken private token;
    StakeManager private stakes;
    FeeRouter private fees;
    VestingVault private vault;
    EmissionController private emission;
    EmissionSurroundings private scores = new EmissionSurroundings();
    address private provider = makeAddr("provider");
    address private delegator = makeAddr("delegator");
    address private treasury = makeAddr("treasury");

    function setUp() public {
        vm.warp(START * EPOCH_S + 5);
        uint256 nonce = vm.getNonce(address(this));
        address[5] memory parts;
        for (uint256 i; i < 5; ++i) {
            parts[i] = vm.computeCreateAddress(address(this), nonce + i);
        }
        address[] memory holders = new address[](2);
        uint256[] memory amounts = new uint256[](2);
        (holders[0], holders[1]) = (parts[4], address(this));
        (amounts[0], amounts[1]) = (RESERVE, 400_000_000e18);
        token = new ComputeToken(holders, amounts);
        Economy memory economy;
        (economy.feeRouter, economy.vault, economy.emission) = (parts[2], parts[3], parts[4]);
        address none = address(0);
        stakes = new StakeManager(parts[0], address(this), treasury, none, none, economy);
        fees = new FeeRouter(
            parts[0], address(this), parts[1], none, none, parts[3], treasury, treasury, none
        );
        vault = new VestingVault(parts[0], parts[1], parts[2], parts[4], treasury, none, none);
        address[] memory excluded = new address[](2);
        (excluded[0], excluded[1]) = (treasury, parts[3]);
        emission = new EmissionController(
            parts[0], parts[1], parts[2], parts[3], address(scores), none, excluded
        );
        _stake();
    }

    function _stake() private {
        token.transfer(provider, STAKE);
        token.transfer(delegator, STAKE);
        vm.startPrank(provider);
        stakes.register(provider, "http://127.0.0.1:8800");
        token.approve(address(stakes), STAKE);
        stakes.stake(STAKE);
        vm.startPrank(delegator);
        token.approve(address(stakes), STAKE);
        stakes.delegate(provider, STAKE);
        vm.stopPrank();
    }

    /// @dev A week of fees and one passed canary, registered.
    function _work(uint256 epoch) private returns (uint256 gasUsed) {
        vm.warp(epoch * EPOCH_S + 9);
        fees.record(provider, 1_000e18);
        scores.setScore(provider, epoch, EmissionSurroundings.Score(1, 1));
        vm.warp((epoch + 1) * EPOCH_S + 9);
        emission.roll();
        gasUsed = gasleft();
        emission.register(provider);
        gasUsed -= gasleft();
    }

    /// @dev The first claim of all also makes the account's records in the vault.
    function test_Gas_RegisterAndClaimStayUnder200000() public {
        for (uint256 e = START + 1; e < START + 4; ++e) {
            uint256 gasUsed = _work(e);
            if (e > START + 1) assertLt(gasUsed, 200_000, "register");
            vm.warp((e + 2) * EPOCH_S);
            vm.prank(provider);
            gasUsed = gasleft();
            emission.claim(provider, e);
            gasUsed -= gasleft();
            assertLt(gasUsed, e == START + 1 ? 280_000 : 200_000, "claim");
        }
    }

    /// @dev A provider that would wait cannot: the delegator hands on every week at its time.
    function test_HandedOnEveryWeek_NothingIsLeftForWhoJoinsLate() public {
        uint256 e = START + 1;
        uint256 sum;
        for (uint256 week = e; week < e + 10; ++week) {
            vm.warp(week * EPOCH_S + 9);
            if (week < e + 8) scores.setScore(provider, week, EmissionSurroundings.Score(1, 1));
            if (week > e && week < e + 9) emission.register(provider);
            if (week < e + 2) continue;
            vm.prank(delegator);
            sum += emission.handOn(provider, week - 2);
        }
        token.transfer(provider, 9 * STAKE);
        vm.startPrank(provider);
        token.approve(address(stakes), 9 * STAKE);
        stakes.delegate(provider, 9 * STAKE);
        for (uint256 i; i < 8; ++i) {
            emission.claim(provider, e + i);
        }
        assertEq(stakes.rewardOf(provider, provider), 0);
        vm.stopPrank();
        vm.prank(delegator);
        (uint256 liquid, uint256 vested) = emission.claimDelegated(provider);
        assertApproxEqAbs(liquid + vested, sum, 1e10, "virtual shares");
    }

    function test_AWeeksReward_IsSplitAndVests() public {
        uint256 e = START + 1;
        _work(e);
        vm.warp((e + 2) * EPOCH_S);
        IEmissionController.Epoch memory epoch = emission.epochOf(e);
        IEmissionController.Reward memory r = emission.rewardOf(provider, e);
        assertEq(r.avail, epoch.availPool, "alone");
        assertEq(r.delegated, r.avail / 2, "half of the stake, no commission");
        // Age of two weeks, so that the loyalty is 10,192; alone, it changes nothing.
        assertEq(r.work, epoch.workPool, "all of it: under the cap");
        assertLt(r.work, 81e18, "8.1 % of the fees");
        vm.prank(provider);
        (uint256 liquid, uint256 vested) = emission.claim(provider, e);
        assertEq(token.balanceOf(provider), liquid);
        assertEq(vault.heldOf(provider), vested);
        assertEq(liquid, (liquid + vested) / 4);
        vm.prank(delegator);
        (liquid, vested) = emission.claimDelegated(provider);
        assertApproxEqAbs(liquid + vested, r.delegated, 1e9, "virtual shares");
        assertEq(vault.heldOf(delegator), vested);
        uint256 left = emission.reserveWei() + emission.reservedWei() + emission.delegatedWei();
        assertEq(token.balanceOf(address(emission)), left);
        assertEq(left + emission.paidWei(), RESERVE);
    }
}
