// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPaymentChannels} from "../../contracts/interfaces/IPaymentChannels.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {PaymentChannels} from "../../contracts/market/PaymentChannels.sol";
import {Delegation, Redemption, Voucher} from "../../contracts/types/Channel.sol";
import {ChannelBase} from "./ChannelBase.sol";
import {ContractWallet} from "./mocks/ContractWallet.sol";

/// @notice See ChannelRedeeming.tree.
contract ChannelRedeemingTest is ChannelBase {
    function _expectRefused(bytes memory reason, Voucher memory voucher) private {
        bytes memory signature = _signVoucher(CLIENT_KEY, voucher);
        vm.expectRevert(reason);
        vm.prank(operator);
        channels.redeem(voucher, signature);
    }

    function _pendingError(bytes32 channelId) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IPaymentChannels.PaymentChannels__RedemptionPending.selector,
            channelId,
            provider,
            _redemption(channelId).dueAt
        );
    }

    // --- redeem ---

    function test_Redeem_LocksHoldsAndKeepsWhatWasSigned() public {
        bytes32 channelId = _opened();
        bytes32 signed = channels.voucherHashOf(_voucher(channelId, 10e18));
        vm.expectEmit(address(channels));
        emit IPaymentChannels.VoucherRedeemed(
            channelId, provider, 10e18, 10e18, ROOT, 1e18, block.timestamp + WINDOW
        );
        _redeem(channelId, 10e18);
        Redemption memory r = _redemption(channelId);
        assertEq(r.amount, 10e18);
        assertEq(r.due, 0);
        assertEq(r.dueAt, block.timestamp + WINDOW);
        assertEq(r.voucherHash, signed);
        assertEq(_side(channelId).redeemed, 10e18);
        assertEq(_locked(), 200e18);
        assertEq(market.earnedOf(provider), 0, "not before the window is over");
        _assertReserve(channelId);
    }

    function test_Redeem_ByTheOwner() public {
        bytes32 channelId = _opened();
        Voucher memory voucher = _voucher(channelId, 1);
        bytes memory signature = _signVoucher(CLIENT_KEY, voucher);
        vm.prank(provider);
        channels.redeem(voucher, signature);
        assertEq(_side(channelId).redeemed, 1);
    }

    function test_Redeem_LaterTakesTheDifference() public {
        bytes32 channelId = _settledOf(10e18);
        _redeem(channelId, 16e18);
        assertEq(_redemption(channelId).amount, 6e18);
        assertEq(_locked(), 120e18);
        _assertReserve(channelId);
    }

    function test_Redeem_GivenTheLastOneIsDue_KeepsItAndItsLockServesOn() public {
        bytes32 channelId = _opened();
        _redeem(channelId, 10e18);
        _afterWindow();
        vm.expectEmit(address(stakes));
        emit IStakeManager.StakeUnlocked(provider, channelId, 80e18);
        _redeem(channelId, 16e18);
        _assertWaits(channelId, 6e18, 10e18);
        _afterWindow();
        vm.expectEmit(address(stakes));
        emit IStakeManager.StakeLocked(provider, channelId, 20e18);
        _redeem(channelId, 23e18);
        _assertWaits(channelId, 7e18, 16e18);
        _afterWindow();
        vm.expectCall(address(stakes), abi.encodePacked(IStakeManager.lock.selector), 0);
        vm.expectCall(address(stakes), abi.encodePacked(IStakeManager.unlock.selector), 0);
        _redeem(channelId, 30e18); // as much again: no lock moves
        _assertWaits(channelId, 7e18, 23e18);
        assertEq(market.earnedOf(provider), 0, "settle pays");
    }

    function _assertWaits(bytes32 channelId, uint256 pending, uint256 due) private view {
        Redemption memory r = _redemption(channelId);
        assertEq(r.amount, pending, "pending");
        assertEq(r.due, due, "due");
        assertEq(_locked(), MULTIPLE * pending, "locked for what is pending alone");
        _assertReserve(channelId);
    }

    function test_Redeem_GivenTooLittleStakeForTheRest_RevertsAndKeepsAll() public {
        bytes32 channelId = _opened();
        _redeem(channelId, 5e18);
        _afterWindow();
        vm.prank(provider);
        stakes.requestUnbonding(STAKE - 140e18);
        _expectRefused(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__InsufficientFree.selector, provider, 40e18, 60e18
            ),
            _voucher(channelId, 13e18)
        );
        _redeem(channelId, 12e18);
        _assertWaits(channelId, 7e18, 5e18);
    }

    function test_Redeem_WithinTheNotice() public {
        bytes32 channelId = _opened();
        uint256 closesAt = _noticed(channelId);
        vm.warp(closesAt);
        _redeem(channelId, ALLOTMENT);
        assertEq(_redemption(channelId).amount, ALLOTMENT);
    }

    function test_Redeem_InTheLastSecondOfTheVoucher() public {
        bytes32 channelId = _opened();
        Voucher memory voucher = _voucher(channelId, 1);
        bytes memory signature = _signVoucher(CLIENT_KEY, voucher);
        vm.warp(voucher.expiry);
        vm.prank(operator);
        channels.redeem(voucher, signature);
    }

    function test_Redeem_OfAnUnknownChannel_Reverts() public {
        _expectRefused(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__UnknownChannel.selector, SALT
            ),
            _voucher(SALT, 1)
        );
    }

    function test_Redeem_ByAnother_Reverts() public {
        bytes32 channelId = _opened();
        Voucher memory voucher = _voucher(channelId, 1);
        bytes memory signature = _signVoucher(CLIENT_KEY, voucher);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__NotPayee.selector, provider, client
            )
        );
        vm.prank(client);
        channels.redeem(voucher, signature);
    }

    function testFuzz_Redeem_NotAbove_Reverts(uint96 cumulative) public {
        cumulative = uint96(bound(cumulative, 0, 10e18));
        bytes32 channelId = _settledOf(10e18);
        _expectRefused(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__NotMonotone.selector, cumulative, 10e18
            ),
            _voucher(channelId, cumulative)
        );
    }

    function testFuzz_Redeem_AboveTheAllotment_Reverts(uint96 cumulative) public {
        cumulative = uint96(bound(cumulative, ALLOTMENT + 1, type(uint96).max));
        bytes32 channelId = _opened();
        _expectRefused(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__OverAllotment.selector, cumulative, ALLOTMENT
            ),
            _voucher(channelId, cumulative)
        );
    }

    function test_Redeem_GivenAClosedSide_Reverts() public {
        bytes32 channelId = _settledOf(10e18);
        vm.prank(operator);
        channels.closeSide(channelId, provider);
        _expectRefused(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__OverAllotment.selector, 11e18, 10e18
            ),
            _voucher(channelId, 11e18)
        );
    }

    function test_Redeem_AfterTheVouchersTime_Reverts() public {
        Voucher memory voucher = _voucher(_opened(), 1);
        vm.warp(uint256(voucher.expiry) + 1);
        _expectRefused(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__VoucherExpired.selector,
                voucher.expiry,
                block.timestamp
            ),
            voucher
        );
    }

    function test_Redeem_GivenOneWaits_Reverts() public {
        bytes32 channelId = _opened();
        _redeem(channelId, 10e18);
        vm.warp(block.timestamp + WINDOW);
        _expectRefused(_pendingError(channelId), _voucher(channelId, 11e18));
    }

    function test_Redeem_AfterTheNotice_Reverts() public {
        bytes32 channelId = _opened();
        uint256 closesAt = _noticed(channelId);
        vm.warp(closesAt + 1);
        _expectRefused(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__ChannelClosed.selector, channelId, closesAt
            ),
            _voucher(channelId, 1)
        );
    }

    function test_Redeem_GivenTooLittleStake_Reverts() public {
        bytes32 channelId = _opened();
        vm.prank(provider);
        stakes.requestUnbonding(STAKE - 100e18);
        _expectRefused(
            abi.encodeWithSelector(
                IStakeManager.StakeManager__InsufficientFree.selector, provider, 100e18, 120e18
            ),
            _voucher(channelId, 6e18)
        );
    }

    // --- signatures ---

    function _expectBadSignature(Voucher memory voucher, bytes memory signature) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__BadSignature.selector,
                channels.voucherHashOf(voucher)
            )
        );
        vm.prank(operator);
        channels.redeem(voucher, signature);
    }

    function test_Signature_CountsForItsVoucherAlone() public {
        bytes32 channelId = _opened();
        vm.prank(client);
        bytes32 twin = channels.open("twin", _allotments(provider, ALLOTMENT, MULTIPLE));
        Voucher memory voucher = _voucher(channelId, 5);
        bytes memory signature = _signVoucher(CLIENT_KEY, voucher);
        _expectBadSignature(voucher, _signVoucher(DELEGATE_KEY, voucher));
        Voucher memory changed = _voucher(channelId, 6);
        _expectBadSignature(changed, signature);
        changed = _voucher(twin, 5);
        _expectBadSignature(changed, signature);
        changed = _voucher(channelId, 5);
        changed.payee = other;
        _expectBadSignature(changed, signature);
        changed = _voucher(channelId, 5);
        changed.maxLeaf = 2e18;
        _expectBadSignature(changed, signature);
        changed = _voucher(channelId, 5);
        changed.receiptsRoot = 0;
        _expectBadSignature(changed, signature);
    }

    function test_Signature_OfAnotherChainOrContract_Reverts() public {
        Voucher memory voucher = _voucher(_opened(), 5);
        bytes memory signature = _signVoucher(CLIENT_KEY, voucher);
        uint256 here = block.chainid;
        vm.chainId(here + 1);
        _expectBadSignature(voucher, signature);
        vm.chainId(here);
        bytes32 digest = channels.voucherHashOf(voucher);
        PaymentChannels twin =
            new PaymentChannels(address(market), address(stakes), address(0), address(0));
        assertTrue(twin.voucherHashOf(voucher) != digest, "bound to the contract");
    }

    function test_Signature_OfAnotherForm_Reverts() public {
        Voucher memory voucher = _voucher(_opened(), 5);
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(CLIENT_KEY, channels.voucherHashOf(voucher));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes memory high = abi.encodePacked(r, order - uint256(s), v == 27 ? 28 : 27);
        _expectBadSignature(voucher, high);
        _expectBadSignature(voucher, abi.encodePacked(r, s, v - 27));
        _expectBadSignature(voucher, abi.encodePacked(r, s));
        _expectBadSignature(voucher, abi.encodePacked(r, s, v, uint8(0)));
        _expectBadSignature(voucher, "");
    }

    function test_Signature_OfAContractClient() public {
        ContractWallet wallet = new ContractWallet();
        _fundClient(address(wallet));
        vm.prank(address(wallet));
        bytes32 channelId = channels.open(SALT, _allotments(provider, ALLOTMENT, MULTIPLE));
        Voucher memory voucher = _voucher(channelId, 5);
        _expectBadSignature(voucher, "");
        wallet.approve(channels.voucherHashOf(voucher));
        vm.prank(operator);
        channels.redeem(voucher, "");
        assertEq(_redemption(channelId).amount, 5);
    }

    // --- redeemDelegated ---

    function _redeemDelegated(Voucher memory voucher, Delegation memory d, bytes memory reason)
        private
    {
        bytes memory permission =
            _signDigest(CLIENT_KEY, channels.delegationHashOf(voucher.channelId, d));
        bytes memory signature = _signVoucher(DELEGATE_KEY, voucher);
        if (reason.length != 0) vm.expectRevert(reason);
        vm.prank(operator);
        channels.redeemDelegated(voucher, signature, d, permission);
    }

    function test_Delegate_SignsUpToItsCap_InItsLastSecond() public {
        bytes32 channelId = _opened();
        Delegation memory d = _delegation(7e18);
        vm.warp(d.expiry);
        _redeemDelegated(_voucher(channelId, 7e18), d, "");
        assertEq(_redemption(channelId).amount, 7e18);
    }

    function test_Delegate_AboveItsCap_Reverts() public {
        Voucher memory voucher = _voucher(_opened(), 7e18 + 1);
        bytes memory reason = abi.encodeWithSelector(
            IPaymentChannels.PaymentChannels__DelegateOverCap.selector,
            delegate,
            7e18 + 1,
            7e18
        );
        _redeemDelegated(voucher, _delegation(7e18), reason);
    }

    function test_Delegate_AfterItsTime_Reverts() public {
        Voucher memory voucher = _voucher(_opened(), 1);
        Delegation memory d = _delegation(7e18);
        vm.warp(uint256(d.expiry) + 1);
        bytes memory reason = abi.encodeWithSelector(
            IPaymentChannels.PaymentChannels__DelegateExpired.selector,
            delegate,
            d.expiry,
            block.timestamp
        );
        _redeemDelegated(voucher, d, reason);
    }

    function _expectBadPermission(Voucher memory voucher, Delegation memory d, bytes32 signed)
        private
    {
        bytes32 needed = channels.delegationHashOf(voucher.channelId, d);
        bytes memory permission = _signDigest(CLIENT_KEY, signed);
        bytes memory signature = _signVoucher(DELEGATE_KEY, voucher);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__BadSignature.selector, needed
            )
        );
        vm.prank(operator);
        channels.redeemDelegated(voucher, signature, d, permission);
    }

    function test_Delegate_WithAPermissionForSomethingElse_Reverts() public {
        Voucher memory voucher = _voucher(_opened(), 1);
        Delegation memory d = _delegation(7e18);
        _expectBadPermission(voucher, d, channels.delegationHashOf(SALT, d));
        d.cap += 1;
        _expectBadPermission(
            voucher, d, channels.delegationHashOf(voucher.channelId, _delegation(7e18))
        );
        _expectBadPermission(voucher, d, channels.voucherHashOf(voucher));
    }

    function test_Delegate_SignedByAnother_Reverts() public {
        Voucher memory voucher = _voucher(_opened(), 1);
        Delegation memory d = _delegation(7e18);
        bytes memory permission =
            _signDigest(CLIENT_KEY, channels.delegationHashOf(voucher.channelId, d));
        bytes memory signature = _signVoucher(CLIENT_KEY, voucher);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPaymentChannels.PaymentChannels__BadSignature.selector,
                channels.voucherHashOf(voucher)
            )
        );
        vm.prank(operator);
        channels.redeemDelegated(voucher, signature, d, permission);
        _expectBadSignature(voucher, _signVoucher(DELEGATE_KEY, voucher));
    }
}
