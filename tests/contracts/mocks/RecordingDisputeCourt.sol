// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditFacts} from "../../../contracts/types/Audit.sol";

/// @notice Keeps what the AuditCourt asked for. Tests act in its name.
contract RecordingDisputeCourt {
    bytes32 public factsHash;
    bytes32 public outRoot;
    uint256 public bond;
    address[] private _auditors;

    function openContest(
        AuditFacts calldata auditFacts,
        bytes32 outRoot_,
        address[] calldata auditors,
        uint256 bond_
    ) external {
        factsHash = keccak256(abi.encode(auditFacts));
        (outRoot, bond) = (outRoot_, bond_);
        _auditors = auditors;
    }

    function auditorsOf() external view returns (address[] memory) {
        return _auditors;
    }
}
