// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice A client's channel. One word.
struct Channel {
    address client; // zero: no such channel
    uint24 window; // seconds a redemption is held, frozen when the channel was opened
    uint40 closesAt; // last second to redeem, unix; zero: no notice was given
}

/// @notice What a client allots to one payee.
struct Side {
    uint96 allotment; // wei; vouchers may reach it, never pass it
    uint96 redeemed; // wei of vouchers taken so far, pending ones included
    uint16 pEconBps; // audit probability that the lock multiple calls for, frozen
    uint8 lockMultiple; // stake locked per wei that is pending, frozen
    bool isClosed; // by the payee; takes no more money
}

/// @notice What a side waits for.
struct Redemption {
    uint96 amount; // wei of the latest redemption, for whose window they wait; zero: none is pending
    uint96 due; // wei of earlier redemptions, whose windows are over; `settle` pays them at once
    uint40 dueAt; // last second of the challenge window, unix
    bytes32 voucherHash; // of the latest voucher redeemed; who shows it shows what was signed
}

/// @notice A side as it is stored, in three words. A redemption writes the last two, a settlement the
/// first; none is ever emptied, so that the next finds used storage.
struct SideRecord {
    uint96 allotment; // wei
    uint96 paid; // wei of `redeemed` that were settled
    uint16 pEconBps;
    uint8 lockMultiple;
    bool isClosed;
    uint96 redeemed; // wei
    uint96 pending; // wei of `redeemed` that wait until `dueAt`; of no meaning once all is paid
    uint40 dueAt; // unix seconds
    bytes32 voucherHash;
}

/// @notice A sum for a payee, as the client gives it.
struct Allotment {
    address payee; // owner address of a provider
    uint96 amount; // wei to add
    uint8 lockMultiple; // at least lockMinMultiple; for a known payee the one it has
}

/// @notice What the client has promised a payee in total; signed again for every payment.
struct Voucher {
    bytes32 channelId;
    address payee;
    uint96 cumulativeAmount; // wei since the channel was opened
    bytes32 receiptsRoot; // Merkle root of up to 1,024 receipts
    uint96 maxLeaf; // wei; a receipt above it is forged
    uint64 expiry; // last second to redeem, unix
}

/// @notice A client's permission for another key to sign vouchers of one channel. The channel is that
/// of the voucher.
struct Delegation {
    address delegate;
    uint96 cap; // wei that a voucher of the delegate may reach, for each payee
    uint64 expiry; // last second to redeem its vouchers, unix
}
