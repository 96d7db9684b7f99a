// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IVaultStakes} from "../interfaces/IVaultStakes.sol";
import {IVestingVault} from "../interfaces/IVestingVault.sol";
import {Params} from "../libraries/Params.sol";
import {VestingVaultExit} from "./VestingVaultExit.sol";

/// @title The vault of vesting rewards
/// @notice No owner, no pause, no upgrade. Counts only what it was told: tokens sent here without a
/// call belong to nobody.
/// @dev Holds exactly totalHeld + undistributed. The insurance and the StakeManager take part in an
/// early exit and in a slash alone; a release by the account itself calls the token, and
/// VotingPower with bounded gas.
contract VestingVault is VestingVaultExit {
    using SafeERC20 for IERC20;

    address public immutable feeRouter;
    address public immutable emission;

    /// @param token_ the token that vests
    /// @param stakeManager_ who knows operators and slashes
    /// @param feeRouter_ who deposits the vesting part of fees
    /// @param emission_ who deposits the vesting part of emission
    /// @param insurance_ the fund that gets its part of penalties
    /// @param params_ the ProtocolParams; zero: the defaults for ever
    /// @param votes_ the VotingPower; zero: nobody votes
    constructor(
        address token_,
        address stakeManager_,
        address feeRouter_,
        address emission_,
        address insurance_,
        address params_,
        address votes_
    ) VestingVaultExit(token_, stakeManager_, insurance_, params_, votes_) {
        feeRouter = feeRouter_;
        emission = emission_;
    }

    /// @inheritdoc IVestingVault
    function deposit(address account, uint256 amount) external nonReentrant {
        if (msg.sender != feeRouter && msg.sender != emission) {
            revert VestingVault__OnlyDepositor(msg.sender);
        }
        if (amount == 0) revert VestingVault__ZeroAmount();
        _fit(amount);
        (Account memory a, uint256 before) = _settle(account);
        uint256 word = _vestingWord();
        uint256 vestEpochs = Params.vestEpochs(word);
        uint256 q = _credit(a, amount, vestEpochs);
        _addEnd(_ends[account][a.ringId], q, vestEpochs);
        a.p0 = uint16(Params.exitBaseBps(word));
        a.p1 = uint16(Params.exitSlopeBps(word));
        _store(account, a, before);
        emit VestingDeposited(account, amount, vestEpochs);
        _moveVotes(account, before, a.held);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IVestingVault
    function release(address account) external nonReentrant returns (uint256 amount) {
        // The account first: its own release must not depend on the StakeManager.
        if (
            msg.sender != account && msg.sender != IVaultStakes(stakeManager).operatorOf(account)
        ) {
            revert VestingVault__NotOwnerNorOperator(account, msg.sender);
        }
        (Account memory a, uint256 before) = _settle(account);
        amount = a.releasable;
        if (amount == 0) revert VestingVault__NothingToRelease(account);
        a.held = uint96(a.held - amount);
        a.releasable = 0;
        _store(account, a, before);
        emit Released(account, amount);
        _moveVotes(account, before, a.held);
        IERC20(token).safeTransfer(account, amount);
    }

    /// @inheritdoc IVestingVault
    function slash(address account, bytes32 slashId, uint256 bps)
        external
        nonReentrant
        returns (uint256 taken)
    {
        if (msg.sender != stakeManager) revert VestingVault__OnlyStakeManager(msg.sender);
        (Account memory a, uint256 before) = _settle(account);
        taken = (_unvested(a) * Math.min(bps, BPS)) / BPS;
        if (taken != 0) _reduce(account, a, taken);
        _store(account, a, before);
        emit VestingSlashed(account, slashId, taken);
        _moveVotes(account, before, a.held);
        IERC20(token).safeTransfer(stakeManager, taken);
    }

    // --- views ---

    /// @inheritdoc IVestingVault
    function heldOf(address account) external view returns (uint256) {
        return _accounts[account].held;
    }

    /// @inheritdoc IVestingVault
    function releasableOf(address account) external view returns (uint256) {
        (Account memory a,) = _settled(account);
        return a.releasable;
    }

    /// @inheritdoc IVestingVault
    function unvestedOf(address account) external view returns (uint256) {
        (Account memory a,) = _settled(account);
        return _unvested(a);
    }

    /// @inheritdoc IVestingVault
    function scheduleOf(address account) external view returns (uint256[26] memory schedule) {
        (Account memory a, Change memory c) = _settled(account);
        uint96[RING] memory ends = _ends[account][a.ringId];
        uint256 present = _epoch();
        uint256 rate = a.rate;
        uint256 left = _unvested(a);
        uint256 incomeEnd = c.income == 0 ? 0 : present + c.vestEpochs;
        for (uint256 i; i < WEEKS && rate != 0; ++i) {
            uint256 epoch = present + 1 + i;
            uint256 index = epoch % RING;
            schedule[i] = (rate * _scaleOf(a)) / WAD;
            if (ends[index] > 1 && (c.passed >> index) & 1 == 0) rate -= ends[index] - 1;
            if (epoch == incomeEnd) rate -= c.q;
            if (rate == 0) schedule[i] = left; // with the dust of all buckets
            left -= schedule[i];
        }
    }

    /// @inheritdoc IVestingVault
    function totalHeld() external view returns (uint256) {
        return _totals.held;
    }

    /// @inheritdoc IVestingVault
    function undistributed() external view returns (uint256) {
        return _income.undistributed;
    }
}
