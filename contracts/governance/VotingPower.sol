// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IVotingPower} from "../interfaces/IVotingPower.sol";

/// @title Votes of staked, delegated and vesting tokens
/// @notice See IVotingPower. The clock is the beginning of the present tick, in unix seconds: all
/// moves of a tick share a checkpoint, and a snapshot can be read when its tick is over, so that
/// nothing which happens afterwards changes it.
contract VotingPower is Votes, IVotingPower {
    /// @inheritdoc IVotingPower
    uint48 public constant TICK_S = 1 days;

    /// @inheritdoc IVotingPower
    address public immutable stakeManager;
    /// @inheritdoc IVotingPower
    address public immutable vault;

    /// @inheritdoc IVotingPower
    mapping(address account => uint256 units) public unitsOf;

    constructor(address stakeManager_, address vault_) EIP712("Neurovoyance votes", "1") {
        stakeManager = stakeManager_;
        vault = vault_;
    }

    /// @inheritdoc IVotingPower
    function move(address account, int256 change) external {
        if (msg.sender != stakeManager && msg.sender != vault) {
            revert VotingPower__OnlySource(msg.sender);
        }
        uint256 units = unitsOf[account];
        uint256 amount = SignedMath.abs(change);
        if (change < 0) {
            if (amount > units) revert VotingPower__TooFewUnits(account, units, amount);
            units -= amount;
            _transferVotingUnits(account, address(0), amount);
        } else {
            units += amount;
            _transferVotingUnits(address(0), account, amount);
        }
        unitsOf[account] = units;
        emit UnitsMoved(account, change, units);
    }

    /// @notice The beginning of the present tick, in unix seconds (ERC-6372).
    function clock() public view virtual override returns (uint48) {
        return SafeCast.toUint48(block.timestamp - block.timestamp % TICK_S);
    }

    /// @notice How timepoints are to be read (ERC-6372).
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp&tick=86400";
    }

    function _getVotingUnits(address account) internal view override returns (uint256) {
        return unitsOf[account];
    }
}
