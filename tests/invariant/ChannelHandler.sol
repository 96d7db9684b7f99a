// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Allotment, Redemption, Side, Voucher} from "../../contracts/types/Channel.sol";
import {PaymentChannels} from "../../contracts/market/PaymentChannels.sol";
import {JobMarket} from "../../contracts/market/JobMarket.sol";
import {StakeManager} from "../../contracts/staking/StakeManager.sol";

/// @notice A client with many channels, two payees, time. Only makes calls that must succeed, and keeps
/// books of its own.
contract ChannelHandler is Test {
    uint256 private constant CLIENT_KEY = uint256(keccak256("client"));

    PaymentChannels private immutable channels;
    JobMarket private immutable market;
    StakeManager private immutable stakes;
    address private immutable client = vm.addr(CLIENT_KEY);

    bytes32[] public ids;
    address[2] public payees;
    mapping(bytes32 name => uint256) public count;
    mapping(bytes32 channelId => mapping(address payee => uint256)) public signed;
    uint256 public put;
    uint256 public returned;
    uint256 public paid;

    constructor(PaymentChannels channels_, address[2] memory payees_) {
        channels = channels_;
        market = JobMarket(channels_.market());
        stakes = StakeManager(channels_.stakeManager());
        payees = payees_;
    }

    function _allotments(address payee, uint96 amount, uint8 multiple)
        private
        pure
        returns (Allotment[] memory list)
    {
        list = new Allotment[](1);
        list[0] = Allotment(payee, amount, multiple);
    }

    function _payees(address payee) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = payee;
    }

    function idCount() external view returns (uint256) {
        return ids.length;
    }

    // --- the client ---

    function open(uint256 seed, uint256 amount) external {
        uint256 free = market.freeOf(client);
        if (free == 0 || ids.length > 5) return;
        amount = _bound(amount, 1, free < 80e18 ? free : 80e18);
        vm.prank(client);
        ids.push(channels.open(bytes32(ids.length), _allotments(payees[seed % 2], uint96(amount), 5)));
        put += amount;
        ++count["open"];
    }

    function topUp(uint256 seed, uint256 amount) external {
        (bytes32 id, address payee) = _pick(seed);
        uint256 free = market.freeOf(client);
        if (id == 0 || free == 0 || channels.channelOf(id).closesAt != 0) return;
        if (channels.sideOf(id, payee).isClosed) return;
        amount = _bound(amount, 1, free < 80e18 ? free : 80e18);
        vm.prank(client);
        channels.topUp(id, _allotments(payee, uint96(amount), 5));
        put += amount;
        ++count["topUp"];
    }

    function requestClose(uint256 seed) external {
        (bytes32 id,) = _pick(seed);
        if (id == 0 || seed % 3 != 0 || channels.channelOf(id).closesAt != 0) return;
        vm.prank(client);
        channels.requestClose(id);
        ++count["requestClose"];
    }

    function reclaim(uint256 seed) external {
        (bytes32 id, address payee) = _pick(seed);
        uint256 closesAt = channels.channelOf(id).closesAt;
        if (id == 0 || closesAt == 0 || block.timestamp <= closesAt) return;
        returned += channels.reclaim(id, _payees(payee));
        ++count["reclaim"];
    }

    // --- the payee ---

    function redeem(uint256 seed, uint256 amount) external {
        (bytes32 id, address payee) = _pick(seed);
        Side memory side = channels.sideOf(id, payee);
        Redemption memory last = channels.redemptionOf(id, payee);
        uint256 closesAt = channels.channelOf(id).closesAt;
        uint256 rest = uint256(side.allotment) - side.redeemed;
        if (rest == 0 || (closesAt != 0 && block.timestamp > closesAt)) return;
        if (last.amount != 0 && block.timestamp <= last.dueAt) return;
        amount = _bound(amount, 1, rest);
        if (amount * 5 > stakes.freeOf(payee) + 5 * uint256(last.amount)) return;
        Voucher memory voucher = Voucher({
            channelId: id,
            payee: payee,
            cumulativeAmount: uint96(side.redeemed + amount),
            receiptsRoot: keccak256(abi.encode(seed)),
            maxLeaf: uint96(amount),
            expiry: uint64(block.timestamp)
        });
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(CLIENT_KEY, channels.voucherHashOf(voucher));
        bytes memory signature = abi.encodePacked(r, s, v);
        signed[id][payee] = voucher.cumulativeAmount;
        vm.prank(payee);
        channels.redeem(voucher, signature);
        ++count["redeem"];
    }

    function closeSide(uint256 seed) external {
        (bytes32 id, address payee) = _pick(seed);
        if (id == 0 || seed % 5 != 0 || channels.sideOf(id, payee).isClosed) return;
        uint256 before = market.freeOf(client);
        vm.prank(payee);
        channels.closeSide(id, payee);
        returned += market.freeOf(client) - before;
        ++count["closeSide"];
    }

    function settle(uint256 seed) public {
        (bytes32 id, address payee) = _pick(seed);
        uint256 amount = _due(id, payee);
        if (amount == 0) return;
        channels.settle{gas: 279_000}(id, payee);
        paid += amount;
        ++count["settle"];
    }

    function settleBatch(uint256 seed) external {
        address payee = payees[seed % 2];
        if (ids.length == 0) return;
        uint256 amount;
        for (uint256 i; i < ids.length; ++i) {
            amount += _due(ids[i], payee);
        }
        require(channels.settleBatch(ids, payee) == amount, "paid what was due");
        paid += amount;
        if (amount != 0) ++count["settleBatch"];
    }

    function _due(bytes32 id, address payee) private view returns (uint256) {
        Redemption memory last = channels.redemptionOf(id, payee);
        bool isOver = block.timestamp > last.dueAt;
        return isOver ? uint256(last.due) + last.amount : last.due;
    }

    function passTime(uint256 seconds_) external {
        vm.warp(block.timestamp + _bound(seconds_, 1, 2 hours));
        ++count["passTime"];
    }

    function passDay() external {
        vm.warp(block.timestamp + 1 days);
        ++count["passDay"];
    }

    function _pick(uint256 seed) private view returns (bytes32 id, address payee) {
        if (ids.length == 0) return (0, payees[0]);
        return (ids[(seed >> 8) % ids.length], payees[seed % 2]);
    }

    // --- the very end ---

    /// @notice Strangers close everything; nothing is left in the reserve, no stake is locked.
    function drain() external {
        for (uint256 i; i < ids.length; ++i) {
            if (channels.channelOf(ids[i]).closesAt != 0) continue;
            vm.prank(client);
            channels.requestClose(ids[i]);
        }
        vm.warp(block.timestamp + 2 days);
        for (uint256 i; i < ids.length; ++i) {
            for (uint256 j; j < 2; ++j) {
                settle((i << 8) + j);
                returned += channels.reclaim{gas: 279_000}(ids[i], _payees(payees[j]));
            }
        }
        assertEq(market.freeOf(address(channels)), 0, "the reserve is empty");
        for (uint256 j; j < 2; ++j) {
            assertEq(stakes.stakeOf(payees[j]).locked, 0, "no locks");
        }
    }
}
