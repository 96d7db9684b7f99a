// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICanaries} from "../interfaces/ICanaries.sol";
import {LiveParams} from "../libraries/LiveParams.sol";
import {Params} from "../libraries/Params.sol";

/// @title The catalogue of canaries' models, their records, and the scores
abstract contract CanaryBook is ICanaries, LiveParams {
    /// @dev One word.
    struct Score {
        uint128 drawn;
        uint128 passed;
    }

    uint256 internal constant EPOCH_S = 7 days;
    uint256 private constant _MODELS_MAX = 64;

    /// @inheritdoc ICanaries
    address public immutable standardTimelock;

    /// @inheritdoc ICanaries
    uint256 public count;
    uint256 internal _lastRequestAt;
    CanaryModel[] internal _models;
    /// @dev Place in `_models`, plus one; zero: not listed.
    mapping(bytes32 modelId => uint256) private _placeOf;
    mapping(uint256 canaryId => Canary) internal _canaries;
    mapping(uint256 epoch => mapping(address provider => Score)) internal _scores;

    constructor(address params_, address standardTimelock_, CanaryModel[] memory models_)
        LiveParams(params_)
    {
        standardTimelock = standardTimelock_;
        for (uint256 i; i < models_.length; ++i) {
            _list(models_[i]);
        }
    }

    /// @inheritdoc ICanaries
    function setModel(
        bytes32 modelId,
        bytes12 pool,
        uint32 batch,
        uint32 maxRuntime,
        bool isListed
    ) external {
        if (msg.sender != standardTimelock) revert Canaries__OnlyTimelock(msg.sender);
        if (isListed) _list(CanaryModel(modelId, pool, batch, maxRuntime));
        else _delist(modelId);
    }

    // --- views ---

    /// @inheritdoc ICanaries
    function models() external view returns (CanaryModel[] memory) {
        return _models;
    }

    /// @inheritdoc ICanaries
    function canaryOf(uint256 canaryId) external view returns (Canary memory) {
        return _canaries[canaryId];
    }

    /// @inheritdoc ICanaries
    function readyAt() public view returns (uint256) {
        uint256 word = _word(Params.WORD_FUNDS, Params.DEFAULT_FUNDS);
        return _lastRequestAt + EPOCH_S / Params.canariesPerEpoch(word);
    }

    // --- the catalogue ---

    function _list(CanaryModel memory model) private {
        if (model.pool == 0) revert Canaries__BadModel("pool", 0);
        if (model.batch == 0) revert Canaries__BadModel("batch", 0);
        if (model.maxRuntime == 0 || model.maxRuntime > Params.MAX_RUNTIME_MAX_S) {
            revert Canaries__BadModel("maxRuntime", model.maxRuntime);
        }
        uint256 place = _placeOf[model.modelId];
        if (place != 0) {
            _models[place - 1] = model;
        } else {
            if (_models.length == _MODELS_MAX) revert Canaries__CatalogueFull(_MODELS_MAX);
            _models.push(model);
            _placeOf[model.modelId] = _models.length;
        }
        emit CanaryModelSet(model.modelId, model.pool, model.batch, model.maxRuntime, true);
    }

    /// @dev The last one takes the place of the one that goes.
    function _delist(bytes32 modelId) private {
        uint256 place = _placeOf[modelId];
        if (place == 0) revert Canaries__NotListed(modelId);
        CanaryModel memory last = _models[_models.length - 1];
        _models[place - 1] = last;
        _placeOf[last.modelId] = place;
        _placeOf[modelId] = 0; // after the last one, which it may be itself
        _models.pop();
        emit CanaryModelSet(modelId, 0, 0, 0, false);
    }

    // --- records ---

    function _inState(uint256 canaryId, CanaryState needed)
        internal
        view
        returns (Canary storage c)
    {
        c = _canaries[canaryId];
        if (c.state != needed) revert Canaries__WrongState(canaryId, c.state, needed);
    }

    function _pass(Canary storage c, uint256 canaryId) internal {
        c.state = CanaryState.Passed;
        ++_scores[c.epoch][c.provider].passed;
        emit CanaryPassed(canaryId, c.provider, c.epoch);
    }

    function _fail(Canary storage c, uint256 canaryId) internal {
        c.state = CanaryState.Failed;
        emit CanaryFailed(canaryId, c.provider, c.epoch);
    }

    /// @dev Takes back what the draw counted, if there was one.
    function _void(Canary storage c, uint256 canaryId) internal {
        address provider = c.provider;
        c.state = CanaryState.Void;
        if (provider != address(0)) --_scores[c.epoch][provider].drawn;
        emit CanaryVoided(canaryId, provider);
    }
}
