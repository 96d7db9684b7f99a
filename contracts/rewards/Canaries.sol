// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {ICanaries} from "../interfaces/ICanaries.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IRandomnessBeacon} from "../interfaces/IRandomnessBeacon.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Lifecycle} from "../libraries/Lifecycle.sol";
import {Params} from "../libraries/Params.sol";
import {Job, JobClass, JobSpec, JobState, Offer} from "../types/Job.sol";
import {CanaryBook} from "./CanaryBook.sol";

/// @title Canaries: drawn, taken, and scored
/// @notice Only the catalogue is governed. Nobody can take the budget out: it leaves as the price of
/// canaries and the pay of their auditors.
contract Canaries is CanaryBook, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant _TAKE_S = 1 hours;
    uint256 private constant _ATTEMPTS = 32;
    uint256 private constant _BPS = 10_000;
    uint8 private constant _ROUND_PENDING = 0;
    uint8 private constant _ROUND_EXPIRED = 2;
    uint8 private constant _FLAG_DRAWN = 16; // of Job.flags
    /// @dev CIDv1, raw, identity multihash of 32 bytes: the CID is the seed.
    bytes4 private constant _SEED_CID = 0x01550020;

    /// @inheritdoc ICanaries
    address public immutable market;
    /// @inheritdoc ICanaries
    address public immutable stakeManager;
    /// @inheritdoc ICanaries
    address public immutable registry;
    /// @inheritdoc ICanaries
    address public immutable auditCourt;
    /// @inheritdoc ICanaries
    address public immutable beacon;

    /// @param models_ the catalogue to begin with
    constructor(
        address market_,
        address stakeManager_,
        address registry_,
        address auditCourt_,
        address beacon_,
        address params_,
        address standardTimelock_,
        CanaryModel[] memory models_
    ) CanaryBook(params_, standardTimelock_, models_) {
        market = market_;
        stakeManager = stakeManager_;
        registry = registry_;
        auditCourt = auditCourt_;
        beacon = beacon_;
    }

    // --- a canary's life ---

    /// @inheritdoc ICanaries
    function fund(uint256 amount) external nonReentrant {
        IERC20 token = IERC20(IJobMarket(market).token());
        emit CanariesFunded(msg.sender, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
        token.forceApprove(market, amount);
        IJobMarket(market).deposit(amount);
    }

    /// @inheritdoc ICanaries
    function request() external nonReentrant returns (uint256 canaryId) {
        if (_models.length == 0) revert Canaries__NoModels();
        uint256 ready = readyAt();
        if (block.timestamp < ready) revert Canaries__TooSoon(ready, block.timestamp);
        (uint256 budget, uint256 needed) = _budget();
        if (budget < needed) revert Canaries__BudgetTooSmall(budget, needed);
        _lastRequestAt = block.timestamp;
        canaryId = ++count;
        uint64 round = IRandomnessBeacon(beacon).request();
        Canary storage c = _canaries[canaryId];
        c.round = round;
        c.requestedAt = uint40(block.timestamp);
        c.state = CanaryState.Requested;
        emit CanaryRequested(canaryId, round, block.timestamp);
    }

    /// @inheritdoc ICanaries
    function draw(uint256 canaryId) external nonReentrant {
        Canary storage c = _inState(canaryId, CanaryState.Requested);
        uint64 round = c.round;
        uint8 status = IRandomnessBeacon(beacon).status(round);
        if (status == _ROUND_PENDING) revert Canaries__RoundPending(canaryId, round);
        if (status == _ROUND_EXPIRED || _models.length == 0) {
            _void(c, canaryId);
            return;
        }
        bytes32 value = IRandomnessBeacon(beacon).value(round);
        bytes32 seed =
            keccak256(abi.encode("NVY/canary/1", value, block.chainid, address(this), canaryId));
        CanaryModel memory model = _models[uint256(_hash(seed, "model")) % _models.length];
        c.modelId = model.modelId;
        c.jobClass = _classOf(model);
        c.batch = model.batch;
        c.maxRuntime = model.maxRuntime;
        c.seed = _hash(seed, "input");
        address provider = _search(seed, model.pool, c.requestedAt);
        if (provider == address(0) || !_isHirable(c, provider)) {
            _void(c, canaryId);
            return;
        }
        _assign(c, canaryId, provider);
    }

    /// @inheritdoc ICanaries
    function take(uint256 canaryId, Offer calldata offer, bytes calldata signature)
        external
        nonReentrant
        returns (bytes32 jobId)
    {
        Canary storage c = _inState(canaryId, CanaryState.Drawn);
        address provider = c.provider;
        if (offer.provider != provider) {
            revert Canaries__WrongProvider(canaryId, offer.provider, provider);
        }
        if (block.timestamp > c.takeBy) {
            revert Canaries__TooLate(canaryId, c.takeBy, block.timestamp);
        }
        (JobSpec memory spec, uint256 price, uint256 lock) = _terms(c);
        if (offer.price != price || offer.lock != lock) {
            revert Canaries__WrongTerms(canaryId, price, lock);
        }
        c.state = CanaryState.Taken;
        jobId = IJobMarket(market).open(spec, bytes32(canaryId), offer, signature);
        c.jobId = jobId;
        emit CanaryTaken(canaryId, provider, jobId);
    }

    /// @inheritdoc ICanaries
    function miss(uint256 canaryId) external nonReentrant {
        Canary storage c = _inState(canaryId, CanaryState.Drawn);
        if (block.timestamp <= c.takeBy) {
            revert Canaries__NotMissed(canaryId, c.takeBy, block.timestamp);
        }
        (uint256 budget, uint256 needed) = _budget();
        if (budget < needed || !_isHirable(c, c.provider)) _void(c, canaryId);
        else _fail(c, canaryId);
    }

    /// @inheritdoc ICanaries
    function score(uint256 canaryId) external nonReentrant {
        Canary storage c = _inState(canaryId, CanaryState.Taken);
        bytes32 jobId = c.jobId;
        Job memory job = IJobMarket(market).job(jobId);
        JobState ended = IJobMarket(market).stateOf(jobId);
        if (ended == JobState.Accepted) {
            IJobMarket(market).settle(jobId);
            ended = JobState.Settled;
        } else if (ended != job.state) {
            IJobMarket(market).expire(jobId);
        } else if (Lifecycle.canExpire(ended) || ended == JobState.Revealed) {
            revert Canaries__JobNotOver(canaryId, jobId, uint8(ended));
        }
        if (ended == JobState.Settled && job.flags & _FLAG_DRAWN != 0) _pass(c, canaryId);
        else if (_isNobodysFault(c, ended)) _void(c, canaryId);
        else _fail(c, canaryId);
    }

    // --- views ---

    /// @inheritdoc ICanaries
    function specOf(uint256 canaryId)
        external
        view
        returns (JobSpec memory spec, uint256 price, uint256 lock)
    {
        Canary storage c = _canaries[canaryId];
        if (c.state == CanaryState.Drawn) return _terms(c);
    }

    /// @inheritdoc ICanaries
    function scoreOf(address provider, uint256 epoch)
        external
        view
        returns (uint256 passed, uint256 drawn)
    {
        Score storage s = _scores[epoch][provider];
        (passed, drawn) = (s.passed, s.drawn);
        // Without a court there are no audits to miss, and no canaries either.
        if (auditCourt != address(0)) drawn += IAuditCourt(auditCourt).missedOf(provider, epoch);
    }

    // --- internal ---

    function _hash(bytes32 seed, string memory what) private pure returns (bytes32) {
        return keccak256(abi.encode(seed, what));
    }

    function _classOf(CanaryModel memory model) private view returns (uint8) {
        (bytes12 pool,) =
            IModelRegistry(registry).termsOf(model.modelId, uint8(JobClass.TENSOR));
        return uint8(pool == model.pool ? JobClass.TENSOR : JobClass.EXACT);
    }

    /// @dev The owner of a seat that was live when the canary was requested, before anybody knew its
    /// draw; zero if no attempt finds one. An owner that may take no job is passed over.
    function _search(bytes32 seed, bytes12 pool, uint256 time) private view returns (address) {
        IStakeManager stakes = IStakeManager(stakeManager);
        uint256 length = stakes.seatCountAt(pool, time);
        if (length == 0) return address(0);
        uint256 word = _word(Params.WORD_HIRING, Params.DEFAULT_HIRING);
        for (uint256 i; i < _ATTEMPTS; ++i) {
            uint256 index = uint256(keccak256(abi.encode(seed, "seat", i))) % length;
            (address owner,, uint40 until) = stakes.seatAt(pool, index);
            if (until != 0 && time >= until) continue;
            if (stakes.stakeOf(owner).own >= Params.minSelfStakeWei(word)) return owner;
        }
        return address(0);
    }

    /// @dev Whether the courts would let the canary become a job now.
    function _isHirable(Canary storage c, address provider) private view returns (bool) {
        (JobSpec memory spec, uint256 price, uint256 lock) = _terms(c);
        try IAuditCourt(auditCourt).terms(
            spec.modelId,
            spec.jobClass,
            provider,
            price,
            lock,
            spec.declaredGain,
            spec.auditSlots
        ) returns (uint16, uint16) {
            return true;
        } catch {
            return false;
        }
    }

    function _isNobodysFault(Canary storage c, JobState ended) private view returns (bool) {
        if (Lifecycle.isFaultless(ended)) return true;
        return ended == JobState.Invalid && IModelRegistry(registry).isSuspended(c.modelId);
    }

    /// @dev What the market holds for canaries, and what one needs: its price and its audit.
    function _budget() private view returns (uint256 budget, uint256 needed) {
        budget = IJobMarket(market).freeOf(address(this));
        uint256 price = _price();
        needed = price + Math.ceilDiv(price * Params.AUDIT_PAY_BPS, _BPS);
    }

    function _price() private view returns (uint256) {
        return Params.canaryPriceWei(_word(Params.WORD_FUNDS, Params.DEFAULT_FUNDS));
    }

    /// @dev The smallest lock that the market takes, and the declared gain that makes its audit
    /// certain: the largest risk with risk * (1 - detection) <= lock * detection, for which the odds
    /// ask for 10,000 bps. A larger one the court would refuse.
    function _terms(Canary storage c)
        private
        view
        returns (JobSpec memory spec, uint256 price, uint256 lock)
    {
        price = _price();
        uint256 word = _word(Params.WORD_HIRING, Params.DEFAULT_HIRING);
        lock = Params.lockMinMultiple(word) * price;
        uint256 detect = Params.detectBps(word);
        uint256 risk = lock * detect / (_BPS - detect); // at least two prices
        spec.modelId = c.modelId;
        spec.inputCid = abi.encodePacked(_SEED_CID, c.seed);
        spec.jobClass = c.jobClass;
        spec.batch = c.batch;
        spec.declaredGain = uint96(risk - price); // under 380 NVY
        spec.maxRuntime = c.maxRuntime;
        word = _word(Params.WORD_FUNDS, Params.DEFAULT_FUNDS);
        spec.window = uint32(Params.challengeWindowS(word));
        spec.auditSlots = 1;
    }

    /// @dev Counts for the provider from now on, unless it turns out to be void.
    function _assign(Canary storage c, uint256 canaryId, address provider) private {
        uint256 takeBy = block.timestamp + _TAKE_S;
        uint256 epoch = block.timestamp / EPOCH_S;
        c.provider = provider;
        c.takeBy = uint40(takeBy);
        c.epoch = uint48(epoch);
        c.state = CanaryState.Drawn;
        ++_scores[epoch][provider].drawn;
        emit CanaryDrawn(canaryId, provider, c.modelId, epoch, c.seed, takeBy);
    }
}
