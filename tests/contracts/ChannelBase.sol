// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPaymentChannels} from "../../contracts/interfaces/IPaymentChannels.sol";
import {PaymentChannels} from "../../contracts/market/PaymentChannels.sol";
import {FeeRouter} from "../../contracts/rewards/FeeRouter.sol";
import {Allotment, Delegation, Redemption, Side, Voucher} from "../../contracts/types/Channel.sol";
import {Economy} from "../../contracts/types/Economy.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice The market with channels, a client and a delegate who sign, and the steps of a channel.
abstract contract ChannelBase is MarketBase {
    uint256 internal constant CLIENT_KEY = uint256(keccak256("client"));
    uint256 internal constant DELEGATE_KEY = uint256(keccak256("delegate"));
    uint96 internal constant ALLOTMENT = 100e18;
    uint8 internal constant MULTIPLE = 20;
    uint256 internal constant WINDOW = 1_800;
    bytes32 internal constant SALT = "salt";
    bytes32 internal constant ROOT = keccak256("receipts");

    PaymentChannels internal channels;
    FeeRouter internal router;
    address internal delegate = vm.addr(DELEGATE_KEY);

    function setUp() public virtual override {
        super.setUp();
        channels = new PaymentChannels(
            address(market), address(stakes), market.feeRouter(), market.params()
        );
        assertEq(address(channels), market.channels(), "precomputed address");
        if (_hasRouter()) router = _deployRouter();
        assertEq(vm.addr(CLIENT_KEY), client, "the client signs");
    }

    /// @dev A deployment with or without the split of fees.
    function _hasRouter() internal view virtual returns (bool) {
        return false;
    }

    function _economy() internal virtual override returns (Economy memory economy) {
        uint256 nonce = vm.getNonce(address(this));
        economy.channels = vm.computeCreateAddress(address(this), nonce + 2);
        if (_hasRouter()) economy.feeRouter = vm.computeCreateAddress(address(this), nonce + 3);
    }

    function _deployRouter() private returns (FeeRouter made) {
        made = new FeeRouter(
            address(token),
            address(market),
            address(stakes),
            address(channels),
            address(0),
            makeAddr("vault"),
            makeAddr("treasury"),
            insurance,
            address(0)
        );
        assertEq(address(made), market.feeRouter(), "precomputed address");
    }

    /// @dev Another contract in place of the channels that the market knows.
    function _redeploy(address stakeManager, address params) internal {
        PaymentChannels made =
            new PaymentChannels(address(market), stakeManager, market.feeRouter(), params);
        bytes memory code = address(made).code;
        vm.etch(address(channels), code);
    }

    // --- inputs ---

    function _allotments(address payee, uint96 amount, uint8 multiple)
        internal
        pure
        returns (Allotment[] memory list)
    {
        list = new Allotment[](1);
        list[0] = Allotment(payee, amount, multiple);
    }

    function _payees(address payee) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = payee;
    }

    function _voucher(bytes32 channelId, uint96 cumulative)
        internal
        view
        returns (Voucher memory)
    {
        return Voucher({
            channelId: channelId,
            payee: provider,
            cumulativeAmount: cumulative,
            receiptsRoot: ROOT,
            maxLeaf: 1e18,
            expiry: uint64(block.timestamp + 7 days)
        });
    }

    function _delegation(uint96 cap) internal view returns (Delegation memory) {
        return Delegation(delegate, cap, uint64(block.timestamp + 1 days));
    }

    function _signVoucher(uint256 key, Voucher memory voucher)
        internal
        view
        returns (bytes memory)
    {
        return _signDigest(key, channels.voucherHashOf(voucher));
    }

    function _signDigest(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    // --- steps ---

    function _opened() internal returns (bytes32 channelId) {
        vm.prank(client);
        channelId = channels.open(SALT, _allotments(provider, ALLOTMENT, MULTIPLE));
    }

    function _redeem(bytes32 channelId, uint96 cumulative) internal {
        Voucher memory voucher = _voucher(channelId, cumulative);
        bytes memory signature = _signVoucher(CLIENT_KEY, voucher);
        vm.prank(operator);
        channels.redeem(voucher, signature);
    }

    function _afterWindow() internal {
        vm.warp(block.timestamp + WINDOW + 1);
    }

    function _settledOf(uint96 cumulative) internal returns (bytes32 channelId) {
        channelId = _opened();
        _redeem(channelId, cumulative);
        _afterWindow();
        channels.settle(channelId, provider);
    }

    function _noticed(bytes32 channelId) internal returns (uint256 closesAt) {
        vm.prank(client);
        channels.requestClose(channelId);
        return channels.channelOf(channelId).closesAt;
    }

    // --- expectations ---

    function _side(bytes32 channelId) internal view returns (Side memory) {
        return channels.sideOf(channelId, provider);
    }

    function _redemption(bytes32 channelId) internal view returns (Redemption memory) {
        return channels.redemptionOf(channelId, provider);
    }

    /// @dev The contract's free balance is what it owes: rests of allotments, and what is pending.
    function _assertReserve(bytes32 channelId) internal view {
        Side memory side = _side(channelId);
        Redemption memory r = _redemption(channelId);
        uint256 owed = uint256(side.allotment) - side.redeemed + r.amount + r.due;
        assertEq(market.freeOf(address(channels)), owed, "reserve");
    }
}
