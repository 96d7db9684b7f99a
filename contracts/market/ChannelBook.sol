// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IPaymentChannels} from "../interfaces/IPaymentChannels.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {AuditOdds} from "../libraries/AuditOdds.sol";
import {LiveParams} from "../libraries/LiveParams.sol";
import {Params} from "../libraries/Params.sol";
import {
    Channel,
    Delegation,
    Redemption,
    Side,
    SideRecord,
    Voucher
} from "../types/Channel.sol";

/// @title The book of channels: what is stored, how it is read, and what vouchers must be
/// @notice Nothing here moves money.
abstract contract ChannelBook is IPaymentChannels, LiveParams, EIP712 {
    bytes32 private constant _VOUCHER_TYPEHASH = keccak256(
        "Voucher(bytes32 channelId,address payee,uint96 cumulativeAmount,bytes32 receiptsRoot,uint96 maxLeaf,uint64 expiry)"
    );
    bytes32 private constant _DELEGATION_TYPEHASH =
        keccak256("Delegation(bytes32 channelId,address delegate,uint96 cap,uint64 expiry)");
    uint256 private constant _PAYEES_MAX = 32;

    /// @inheritdoc IPaymentChannels
    address public immutable market;
    /// @inheritdoc IPaymentChannels
    address public immutable stakeManager;
    /// @inheritdoc IPaymentChannels
    address public immutable feeRouter;

    mapping(bytes32 channelId => Channel) internal _channels;
    mapping(bytes32 channelId => mapping(address payee => SideRecord)) internal _sides;
    mapping(bytes32 channelId => mapping(address payee => uint256)) internal _openLocks;

    constructor(address market_, address stakeManager_, address feeRouter_, address params_)
        LiveParams(params_)
        EIP712("Neurovoyance PaymentChannels", "1")
    {
        market = market_;
        stakeManager = stakeManager_;
        feeRouter = feeRouter_;
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
        SideRecord storage s = _sides[channelId][payee];
        return Side(s.allotment, s.redeemed, s.pEconBps, s.lockMultiple, s.isClosed);
    }

    /// @inheritdoc IPaymentChannels
    function redemptionOf(bytes32 channelId, address payee)
        external
        view
        returns (Redemption memory)
    {
        SideRecord storage s = _sides[channelId][payee];
        uint96 pending = uint96(_pendingOf(s));
        return Redemption(pending, s.redeemed - pending - s.paid, s.dueAt, s.voucherHash);
    }

    /// @inheritdoc IPaymentChannels
    function openLockOf(bytes32 channelId, address payee) external view returns (uint256) {
        return _openLocks[channelId][payee];
    }

    // --- checks ---

    function _known(bytes32 channelId) internal view returns (Channel memory c) {
        c = _channels[channelId];
        if (c.client == address(0)) revert PaymentChannels__UnknownChannel(channelId);
    }

    /// @return window seconds
    function _requireOpenOfCaller(bytes32 channelId) internal view returns (uint256 window) {
        Channel memory c = _known(channelId);
        if (msg.sender != c.client) revert PaymentChannels__NotClient(channelId, msg.sender);
        if (c.closesAt != 0) revert PaymentChannels__Closing(channelId, c.closesAt);
        return c.window;
    }

    /// @return amount wei that a voucher adds
    function _addedBy(Voucher calldata voucher, uint256 allotment, uint256 redeemed)
        internal
        pure
        returns (uint256 amount)
    {
        uint256 cumulative = voucher.cumulativeAmount;
        if (cumulative <= redeemed) revert PaymentChannels__NotMonotone(cumulative, redeemed);
        if (cumulative > allotment) revert PaymentChannels__OverAllotment(cumulative, allotment);
        return cumulative - redeemed;
    }

    function _requirePayee(address payee) internal view {
        if (msg.sender == payee) return;
        if (IStakeManager(stakeManager).operatorOf(payee) != msg.sender) {
            revert PaymentChannels__NotPayee(payee, msg.sender);
        }
    }

    function _checkSignature(address signer, bytes32 digest, bytes calldata signature)
        internal
        view
    {
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) {
            revert PaymentChannels__BadSignature(digest);
        }
    }

    function _checkCount(uint256 count) internal pure {
        if (count == 0 || count > _PAYEES_MAX) {
            revert PaymentChannels__BadCount(count, _PAYEES_MAX);
        }
    }

    // --- values ---

    /// @dev A payment leaves `pending` as it is, which saves a word: when all is paid none of it waits.
    function _pendingOf(SideRecord storage side) internal view returns (uint256) {
        return side.paid == side.redeemed ? 0 : side.pending;
    }

    /// @dev For any amount alike: the lock is a multiple of what is at risk.
    function _econBps(uint256 lockMultiple, uint256 hiring) internal pure returns (uint16) {
        return uint16(
            AuditOdds.economicBps(
                1, lockMultiple, Params.auditMinBps(hiring), Params.detectBps(hiring)
            )
        );
    }

    function _channelId(address client, bytes32 salt) internal view returns (bytes32) {
        return keccak256(
            abi.encode("NVY/channel/1", block.chainid, address(this), client, salt)
        );
    }

    /// @dev Every member is one word, so the encoding of the struct is that of its members.
    function _voucherHash(Voucher calldata voucher) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(_VOUCHER_TYPEHASH, voucher)));
    }

    function _delegationHash(bytes32 channelId, Delegation calldata delegation)
        internal
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(
            keccak256(abi.encode(_DELEGATION_TYPEHASH, channelId, delegation))
        );
    }
}
