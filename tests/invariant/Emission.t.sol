// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEmissionController} from "../../contracts/interfaces/IEmissionController.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {EmissionController} from "../../contracts/rewards/EmissionController.sol";
import {ComputeToken} from "../../contracts/token/ComputeToken.sol";
import {EmissionBase} from "../contracts/EmissionBase.sol";
import {EmissionSurroundings} from "../contracts/mocks/EmissionSurroundings.sol";

/// @notice Providers, delegators and time; only calls that must succeed.
contract EmissionHandler is EmissionBase {
    address[4] private _providers;
    mapping(uint256 epoch => uint256) public paidIn;
    mapping(bytes32 key => bool) private _isRegistered;
    uint256 public rolls;

    constructor() {
        setUp();
        _providers = [one, two, stranger, delegator];
        _stake(stranger, STAKE, 0, 0);
        _stake(delegator, STAKE, 0, 0);
    }

    function parts() external view returns (address, address) {
        return (address(emission), address(token));
    }

    function present() public view returns (uint256) {
        return block.timestamp / EPOCH_S;
    }

    function work(uint256 who, uint96 fees, uint8 passed, uint8 missed) external {
        address provider = _providers[who % 4];
        world.addFees(provider, present(), fees / (uint256(missed) + 1));
        _score(provider, present(), passed, uint256(passed) + missed);
    }

    function stake(uint256 who, uint96 own, uint96 counted, uint8 age) external {
        own = uint96(bound(own, 1, 50_000_000e18));
        counted = uint96(bound(counted, 0, 5 * uint256(own)));
        _stake(_providers[who % 4], own, counted, age);
    }

    function setTotalStake(uint96 amount) external {
        world.setTotalStake(amount);
    }

    function passTime(uint8 epochs) external {
        _goTo(present() + 1 + uint256(epochs) % 4 / 3);
    }

    function register(uint256 who) external {
        address provider = _providers[who % 4];
        uint256 epoch = present() - 1;
        if (epoch <= START) return;
        bytes32 key = keccak256(abi.encode(provider, epoch));
        bool isRolled = emission.lastEpoch() == epoch;
        if (_isRegistered[key]) return;
        (uint256 passed,) = world.scoreOf(provider, epoch);
        if (world.feesOf(provider, epoch) == 0 && passed == 0) return;
        emission.register(provider);
        _isRegistered[key] = true;
        if (!isRolled) ++rolls;
    }

    function roll() external {
        uint256 epoch = present() - 1;
        if (epoch <= START || emission.lastEpoch() == epoch) return;
        emission.roll();
        ++rolls;
    }

    function claim(uint256 who, uint8 ago) external {
        address provider = _providers[who % 4];
        uint256 epoch = present() - 2 - uint256(ago) % 8;
        if (emission.weightOf(provider, epoch).loyalty == 0) return;
        uint256 before = _left();
        _claim(provider, epoch);
        paidIn[epoch] += _left() - before;
    }

    function _left() private view returns (uint256) {
        return emission.paidWei() + emission.delegatedWei() + emission.vestingOwedWei();
    }

    function handOn(uint256 who, uint8 ago) external {
        address provider = _providers[who % 4];
        uint256 epoch = present() - 2 - uint256(ago) % 8;
        IEmissionController.Weight memory weight = emission.weightOf(provider, epoch);
        if (weight.loyalty == 0 || weight.delegatedE9 >> 31 == 1) return;
        if (emission.rewardOf(provider, epoch).delegated == 0) return;
        paidIn[epoch] += emission.handOn(provider, epoch);
    }

    /// @dev The vault refuses, or takes again, and somebody tries what is owed.
    function refuse(uint256 who, bool isRefusing) external {
        world.refuse(isRefusing, false);
        address provider = _providers[who % 4];
        if (!isRefusing && emission.vestingOwedOf(provider) != 0) emission.vest(provider);
    }

    function claimDelegated(uint256 who, uint96 amount) external {
        address provider = _providers[who % 4];
        if (world.notified(provider) == 0 || amount == 0) return;
        world.setNextTaken(amount);
        vm.prank(delegator);
        emission.claimDelegated(provider);
    }

    function expire(uint8 ago) external {
        uint256 epoch = present() - 10 - uint256(ago) % 4;
        if (emission.epochOf(epoch).left != 0) emission.expire(epoch);
    }
}

/// @notice The reserve is a closed book: what leaves it is reserved first, and paid once.
contract EmissionInvariantTest is EmissionBase {
    EmissionHandler private handler;

    function setUp() public override {
        handler = new EmissionHandler();
        (address emission_, address token_) = handler.parts();
        emission = EmissionController(emission_);
        token = ComputeToken(token_);
        targetContract(address(handler));
        bytes4[11] memory all = [
            handler.work.selector, handler.stake.selector, handler.setTotalStake.selector,
            handler.passTime.selector, handler.register.selector, handler.roll.selector,
            handler.claim.selector, handler.claimDelegated.selector, handler.expire.selector,
            handler.handOn.selector, handler.refuse.selector
        ];
        bytes4[] memory selectors = new bytes4[](all.length);
        for (uint256 i; i < all.length; ++i) {
            selectors[i] = all[i];
        }
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
    }

    function invariant_NothingIsMadeAndNothingIsLost() public view {
        _assertWhole();
        uint256 reserved;
        uint256 last = emission.lastEpoch();
        for (uint256 epoch = START; epoch <= last; ++epoch) {
            IEmissionController.Epoch memory e = emission.epochOf(epoch);
            reserved += e.left;
            uint256 pools = uint256(e.availPool) + e.workPool;
            assertLe(pools, RESERVE / 200, "half a percent of the reserve");
            assertLe(handler.paidIn(epoch) + e.left, pools, "paid at most A + W");
        }
        assertEq(emission.reservedWei(), reserved, "sum of what is left");
    }

    function invariant_AvailabilityStaysInItsBounds() public view {
        assertGe(emission.availBps(), Params.AVAIL_FLOOR_BPS);
        assertLe(emission.availBps(), Params.AVAIL_CEIL_BPS);
    }

    /// @dev The handler's calls are really reached, and a year of epochs keeps the books whole.
    function test_AWalkOfFixedSteps() public {
        for (uint256 week; week < 52; ++week) {
            handler.stake(week, uint96(1_000e18 * (week + 1)), uint96(500e18 * week), uint8(week));
            handler.work(week, uint96(1_000_000e18), 3, uint8(week % 3));
            handler.passTime(0);
            handler.register(week);
            handler.roll();
            handler.refuse(week, week % 3 == 0);
            if (week % 2 == 0) handler.handOn(week + 3, 0);
            if (week > 4) handler.claim(week + 3, 0);
            handler.claimDelegated(week + 3, uint96(1e18));
            handler.expire(0);
        }
        invariant_NothingIsMadeAndNothingIsLost();
        assertEq(handler.rolls(), 51);
        assertGt(emission.paidWei(), 5_000_000e18);
    }
}
