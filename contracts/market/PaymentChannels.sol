// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IFeeRouter} from "../interfaces/IFeeRouter.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Params} from "../libraries/Params.sol";
import {Allotment, Channel, Delegation, SideRecord, Voucher} from "../types/Channel.sol";
import {ChannelBook} from "./ChannelBook.sol";

/// @title Channels: a client pays many times, and the chain sees few of them
/// @notice No owner, no pause, no upgrade. Receipts under a voucher are not audited yet; what protects
/// the client meanwhile is that it signs only for what it received and checked.
/// @dev Every call keeps one order: identify, check, change state, emit, call out.
contract PaymentChannels is ChannelBook, ReentrancyGuardTransient {
    uint256 private constant _CLOSE_NOTICE_S = 1 days;
    /// @dev Gas that freeing a lock may use inside a payment; as in the market.
    uint256 private constant _UNLOCK_GAS = 150_000;

    /// @param market_ the JobMarket, which has to name this contract as its channels
    /// @param stakeManager_ which has to name it, too
    /// @param feeRouter_ zero: payees earn everything at once
    /// @param params_ zero: the defaults hold for ever
    constructor(address market_, address stakeManager_, address feeRouter_, address params_)
        ChannelBook(market_, stakeManager_, feeRouter_, params_)
    {}

    // --- the client ---

    /// @inheritdoc IPaymentChannels
    function open(bytes32 salt, Allotment[] calldata allotments)
        external
        nonReentrant
        returns (bytes32 channelId)
    {
        channelId = _channelId(msg.sender, salt);
        if (_channels[channelId].client != address(0)) {
            revert PaymentChannels__ChannelExists(channelId);
        }
        uint256 window = Params.challengeWindowS(_word(Params.WORD_FUNDS, Params.DEFAULT_FUNDS));
        _channels[channelId] = Channel(msg.sender, uint24(window), 0); // at most 86,400
        emit ChannelOpened(channelId, msg.sender, window);
        _allot(channelId, allotments);
    }

    /// @inheritdoc IPaymentChannels
    function topUp(bytes32 channelId, Allotment[] calldata allotments) external nonReentrant {
        _requireOpenOfCaller(channelId);
        _allot(channelId, allotments);
    }

    /// @inheritdoc IPaymentChannels
    function requestClose(bytes32 channelId) external {
        uint256 notice = 2 * _requireOpenOfCaller(channelId);
        // Twice the window: a redemption that waits when the notice is given costs its payee at most
        // half of the time in which to redeem the rest.
        if (notice < _CLOSE_NOTICE_S) notice = _CLOSE_NOTICE_S;
        uint256 closesAt = block.timestamp + notice;
        _channels[channelId].closesAt = uint40(closesAt);
        emit CloseRequested(channelId, closesAt);
    }

    /// @inheritdoc IPaymentChannels
    function reclaim(bytes32 channelId, address[] calldata payees)
        external
        nonReentrant
        returns (uint256 returned)
    {
        Channel memory c = _known(channelId);
        if (c.closesAt == 0 || block.timestamp <= c.closesAt) {
            revert PaymentChannels__NotClosed(channelId, c.closesAt, block.timestamp);
        }
        _checkCount(payees.length);
        for (uint256 i; i < payees.length; ++i) {
            uint256 rest = _takeRest(_sides[channelId][payees[i]]);
            if (rest == 0) continue;
            returned += rest;
            emit ReserveReturned(channelId, payees[i], rest);
        }
        _refund(c.client, returned);
    }

    // --- the payee ---

    /// @inheritdoc IPaymentChannels
    function redeem(Voucher calldata voucher, bytes calldata signature) external nonReentrant {
        Channel memory c = _known(voucher.channelId);
        bytes32 digest = _voucherHash(voucher);
        _checkSignature(c.client, digest, signature);
        _redeem(c, voucher, digest);
    }

    /// @inheritdoc IPaymentChannels
    function redeemDelegated(
        Voucher calldata voucher,
        bytes calldata signature,
        Delegation calldata delegation,
        bytes calldata permission
    ) external nonReentrant {
        Channel memory c = _known(voucher.channelId);
        address delegate = delegation.delegate;
        uint256 cumulative = voucher.cumulativeAmount;
        if (block.timestamp > delegation.expiry) {
            revert PaymentChannels__DelegateExpired(delegate, delegation.expiry, block.timestamp);
        }
        if (cumulative > delegation.cap) {
            revert PaymentChannels__DelegateOverCap(delegate, cumulative, delegation.cap);
        }
        _checkSignature(c.client, _delegationHash(voucher.channelId, delegation), permission);
        bytes32 digest = _voucherHash(voucher);
        _checkSignature(delegate, digest, signature);
        _redeem(c, voucher, digest);
    }

    /// @inheritdoc IPaymentChannels
    function closeSide(bytes32 channelId, address payee) external nonReentrant {
        address client = _known(channelId).client;
        _requirePayee(payee);
        SideRecord storage side = _sides[channelId][payee];
        if (side.isClosed) revert PaymentChannels__SideClosed(channelId, payee);
        uint256 rest = _takeRest(side);
        side.isClosed = true;
        emit SideClosed(channelId, payee, rest);
        _refund(client, rest);
    }

    // --- anyone ---

    /// @inheritdoc IPaymentChannels
    function settle(bytes32 channelId, address payee) external nonReentrant {
        (uint256 amount, uint256 lock) = _takeDue(channelId, payee);
        if (amount == 0) {
            SideRecord storage side = _sides[channelId][payee];
            if (_pendingOf(side) == 0) revert PaymentChannels__NothingPending(channelId, payee);
            revert PaymentChannels__RedemptionPending(channelId, payee, side.dueAt);
        }
        _pay(payee, amount);
        _freeLock(channelId, payee, lock);
    }

    /// @inheritdoc IPaymentChannels
    function settleBatch(bytes32[] calldata channelIds, address payee)
        external
        nonReentrant
        returns (uint256 paid)
    {
        uint256 count = channelIds.length;
        _checkCount(count);
        uint256[] memory locks = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            uint256 amount;
            (amount, locks[i]) = _takeDue(channelIds[i], payee);
            paid += amount;
        }
        if (paid != 0) _pay(payee, paid);
        for (uint256 i; i < count; ++i) {
            _freeLock(channelIds[i], payee, locks[i]);
        }
    }

    /// @inheritdoc IPaymentChannels
    function closeLock(bytes32 channelId, address payee) external nonReentrant {
        uint256 lock = _openLocks[channelId][payee];
        if (lock == 0) revert PaymentChannels__NoLockOpen(channelId, payee);
        _openLocks[channelId][payee] = 0;
        IStakeManager(stakeManager).unlock(payee, channelId, lock);
    }

    // --- effects ---

    function _allot(bytes32 channelId, Allotment[] calldata allotments) private {
        _checkCount(allotments.length);
        uint256 hiring = _word(Params.WORD_HIRING, Params.DEFAULT_HIRING);
        uint256 total;
        for (uint256 i; i < allotments.length; ++i) {
            _allotOne(channelId, allotments[i], hiring);
            total += allotments[i].amount;
        }
        IJobMarket(market).collect(msg.sender, total);
    }

    function _allotOne(bytes32 channelId, Allotment calldata a, uint256 hiring) private {
        address payee = a.payee;
        uint256 amount = a.amount;
        if (amount == 0) revert PaymentChannels__ZeroAmount(payee);
        SideRecord storage side = _sides[channelId][payee];
        if (side.isClosed) revert PaymentChannels__SideClosed(channelId, payee);
        uint256 multiple = side.lockMultiple;
        if (multiple == 0) {
            uint256 needed = Params.lockMinMultiple(hiring);
            if (a.lockMultiple < needed) {
                revert PaymentChannels__MultipleTooSmall(a.lockMultiple, needed);
            }
            side.lockMultiple = a.lockMultiple;
            side.pEconBps = _econBps(a.lockMultiple, hiring);
        } else if (multiple != a.lockMultiple) {
            revert PaymentChannels__MultipleFixed(payee, a.lockMultiple, multiple);
        }
        // The market refuses below unless the money exists; all there is fits 96 bits.
        unchecked {
            side.allotment = uint96(side.allotment + amount);
        }
        emit PayeeAllotted(
            channelId, payee, amount, side.allotment, a.lockMultiple, side.pEconBps
        );
    }

    /// @dev The voucher's signature was checked. What waited before is due from now on and needs no
    /// lock any more; `settle` pays it, together with what follows.
    function _redeem(Channel memory c, Voucher calldata voucher, bytes32 digest) private {
        bytes32 channelId = voucher.channelId;
        address payee = voucher.payee;
        _requirePayee(payee);
        if (c.closesAt != 0 && block.timestamp > c.closesAt) {
            revert PaymentChannels__ChannelClosed(channelId, c.closesAt);
        }
        if (block.timestamp > voucher.expiry) {
            revert PaymentChannels__VoucherExpired(voucher.expiry, block.timestamp);
        }
        SideRecord storage side = _sides[channelId][payee];
        uint256 redeemed = side.redeemed;
        uint256 pending = _pendingOf(side);
        uint256 amount = _addedBy(voucher, side.allotment, redeemed);
        if (pending != 0 && block.timestamp <= side.dueAt) {
            revert PaymentChannels__RedemptionPending(channelId, payee, side.dueAt);
        }
        uint256 dueAt = block.timestamp + c.window;
        side.redeemed = uint96(redeemed + amount); // what the voucher says
        side.pending = uint96(amount);
        side.dueAt = uint40(dueAt);
        side.voucherHash = digest;
        emit VoucherRedeemed(
            channelId,
            payee,
            amount,
            redeemed + amount,
            voucher.receiptsRoot,
            voucher.maxLeaf,
            dueAt
        );
        uint256 multiple = side.lockMultiple;
        if (amount > pending) {
            IStakeManager(stakeManager).lock(payee, channelId, multiple * (amount - pending));
        } else {
            _freeLock(channelId, payee, multiple * (pending - amount));
        }
    }

    /// @dev Counts what waited long enough as paid; the caller pays it and frees the lock.
    /// @return amount wei to pay; zero: nothing is due
    /// @return lock wei of stake that no money needs any more
    function _takeDue(bytes32 channelId, address payee)
        private
        returns (uint256 amount, uint256 lock)
    {
        SideRecord storage side = _sides[channelId][payee];
        uint256 paid = side.paid;
        uint256 pending = _pendingOf(side);
        if (pending != 0 && block.timestamp > side.dueAt) {
            lock = side.lockMultiple * pending;
            pending = 0;
        }
        amount = side.redeemed - pending - paid;
        if (amount == 0) return (0, 0);
        side.paid = uint96(paid + amount); // at most `redeemed`
        emit RedemptionSettled(channelId, payee, amount);
    }

    function _pay(address payee, uint256 amount) private {
        if (feeRouter == address(0)) {
            IJobMarket(market).courtPay(payee, amount, true);
        } else {
            IJobMarket(market).courtPay(feeRouter, amount, false);
            IFeeRouter(feeRouter).record(payee, amount);
        }
    }

    /// @dev Never a condition of a payment; `closeLock` repeats it.
    function _freeLock(bytes32 channelId, address payee, uint256 lock) private {
        if (lock == 0) return;
        try IStakeManager(stakeManager).unlock{gas: _UNLOCK_GAS}(payee, channelId, lock) {}
        catch {
            _openLocks[channelId][payee] += lock;
            emit RedemptionLockLeftOpen(channelId, payee, lock);
        }
    }

    /// @dev Ends an allotment at what was redeemed.
    function _takeRest(SideRecord storage side) private returns (uint256 rest) {
        uint96 redeemed = side.redeemed;
        rest = side.allotment - redeemed;
        if (rest != 0) side.allotment = redeemed;
    }

    function _refund(address client, uint256 amount) private {
        if (amount != 0) IJobMarket(market).courtPay(client, amount, false);
    }
}
