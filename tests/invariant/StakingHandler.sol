// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {StakingBase} from "../contracts/StakingBase.sol";

/// @notice Everybody who stakes, delegates and slashes. See README.md. It only makes calls that must
/// succeed, and writes down what nobody may take before its time.
contract StakingHandler is StakingBase {
    uint256 public constant CALL_GAS = 278_000;

    address[2] public providers;
    address[3] public delegators;
    bytes32[] public slashIds;
    uint256 public donated;
    uint256 public burned;
    uint256 public paidOut;
    uint256 public paidIn;
    mapping(address provider => uint256 wei_) public lockedOf;
    mapping(address provider => uint256 time) public unbondsAt;
    mapping(address provider => mapping(address delegator => uint256 time)) public leavesAt;
    mapping(bytes32 action => uint256) public count;
    uint256 private _ids;

    modifier counted(bytes32 action) {
        _;
        ++count[action];
    }

    function setUp() public override {
        super.setUp();
        providers = [provider, makeAddr("second")];
        delegators = [alice, bob, provider];
        _register(providers[1]);
        _stake(providers[1], STAKE);
        paidIn = 2 * STAKE;
        for (uint256 i; i < 3; ++i) {
            _give(delegators[i], 0);
        }
    }

    function parts() external view returns (address, address, address, address) {
        return (address(token), address(stakes), address(market), address(votes));
    }

    function slashCount() external view returns (uint256) {
        return slashIds.length;
    }

    function _newId() private returns (bytes32) {
        return bytes32(++_ids);
    }

    // --- stake ---

    function stake(uint256 who, uint256 amount) external counted("stake") {
        amount = _bound(amount, 1, 5_000e18);
        _stake(providers[who % 2], amount);
        paidIn += amount;
    }

    function requestUnbonding(uint256 who, uint256 amount) external {
        address owner = providers[who % 2];
        uint256 free = stakes.freeOf(owner);
        if (free == 0) return;
        _unbond(owner, _bound(amount, 1, free));
        unbondsAt[owner] = block.timestamp + 21 days;
        ++count["requestUnbonding"];
    }

    function withdrawUnbonded(uint256 who) external {
        address owner = providers[who % 2];
        if (stakes.stakeOf(owner).unbonding == 0) return;
        vm.prank(owner);
        if (block.timestamp < unbondsAt[owner]) {
            vm.expectPartialRevert(IStakeManager.StakeManager__UnbondingNotFinished.selector);
            stakes.withdrawUnbonded();
            return;
        }
        paidOut += stakes.withdrawUnbonded{gas: CALL_GAS}();
        ++count["withdrawUnbonded"];
    }

    function lock(uint256 who, uint256 amount) external {
        address owner = providers[who % 2];
        amount = _bound(amount, 0, stakes.freeOf(owner));
        vm.prank(who % 3 == 0 ? channels : audits);
        stakes.lock(owner, JOB, amount);
        lockedOf[owner] += amount;
        ++count["lock"];
    }

    function unlock(uint256 who, uint256 amount) external counted("unlock") {
        address owner = providers[who % 2];
        amount = _bound(amount, 0, lockedOf[owner]);
        vm.prank(disputes);
        stakes.unlock(owner, JOB, amount);
        lockedOf[owner] -= amount;
    }

    // --- delegation ---

    function delegate(uint256 who, uint256 by, uint256 amount) external counted("delegate") {
        amount = _bound(amount, 1, 9_000e18);
        address from = delegators[by % 3];
        token.transfer(from, amount);
        vm.prank(from);
        stakes.delegate(providers[who % 2], amount);
        paidIn += amount;
    }

    function requestUndelegation(uint256 who, uint256 by, uint256 shares) external {
        (address owner, address from) = (providers[who % 2], delegators[by % 3]);
        (uint256 mine,,,) = stakes.delegationOf(owner, from);
        if (mine == 0) return;
        vm.prank(from);
        stakes.requestUndelegation(owner, _bound(shares, 1, mine));
        leavesAt[owner][from] = block.timestamp + 21 days;
        ++count["requestUndelegation"];
    }

    function withdrawUndelegated(uint256 who, uint256 by) external {
        (address owner, address from) = (providers[who % 2], delegators[by % 3]);
        (,,, uint256 readyAt) = stakes.delegationOf(owner, from);
        if (readyAt == 0) return;
        vm.prank(from);
        if (block.timestamp < leavesAt[owner][from]) {
            vm.expectPartialRevert(IStakeManager.StakeManager__UnbondingNotFinished.selector);
            stakes.withdrawUndelegated(owner);
            return;
        }
        paidOut += stakes.withdrawUndelegated{gas: CALL_GAS}(owner);
        ++count["withdrawUndelegated"];
    }

    function syncVotes(uint256 who, uint256 by) external counted("syncVotes") {
        stakes.syncVotes(providers[who % 2], delegators[by % 3]);
    }

    function reward(uint256 who, uint256 by, uint256 amount) external {
        address owner = providers[who % 2];
        (, uint256 shares,) = stakes.poolStakeOf(owner);
        if (shares == 0) return;
        vm.startPrank(emission);
        stakes.notifyReward(owner, _bound(amount, 1, 1e24));
        stakes.takeReward(owner, delegators[by % 3]);
        vm.stopPrank();
        ++count["reward"];
    }

    // --- slashes ---

    function slashTimeout(uint256 who, uint256 amount, bool full) external counted("timeout") {
        address owner = providers[who % 2];
        amount = _bound(amount, 0, lockedOf[owner]);
        uint256 supply = token.totalSupply();
        vm.prank(address(market));
        paidOut += stakes.slashTimeout(owner, JOB, amount, 1e18, full);
        burned += supply - token.totalSupply();
        lockedOf[owner] -= amount;
    }

    function bookSlash(uint256 who, uint256 amount, uint8 kind) external counted("bookSlash") {
        IStakeManager.Verdict memory v = _verdict(_newId());
        v.provider = providers[who % 2];
        (v.isForgery, v.isLate) = (kind % 8 == 0, kind % 3 == 0);
        v.lockAmount = uint96(_bound(amount, 0, lockedOf[v.provider]));
        if (!v.isLate) lockedOf[v.provider] -= v.lockAmount;
        vm.prank(kind % 2 == 0 ? audits : disputes);
        stakes.bookSlash(v);
        slashIds.push(v.slashId);
    }

    function reduceSlash(uint256 which, uint256 amount) external {
        bytes32 slashId = _pick(which);
        (, uint256 booked,) = stakes.heldSlashOf(slashId);
        if (booked == 0) return;
        vm.prank(timelock);
        stakes.reduceSlash(slashId, _bound(amount, 0, booked - 1));
        ++count["reduceSlash"];
    }

    function finalizeSlash(uint256 which) external {
        bytes32 slashId = _pick(which);
        (,, uint256 readyAt) = stakes.heldSlashOf(slashId);
        if (readyAt == 0 || block.timestamp < readyAt) return;
        uint256 unvested = which % 1_000e18;
        token.transfer(address(neighbours), unvested);
        neighbours.setUnvested(provider, neighbours.unvested(provider) + unvested);
        uint256 inVault = token.balanceOf(address(neighbours));
        uint256 inMarket = token.balanceOf(address(market));
        uint256 supply = token.totalSupply();
        stakes.finalizeSlash(slashId);
        paidIn += inVault - token.balanceOf(address(neighbours));
        paidOut += token.balanceOf(address(market)) - inMarket;
        burned += supply - token.totalSupply();
        ++count["finalizeSlash"];
    }

    function collectInsurance() external {
        if (stakes.insuranceWei() == 0) return;
        vm.prank(insurance);
        paidOut += stakes.collectInsurance{gas: CALL_GAS}();
        ++count["collectInsurance"];
    }

    function _pick(uint256 which) private view returns (bytes32) {
        uint256 n = slashIds.length;
        return n == 0 ? bytes32(0) : slashIds[which % n];
    }

    // --- the world ---

    function donate(uint256 amount) external counted("donate") {
        amount = _bound(amount, 1, 1e24);
        token.transfer(address(stakes), amount);
        donated += amount;
    }

    function passTime(uint256 seconds_) external counted("passTime") {
        vm.warp(block.timestamp + _bound(seconds_, 1, 25 days));
    }

    /// @notice At the very end everybody takes everything out.
    function drain() external {
        vm.warp(block.timestamp + 15 days);
        for (uint256 i; i < slashIds.length; ++i) {
            (,, uint256 readyAt) = stakes.heldSlashOf(slashIds[i]);
            if (readyAt != 0) this.finalizeSlash(i);
        }
        for (uint256 i; i < 2; ++i) {
            vm.prank(audits);
            stakes.unlock(providers[i], JOB, lockedOf[providers[i]]);
            lockedOf[providers[i]] = 0;
            this.requestUnbonding(i, type(uint256).max);
            for (uint256 k; k < 3; ++k) {
                this.requestUndelegation(i, k, type(uint256).max);
            }
        }
        vm.warp(block.timestamp + 21 days);
        for (uint256 i; i < 2; ++i) {
            this.withdrawUnbonded(i);
            for (uint256 k; k < 3; ++k) {
                this.withdrawUndelegated(i, k);
            }
        }
        this.collectInsurance();
    }
}
