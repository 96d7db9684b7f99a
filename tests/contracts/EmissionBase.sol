// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IEmissionController} from "../../contracts/interfaces/IEmissionController.sol";
import {IFeeRouter} from "../../contracts/interfaces/IFeeRouter.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {EmissionController} from "../../contracts/rewards/EmissionController.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {EmissionSurroundings} from "./mocks/EmissionSurroundings.sol";

/// @notice The controller with its reserve, two providers, and surroundings that a test sets.
abstract contract EmissionBase is Test {
    uint256 internal constant EPOCH_S = 604_800;
    uint256 internal constant START = 3_000; // the epoch of deployment
    uint256 internal constant RESERVE = 600_000_000e18;
    uint256 internal constant STAKE = 10_000e18;
    /// @dev Half of the reserve in four years, whatever the default is.
    uint256 internal constant RHO = 3_315_529_717_708_210;

    ComputeToken internal token;
    EmissionSurroundings internal world;
    EmissionController internal emission;
    address internal one = makeAddr("provider one");
    address internal two = makeAddr("provider two");
    address internal operator = makeAddr("operator of one");
    address internal treasury = makeAddr("treasury");
    address internal stranger = makeAddr("stranger");
    address internal delegator = makeAddr("delegator");

    function setUp() public virtual {
        vm.warp(START * EPOCH_S + 5);
        world = new EmissionSurroundings();
        address future = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        token = _mint(future, RESERVE);
        emission = _deploy(_excluded(1));
        assertEq(address(emission), future, "precomputed address");
        world.setToken(address(token));
        world.setWord((Params.DEFAULT_EMISSION & ~uint256(type(uint64).max)) | RHO);
        world.setRates(IFeeRouter.Rates(400, 300, 200, 100, 1_800));
        world.setOperator(one, operator);
        world.setTotalStake(87_500_000e18); // 35 % of what circulates
        _stake(one, STAKE, 0, 0);
        _stake(two, STAKE, 0, 0);
    }

    function _mint(address to, uint256 reserve) internal returns (ComputeToken) {
        address[] memory holders = new address[](3);
        uint256[] memory amounts = new uint256[](3);
        (holders[0], holders[1], holders[2]) = (to, treasury, address(this));
        (amounts[0], amounts[1]) = (reserve, 150_000_000e18);
        amounts[2] = 1_000_000_000e18 - reserve - amounts[1];
        return new ComputeToken(holders, amounts);
    }

    function _excluded(uint256 count) internal view returns (address[] memory list) {
        list = new address[](count);
        for (uint256 i; i < count; ++i) {
            list[i] = treasury;
        }
    }

    function _deploy(address[] memory excluded) internal returns (EmissionController) {
        address w = address(world);
        return new EmissionController(address(token), w, w, w, w, w, excluded);
    }

    // --- the surroundings ---

    function _stake(address provider, uint256 own, uint256 counted, uint256 weeksOld) internal {
        world.setStake(
            provider,
            EmissionSurroundings.Stake(own, counted, weeksOld * EPOCH_S, counted, 1_000)
        );
    }

    function _score(address provider, uint256 epoch, uint256 passed, uint256 drawn) internal {
        world.setScore(provider, epoch, EmissionSurroundings.Score(passed, drawn));
    }

    /// @dev The middle of an epoch.
    function _goTo(uint256 epoch) internal {
        vm.warp(epoch * EPOCH_S + EPOCH_S / 2);
    }

    // --- steps ---

    /// @dev Both passed; `fees` of one. The epoch after is the present one, and both are registered.
    function _registered(uint256 epoch, uint256 fees) internal {
        if (fees != 0) world.addFees(one, epoch, fees);
        _score(one, epoch, 1, 1);
        _score(two, epoch, 1, 2);
        _goTo(epoch + 1);
        emission.register(one);
        emission.register(two);
    }

    function _claim(address provider, uint256 epoch) internal returns (uint256, uint256) {
        vm.prank(provider);
        return emission.claim(provider, epoch);
    }

    // --- expectations ---

    function _expectNotOver(uint256 epoch) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionController.EmissionController__EpochNotOver.selector,
                epoch,
                (epoch + 1) * EPOCH_S
            )
        );
    }

    function _expect(bytes4 selector, address provider, uint256 epoch) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, provider, epoch));
    }

    function _assertWhole() internal view {
        uint256 left = emission.reserveWei() + emission.reservedWei() + emission.delegatedWei();
        left += emission.vestingOwedWei();
        assertEq(left + emission.paidWei(), RESERVE, "R + reserved + delegated + owed + paid");
        assertEq(token.balanceOf(address(emission)), left, "balance");
    }
}
