// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ProtocolParams} from "../../contracts/governance/ProtocolParams.sol";
import {ParamBounds} from "../../contracts/libraries/ParamBounds.sol";

/// @title Setting a parameter changes that parameter alone, for every key and value at once
/// @notice Run by halmos (docs/economy-proofs.md). `key` is symbolic too: halmos follows each of the
/// 54 names and the case of none.
contract ParamsPackingTest {
    uint256 private constant _SINCE_BIT = 224;

    ProtocolParams private _params;

    function setUp() public {
        _params = new ProtocolParams(
            address(0xA1), address(this), address(0xA2), address(0xA3), address(0xA4)
        );
    }

    /// @notice Every field lies under the epoch's bits and holds its own bounds.
    function check_fieldsHoldTheirBounds(bytes32 key) external pure {
        ParamBounds.Entry memory entry = ParamBounds.of_(key);
        require(entry.max != 0);
        assert(entry.word < ParamBounds.WORDS);
        assert(uint256(entry.offset) + entry.width <= _SINCE_BIT);
        assert(entry.min < entry.max && entry.max < 1 << entry.width);
    }

    /// @notice The fields of two names share no bit.
    function check_fieldsDoNotOverlap(bytes32 one, bytes32 other) external pure {
        require(one != other);
        ParamBounds.Entry memory a = ParamBounds.of_(one);
        ParamBounds.Entry memory b = ParamBounds.of_(other);
        require(a.max != 0 && b.max != 0 && a.word == b.word);
        assert(
            uint256(a.offset) + a.width <= b.offset || uint256(b.offset) + b.width <= a.offset
        );
    }

    /// @notice What `set` writes has the new value in the key's field and every other bit as before,
    /// whatever stood there. The formula of ProtocolParams, for all words.
    function check_writingTouchesOneField(bytes32 key, uint256 value, uint224 word, uint32 since)
        external
        pure
    {
        ParamBounds.Entry memory entry = ParamBounds.of_(key);
        require(entry.max != 0 && value >= entry.min && value <= entry.max);
        uint256 mask = ((1 << entry.width) - 1) << entry.offset;
        uint256 written =
            (uint256(since) << _SINCE_BIT) | (word & ~mask) | (value << entry.offset);
        assert((written & mask) >> entry.offset == value);
        assert(uint224(written) & ~mask == word & ~mask);
        assert(written >> _SINCE_BIT == since);
    }

    /// @notice The contract itself: from the defaults, one successful `set` gives the key its value and
    /// leaves all other words alone; the value is within bounds and one step.
    function check_setChangesItsWordOnly(bytes32 key, uint256 value) external {
        ParamBounds.Entry memory entry = ParamBounds.of_(key);
        require(entry.max != 0);
        (uint256 before,) = _params.nextOf(key);
        _params.set(key, value);
        (uint256 found,) = _params.nextOf(key);
        assert(found == value && value >= entry.min && value <= entry.max);
        uint256 step = (entry.max - entry.min + 7) / 8;
        assert(value <= before + step && before <= value + step);
        // Nothing applies before the next epoch.
        for (uint256 id; id < ParamBounds.WORDS; ++id) {
            assert(_params.word(id) == ParamBounds.defaultOf(id));
        }
    }
}
