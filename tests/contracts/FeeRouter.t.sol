// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IFeeRouter} from "../../contracts/interfaces/IFeeRouter.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {FeeRouter} from "../../contracts/rewards/FeeRouter.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {FeeNeighbours} from "./mocks/FeeNeighbours.sol";

/// @notice See FeeRouter.tree.
contract FeeRouterTest is Test {
    uint256 private constant EPOCH = 604_800;
    uint256 private constant START = 2_977 * EPOCH + 5;

    ComputeToken private token;
    FeeNeighbours private world;
    FeeRouter private router;
    address private owner = makeAddr("owner");
    address private operator = makeAddr("operator");
    address private other = makeAddr("other");

    function setUp() public {
        vm.warp(START);
        address[] memory holders = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (holders[0], amounts[0]) = (address(this), 1_000_000_000e18);
        token = new ComputeToken(holders, amounts);
        world = new FeeNeighbours(address(token), Params.DEFAULT_FEES);
        world.setOperator(owner, operator);
        router = _router(address(world));
        token.transfer(address(world), 500_000_000e18);
    }

    function _router(address auditCourt) private returns (FeeRouter) {
        address w = address(world);
        return new FeeRouter(address(token), w, w, address(this), auditCourt, w, w, w, w);
    }

    function _record(address provider, uint256 amount) private {
        world.record(router, provider, amount);
    }

    function _harvest() private returns (uint256 liquid, uint256 vested) {
        vm.prank(owner);
        return router.harvest(owner);
    }

    function _epoch() private view returns (uint256) {
        return block.timestamp / EPOCH;
    }

    function _skip(uint256 epochs) private {
        vm.warp(block.timestamp + epochs * EPOCH);
    }

    // --- record ---

    function test_Record_WhenCalledByAnother_Reverts() public {
        vm.prank(other);
        vm.expectRevert(
            abi.encodeWithSelector(IFeeRouter.FeeRouter__OnlyMarket.selector, other)
        );
        router.record(owner, 1);
    }

    function test_Record_WhenZero_DoesNothing() public {
        _record(owner, 0);
        assertEq(router.unharvestedOf(owner), 0);
        world.setWord(Params.DEFAULT_FEES + 1);
        assertEq(router.ratesOf(_epoch()).burnBps, 401, "not frozen");
    }

    function test_Record_CountsAndFreezesTheRates() public {
        _record(owner, 10e18);
        world.setWord(Params.DEFAULT_FEES + 50);
        _record(owner, 5e18);
        _record(other, 1e18);
        router.record(other, 1e18); // as the channels
        assertEq(router.feesOf(owner, _epoch()), 15e18);
        assertEq(router.feesOf(other, _epoch()), 2e18);
        assertEq(router.feesIn(_epoch()), 17e18);
        assertEq(router.unharvestedOf(owner), 15e18);
        IFeeRouter.Rates memory r = router.ratesOf(_epoch());
        assertEq(r.burnBps, 400);
        assertEq(r.treasuryBps, 300);
        assertEq(r.insuranceBps, 200);
        assertEq(r.auditBps, 100);
        assertEq(r.vestBps, 1_800);
        assertEq(router.ratesOf(_epoch() + 1).burnBps, 450, "without fees: those of now");
        _skip(1);
        _record(owner, 1e18);
        assertEq(router.ratesOf(_epoch()).burnBps, 450);
        assertEq(router.ratesOf(_epoch() - 1).burnBps, 400);
    }

    // --- harvest ---

    function test_Harvest_WhenCalledByAnother_Reverts() public {
        _record(owner, 1e18);
        vm.prank(other);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFeeRouter.FeeRouter__NotOwnerNorOperator.selector, owner, other
            )
        );
        router.harvest(owner);
    }

    function test_Harvest_GivenNothing_Reverts() public {
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(IFeeRouter.FeeRouter__NothingToHarvest.selector, owner)
        );
        router.harvest(owner);
    }

    function test_Harvest_PaysTheOwnerAndFillsThePots() public {
        address[2] memory callers = [owner, operator];
        for (uint256 i; i < 2; ++i) {
            _record(owner, 100e18);
            vm.expectEmit(address(router));
            emit IFeeRouter.FeesSplit(
                owner, _epoch(), 100e18, 4e18, 3e18, 2e18, 1e18, 18e18, 72e18
            );
            vm.expectEmit(address(router));
            emit IFeeRouter.FeesHarvested(owner, 72e18, 18e18);
            vm.prank(callers[i]);
            (uint256 liquid, uint256 vested) = router.harvest(owner);
            assertEq(liquid, 72e18);
            assertEq(vested, 18e18);
            assertEq(token.balanceOf(owner), (i + 1) * 72e18);
            assertEq(world.vested(), (i + 1) * 18e18);
        }
        assertEq(token.balanceOf(operator), 0, "money only reaches the owner");
        (uint256 burn, uint256 treasury, uint256 insurance, uint256 audits) = router.pots();
        assertEq(burn, 8e18);
        assertEq(treasury, 6e18);
        assertEq(insurance, 4e18);
        assertEq(audits, 2e18);
        assertEq(world.freeOf(address(router)), 20e18, "the pots");
        assertEq(router.feesOf(owner, _epoch()), 200e18, "harvested or not");
    }

    function testFuzz_Harvest_SlicesSumAndMostIsLiquid(uint256 amount, uint256 seed) public {
        amount = bound(amount, 1, 100_000_000e18);
        uint256 word = 100 + seed % 501;
        word |= ((seed >> 16) % 401) << 16;
        word |= (100 + (seed >> 32) % 201) << 32;
        word |= ((seed >> 48) % 201) << 48;
        word |= (500 + (seed >> 64) % 2_001) << 64;
        world.setWord(word);
        _record(owner, amount);
        (uint256 liquid, uint256 vested) = _harvest();
        (uint256 burn, uint256 treasury, uint256 insurance, uint256 audits) = router.pots();
        assertEq(burn + treasury + insurance + audits + vested + liquid, amount);
        assertGe(liquid + 1, amount * 60 / 100);
        assertEq(burn, amount * Params.burnBps(word) / 10_000);
        assertEq(audits, amount * Params.auditBps(word) / 10_000);
        assertEq(vested, amount * Params.vestBps(word) / 10_000);
        assertGe(insurance, amount * Params.insuranceBps(word) / 10_000);
        assertLe(insurance, amount * Params.insuranceBps(word) / 10_000 + 5);
        assertEq(world.freeOf(address(router)), amount - liquid - vested);
    }

    function test_Harvest_GivenFeesAfterAHarvest_TakesThose() public {
        _record(owner, 100e18);
        _harvest();
        assertEq(router.unharvestedOf(owner), 0);
        _record(owner, 10e18);
        assertEq(router.unharvestedOf(owner), 10e18);
        (uint256 liquid,) = _harvest();
        assertEq(liquid, 7.2e18);
        _skip(1);
        _record(owner, 20e18);
        (liquid,) = _harvest();
        assertEq(liquid, 14.4e18);
    }

    function test_Harvest_GivenMoreThan64Epochs_TakesTheOldestFirst() public {
        for (uint256 i; i < 70; ++i) {
            _record(owner, 100e18);
            _record(owner, 100e18);
            _skip(1);
        }
        assertEq(router.unharvestedOf(owner), 64 * 200e18);
        (uint256 liquid,) = _harvest();
        assertEq(liquid, 64 * 144e18);
        _record(owner, 1e18);
        assertEq(router.unharvestedOf(owner), 6 * 200e18 + 1e18);
        (liquid,) = _harvest();
        assertEq(liquid, 6 * 144e18 + 0.72e18);
        assertEq(router.unharvestedOf(owner), 0);
    }

    function test_Harvest_GivenIdleYears_TakesAllAtOnce() public {
        _record(owner, 100e18);
        _skip(500);
        _record(owner, 100e18);
        _skip(500);
        (uint256 liquid,) = _harvest();
        assertEq(liquid, 144e18);
    }

    function test_Harvest_GivenNoAuditCourt_InsuranceHasItsPart() public {
        router = _router(address(0));
        _record(owner, 100e18);
        _harvest();
        (,, uint256 insurance, uint256 audits) = router.pots();
        assertEq(insurance, 3e18);
        assertEq(audits, 0);
        router.sweep();
        assertEq(world.funded(), 6e18);
    }

    function test_Harvest_GivenAuditPay_HarvestsItToo() public {
        world.earn(owner, 5e18);
        _record(owner, 100e18);
        _harvest();
        assertEq(token.balanceOf(owner), 77e18);
        world.earn(owner, 5e18);
        (uint256 liquid, uint256 vested) = _harvest();
        assertEq(liquid + vested, 0);
        assertEq(token.balanceOf(owner), 82e18);
    }

    function test_Harvest_OfAWei_PaysOnlyInsurance() public {
        _record(owner, 1);
        (uint256 liquid, uint256 vested) = _harvest();
        assertEq(liquid + vested, 0);
        (,, uint256 insurance,) = router.pots();
        assertEq(insurance, 1);
    }

    // --- a vault that refuses ---

    function test_Harvest_GivenTheVaultRefuses_PaysTheRest() public {
        _record(owner, 100e18);
        world.refuse(true, false);
        _assertOwed(100e18);
        _record(owner, 100e18);
        world.refuse(false, true);
        _assertOwed(200e18);
        router.sweep();
        assertEq(world.freeOf(address(router)), 36e18, "what is owed, and nothing else");
    }

    function _assertOwed(uint256 fees) private {
        vm.expectEmit(address(router));
        emit IFeeRouter.VestingOwed(owner, 18e18);
        vm.prank(owner);
        (uint256 liquid,) = router.harvest{gas: 1_000_000}(owner);
        assertEq(liquid, 72e18);
        assertEq(token.balanceOf(owner), fees * 72 / 100, "liquid");
        assertEq(router.vestingOwedOf(owner), fees * 18 / 100);
        assertEq(world.freeOf(address(router)), fees * 28 / 100, "owed, and the pots");
        assertEq(token.balanceOf(address(router)), 0);
        assertEq(router.unharvestedOf(owner), 0);
    }

    function test_Harvest_WithTooLittleGasForTheVault_Reverts() public {
        _record(owner, 100e18);
        uint256 paid;
        for (uint256 gas = 50_000; gas < 1_000_000; gas += 10_000) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(owner);
            (bool ok,) = address(router).call{gas: gas}(abi.encodeCall(router.harvest, (owner)));
            assertEq(world.vested(), ok ? 18e18 : 0, "paid and vested, or neither");
            if (ok) ++paid;
            vm.revertToState(snapshot);
        }
        assertGt(paid, 0);
        vm.prank(owner);
        vm.expectPartialRevert(IFeeRouter.FeeRouter__TooLittleGas.selector);
        router.harvest{gas: 500_000}(owner);
    }

    function test_Vest_DepositsWhatIsOwed_Once() public {
        _record(owner, 100e18);
        world.refuse(true, false);
        _harvest();
        vm.expectRevert(FeeNeighbours.Refused.selector);
        router.vest(owner);
        assertEq(router.vestingOwedOf(owner), 18e18);
        world.refuse(false, false);
        vm.expectEmit(address(router));
        emit IFeeRouter.OwedVested(owner, 18e18);
        vm.prank(other);
        assertEq(router.vest(owner), 18e18);
        assertEq(world.vested(), 18e18);
        assertEq(world.freeOf(address(router)), 10e18, "the pots");
        vm.expectRevert(
            abi.encodeWithSelector(IFeeRouter.FeeRouter__NothingToVest.selector, owner)
        );
        router.vest(owner);
    }

    // --- sweep ---

    function test_Sweep_GivenEmptyPots_Reverts() public {
        _record(owner, 100e18);
        vm.expectRevert(IFeeRouter.FeeRouter__NothingToSweep.selector);
        router.sweep();
    }

    function test_Sweep_BurnsAndHandsOn() public {
        _record(owner, 100e18);
        _harvest();
        uint256 supply = token.totalSupply();
        vm.expectEmit(address(router));
        emit IFeeRouter.PotsSwept(4e18, 3e18, 2e18, 1e18);
        vm.prank(other);
        router.sweep();
        assertEq(supply - token.totalSupply(), 4e18, "burned");
        assertEq(world.funded(), 5e18, "treasury and insurance");
        assertEq(world.pool(), 1e18, "audits");
        assertEq(world.freeOf(address(router)), 0);
        assertEq(token.balanceOf(address(router)), 0);
    }
}
