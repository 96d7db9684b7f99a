// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {Params} from "../libraries/Params.sol";
import {TermsReader} from "../libraries/TermsReader.sol";
import {Model, ModelState} from "../types/Audit.sol";
import {JobClass} from "../types/Job.sol";

/// @title The book of models, their certificates' terms, and the bonds behind them
/// @dev Holds exactly the sum of `bondOf` and of the bonds of open challenges; counts only what it
/// was told, never `balanceOf(this)`. No reentrancy guard: every function ends with its token call,
/// after all of its writes, and the token has no hooks. The arbiter can stop models and decide about
/// challengers' and registrants' bonds between the two; it can move nothing to itself or others.
contract ModelRegistry is IModelRegistry {
    using SafeERC20 for IERC20;

    struct Challenge {
        address challenger;
        uint40 deadline; // last second to rule
    }

    struct Bond {
        address registrant;
        uint96 amount; // wei; zero once paid out
    }

    uint256 private constant _CID_MIN_BYTES = 4;
    uint256 private constant _CID_MAX_BYTES = 128;

    /// @inheritdoc IModelRegistry
    address public immutable token;
    /// @inheritdoc IModelRegistry
    address public immutable arbiter;
    /// @inheritdoc IModelRegistry
    uint256 public immutable activationDelay;

    mapping(bytes32 modelId => Model) private _models;
    mapping(bytes32 modelId => Bond) private _bonds;
    mapping(bytes32 modelId => Challenge) private _challenges;

    modifier onlyArbiter() {
        _requireArbiter();
        _;
    }

    /// @param token_ the token that bonds are paid in
    /// @param arbiter_ who rules on challenges and suspends models; fixed for ever
    /// @param activationDelay_ seconds between a registration and the model's first job
    constructor(address token_, address arbiter_, uint256 activationDelay_) {
        if (token_ == address(0) || arbiter_ == address(0)) revert ModelRegistry__ZeroAddress();
        token = token_;
        arbiter = arbiter_;
        activationDelay = activationDelay_;
    }

    /// @inheritdoc IModelRegistry
    function register(bytes calldata document) external returns (bytes32 modelId) {
        Model memory entry = TermsReader.read(document);
        modelId = keccak256(document);
        if (_models[modelId].state != ModelState.None) {
            revert ModelRegistry__AlreadyRegistered(modelId);
        }
        entry.state = ModelState.Registered;
        entry.activeAt = uint40(block.timestamp + activationDelay);
        _models[modelId] = entry;
        _bonds[modelId] = Bond(msg.sender, uint96(Params.REGISTRANT_BOND_WEI));
        emit ModelRegistered(modelId, msg.sender, entry.activeAt, document);
        _takeBond();
    }

    /// @inheritdoc IModelRegistry
    function challenge(bytes32 modelId, bytes calldata evidenceCid) external {
        Model storage entry = _inState(modelId, ModelState.Registered);
        uint256 length = evidenceCid.length;
        if (length < _CID_MIN_BYTES || length > _CID_MAX_BYTES) {
            revert ModelRegistry__BadCid(length, _CID_MAX_BYTES);
        }
        uint256 deadline = block.timestamp + Params.CERTIFICATE_CHALLENGE_S;
        entry.state = ModelState.Challenged;
        _challenges[modelId] = Challenge(msg.sender, uint40(deadline));
        emit CertificateChallenged(modelId, msg.sender, evidenceCid, deadline);
        _takeBond();
    }

    /// @inheritdoc IModelRegistry
    function rule(bytes32 modelId, bool upheld) external onlyArbiter {
        Model storage entry = _inState(modelId, ModelState.Challenged);
        Challenge memory open = _challenges[modelId];
        if (block.timestamp > open.deadline) {
            revert ModelRegistry__BadTime(modelId, open.deadline, block.timestamp);
        }
        Bond storage bond = _bonds[modelId];
        uint256 amount = Params.REGISTRANT_BOND_WEI; // of the challenger
        entry.state = upheld ? ModelState.Suspended : ModelState.Registered;
        delete _challenges[modelId];
        if (upheld) {
            amount += bond.amount;
            bond.amount = 0;
        }
        emit ChallengeRuled(modelId, upheld);
        _pay(upheld ? open.challenger : bond.registrant, amount);
    }

    /// @inheritdoc IModelRegistry
    function lapse(bytes32 modelId) external {
        Model storage entry = _inState(modelId, ModelState.Challenged);
        Challenge memory open = _challenges[modelId];
        if (block.timestamp <= open.deadline) {
            revert ModelRegistry__BadTime(modelId, open.deadline, block.timestamp);
        }
        entry.state = ModelState.Registered;
        delete _challenges[modelId];
        emit ChallengeLapsed(modelId);
        _pay(open.challenger, Params.REGISTRANT_BOND_WEI);
    }

    /// @inheritdoc IModelRegistry
    function suspend(bytes32 modelId) external onlyArbiter {
        Model storage entry = _models[modelId];
        ModelState found = entry.state;
        if (found == ModelState.None || found == ModelState.Suspended) {
            revert ModelRegistry__WrongState(modelId, found, ModelState.Registered);
        }
        address challenger = _challenges[modelId].challenger;
        entry.state = ModelState.Suspended;
        delete _challenges[modelId];
        emit ModelSuspended(modelId);
        if (found == ModelState.Challenged) _pay(challenger, Params.REGISTRANT_BOND_WEI);
    }

    /// @inheritdoc IModelRegistry
    function withdrawBond(bytes32 modelId) external returns (uint256 amount) {
        Bond storage bond = _bonds[modelId];
        if (msg.sender != bond.registrant) {
            revert ModelRegistry__OnlyRegistrant(modelId, msg.sender);
        }
        Model storage entry = _models[modelId];
        if (entry.state != ModelState.Suspended) {
            _inState(modelId, ModelState.Registered);
            uint256 from = entry.activeAt - activationDelay + Params.CERTIFICATE_CHALLENGE_S;
            if (block.timestamp < from) {
                revert ModelRegistry__BadTime(modelId, from, block.timestamp);
            }
        }
        amount = bond.amount;
        if (amount == 0) revert ModelRegistry__NoBond(modelId);
        bond.amount = 0;
        emit BondWithdrawn(modelId, msg.sender, amount);
        _pay(msg.sender, amount);
    }

    // --- views ---

    /// @inheritdoc IModelRegistry
    function model(bytes32 modelId) external view returns (Model memory) {
        return _models[modelId];
    }

    /// @inheritdoc IModelRegistry
    function requireActive(bytes32 modelId, uint8 jobClass)
        external
        view
        returns (bytes12 pool, uint64 tauSq)
    {
        Model storage entry = _models[modelId];
        ModelState found = entry.state;
        if (found != ModelState.Registered && found != ModelState.Challenged) {
            revert ModelRegistry__WrongState(modelId, found, ModelState.Registered);
        }
        if (block.timestamp < entry.activeAt) {
            revert ModelRegistry__NotActive(modelId, entry.activeAt, block.timestamp);
        }
        (pool, tauSq) = termsOf(modelId, jobClass);
        if (pool == 0) revert ModelRegistry__ClassNotCertified(modelId, jobClass);
    }

    /// @inheritdoc IModelRegistry
    function termsOf(bytes32 modelId, uint8 jobClass)
        public
        view
        returns (bytes12 pool, uint64 tauSq)
    {
        Model storage entry = _models[modelId];
        if (jobClass == uint8(JobClass.EXACT)) pool = entry.exactPool;
        if (jobClass == uint8(JobClass.TENSOR)) (pool, tauSq) = (entry.tensorPool, entry.tauSq);
    }

    /// @inheritdoc IModelRegistry
    function isSuspended(bytes32 modelId) external view returns (bool) {
        return _models[modelId].state == ModelState.Suspended;
    }

    /// @inheritdoc IModelRegistry
    function registrantOf(bytes32 modelId) external view returns (address) {
        return _bonds[modelId].registrant;
    }

    /// @inheritdoc IModelRegistry
    function bondOf(bytes32 modelId) external view returns (uint256) {
        return _bonds[modelId].amount;
    }

    // --- internal ---

    function _takeBond() private {
        IERC20(token).safeTransferFrom(msg.sender, address(this), Params.REGISTRANT_BOND_WEI);
    }

    function _pay(address to, uint256 amount) private {
        IERC20(token).safeTransfer(to, amount);
    }

    function _inState(bytes32 modelId, ModelState needed) private view returns (Model storage entry) {
        entry = _models[modelId];
        if (entry.state != needed) {
            revert ModelRegistry__WrongState(modelId, entry.state, needed);
        }
    }

    function _requireArbiter() private view {
        if (msg.sender != arbiter) revert ModelRegistry__OnlyArbiter(msg.sender);
    }
}
