// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {StakeManager} from "../../contracts/staking/StakeManager.sol";
import {Economy} from "../../contracts/types/Economy.sol";
import {StakeManagerBase} from "./StakeManagerBase.sol";

/// @notice See StakeManager.tree. This contract stands in for the market.
contract StakeManagerTest is StakeManagerBase {
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
}
