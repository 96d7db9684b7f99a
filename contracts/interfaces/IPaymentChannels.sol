// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Allotment, Channel, Delegation, Redemption, Side, Voucher} from "../types/Channel.sol";

/// @title Many payments, few transactions
/// @notice A client reserves part of its free balance and allots it to payees. Off chain it pays by
/// signing vouchers that only grow; a payee redeems its best one whenever it likes. A redemption locks
/// a multiple of it of the payee's stake and waits for the challenge window; then it is due, and
/// anyone settles all that is due at once. Receipts under a voucher are not audited yet: their root and
/// the largest of them are signed, and the voucher's hash is stored, so that audits can be added; until
/// then the client's protection is that it signs only for what it received and checked.
/// @dev The reserve is this contract's free balance in the market; it is the sum of what is allotted
/// and not redeemed, of what is pending, and of what is due and not paid. Payees never share money, so a payee needs to know its
/// own side alone. Assumptions for correctness: the market moves what it is asked to. For liveness:
/// some party calls. A contract that signs as client (ERC-1271) can take its word back, so payees
/// accept its vouchers at their own risk. Freeing a lock is tried but never a condition of a payment.
interface IPaymentChannels {
    /// @param window seconds that redemptions of this channel are held
    event ChannelOpened(bytes32 indexed channelId, address indexed client, uint256 window);
    /// @param amount wei added
    event PayeeAllotted(
        bytes32 indexed channelId,
        address indexed payee,
        uint256 amount,
        uint256 allotment,
        uint256 lockMultiple,
        uint256 pEconBps
    );
    event VoucherRedeemed(
        bytes32 indexed channelId,
        address indexed payee,
        uint256 amount,
        uint256 cumulative,
        bytes32 receiptsRoot,
        uint256 maxLeaf,
        uint256 dueAt
    );
    /// @notice A payee was paid what waited long enough: of one redemption or of several.
    /// @param amount wei
    event RedemptionSettled(bytes32 indexed channelId, address indexed payee, uint256 amount);
    /// @notice A payee wants no more of a channel.
    /// @param returned wei returned to the client's free balance
    event SideClosed(bytes32 indexed channelId, address indexed payee, uint256 returned);
    event CloseRequested(bytes32 indexed channelId, uint256 closesAt);
    event ReserveReturned(bytes32 indexed channelId, address indexed payee, uint256 returned);
    /// @notice A lock that no pending money needs could not be freed now; `closeLock` repeats it.
    event RedemptionLockLeftOpen(bytes32 indexed channelId, address indexed payee, uint256 lock);

    /// @notice There is no such channel.
    error PaymentChannels__UnknownChannel(bytes32 channelId);
    /// @notice The client used this salt before.
    error PaymentChannels__ChannelExists(bytes32 channelId);
    /// @notice The caller is not the client of the channel.
    error PaymentChannels__NotClient(bytes32 channelId, address caller);
    /// @notice The caller is neither owner nor operator of the payee.
    error PaymentChannels__NotPayee(address payee, address caller);
    /// @notice No payees in one call, or more than allowed.
    error PaymentChannels__BadCount(uint256 count, uint256 max);
    /// @notice An allotment of zero was given.
    error PaymentChannels__ZeroAmount(address payee);
    /// @notice The lock multiple is under the minimum.
    error PaymentChannels__MultipleTooSmall(uint256 lockMultiple, uint256 needed);
    /// @notice The payee's terms are fixed; the lock multiple cannot change.
    error PaymentChannels__MultipleFixed(address payee, uint256 lockMultiple, uint256 needed);
    /// @notice The payee closed its side.
    error PaymentChannels__SideClosed(bytes32 channelId, address payee);
    /// @notice The client gave notice; the channel takes no more money, and no second notice.
    error PaymentChannels__Closing(bytes32 channelId, uint256 closesAt);
    /// @notice The notice is over; nothing can be redeemed any more.
    error PaymentChannels__ChannelClosed(bytes32 channelId, uint256 closesAt);
    /// @notice The notice is not over, or was never given.
    error PaymentChannels__NotClosed(bytes32 channelId, uint256 closesAt, uint256 time);
    /// @notice The voucher is not above what was redeemed.
    error PaymentChannels__NotMonotone(uint256 cumulative, uint256 redeemed);
    /// @notice The voucher is above what is allotted to the payee.
    error PaymentChannels__OverAllotment(uint256 cumulative, uint256 allotment);
    /// @notice The voucher has expired.
    error PaymentChannels__VoucherExpired(uint256 expiry, uint256 time);
    /// @notice The delegate's permission has expired.
    error PaymentChannels__DelegateExpired(address delegate, uint256 expiry, uint256 time);
    /// @notice The voucher is above what the delegate may sign.
    error PaymentChannels__DelegateOverCap(address delegate, uint256 cumulative, uint256 cap);
    /// @notice An earlier redemption of the payee still waits.
    error PaymentChannels__RedemptionPending(bytes32 channelId, address payee, uint256 dueAt);
    /// @notice Nothing of the payee is pending.
    error PaymentChannels__NothingPending(bytes32 channelId, address payee);
    /// @notice The signature of the voucher, or of the permission, is not the expected one.
    error PaymentChannels__BadSignature(bytes32 digest);
    /// @notice No lock of the payee was left open.
    error PaymentChannels__NoLockOpen(bytes32 channelId, address payee);

