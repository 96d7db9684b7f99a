// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title NVY, the token that pays for work and stands behind it
/// @notice The whole supply is minted once, here. Afterwards it can only fall, by burning one's own
/// balance or allowance. No owner, no mint, no hooks, no fee, no list of forbidden addresses.
contract ComputeToken is ERC20, ERC20Permit, ERC20Burnable {
    /// @notice The supply at genesis in wei: 1,000,000,000 NVY. It never rises above this.
    uint256 public constant CAP = 1_000_000_000e18;

    /// @notice Holders and amounts do not pair up.
    error ComputeToken__LengthMismatch(uint256 holders, uint256 amounts);
    /// @notice The genesis amounts do not sum to the cap.
    error ComputeToken__NotTheCap(uint256 sum, uint256 cap);

    /// @param holders who receives the genesis supply
    /// @param amounts wei each, in the same order; they sum to the cap
    constructor(address[] memory holders, uint256[] memory amounts)
        ERC20("Neurovoyance", "NVY")
        ERC20Permit("Neurovoyance")
    {
        if (holders.length != amounts.length) {
            revert ComputeToken__LengthMismatch(holders.length, amounts.length);
        }
        for (uint256 i; i < holders.length; ++i) {
            _mint(holders[i], amounts[i]);
        }
        if (totalSupply() != CAP) revert ComputeToken__NotTheCap(totalSupply(), CAP);
    }
}
