// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VestingWallet} from "@openzeppelin/contracts/finance/VestingWallet.sol";
import {VestingWalletCliff} from "@openzeppelin/contracts/finance/VestingWalletCliff.sol";

/// @title Tokens of the genesis that reach their holder over years
/// @notice OpenZeppelin's wallet, unmodified: nothing until the cliff, then linear in time. What it
/// holds has no votes and cannot be staked. `release(token)` is for anyone; it pays the owner.
contract Grant is VestingWalletCliff {
    /// @param beneficiary who is paid
    /// @param startS unix seconds from which the grant counts
    /// @param durationS seconds until everything is released
    /// @param cliffS seconds in which nothing is
    constructor(address beneficiary, uint64 startS, uint64 durationS, uint64 cliffS)
        VestingWallet(beneficiary, startS, durationS)
        VestingWalletCliff(cliffS)
    {}
}
