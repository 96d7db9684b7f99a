// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {stdError} from "forge-std/StdError.sol";

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {StakeManager} from "../../contracts/staking/StakeManager.sol";
import {Economy} from "../../contracts/types/Economy.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice See StakeManager.tree. This contract stands in for the market.
contract StakeManagerTest is MarketBase {
    bytes32 private constant JOB = "job";

    function setUp() public override {
        super.setUp();
        stakes = new StakeManager(
            address(token), address(this), insurance, address(0), address(0), _economy()
        );
        _fundProvider(provider, operator);
    }

    function _unbond(uint256 amount) private {
        vm.prank(provider);
        stakes.requestUnbonding(amount);
    }

    function _solvent() private view {
        IStakeManager.Stake memory s = stakes.stakeOf(provider);
        assertEq(
            token.balanceOf(address(stakes)),
            uint256(s.own) + s.unbonding + stakes.insuranceWei(),
            "balance = own + unbonding + insurance"
        );
        assertGe(s.own, s.locked, "own >= locked");
        assertEq(stakes.freeOf(provider), s.own - s.locked, "free = own - locked");
    }

    // --- deployment ---

    function test_WhenDeployedWithAZeroAddress_Reverts() public {
        address[3] memory given = [address(token), address(this), insurance];
        Economy memory none = _economy();
        for (uint256 i; i < 3; ++i) {
            address kept = given[i];
            given[i] = address(0);
            vm.expectRevert(IStakeManager.StakeManager__ZeroAddress.selector);
            new StakeManager(given[0], given[1], given[2], address(0), address(0), none);
            given[i] = kept;
        }
        assertEq(stakes.token(), address(token));
        assertEq(stakes.market(), address(this));
        assertEq(stakes.insurance(), insurance);
    }

    // --- identity ---

    function test_Register_WhenTheOperatorIsZero_Reverts() public {
        vm.prank(other);
        vm.expectRevert(IStakeManager.StakeManager__ZeroAddress.selector);
        stakes.register(address(0), "");
    }

    function test_Register_GivenRegistered_Reverts() public {
        vm.prank(provider);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__AlreadyRegistered.selector, provider)
        );
        stakes.register(other, "");
    }

    function test_Register_StoresTheOperatorAndAnnounces() public {
        vm.expectEmit(address(stakes));
        emit IStakeManager.ProviderRegistered(other, operator);
        vm.expectEmit(address(stakes));
        emit IStakeManager.EndpointChanged(other, "http://127.0.0.1:1");
        vm.prank(other);
        stakes.register(operator, "http://127.0.0.1:1");
        assertEq(stakes.operatorOf(other), operator, "an operator may serve several providers");
    }

    function test_SetOperator_GivenNotRegistered_Reverts() public {
        vm.prank(other);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__NotRegistered.selector, other)
        );
        stakes.setOperator(other);
    }

    function test_SetOperator_WhenZero_Reverts() public {
        vm.prank(provider);
        vm.expectRevert(IStakeManager.StakeManager__ZeroAddress.selector);
        stakes.setOperator(address(0));
    }

    function test_SetOperator_ReplacesAtOnce() public {
        vm.expectEmit(address(stakes));
        emit IStakeManager.OperatorChanged(provider, other);
        vm.prank(provider);
        stakes.setOperator(other);
        assertEq(stakes.operatorOf(provider), other);
    }

    function test_SetEndpoint_GivenNotRegistered_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__NotRegistered.selector, other)
        );
        stakes.setEndpoint(other, "");
    }

    function test_SetEndpoint_WhenCalledByAnother_Reverts() public {
        vm.prank(other);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__NotOwnerNorOperator.selector, provider, other
            )
        );
        stakes.setEndpoint(provider, "");
    }

    function test_SetEndpoint_WhenCalledByOwnerOrOperator_Announces() public {
        address[2] memory callers = [provider, operator];
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit(address(stakes));
            emit IStakeManager.EndpointChanged(provider, "here");
            vm.prank(callers[i]);
            stakes.setEndpoint(provider, "here");
        }
    }

    // --- stake ---

    function test_Stake_WhenZero_Reverts() public {
        vm.prank(provider);
        vm.expectRevert(IStakeManager.StakeManager__ZeroAmount.selector);
        stakes.stake(0);
    }

    function testFuzz_Stake_WhenAboveUint96_Reverts(uint256 amount) public {
        uint256 max = type(uint96).max;
        amount = bound(amount, max + 1, type(uint256).max);
        vm.prank(provider);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__AmountTooLarge.selector, amount, max)
        );
        stakes.stake(amount);
    }

    function test_Stake_GivenNotRegistered_Reverts() public {
        vm.prank(other);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__NotRegistered.selector, other)
        );
        stakes.stake(1);
    }

    function test_Stake_GivenNoAllowance_RevertsAndNothingChanges() public {
        vm.prank(provider);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(stakes), 0, 1
            )
        );
        stakes.stake(1);
        assertEq(_own(), STAKE);
    }

    function testFuzz_Stake_Adds(uint96 amount) public {
        amount = uint96(bound(amount, 1, 1e26));
        token.transfer(provider, amount);
        vm.startPrank(provider);
        token.approve(address(stakes), amount);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Staked(provider, amount, STAKE + amount);
        stakes.stake(amount);
        assertEq(_own(), STAKE + amount);
        _solvent();
    }

    function _stakePermit() private returns (uint8 v, bytes32 r, bytes32 s) {
        token.transfer(operator, 5e18);
        vm.prank(operator);
        stakes.register(operator, "");
        return _signPermit(address(stakes), 5e18);
    }

    function test_StakeWithPermit_NeedsNoApproval() public {
        (uint8 v, bytes32 r, bytes32 s) = _stakePermit();
        vm.prank(operator);
        stakes.stakeWithPermit(5e18, block.timestamp, v, r, s);
        assertEq(stakes.stakeOf(operator).own, 5e18);
    }

    function test_StakeWithPermit_GivenSubmittedByAnother_StillStakes() public {
        (uint8 v, bytes32 r, bytes32 s) = _stakePermit();
        vm.prank(other);
        token.permit(operator, address(stakes), 5e18, block.timestamp, v, r, s);
        vm.prank(operator);
        stakes.stakeWithPermit(5e18, block.timestamp, v, r, s);
        assertEq(stakes.stakeOf(operator).own, 5e18);
    }

    // --- unbonding ---

    function test_RequestUnbonding_WhenZero_Reverts() public {
        vm.expectRevert(IStakeManager.StakeManager__ZeroAmount.selector);
        _unbond(0);
    }

    function testFuzz_RequestUnbonding_WhenAboveFree_Reverts(uint96 locked, uint256 extra) public {
        locked = uint96(bound(locked, 1, STAKE));
        extra = bound(extra, 1, type(uint128).max);
        stakes.lock(provider, JOB, locked);
        uint256 free = STAKE - locked;
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__InsufficientFree.selector, provider, free, free + extra
            )
        );
        _unbond(free + extra);
    }

    function test_RequestUnbonding_MovesFreeStakeForTwentyOneDays() public {
        vm.expectEmit(address(stakes));
        emit IStakeManager.UnbondingRequested(provider, 4e18, 4e18, START + 21 days);
        _unbond(4e18);
        IStakeManager.Stake memory s = stakes.stakeOf(provider);
        assertEq(s.own, STAKE - 4e18);
        assertEq(s.unbonding, 4e18);
        assertEq(s.unbondingReadyAt, START + 21 days);
        _solvent();
    }

    function testFuzz_RequestUnbonding_MergesAndRestartsTheClock(uint32 pause) public {
        _unbond(4e18);
        vm.warp(START + pause);
        _unbond(3e18);
        IStakeManager.Stake memory s = stakes.stakeOf(provider);
        assertEq(s.unbonding, 7e18);
        assertEq(s.unbondingReadyAt, START + pause + 21 days);
    }

    function test_WithdrawUnbonded_GivenNothing_Reverts() public {
        vm.prank(provider);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__NothingUnbonding.selector, provider)
        );
        stakes.withdrawUnbonded();
    }

    function testFuzz_WithdrawUnbonded_GivenTooEarly_Reverts(uint256 early) public {
        _unbond(4e18);
        uint256 readyAt = START + 21 days;
        early = bound(early, START, readyAt - 1);
        vm.warp(early);
        vm.prank(provider);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__UnbondingNotFinished.selector, provider, readyAt, early
            )
        );
        stakes.withdrawUnbonded();
    }

    function testFuzz_WithdrawUnbonded_FromTheSecondOn_PaysTheOwner(uint256 amount, uint32 late)
        public
    {
        amount = bound(amount, 1, STAKE);
        _unbond(amount);
        vm.warp(START + 21 days + late);
        vm.expectEmit(address(stakes));
        emit IStakeManager.UnbondingWithdrawn(provider, amount);
        vm.prank(provider);
        assertEq(stakes.withdrawUnbonded(), amount);
        assertEq(token.balanceOf(provider), amount);
        assertEq(stakes.stakeOf(provider).unbonding, 0);
        _solvent();
    }

    // --- locks ---

    function test_LockUnlockAndSlash_WhenNotCalledByTheMarket_Revert() public {
        bytes memory refusal =
            abi.encodeWithSelector(IStakeManager.StakeManager__OnlyCourt.selector, other);
        vm.startPrank(other);
        vm.expectRevert(refusal);
        stakes.lock(provider, JOB, 1);
        vm.expectRevert(refusal);
        stakes.unlock(provider, JOB, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__OnlyMarket.selector, other)
        );
        stakes.slashTimeout(provider, JOB, 1, 1, true);
    }

    function test_Lock_GivenNotRegistered_Reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__NotRegistered.selector, other)
        );
        stakes.lock(other, JOB, 1);
    }

    function testFuzz_Lock_GivenUnderTheMinimum_Reverts(uint256 left) public {
        uint256 minimum = Params.MIN_SELF_STAKE_WEI;
        left = bound(left, 0, minimum - 1);
        _unbond(STAKE - left);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__BelowMinimum.selector, provider, left, minimum
            )
        );
        stakes.lock(provider, JOB, 1);
    }

    function testFuzz_Lock_WhenFreeIsTooSmall_Reverts(uint256 unbonding, uint256 extra) public {
        unbonding = bound(unbonding, 1, STAKE - Params.MIN_SELF_STAKE_WEI);
        extra = bound(extra, 1, type(uint128).max);
        _unbond(unbonding); // backs nothing any more
        uint256 free = STAKE - unbonding;
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__InsufficientFree.selector, provider, free, free + extra
            )
        );
        stakes.lock(provider, JOB, free + extra);
    }

    function testFuzz_LockAndUnlock_TieAndFree(uint256 first, uint256 second) public {
        first = bound(first, 0, STAKE);
        second = bound(second, 0, STAKE - first);
        stakes.lock(provider, JOB, first);
        vm.expectEmit(address(stakes));
        emit IStakeManager.StakeLocked(provider, "second", second);
        stakes.lock(provider, "second", second);
        assertEq(_locked(), first + second);
        _solvent();
        vm.expectEmit(address(stakes));
        emit IStakeManager.StakeUnlocked(provider, JOB, first);
        stakes.unlock(provider, JOB, first);
        assertEq(_locked(), second);
        _solvent();
    }

    function test_Unlock_WhenMoreThanLocked_Reverts() public {
        stakes.lock(provider, JOB, 5);
        vm.expectRevert(stdError.arithmeticError);
        stakes.unlock(provider, JOB, 6);
    }

    // --- slashes ---

    function testFuzz_NoShow_TakesTenPercentOfTheLock(uint256 lock, uint256 price) public {
        lock = bound(lock, 0, STAKE);
        stakes.lock(provider, JOB, lock);
        uint256 toClient = stakes.slashTimeout(provider, JOB, lock, price, false);
        assertEq(_own(), STAKE - lock / 10, "own");
        assertEq(_locked(), 0, "lock freed");
        assertEq(token.balanceOf(address(this)), _balanceBefore() + toClient, "client share sent");
        _solvent();
    }

    function _balanceBefore() private view returns (uint256) {
        // What this contract kept of the genesis supply: it only ever paid out round sums.
        return 1_000_000_000e18 - 2 * STAKE - DEPOSIT;
    }

    function testFuzz_Full_TakesTheLockAndFivePercent(
        uint256 lock,
        uint256 others,
        uint256 unbonding
    ) public {
        lock = bound(lock, 0, STAKE);
        others = bound(others, 0, STAKE - lock);
        unbonding = bound(unbonding, 0, STAKE - lock - others);
        stakes.lock(provider, JOB, lock);
        stakes.lock(provider, "others", others);
        if (unbonding > 0) _unbond(unbonding);
        uint256 extra = STAKE * 5 / 100;
        uint256 fromUnbonding = extra < unbonding ? extra : unbonding;
        uint256 free = STAKE - lock - others - unbonding;
        uint256 fromFree = extra - fromUnbonding < free ? extra - fromUnbonding : free;
        uint256 supplyBefore = token.totalSupply();

        uint256 toClient = stakes.slashTimeout(provider, JOB, lock, type(uint256).max, true);

        IStakeManager.Stake memory s = stakes.stakeOf(provider);
        assertEq(s.locked, others, "other jobs' locks stay");
        assertEq(s.unbonding, unbonding - fromUnbonding, "unbonding is taken first");
        assertEq(s.own, STAKE - unbonding - lock - fromFree, "then free own stake");
        uint256 taken = lock + fromUnbonding + fromFree;
        uint256 burned = supplyBefore - token.totalSupply();
        assertEq(burned, taken * 30 / 100, "burned 30%");
        assertEq(toClient, taken * 15 / 100, "client 15%");
        assertEq(burned + toClient + stakes.insuranceWei(), taken, "shares sum to the slash");
        _solvent();
    }

    function testFuzz_Split_TheClientGetsAtMostThePrice(uint256 lock, uint96 price) public {
        lock = bound(lock, 0, STAKE);
        stakes.lock(provider, JOB, lock);
        uint256 toClient = stakes.slashTimeout(provider, JOB, lock, price, true);
        assertLe(toClient, price, "client share <= price");
        _solvent();
    }

    function test_Full_SaysWhatItDid() public {
        stakes.lock(provider, JOB, 100e18);
        // 100 of the lock and 5% of 10,000: 600; burned 180, client capped at 50, insurance 370.
        vm.expectEmit(address(stakes));
        emit IStakeManager.StakeUnlocked(provider, JOB, 100e18);
        vm.expectEmit(address(stakes));
        emit IStakeManager.Slashed(provider, JOB, 600e18, 180e18, 50e18, 370e18);
        assertEq(stakes.slashTimeout(provider, JOB, 100e18, 50e18, true), 50e18);
    }

    function test_Slash_OfMoreThanIsLocked_Reverts() public {
        vm.expectRevert(stdError.arithmeticError);
        stakes.slashTimeout(provider, JOB, 1, 1, true);
    }

    // --- insurance ---

    function test_CollectInsurance_WhenCalledByAnother_Reverts() public {
        vm.prank(other);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.StakeManager__OnlyInsurance.selector, other)
        );
        stakes.collectInsurance();
    }

    function test_CollectInsurance_PaysEverythingOnce() public {
        stakes.lock(provider, JOB, 100e18);
        stakes.slashTimeout(provider, JOB, 100e18, 50e18, true);
        vm.startPrank(insurance);
        vm.expectEmit(address(stakes));
        emit IStakeManager.InsuranceCollected(insurance, 370e18);
        assertEq(stakes.collectInsurance(), 370e18);
        assertEq(token.balanceOf(insurance), 370e18);
        _solvent();
        vm.expectRevert(IStakeManager.StakeManager__ZeroAmount.selector);
        stakes.collectInsurance();
    }
}
