// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {VotingPower} from "../../contracts/governance/VotingPower.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {JobMarket} from "../../contracts/market/JobMarket.sol";
import {StakeManager} from "../../contracts/staking/StakeManager.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {Economy} from "../../contracts/types/Economy.sol";
import {StakeNeighbours} from "./mocks/StakeNeighbours.sol";

/// @notice Stakes with a whole economy: live parameters, votes, a vault, emission and channels. One
/// provider has 10,000 NVY of own stake; alice and bob have tokens to delegate.
abstract contract StakingBase is Test {
    uint256 internal constant STAKE = 10_000e18;
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant WEEK = 604_800;
    bytes32 internal constant JOB = "job";
    bytes32 internal constant SLASH = "slash";

    ComputeToken internal token;
    StakeManager internal stakes;
    JobMarket internal market;
    VotingPower internal votes;
    StakeNeighbours internal neighbours;

    address internal provider = makeAddr("provider");
    address internal alice = makeAddr("alice");
    address internal bob = makeAddr("bob");
    address internal client = makeAddr("client");
    address internal finder = makeAddr("finder");
    address internal audits = makeAddr("audits");
    address internal disputes = makeAddr("disputes");
    address internal channels = makeAddr("channels");
    address internal emission = makeAddr("emission");
    address internal timelock = makeAddr("timelock");
    address internal insurance = makeAddr("insurance");
    address internal other = makeAddr("other");

    function setUp() public virtual {
        vm.warp(START);
        address[] memory holders = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (holders[0], amounts[0]) = (address(this), 1_000_000_000e18);
        token = new ComputeToken(holders, amounts);
        neighbours = new StakeNeighbours(address(token), timelock);
        uint256 nonce = vm.getNonce(address(this));
        address votes_ = vm.computeCreateAddress(address(this), nonce + 2);
        Economy memory economy = Economy(
            address(neighbours), address(0), channels, address(neighbours), votes_, emission
        );
        stakes = new StakeManager(
            address(token),
            vm.computeCreateAddress(address(this), nonce + 1),
            insurance,
            audits,
            disputes,
            economy
        );
        market = new JobMarket(
            address(token), address(stakes), address(1), audits, disputes, economy
        );
        votes = new VotingPower(address(stakes), address(neighbours));
        assertEq(address(votes), votes_, "precomputed address");
        _register(provider);
        _stake(provider, STAKE);
    }

    // --- doing ---

    function _register(address owner) internal {
        vm.prank(owner);
        stakes.register(other, "");
    }

    function _give(address who, uint256 amount) internal {
        token.transfer(who, amount);
        vm.prank(who);
        token.approve(address(stakes), type(uint256).max);
    }

    function _stake(address owner, uint256 amount) internal {
        _give(owner, amount);
        vm.prank(owner);
        stakes.stake(amount);
    }

    function _unbond(address owner, uint256 amount) internal {
        vm.prank(owner);
        stakes.requestUnbonding(amount);
    }

    function _delegate(address who, uint256 amount) internal returns (uint256 shares) {
        (uint256 before,,,) = stakes.delegationOf(provider, who);
        _give(who, amount);
        vm.prank(who);
        stakes.delegate(provider, amount);
        (shares,,,) = stakes.delegationOf(provider, who);
        return shares - before;
    }

    function _undelegate(address who, uint256 shares) internal {
        vm.prank(who);
        stakes.requestUndelegation(provider, shares);
    }

    function _withdraw(address who) internal returns (uint256) {
        vm.prank(who);
        return stakes.withdrawUndelegated(provider);
    }

    function _verdict(bytes32 slashId) internal view returns (IStakeManager.Verdict memory) {
        return IStakeManager.Verdict({
            slashId: slashId,
            jobId: JOB,
            provider: provider,
            lockAmount: 0,
            bondAmount: 0,
            price: 1_000e18,
            client: client,
            finder: finder,
            isForgery: false,
            isLate: false
        });
    }

    function _book(bytes32 slashId) internal returns (uint256 amount) {
        return _book(_verdict(slashId));
    }

    function _book(IStakeManager.Verdict memory verdict) internal returns (uint256 amount) {
        vm.prank(audits);
        stakes.bookSlash(verdict);
        (, amount,) = stakes.heldSlashOf(verdict.slashId);
    }

    function _forge(bytes32 slashId) internal returns (uint256 amount) {
        IStakeManager.Verdict memory v = _verdict(slashId);
        v.isForgery = true;
        return _book(v);
    }

    /// @dev Sets bits of a packed word, as a vote would.
    function _set(uint256 id, uint256 offset, uint256 width, uint256 value) internal {
        uint256 mask = ((1 << width) - 1) << offset;
        neighbours.setWord(id, (neighbours.word(id) & ~mask) | (value << offset));
    }

    // --- looking ---

    function _own() internal view returns (uint256) {
        return stakes.stakeOf(provider).own;
    }

    function _worth(address who) internal view returns (uint256 amount) {
        (, amount,,) = stakes.delegationOf(provider, who);
    }

    function _unbonding(address who) internal view returns (uint256 amount) {
        (,, amount,) = stakes.delegationOf(provider, who);
    }

    function _pool() internal view returns (uint256 amount) {
        (amount,,) = stakes.poolStakeOf(provider);
    }

    function _assertSolvent() internal view {
        IStakeManager.Stake memory s = stakes.stakeOf(provider);
        (uint256 leaving,) = stakes.undelegatingOf(provider);
        assertEq(
            token.balanceOf(address(stakes)),
            uint256(s.own) + s.unbonding + _pool() + leaving + stakes.heldWei()
                + stakes.insuranceWei(),
            "balance = own + pools + unbonding + held + insurance"
        );
        assertEq(stakes.totalStakeWei(), s.own + _pool(), "total");
    }
}
