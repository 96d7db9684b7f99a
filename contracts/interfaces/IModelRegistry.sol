// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Model, ModelState} from "../types/Audit.sol";

/// @title Models that can be audited, with the tolerance of their certificates
/// @notice A document begins with `{"$terms":"0x` and 112 lower-case hexadecimal digits: tauSq
/// (8 bytes), tensorPool (12), exactPool (12), rows (4), verifyRowsHash (20). Its keccak256 is the
/// model id: terms and id cannot come apart, whoever registers.
/// @dev Assumptions for correctness: the certificate was measured as it says; anyone can repeat the
/// measurement and challenge. Assumptions for liveness: none; an unanswered challenge lapses.
interface IModelRegistry {
    event ModelRegistered(bytes32 indexed modelId, address indexed registrant, uint256 activeAt, bytes document);
    event CertificateChallenged(bytes32 indexed modelId, address indexed challenger, bytes evidenceCid, uint256 deadline);
    /// @param upheld whether the challenge was right; the model is then suspended
    event ChallengeRuled(bytes32 indexed modelId, bool upheld);
    event ChallengeLapsed(bytes32 indexed modelId);
    event ModelSuspended(bytes32 indexed modelId);
    event BondWithdrawn(bytes32 indexed modelId, address indexed registrant, uint256 amount);

    /// @notice The document is too short or too long.
    error ModelRegistry__BadLength(uint256 length, uint256 min, uint256 max);
    /// @notice The document does not begin with terms; `position` is the first wrong byte.
    error ModelRegistry__BadDocument(uint256 position);
    /// @notice A term is out of its range. `field` is its ASCII name.
    error ModelRegistry__BadTerm(bytes32 field, uint256 value, uint256 min, uint256 max);
    /// @notice The model is registered already.
    error ModelRegistry__AlreadyRegistered(bytes32 modelId);
    /// @notice The model is not in a state that allows the call.
    error ModelRegistry__WrongState(bytes32 modelId, ModelState found, ModelState needed);
    /// @notice The model takes no job before `activeAt`.
    error ModelRegistry__NotActive(bytes32 modelId, uint256 activeAt, uint256 time);
    /// @notice The certificate of the model does not cover jobs of this class.
    error ModelRegistry__ClassNotCertified(bytes32 modelId, uint8 jobClass);
    /// @notice Only the arbiter may suspend models and rule on challenges.
    error ModelRegistry__OnlyArbiter(address caller);
    /// @notice Only the registrant may do this.
    error ModelRegistry__OnlyRegistrant(bytes32 modelId, address caller);
    /// @notice The time to rule on the challenge is over, or not over yet.
    error ModelRegistry__BadTime(bytes32 modelId, uint256 deadline, uint256 time);
    /// @notice A CID is empty or longer than allowed.
    error ModelRegistry__BadCid(uint256 length, uint256 max);
    /// @notice The registrant's bond was paid out already.
    error ModelRegistry__NoBond(bytes32 modelId);
    /// @notice A zero address was given where a real one is needed.
    error ModelRegistry__ZeroAddress();

    /// @notice Registers a model from its document; takes the registrant's bond from the caller's
    /// tokens. The bond returns by `withdrawBond` once the model was suspended without a challenge
    /// upheld, or `CERTIFICATE_CHALLENGE_S` after registration while no challenge is open.
    function register(bytes calldata document) external returns (bytes32 modelId);
    /// @notice Claims that a repetition of the certificate's measurements comes out otherwise.
    /// Takes an equal bond from the caller's tokens.
    function challenge(bytes32 modelId, bytes calldata evidenceCid) external;
    /// @notice Decides a challenge: upheld suspends the model and gives the challenger the bond of
    /// the registrant, if still there; dismissed gives the registrant the challenger's. Arbiter only.
    function rule(bytes32 modelId, bool upheld) external;
    /// @notice Ends a challenge that nobody ruled on in time; the challenger's bond returns. Anyone.
    function lapse(bytes32 modelId) external;
    /// @notice Stops a model; its live jobs may then be voided. Arbiter only.
    function suspend(bytes32 modelId) external;
    /// @notice Pays the registrant's bond back when nothing holds it any more.
    function withdrawBond(bytes32 modelId) external returns (uint256 amount);

    /// @notice The stored record.
    function model(bytes32 modelId) external view returns (Model memory);
    /// @notice The pool and tolerance of a job; reverts unless the model takes jobs of the class now.
    function requireActive(bytes32 modelId, uint8 jobClass)
        external
        view
        returns (bytes12 pool, uint64 tauSq);
    /// @notice As `requireActive`, whatever the state of the model; zeros where it takes no such job.
    function termsOf(bytes32 modelId, uint8 jobClass) external view returns (bytes12 pool, uint64 tauSq);
    function isSuspended(bytes32 modelId) external view returns (bool);
    function registrantOf(bytes32 modelId) external view returns (address);
    function bondOf(bytes32 modelId) external view returns (uint256);
    function arbiter() external view returns (address);
    function token() external view returns (address);
    /// @notice Seconds between registration and the first job.
    function activationDelay() external view returns (uint256);
}
