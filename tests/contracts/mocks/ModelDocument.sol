// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Documents of models, as the Python side writes their first bytes.
library ModelDocument {
    bytes16 private constant _HEX = "0123456789abcdef";

    /// @param tail makes the document another one
    function make(
        uint64 tauSq,
        bytes12 tensorPool,
        bytes12 exactPool,
        uint32 rows,
        bytes20 verifyRowsHash,
        string memory tail
    ) internal pure returns (bytes memory) {
        bytes memory raw =
            abi.encodePacked(tauSq, tensorPool, exactPool, rows, verifyRowsHash);
        bytes memory digits = new bytes(112);
        for (uint256 i; i < 56; ++i) {
            digits[2 * i] = _HEX[uint8(raw[i]) >> 4];
            digits[2 * i + 1] = _HEX[uint8(raw[i]) & 15];
        }
        return bytes.concat('{"$terms":"0x', digits, '","name":"', bytes(tail), '"}');
    }

    /// @notice The document cut, or filled with spaces, to a length.
    function ofLength(bytes memory document, uint256 length) internal pure returns (bytes memory) {
        bytes memory result = new bytes(length);
        for (uint256 i; i < length; ++i) {
            result[i] = i < document.length ? document[i] : bytes1(" ");
        }
        return result;
    }
}
