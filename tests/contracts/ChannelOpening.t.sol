// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {IPaymentChannels} from "../../contracts/interfaces/IPaymentChannels.sol";
import {IProtocolParams} from "../../contracts/interfaces/IProtocolParams.sol";
import {AuditOdds} from "../../contracts/libraries/AuditOdds.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {Allotment, Channel, Side, Voucher} from "../../contracts/types/Channel.sol";
import {ChannelBase} from "./ChannelBase.sol";

/// @notice See ChannelOpening.tree.
contract ChannelOpeningTest is ChannelBase {
    // --- open ---

    function test_Open_ReservesAndFixesTheTerms() public {
        bytes32 expected = keccak256(
            abi.encode("NVY/channel/1", block.chainid, address(channels), client, SALT)
        );
        vm.expectEmit(address(channels));
        emit IPaymentChannels.ChannelOpened(expected, client, WINDOW);
        vm.expectEmit(address(channels));
        emit IPaymentChannels.PayeeAllotted(
            expected, provider, ALLOTMENT, ALLOTMENT, MULTIPLE, 627
        );
        assertEq(_opened(), expected);
        assertEq(channels.channelIdOf(client, SALT), expected);
        Channel memory c = channels.channelOf(expected);
        assertEq(c.client, client);
        assertEq(c.window, WINDOW);
        assertEq(c.closesAt, 0);
        Side memory side = _side(expected);
        assertEq(side.allotment, ALLOTMENT);
        assertEq(side.redeemed, 0);
        assertEq(side.lockMultiple, MULTIPLE);
        assertEq(side.pEconBps, 627, "ceil(1e8 / (21 * 7600))");
        assertFalse(side.isClosed);
        assertEq(market.freeOf(client), DEPOSIT - ALLOTMENT);
        _assertReserve(expected);
    }

    function test_Open_TwoAllotmentsToOnePayeeAddUp() public {
        Allotment[] memory list = new Allotment[](2);
        list[0] = Allotment(provider, 3, 5);
        list[1] = Allotment(provider, 4, 5);
        vm.prank(client);
        bytes32 channelId = channels.open(SALT, list);
        assertEq(_side(channelId).allotment, 7);
        _assertReserve(channelId);
    }

    function testFuzz_Open_TheOddsAreThoseOfAJob(uint8 multiple, uint96 price) public {
        multiple = uint8(bound(multiple, 5, 255));
        price = uint96(bound(price, 1, 1e27));
        vm.prank(client);
        bytes32 channelId = channels.open(SALT, _allotments(provider, 1, multiple));
        uint256 ofJob = AuditOdds.economicBps(
            price, uint256(multiple) * price, Params.AUDIT_MIN_BPS, Params.DETECT_BPS
        );
        assertEq(_side(channelId).pEconBps, ofJob);
    }

    function test_Open_WhenTheSaltWasUsed_Reverts() public {
        bytes32 channelId = _opened();
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__ChannelExists.selector, channelId
            )
        );
        _opened();
    }

    function _expectBadCount(uint256 count) private {
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannels.PaymentChannels__BadCount.selector, count, 32)
        );
    }

    function test_Open_WithNoneOrTooManyPayees_Reverts() public {
        vm.startPrank(client);
        _expectBadCount(0);
        channels.open(SALT, new Allotment[](0));
        _expectBadCount(33);
        channels.open(SALT, new Allotment[](33));
    }

    function test_Open_WhenAnAllotmentIsZero_Reverts() public {
        vm.prank(client);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__ZeroAmount.selector, provider
            )
        );
        channels.open(SALT, _allotments(provider, 0, MULTIPLE));
    }

    function testFuzz_Open_UnderTheLeastMultiple_Reverts(uint8 multiple) public {
        multiple = uint8(bound(multiple, 0, 4));
        vm.prank(client);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__MultipleTooSmall.selector, multiple, 5
            )
        );
        channels.open(SALT, _allotments(provider, 1, multiple));
    }

    function testFuzz_Open_AboveTheFreeBalance_Reverts(uint96 amount) public {
        amount = uint96(bound(amount, DEPOSIT + 1, type(uint96).max));
        vm.prank(client);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__InsufficientFree.selector, client, DEPOSIT, amount
            )
        );
        channels.open(SALT, _allotments(provider, amount, MULTIPLE));
    }

    // --- topUp ---

    function test_TopUp_AddsToAKnownPayeeAndTakesANewOne() public {
        bytes32 channelId = _opened();
        Allotment[] memory list = new Allotment[](2);
        list[0] = Allotment(provider, 5, MULTIPLE);
        list[1] = Allotment(other, 6, 5);
        vm.prank(client);
        channels.topUp(channelId, list);
        assertEq(_side(channelId).allotment, ALLOTMENT + 5);
        assertEq(channels.sideOf(channelId, other).allotment, 6);
        assertEq(market.freeOf(address(channels)), ALLOTMENT + 11);
    }

    function test_TopUp_OfAnUnknownChannel_Reverts() public {
        vm.prank(client);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__UnknownChannel.selector, SALT
            )
        );
        channels.topUp(SALT, _allotments(provider, 1, MULTIPLE));
    }

    function _expectNotClient(bytes32 channelId) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__NotClient.selector, channelId, other
            )
        );
        vm.prank(other);
    }

    function test_TopUp_ByAnother_Reverts() public {
        bytes32 channelId = _opened();
        _expectNotClient(channelId);
        channels.topUp(channelId, _allotments(provider, 1, MULTIPLE));
    }

    function test_TopUp_AtAnotherMultiple_Reverts() public {
        bytes32 channelId = _opened();
        vm.prank(client);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__MultipleFixed.selector, provider, 21, MULTIPLE
            )
        );
        channels.topUp(channelId, _allotments(provider, 1, 21));
    }

    function _expectSideClosed(bytes32 channelId) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__SideClosed.selector, channelId, provider
            )
        );
    }

    function test_TopUp_GivenAClosedSide_Reverts() public {
        bytes32 channelId = _opened();
        vm.prank(operator);
        channels.closeSide(channelId, provider);
        _expectSideClosed(channelId);
        vm.prank(client);
        channels.topUp(channelId, _allotments(provider, 1, MULTIPLE));
    }

    function _expectClosing(bytes32 channelId, uint256 closesAt) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__Closing.selector, channelId, closesAt
            )
        );
        vm.prank(client);
    }

    function test_TopUp_GivenNotice_Reverts() public {
        bytes32 channelId = _opened();
        _expectClosing(channelId, _noticed(channelId));
        channels.topUp(channelId, _allotments(provider, 1, MULTIPLE));
    }

    // --- requestClose ---

    function test_RequestClose_Gives24Hours() public {
        bytes32 channelId = _opened();
        vm.expectEmit(address(channels));
        emit IPaymentChannels.CloseRequested(channelId, block.timestamp + 24 hours);
        assertEq(_noticed(channelId), block.timestamp + 24 hours);
    }

    function test_RequestClose_GivenLongWindows_GivesTwiceTheWindow() public {
        address params = makeAddr("params");
        uint256 word = (Params.DEFAULT_FUNDS & ~(uint256(0xffffffff) << 64)) | (86_400 << 64);
        vm.mockCall(
            params, abi.encodeCall(IProtocolParams.word, (Params.WORD_FUNDS)), abi.encode(word)
        );
        vm.mockCall(
            params,
            abi.encodeCall(IProtocolParams.word, (Params.WORD_HIRING)),
            abi.encode(Params.DEFAULT_HIRING)
        );
        _redeploy(address(stakes), params);
        bytes32 channelId = _opened();
        assertEq(channels.channelOf(channelId).window, 86_400);
        assertEq(_noticed(channelId), block.timestamp + 48 hours);
    }

    function test_RequestClose_Twice_Reverts() public {
        bytes32 channelId = _opened();
        _expectClosing(channelId, _noticed(channelId));
        channels.requestClose(channelId);
    }

    function test_RequestClose_ByAnother_Reverts() public {
        bytes32 channelId = _opened();
        _expectNotClient(channelId);
        channels.requestClose(channelId);
    }

    // --- reclaim ---

    function test_Reclaim_ReturnsTheRest_AndWhatIsPendingIsStillPaid() public {
        bytes32 channelId = _opened();
        uint256 closesAt = _noticed(channelId);
        vm.warp(closesAt);
        _redeem(channelId, 30e18);
        vm.warp(closesAt + 1);
        vm.expectEmit(address(channels));
        emit IPaymentChannels.ReserveReturned(channelId, provider, 70e18);
        vm.prank(other);
        assertEq(channels.reclaim(channelId, _payees(provider)), 70e18);
        assertEq(market.freeOf(client), DEPOSIT - 30e18);
        _assertReserve(channelId);
        _afterWindow();
        channels.settle(channelId, provider);
        assertEq(market.earnedOf(provider), 30e18);
        assertEq(market.freeOf(address(channels)), 0);
    }

    function test_Reclaim_PassesOverPayeesWithoutARest() public {
        bytes32 channelId = _opened();
        vm.warp(_noticed(channelId) + 1);
        address[] memory list = new address[](3);
        (list[0], list[1], list[2]) = (other, provider, provider);
        assertEq(channels.reclaim(channelId, list), ALLOTMENT);
        assertEq(channels.reclaim(channelId, list), 0, "and a second time");
        assertEq(market.freeOf(client), DEPOSIT);
    }

    function _expectNotClosed(bytes32 channelId, uint256 closesAt) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__NotClosed.selector,
                channelId,
                closesAt,
                block.timestamp
            )
        );
    }

    function test_Reclaim_BeforeTheEnd_Reverts() public {
        bytes32 channelId = _opened();
        _expectNotClosed(channelId, 0);
        channels.reclaim(channelId, _payees(provider));
        uint256 closesAt = _noticed(channelId);
        vm.warp(closesAt);
        _expectNotClosed(channelId, closesAt);
        channels.reclaim(channelId, _payees(provider));
    }

    function test_Reclaim_WithNoneOrTooManyPayees_Reverts() public {
        bytes32 channelId = _opened();
        vm.warp(_noticed(channelId) + 1);
        _expectBadCount(0);
        channels.reclaim(channelId, new address[](0));
        _expectBadCount(33);
        channels.reclaim(channelId, new address[](33));
    }

    // --- closeSide ---

    function test_CloseSide_ReturnsTheRestAtOnce() public {
        bytes32 channelId = _opened();
        _redeem(channelId, 30e18);
        vm.expectEmit(address(channels));
        emit IPaymentChannels.SideClosed(channelId, provider, 70e18);
        vm.prank(operator);
        channels.closeSide(channelId, provider);
        assertEq(market.freeOf(client), DEPOSIT - 30e18);
        _assertReserve(channelId);
        _afterWindow();
        channels.settle(channelId, provider);
        assertEq(market.earnedOf(provider), 30e18);
    }

    function test_CloseSide_ByTheOwner_AndOnlyOnce() public {
        bytes32 channelId = _opened();
        vm.startPrank(provider);
        channels.closeSide(channelId, provider);
        assertEq(market.freeOf(client), DEPOSIT);
        _expectSideClosed(channelId);
        channels.closeSide(channelId, provider);
    }

    function test_CloseSide_ByAnother_Reverts() public {
        bytes32 channelId = _opened();
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__NotPayee.selector, provider, client
            )
        );
        vm.prank(client);
        channels.closeSide(channelId, provider);
    }

    // --- refunds ---

    function test_Refunds_NeedNoStakes() public {
        bytes32 channelId = _opened();
        uint256 closesAt = _noticed(channelId);
        vm.etch(address(stakes), hex"fe"); // refuses everything and burns all gas
        vm.startPrank(provider);
        channels.closeSide{gas: 250_000}(channelId, provider);
        assertEq(market.freeOf(client), DEPOSIT);
        vm.warp(closesAt + 1);
        channels.reclaim{gas: 250_000}(channelId, _payees(provider));
        vm.stopPrank();
    }
}
