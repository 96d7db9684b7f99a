// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {Model, ModelState} from "../types/Audit.sol";

/// @title Reads a model's terms out of the first bytes of its document
/// @notice A document begins with `{"$terms":"0x`, 112 lower-case hexadecimal digits and a quote:
/// tauSq (8 bytes), tensorPool (12), exactPool (12), rows (4), verifyRowsHash (20).
/// @dev Python mirrors the layout in `protocol.certificate`.
library TermsReader {
    uint256 internal constant DOCUMENT_MIN_BYTES = 136; // the terms and the start of another field
    uint256 internal constant DOCUMENT_MAX_BYTES = 262_144;
    /// @dev round(1e-14 * 2^64) and round(1e-4 * 2^64): tolerances of 1e-7 and 1e-2.
    uint256 internal constant TAU_SQ_MIN = 184_467;
    uint256 internal constant TAU_SQ_MAX = 1_844_674_407_370_955;
    uint256 internal constant ROWS_MAX = 1_000_000;

    bytes13 private constant _PREFIX = "{\"$terms\":\"0x";
    uint256 private constant _PREFIX_BYTES = 13;
    uint256 private constant _DIGITS = 112;

    /// @notice The terms of a document, checked. State and time of activation are left empty.
    function read(bytes calldata document) internal pure returns (Model memory) {
        uint256 length = document.length;
        if (length < DOCUMENT_MIN_BYTES || length > DOCUMENT_MAX_BYTES) {
            revert IModelRegistry.ModelRegistry__BadLength(
                length, DOCUMENT_MIN_BYTES, DOCUMENT_MAX_BYTES
            );
        }
        for (uint256 i; i < _PREFIX_BYTES; ++i) {
            if (document[i] != _PREFIX[i]) revert IModelRegistry.ModelRegistry__BadDocument(i);
        }
        uint256 end = _PREFIX_BYTES + _DIGITS;
        uint256 first = _number(document, _PREFIX_BYTES, 64);
        uint256 second = _number(document, _PREFIX_BYTES + 64, 48);
        if (document[end] != "\"") revert IModelRegistry.ModelRegistry__BadDocument(end);
        return _checked(
            Model({
                tauSq: uint64(first >> 192),
                tensorPool: bytes12(uint96(first >> 96)),
                exactPool: bytes12(uint96(first)),
                rows: uint32(second >> 160),
                verifyRowsHash: bytes20(uint160(second)),
                state: ModelState.None,
                activeAt: 0
            })
        );
    }

    /// @dev `count` hexadecimal digits from `start` on, as a number.
    function _number(bytes calldata document, uint256 start, uint256 count)
        private
        pure
        returns (uint256 value)
    {
        for (uint256 i = start; i < start + count; ++i) {
            uint8 c = uint8(document[i]);
            uint256 digit;
            if (c >= 0x30 && c <= 0x39) digit = c - 0x30; // 0-9
            else if (c >= 0x61 && c <= 0x66) digit = c - 0x57; // a-f
            else revert IModelRegistry.ModelRegistry__BadDocument(i);
            value = value << 4 | digit;
        }
    }

    function _checked(Model memory terms) private pure returns (Model memory) {
        bool isTensor = terms.tensorPool != 0;
        if (!isTensor && terms.exactPool == 0) _refuse("pools", 0, 1, 2);
        uint256 least = isTensor ? TAU_SQ_MIN : 0;
        uint256 most = isTensor ? TAU_SQ_MAX : 0;
        if (terms.tauSq < least || terms.tauSq > most) _refuse("tauSq", terms.tauSq, least, most);
        if (terms.rows == 0 || terms.rows > ROWS_MAX) _refuse("rows", terms.rows, 1, ROWS_MAX);
        if (terms.verifyRowsHash == 0) _refuse("verifyRowsHash", 0, 1, type(uint160).max);
        return terms;
    }

    function _refuse(bytes32 field, uint256 value, uint256 min, uint256 max) private pure {
        revert IModelRegistry.ModelRegistry__BadTerm(field, value, min, max);
    }
}