    // --- the client ---
    /// @notice Opens a channel out of the caller's free balance. At most 32 payees a call.
    /// @param salt makes the channel id unique; the same salt twice reverts `ChannelExists`
    function open(bytes32 salt, Allotment[] calldata allotments) external returns (bytes32 channelId);
    /// @notice Adds money for payees, known or new, out of the caller's free balance.
    function topUp(bytes32 channelId, Allotment[] calldata allotments) external;
    /// @notice Gives notice: 24 hours, or two challenge windows if they are longer. Until then payees
    /// may redeem.
    function requestClose(bytes32 channelId) external;
    /// @notice Returns what was not redeemed to the client's free balance, after the notice. Anyone; at
    /// most 32 payees a call. Payees without a rest are passed over.
    function reclaim(bytes32 channelId, address[] calldata payees) external returns (uint256 returned);

    // --- the payee: owner or operator ---
    /// @notice Takes what a voucher adds to what was redeemed, locks the multiple of it, and holds it
    /// for the challenge window. A redemption that waited long enough is due from then on, and its lock
    /// serves the new one; `settle` pays it. One that still waits reverts `RedemptionPending`.
    /// @param signature by the client: ECDSA with low s, or ERC-1271
    function redeem(Voucher calldata voucher, bytes calldata signature) external;
    /// @notice As `redeem`, with a voucher that a delegate of the client signed.
    /// @param permission the client's signature of the delegation
    function redeemDelegated(
        Voucher calldata voucher,
        bytes calldata signature,
        Delegation calldata delegation,
        bytes calldata permission
    ) external;
    /// @notice Gives the rest of an allotment back to the client at once and takes no more. What is
    /// pending is settled as usual.
    function closeSide(bytes32 channelId, address payee) external;

    // --- anyone ---
    /// @notice Pays all redemptions whose challenge windows are over, and frees the lock of the last.
    function settle(bytes32 channelId, address payee) external;
    /// @notice `settle` for at most 32 channels of a payee, paid in one sum. Those where nothing is due
    /// are passed over.
    /// @return paid wei
    function settleBatch(bytes32[] calldata channelIds, address payee) external returns (uint256 paid);
    /// @notice Repeats freeing locks that could not be freed before.
    function closeLock(bytes32 channelId, address payee) external;

    // --- views ---
    /// @notice H("NVY/channel/1", chainId, this contract, client, salt).
    function channelIdOf(address client, bytes32 salt) external view returns (bytes32);
    /// @notice EIP-712 digest of a voucher.
    function voucherHashOf(Voucher calldata voucher) external view returns (bytes32);
    /// @notice EIP-712 digest of a permission for a channel.
    function delegationHashOf(bytes32 channelId, Delegation calldata delegation)
        external
        view
        returns (bytes32);
    function channelOf(bytes32 channelId) external view returns (Channel memory);
    function sideOf(bytes32 channelId, address payee) external view returns (Side memory);
    function redemptionOf(bytes32 channelId, address payee) external view returns (Redemption memory);
    /// @notice Stake of the payee that is still locked for money that waits no more, in wei.
    function openLockOf(bytes32 channelId, address payee) external view returns (uint256);
    function market() external view returns (address);
    function stakeManager() external view returns (address);
    /// @notice Zero where providers earn the whole price.
    function feeRouter() external view returns (address);
}
