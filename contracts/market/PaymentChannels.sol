// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IFeeRouter} from "../interfaces/IFeeRouter.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {AuditOdds} from "../libraries/AuditOdds.sol";
import {LiveParams} from "../libraries/LiveParams.sol";
import {Params} from "../libraries/Params.sol";
import {Allotment, Channel, Delegation, Redemption, Side, Voucher} from "../types/Channel.sol";

/// @title Channels: a client pays many times, and the chain sees few of them
/// @notice No owner, no pause, no upgrade. Receipts under a voucher are not audited yet; what protects
/// the client meanwhile is that it signs only for what it received and checked.
/// @dev Every call keeps one order: identify, check, change state, emit, call out.
contract PaymentChannels is IPaymentChannels, LiveParams, EIP712, ReentrancyGuardTransient {
    bytes32 private constant _VOUCHER_TYPEHASH = keccak256(
        "Voucher(bytes32 channelId,address payee,uint96 cumulativeAmount,bytes32 receiptsRoot,uint96 maxLeaf,uint64 expiry)"
    );
    bytes32 private constant _DELEGATION_TYPEHASH =
        keccak256("Delegation(bytes32 channelId,address delegate,uint96 cap,uint64 expiry)");
    uint256 private constant _CLOSE_NOTICE_S = 1 days;
    uint256 private constant _PAYEES_MAX = 32;
    /// @dev Gas that freeing a lock may use inside a payment; as in the market.
    uint256 private constant _UNLOCK_GAS = 150_000;

    /// @inheritdoc IPaymentChannels
    address public immutable market;
    /// @inheritdoc IPaymentChannels
    address public immutable stakeManager;
    /// @inheritdoc IPaymentChannels
    address public immutable feeRouter;

    mapping(bytes32 channelId => Channel) private _channels;
    mapping(bytes32 channelId => mapping(address payee => Side)) private _sides;
    mapping(bytes32 channelId => mapping(address payee => Redemption)) private _redemptions;
    mapping(bytes32 channelId => mapping(address payee => uint256)) private _openLocks;

    /// @param market_ the JobMarket, which has to name this contract as its channels
    /// @param stakeManager_ which has to name it, too
    /// @param feeRouter_ zero: payees earn everything at once
    /// @param params_ zero: the defaults hold for ever
    constructor(address market_, address stakeManager_, address feeRouter_, address params_)
        LiveParams(params_)
        EIP712("Neurovoyance PaymentChannels", "1")
    {
        market = market_;
        stakeManager = stakeManager_;
        feeRouter = feeRouter_;
    }

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
        _checkSignature(c.client, _voucherHash(voucher), signature);
        _redeem(c, voucher);
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
        _checkSignature(delegate, _voucherHash(voucher), signature);
        _redeem(c, voucher);
    }

    /// @inheritdoc IPaymentChannels
    function closeSide(bytes32 channelId, address payee) external nonReentrant {
        address client = _known(channelId).client;
        _requirePayee(payee);
        Side storage side = _sides[channelId][payee];
        if (side.isClosed) revert PaymentChannels__SideClosed(channelId, payee);
        uint256 rest = _takeRest(side);
        side.isClosed = true;
        emit SideClosed(channelId, payee, rest);
        _refund(client, rest);
    }

    // --- anyone ---

    /// @inheritdoc IPaymentChannels
    function settle(bytes32 channelId, address payee) external nonReentrant {
        if (_redemptions[channelId][payee].amount == 0) {
            revert PaymentChannels__NothingPending(channelId, payee);
        }
        _settle(channelId, payee);
    }

    /// @inheritdoc IPaymentChannels
    function closeLock(bytes32 channelId, address payee) external nonReentrant {
        uint256 lock = _openLocks[channelId][payee];
        if (lock == 0) revert PaymentChannels__NoLockOpen(channelId, payee);
        _openLocks[channelId][payee] = 0;
        IStakeManager(stakeManager).unlock(payee, channelId, lock);
    }

    // --- views ---

    /// @inheritdoc IPaymentChannels
    function channelIdOf(address client, bytes32 salt) external view returns (bytes32) {
        return _channelId(client, salt);
    }

    /// @inheritdoc IPaymentChannels
    function voucherHashOf(Voucher calldata voucher) external view returns (bytes32) {
        return _voucherHash(voucher);
    }

    /// @inheritdoc IPaymentChannels
    function delegationHashOf(bytes32 channelId, Delegation calldata delegation)
        external
        view
        returns (bytes32)
    {
        return _delegationHash(channelId, delegation);
    }

    /// @inheritdoc IPaymentChannels
    function channelOf(bytes32 channelId) external view returns (Channel memory) {
        return _channels[channelId];
    }

    /// @inheritdoc IPaymentChannels
    function sideOf(bytes32 channelId, address payee) external view returns (Side memory) {
        return _sides[channelId][payee];
    }

    /// @inheritdoc IPaymentChannels
    function redemptionOf(bytes32 channelId, address payee)
        external
        view
        returns (Redemption memory)
    {
        return _redemptions[channelId][payee];
    }

    /// @inheritdoc IPaymentChannels
    function openLockOf(bytes32 channelId, address payee) external view returns (uint256) {
        return _openLocks[channelId][payee];
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
        Side memory side = _sides[channelId][payee];
        if (side.isClosed) revert PaymentChannels__SideClosed(channelId, payee);
        if (side.lockMultiple == 0) {
            uint256 needed = Params.lockMinMultiple(hiring);
            if (a.lockMultiple < needed) {
                revert PaymentChannels__MultipleTooSmall(a.lockMultiple, needed);
            }
            side.lockMultiple = a.lockMultiple;
            side.pEconBps = _econBps(a.lockMultiple, hiring);
        } else if (side.lockMultiple != a.lockMultiple) {
            revert PaymentChannels__MultipleFixed(payee, a.lockMultiple, side.lockMultiple);
        }
        // The market refuses below unless the money exists; all there is fits 96 bits.
        unchecked {
            side.allotment = uint96(side.allotment + amount);
        }
        _sides[channelId][payee] = side;
        emit PayeeAllotted(
            channelId, payee, amount, side.allotment, side.lockMultiple, side.pEconBps
        );
    }

    /// @dev The voucher's signature was checked.
    function _redeem(Channel memory c, Voucher calldata voucher) private {
        bytes32 channelId = voucher.channelId;
        address payee = voucher.payee;
        _requirePayee(payee);
        if (c.closesAt != 0 && block.timestamp > c.closesAt) {
            revert PaymentChannels__ChannelClosed(channelId, c.closesAt);
        }
        if (block.timestamp > voucher.expiry) {
            revert PaymentChannels__VoucherExpired(voucher.expiry, block.timestamp);
        }
        Side storage side = _sides[channelId][payee];
        uint256 cumulative = voucher.cumulativeAmount;
        uint256 redeemed = side.redeemed;
        uint256 allotment = side.allotment;
        uint256 multiple = side.lockMultiple;
        if (cumulative <= redeemed) revert PaymentChannels__NotMonotone(cumulative, redeemed);
        if (cumulative > allotment) revert PaymentChannels__OverAllotment(cumulative, allotment);
        if (_redemptions[channelId][payee].amount != 0) _settle(channelId, payee);
        uint256 dueAt = block.timestamp + c.window;
        side.redeemed = uint96(cumulative);
        _redemptions[channelId][payee] = Redemption(
            uint96(cumulative - redeemed),
            voucher.maxLeaf,
            uint40(dueAt),
            uint8(multiple),
            voucher.receiptsRoot
        );
        emit VoucherRedeemed(
            channelId,
            payee,
            cumulative - redeemed,
            cumulative,
            voucher.receiptsRoot,
            voucher.maxLeaf,
            dueAt
        );
        IStakeManager(stakeManager).lock(payee, channelId, multiple * (cumulative - redeemed));
    }

    /// @dev Something is pending; whether it waited long enough is checked here.
    function _settle(bytes32 channelId, address payee) private {
        Redemption storage r = _redemptions[channelId][payee];
        uint256 amount = r.amount;
        uint256 lock = r.lockMultiple * amount;
        if (block.timestamp <= r.dueAt) {
            revert PaymentChannels__RedemptionPending(channelId, payee, r.dueAt);
        }
        r.amount = 0;
        emit RedemptionSettled(channelId, payee, amount);
        if (feeRouter == address(0)) {
            IJobMarket(market).courtPay(payee, amount, true);
        } else {
            IJobMarket(market).courtPay(feeRouter, amount, false);
            IFeeRouter(feeRouter).record(payee, amount);
        }
        try IStakeManager(stakeManager).unlock{gas: _UNLOCK_GAS}(payee, channelId, lock) {}
        catch {
            _openLocks[channelId][payee] += lock;
            emit RedemptionLockLeftOpen(channelId, payee, lock);
        }
    }

    /// @dev Ends an allotment at what was redeemed.
    function _takeRest(Side storage side) private returns (uint256 rest) {
        uint96 redeemed = side.redeemed;
        rest = side.allotment - redeemed;
        if (rest != 0) side.allotment = redeemed;
    }

    function _refund(address client, uint256 amount) private {
        if (amount != 0) IJobMarket(market).courtPay(client, amount, false);
    }

    // --- checks ---

    function _known(bytes32 channelId) private view returns (Channel memory c) {
        c = _channels[channelId];
        if (c.client == address(0)) revert PaymentChannels__UnknownChannel(channelId);
    }

    /// @return window seconds
    function _requireOpenOfCaller(bytes32 channelId) private view returns (uint256 window) {
        Channel memory c = _known(channelId);
        if (msg.sender != c.client) revert PaymentChannels__NotClient(channelId, msg.sender);
        if (c.closesAt != 0) revert PaymentChannels__Closing(channelId, c.closesAt);
        return c.window;
    }

    function _requirePayee(address payee) private view {
        if (msg.sender == payee) return;
        if (IStakeManager(stakeManager).operatorOf(payee) != msg.sender) {
            revert PaymentChannels__NotPayee(payee, msg.sender);
        }
    }

    function _checkSignature(address signer, bytes32 digest, bytes calldata signature)
        private
        view
    {
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) {
            revert PaymentChannels__BadSignature(digest);
        }
    }

    function _checkCount(uint256 count) private pure {
        if (count == 0 || count > _PAYEES_MAX) {
            revert PaymentChannels__BadCount(count, _PAYEES_MAX);
        }
    }

    // --- values ---

    /// @dev For any amount alike: the lock is a multiple of what is at risk.
    function _econBps(uint256 lockMultiple, uint256 hiring) private pure returns (uint16) {
        return uint16(
            AuditOdds.economicBps(
                1, lockMultiple, Params.auditMinBps(hiring), Params.detectBps(hiring)
            )
        );
    }

    function _channelId(address client, bytes32 salt) private view returns (bytes32) {
        return keccak256(
            abi.encode("NVY/channel/1", block.chainid, address(this), client, salt)
        );
    }

    /// @dev Every member is one word, so the encoding of the struct is that of its members.
    function _voucherHash(Voucher calldata voucher) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(_VOUCHER_TYPEHASH, voucher)));
    }

    function _delegationHash(bytes32 channelId, Delegation calldata delegation)
        private
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(
            keccak256(abi.encode(_DELEGATION_TYPEHASH, channelId, delegation))
        );
    }
}
