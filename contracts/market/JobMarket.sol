// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IRandomnessBeacon} from "../interfaces/IRandomnessBeacon.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {Lifecycle} from "../libraries/Lifecycle.sol";
import {Params} from "../libraries/Params.sol";
import {Job, JobClass, JobSpec, JobState, Offer, Opening} from "../types/Job.sol";
import {JobBook} from "./JobBook.sol";

/// @title The market: hiring, the provider's duties, and the end of every job
/// @notice No owner, no pause, no upgrade. `Lifecycle` is the table of states and deadlines.
/// @dev Every call keeps one order: identify, check, change state, emit, call out. Audits are off in
/// this release: `pBps` stays at the zero it is born with, so no draw selects one. The court that
/// freezes another value on assignment attaches later; field, test and event are what it needs.
contract JobMarket is JobBook, EIP712 {
    using BitMaps for BitMaps.BitMap;

    uint256 private constant _CID_MIN_BYTES = 4;
    uint256 private constant _CID_MAX_BYTES = 128;
    uint256 private constant _AUDIT_SLOTS_MAX = 8;
    uint8 private constant _ROUND_PENDING = 0;
    uint8 private constant _ROUND_EXPIRED = 2;

    /// @inheritdoc IJobMarket
    address public immutable beacon;

    mapping(address provider => BitMaps.BitMap) private _usedNonces;

    constructor(address token_, address stakeManager_, address beacon_)
        JobBook(token_, stakeManager_)
        EIP712("Neurovoyance JobMarket", "1")
    {
        beacon = beacon_;
    }

    // --- hiring ---

    /// @inheritdoc IJobMarket
    function post(
        JobSpec calldata spec,
        bytes32 salt,
        uint96 maxPrice,
        uint96 minLock,
        uint40 deadline,
        string calldata source
    ) external returns (bytes32 jobId) {
        if (maxPrice == 0) revert JobMarket__ZeroAmount();
        uint256 latest = block.timestamp + Params.LISTING_MAX_S;
        if (deadline <= block.timestamp || deadline > latest) {
            revert JobMarket__BadDeadline(deadline, block.timestamp + 1, latest);
        }
        jobId = _newJobId(spec, salt, Hashing.specHash(spec));
        _debit(msg.sender, maxPrice);
        _write(jobId, spec, JobState.Open, address(0), maxPrice, minLock, deadline);
        emit JobPosted(jobId, msg.sender, spec, salt, maxPrice, minLock, deadline, source);
    }

    /// @inheritdoc IJobMarket
    function accept(bytes32 jobId, address provider, uint96 price, uint96 lock)
        external
        nonReentrant
    {
        Job storage j = _inTime(jobId, JobState.Open);
        _requireOperator(provider);
        uint256 maxPrice = j.price;
        if (price > maxPrice) revert JobMarket__PriceTooHigh(jobId, price, maxPrice);
        _checkTerms(price, lock, j.lock);
        address client = j.client;
        uint40 deadline = Lifecycle.commitDeadline(block.timestamp, j.maxRuntime);
        j.deadline = deadline;
        j.state = JobState.Assigned;
        j.provider = provider;
        j.price = price;
        j.lock = lock;
        if (maxPrice > price) _credit(client, maxPrice - price);
        emit JobAssigned(jobId, client, provider, price, lock, deadline);
        IStakeManager(stakeManager).lock(provider, jobId, lock);
    }

    /// @inheritdoc IJobMarket
    function open(JobSpec calldata spec, bytes32 salt, Offer calldata offer, bytes calldata signature)
        external
        nonReentrant
        returns (bytes32 jobId)
    {
        bytes32 specHash = Hashing.specHash(spec);
        jobId = _newJobId(spec, salt, specHash);
        _takeOffer(offer, specHash, signature);
        _debit(msg.sender, offer.price);
        uint40 deadline = Lifecycle.commitDeadline(block.timestamp, spec.maxRuntime);
        _write(
            jobId, spec, JobState.Assigned, offer.provider, offer.price, offer.lock, deadline
        );
        emit JobPosted(
            jobId, msg.sender, spec, salt, offer.price, offer.lock, offer.validUntil, ""
        );
        emit JobAssigned(jobId, msg.sender, offer.provider, offer.price, offer.lock, deadline);
        IStakeManager(stakeManager).lock(offer.provider, jobId, offer.lock);
    }

    /// @inheritdoc IJobMarket
    function revokeNonce(address provider, uint256 nonce) external {
        _requireOwnerOrOperator(provider);
        _useNonce(provider, nonce);
    }

    /// @inheritdoc IJobMarket
    function cancel(bytes32 jobId) external {
        Job storage j = _inTime(jobId, JobState.Open);
        if (msg.sender != j.client) revert JobMarket__NotClient(jobId, msg.sender);
        uint256 refund = j.price;
        j.state = JobState.Cancelled;
        _credit(msg.sender, refund);
        emit JobCancelled(jobId, refund);
    }

    // --- the provider's duties ---

    /// @inheritdoc IJobMarket
    function commit(bytes32 jobId, bytes32 commitment, int8 shift, bytes calldata envelopeCid)
        external
        nonReentrant
    {
        Job storage j = _inTime(jobId, JobState.Assigned);
        _requireOperator(j.provider);
        if (commitment == 0) revert JobMarket__ZeroCommitment(jobId);
        _checkCid(envelopeCid);
        // Asked before anything is written, so that nobody meets a job that is committed without a
        // round; the guard keeps everyone out meanwhile.
        uint40 round = _requestRound();
        uint40 deadline = Lifecycle.drawDeadline(block.timestamp);
        j.deadline = deadline;
        j.state = JobState.Committed;
        j.beaconRound = round;
        j.binding = commitment;
        emit JobCommitted(jobId, commitment, shift, envelopeCid, round, deadline);
    }

    /// @inheritdoc IJobMarket
    function draw(bytes32 jobId) external nonReentrant {
        _draw(_inTime(jobId, JobState.Committed), jobId);
    }

    /// @inheritdoc IJobMarket
    function reveal(bytes32 jobId, Opening calldata opening) external {
        Job storage j = _inTime(jobId, JobState.Committed);
        address provider = j.provider;
        _requireOperator(provider);
        if (j.beaconRound != 0) revert JobMarket__NotDrawn(jobId);
        bytes32 found =
            Hashing.binding(Hashing.commitment(jobId, provider, opening), opening.seed0);
        bytes32 needed = j.binding;
        if (found != needed) revert JobMarket__WrongOpening(jobId, found, needed);
        _reveal(j, jobId, opening, opening.seed0);
    }

    /// @inheritdoc IJobMarket
    function drawAndReveal(bytes32 jobId, Opening calldata opening) external nonReentrant {
        Job storage j = _inTime(jobId, JobState.Committed);
        address provider = j.provider;
        _requireOperator(provider);
        bytes32 needed = j.binding;
        (bytes32 seed0, bool mayReveal) = _draw(j, jobId);
        if (!mayReveal) return;
        bytes32 found = Hashing.commitment(jobId, provider, opening);
        if (found != needed) revert JobMarket__WrongOpening(jobId, found, needed);
        _reveal(j, jobId, opening, seed0);
    }

    /// @inheritdoc IJobMarket
    function declareInvalid(bytes32 jobId) external nonReentrant {
        Job storage j = _inTime(jobId, JobState.Assigned);
        address provider = j.provider;
        _requireOperator(provider);
        uint256 refund = j.price;
        uint256 lock = j.lock;
        j.state = JobState.Invalid;
        _credit(j.client, refund);
        emit JobInvalid(jobId, refund);
        _tryUnlock(jobId, provider, lock);
    }

    // --- the end ---

    /// @inheritdoc IJobMarket
    function confirm(bytes32 jobId) external nonReentrant {
        Job storage j = _inTime(jobId, JobState.Revealed);
        if (msg.sender != j.client) revert JobMarket__NotClient(jobId, msg.sender);
        emit JobConfirmed(jobId); // Accepted, and settled in the same breath
        _settle(j, jobId);
    }

    /// @inheritdoc IJobMarket
    function settle(bytes32 jobId) external nonReentrant {
        Job storage j = _record(jobId);
        JobState found = _effectiveState(j);
        if (found != JobState.Accepted) {
            if (found != JobState.Revealed) {
                revert JobMarket__WrongState(jobId, found, JobState.Accepted);
            }
            revert JobMarket__DeadlineNotPassed(jobId, j.deadline, block.timestamp);
        }
        _settle(j, jobId);
    }

    /// @inheritdoc IJobMarket
    function settleBatch(bytes32[] calldata jobIds) external nonReentrant {
        for (uint256 i; i < jobIds.length; ++i) {
            bytes32 jobId = jobIds[i];
            Job storage j = _record(jobId);
            JobState found = _effectiveState(j);
            if (found == JobState.Accepted) _settle(j, jobId);
            else emit SettleSkipped(jobId, found);
        }
    }

    /// @inheritdoc IJobMarket
    function expire(bytes32 jobId) external nonReentrant {
        Job storage j = _record(jobId);
        JobState stored = j.state;
        JobState ended = _effectiveState(j);
        if (!Lifecycle.canExpire(stored)) {
            revert JobMarket__WrongState(jobId, ended, JobState.None);
        }
        if (ended == stored) {
            revert JobMarket__DeadlineNotPassed(jobId, j.deadline, block.timestamp);
        }
        uint256 refund = j.price;
        j.state = ended;
        _credit(j.client, refund);
        emit JobExpired(jobId, ended, refund);
        if (ended != JobState.Unmatched) _trySlash(j, jobId, ended);
    }

    // --- views ---

    /// @inheritdoc IJobMarket
    function jobIdOf(address client, bytes32 salt, bytes32 specHash)
        external
        view
        returns (bytes32)
    {
        return Hashing.jobId(client, salt, specHash);
    }

    /// @inheritdoc IJobMarket
    function specHashOf(JobSpec calldata spec) external pure returns (bytes32) {
        return Hashing.specHash(spec);
    }

    /// @inheritdoc IJobMarket
    function offerHashOf(Offer calldata offer) external view returns (bytes32) {
        return _offerHash(offer);
    }

    /// @inheritdoc IJobMarket
    function isNonceUsed(address provider, uint256 nonce) external view returns (bool) {
        return _usedNonces[provider].get(nonce);
    }

    // --- checks ---

    function _newJobId(JobSpec calldata spec, bytes32 salt, bytes32 specHash)
        private
        view
        returns (bytes32 jobId)
    {
        _checkField("jobClass", spec.jobClass, 0, uint256(type(JobClass).max));
        _checkField("batch", spec.batch, 1, type(uint32).max);
        _checkField("maxRuntime", spec.maxRuntime, 1, Params.MAX_RUNTIME_MAX_S);
        _checkField(
            "window",
            spec.window,
            Params.CHALLENGE_WINDOW_S_MIN,
            Params.CHALLENGE_WINDOW_S_MAX
        );
        _checkField("auditSlots", spec.auditSlots, 1, _AUDIT_SLOTS_MAX);
        _checkCid(spec.inputCid);
        jobId = Hashing.jobId(msg.sender, salt, specHash);
        Job storage j = _record(jobId);
        if (j.state != JobState.None) revert JobMarket__JobExists(jobId, _effectiveState(j));
    }

    function _checkField(bytes32 field, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert JobMarket__BadSpec(field, value, min, max);
    }

    function _checkCid(bytes calldata cid) private pure {
        if (cid.length < _CID_MIN_BYTES || cid.length > _CID_MAX_BYTES) {
            revert JobMarket__BadCid(cid.length, _CID_MAX_BYTES);
        }
    }

    function _checkTerms(uint256 price, uint256 lock, uint256 minLock) private pure {
        if (price == 0) revert JobMarket__ZeroAmount();
        uint256 needed = Math.max(minLock, Params.LOCK_MIN_MULTIPLE * price);
        if (lock < needed) revert JobMarket__LockTooSmall(lock, needed);
    }

    function _takeOffer(Offer calldata offer, bytes32 specHash, bytes calldata signature) private {
        bytes32 offerHash = _offerHash(offer);
        if (offer.client != address(0) && offer.client != msg.sender) {
            revert JobMarket__OfferNotForCaller(offerHash, offer.client, msg.sender);
        }
        if (offer.specHash != specHash) {
            revert JobMarket__OfferForOtherSpec(offerHash, offer.specHash, specHash);
        }
        uint256 validUntil = offer.validUntil;
        if (validUntil < block.timestamp) revert JobMarket__OfferExpired(offerHash, validUntil);
        uint256 latest = block.timestamp + Params.OFFER_MAX_S;
        if (validUntil > latest) revert JobMarket__OfferTooLong(offerHash, validUntil, latest);
        _checkTerms(offer.price, offer.lock, 0);
        address operator = _operatorOf(offer.provider);
        if (
            operator == address(0)
                || !SignatureChecker.isValidSignatureNowCalldata(operator, offerHash, signature)
        ) revert JobMarket__BadSignature(offerHash);
        _useNonce(offer.provider, offer.nonce);
    }

    function _offerHash(Offer calldata offer) private view returns (bytes32) {
        return _hashTypedDataV4(Hashing.offerStructHash(offer));
    }

    // --- effects ---

    function _useNonce(address provider, uint256 nonce) private {
        BitMaps.BitMap storage used = _usedNonces[provider];
        if (used.get(nonce)) revert JobMarket__NonceUsed(provider, nonce);
        used.set(nonce);
    }

    /// @dev A round that the record cannot hold is refused, never cut.
    function _requestRound() private returns (uint40) {
        return SafeCast.toUint40(IRandomnessBeacon(beacon).request());
    }

    /// @return seed0 the drawn seed; zero if the round had lapsed
    /// @return mayReveal whether the provider may reveal at once: drawn, and no audit
    function _draw(Job storage j, bytes32 jobId) private returns (bytes32 seed0, bool mayReveal) {
        uint40 round = j.beaconRound;
        if (round == 0) revert JobMarket__AlreadyDrawn(jobId);
        uint8 status = IRandomnessBeacon(beacon).status(round);
        if (status == _ROUND_PENDING) revert JobMarket__RoundPending(jobId, round);
        if (status == _ROUND_EXPIRED) {
            round = _requestRound();
            j.beaconRound = round;
            emit DrawRenewed(jobId, round);
            return (0, false);
        }
        bytes32 c0 = j.binding;
        seed0 = Hashing.seed0(IRandomnessBeacon(beacon).value(round), jobId, c0);
        bool audited = Hashing.isAudited(seed0, j.pBps);
        uint40 deadline = Lifecycle.revealDeadline(block.timestamp);
        j.deadline = deadline;
        j.beaconRound = 0;
        j.binding = Hashing.binding(c0, seed0);
        emit SeedDrawn(jobId, seed0, audited, deadline);
        mayReveal = !audited;
    }

    function _reveal(Job storage j, bytes32 jobId, Opening calldata opening, bytes32 seed0)
        private
    {
        _checkCid(opening.envelopeCid);
        uint40 deadline = Lifecycle.windowEnd(block.timestamp, j.window);
        j.deadline = deadline;
        j.state = JobState.Revealed;
        emit JobRevealed(
            jobId, opening.outRoot, opening.envelopeCid, opening.resultKey, seed0, deadline
        );
    }

    function _settle(Job storage j, bytes32 jobId) private {
        address provider = j.provider;
        uint256 price = j.price;
        uint256 lock = j.lock;
        j.state = JobState.Settled;
        _earn(provider, price);
        emit JobSettled(jobId, provider, price);
        _tryUnlock(jobId, provider, lock);
    }
}
