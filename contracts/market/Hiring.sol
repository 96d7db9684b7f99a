// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IProtocolParams} from "../interfaces/IProtocolParams.sol";
import {IStakeManager} from "../interfaces/IStakeManager.sol";
import {Hashing} from "../libraries/Hashing.sol";
import {Lifecycle} from "../libraries/Lifecycle.sol";
import {Params} from "../libraries/Params.sol";
import {Economy} from "../types/Economy.sol";
import {Job, JobClass, JobSpec, JobState, Offer, Payment} from "../types/Job.sol";
import {CourtMoves} from "./CourtMoves.sol";

/// @title Listings, signed offers, and what an assignment freezes
abstract contract Hiring is CourtMoves {
    using BitMaps for BitMaps.BitMap;

    uint256 private constant _CID_MIN_BYTES = 4;
    uint256 private constant _CID_MAX_BYTES = 128;
    uint256 private constant _AUDIT_SLOTS_MAX = 8;

    mapping(address provider => BitMaps.BitMap) private _usedNonces;

    constructor(
        address token_,
        address stakeManager_,
        address auditCourt_,
        address disputeCourt_,
        Economy memory economy
    )
        CourtMoves(token_, stakeManager_, auditCourt_, disputeCourt_, economy)
    {}

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
        return _post(spec, salt, maxPrice, minLock, deadline, source);
    }

    /// @inheritdoc IJobMarket
    function postWithPermit(
        Payment calldata payment,
        JobSpec calldata spec,
        bytes32 salt,
        uint96 maxPrice,
        uint96 minLock,
        uint40 deadline,
        string calldata source
    ) external nonReentrant returns (bytes32 jobId) {
        _payIn(payment);
        return _post(spec, salt, maxPrice, minLock, deadline, source);
    }

    /// @inheritdoc IJobMarket
    function accept(
        bytes32 jobId,
        JobSpec calldata spec,
        bytes32 salt,
        address provider,
        uint96 price,
        uint96 lock
    ) external nonReentrant {
        Job storage j = _inTime(jobId, JobState.Open);
        _requireOperator(provider);
        address client = j.client;
        _checkSpec(client, jobId, spec, salt);
        uint256 maxPrice = j.price;
        if (price > maxPrice) revert JobMarket__PriceTooHigh(jobId, price, maxPrice);
        _checkTerms(price, lock, j.lock);
        Terms memory terms = _assignmentTerms(spec, provider, price, lock);
        uint256 unused = maxPrice - price + j.held - terms.held;
        uint40 deadline = Lifecycle.commitDeadline(block.timestamp, j.maxRuntime);
        _assign(j, provider, deadline, uint88(price), _fit(lock), terms);
        if (unused > 0) _credit(client, unused);
        emit JobAssigned(jobId, client, provider, price, lock, deadline);
        _announceTerms(jobId, terms);
        IStakeManager(stakeManager).lock(provider, jobId, lock);
    }

    /// @inheritdoc IJobMarket
    function open(JobSpec calldata spec, bytes32 salt, Offer calldata offer, bytes calldata signature)
        external
        nonReentrant
        returns (bytes32 jobId)
    {
        return _open(spec, salt, offer, signature);
    }

    /// @inheritdoc IJobMarket
    function openWithPermit(
        Payment calldata payment,
        JobSpec calldata spec,
        bytes32 salt,
        Offer calldata offer,
        bytes calldata signature
    ) external nonReentrant returns (bytes32 jobId) {
        _payIn(payment);
        return _open(spec, salt, offer, signature);
    }

    /// @inheritdoc IJobMarket
    function revokeNonce(address provider, uint256 nonce) external {
        _requireOwnerOrOperator(provider);
        _useNonce(provider, nonce);
    }

    /// @inheritdoc IJobMarket
    function cancel(bytes32 jobId) external nonReentrant {
        Job storage j = _record(jobId);
        address provider = j.provider;
        // Before acceptance it is the client's to withdraw, after it the provider's to hand back.
        j = _inTime(jobId, provider == address(0) ? JobState.Open : JobState.Assigned);
        if (provider != address(0)) _requireOperator(provider);
        else if (msg.sender != j.client) revert JobMarket__NotClient(jobId, msg.sender);
        j.state = JobState.Cancelled;
        emit JobCancelled(jobId, _refund(j, jobId, JobState.Assigned));
        if (provider != address(0)) _tryUnlock(jobId, provider, j.lock);
    }

    // --- views ---

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

    function _checkCid(bytes calldata cid) internal pure {
        if (cid.length < _CID_MIN_BYTES || cid.length > _CID_MAX_BYTES) {
            revert JobMarket__BadCid(cid.length, _CID_MAX_BYTES);
        }
    }

    function _checkTerms(uint256 price, uint256 lock, uint256 minLock) private view {
        if (price == 0) revert JobMarket__ZeroAmount();
        uint256 word = _word(Params.WORD_HIRING, Params.DEFAULT_HIRING);
        uint256 needed = Math.max(minLock, Params.lockMinMultiple(word) * price);
        if (lock < needed) revert JobMarket__LockTooSmall(lock, needed);
        if (price > Params.BREAKER_JOB_WEI && params != address(0)) {
            uint256 until = IProtocolParams(params).pausedUntil();
            if (block.timestamp < until) revert JobMarket__Paused(price, until);
        }
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
        return MessageHashUtils.toTypedDataHash(
            Hashing.offerDomain(), Hashing.offerStructHash(offer)
        );
    }

    // --- effects ---

    function _post(
        JobSpec calldata spec,
        bytes32 salt,
        uint96 maxPrice,
        uint96 minLock,
        uint40 deadline,
        string calldata source
    ) private returns (bytes32 jobId) {
        if (maxPrice == 0) revert JobMarket__ZeroAmount();
        uint256 latest = block.timestamp + Params.LISTING_MAX_S;
        if (deadline <= block.timestamp || deadline > latest) {
            revert JobMarket__BadDeadline(deadline, block.timestamp + 1, latest);
        }
        jobId = _newJobId(spec, salt, Hashing.specHash(spec));
        _list(jobId, spec, _fit(maxPrice), _fit(minLock), deadline);
        emit JobPosted(jobId, msg.sender, spec, salt, maxPrice, minLock, deadline, source);
    }

    function _open(
        JobSpec calldata spec,
        bytes32 salt,
        Offer calldata offer,
        bytes calldata signature
    ) private returns (bytes32 jobId) {
        bytes32 specHash = Hashing.specHash(spec);
        jobId = _newJobId(spec, salt, specHash);
        _takeOffer(offer, specHash, signature);
        Terms memory terms = _assignmentTerms(spec, offer.provider, offer.price, offer.lock);
        _debit(msg.sender, uint256(offer.price) + terms.held);
        uint40 deadline = Lifecycle.commitDeadline(block.timestamp, spec.maxRuntime);
        Job storage j = _record(jobId);
        _writeDuty(j, JobState.Assigned, offer.provider, deadline, spec.jobClass);
        _writeMoney(j, spec, _fit(offer.price), _fit(offer.lock), terms);
        emit JobPosted(
            jobId, msg.sender, spec, salt, offer.price, offer.lock, offer.validUntil, ""
        );
        emit JobAssigned(jobId, msg.sender, offer.provider, offer.price, offer.lock, deadline);
        _announceTerms(jobId, terms);
        IStakeManager(stakeManager).lock(offer.provider, jobId, offer.lock);
    }

    function _list(
        bytes32 jobId,
        JobSpec calldata spec,
        uint88 maxPrice,
        uint88 minLock,
        uint40 deadline
    ) private {
        Terms memory terms = _listingTerms(maxPrice, spec.auditSlots);
        _debit(msg.sender, uint256(maxPrice) + terms.held);
        Job storage j = _record(jobId);
        _writeDuty(j, JobState.Open, address(0), deadline, spec.jobClass);
        _writeMoney(j, spec, maxPrice, minLock, terms);
    }

    function _assign(
        Job storage j,
        address provider,
        uint40 deadline,
        uint88 price,
        uint88 lock,
        Terms memory terms
    ) private {
        uint16 pBps = terms.pBps;
        uint16 pEconBps = terms.pEconBps;
        uint8 flags = j.flags | (terms.isWhole ? FLAG_WHOLE : 0);
        uint96 held = terms.held;
        // Fields of a slot follow each other, so that the compiler joins their writes.
        j.deadline = deadline;
        j.state = JobState.Assigned;
        j.provider = provider;
        j.price = price;
        j.lock = lock;
        j.pBps = pBps;
        j.pEconBps = pEconBps;
        j.flags = flags;
        j.held = held;
    }

    /// @dev The record holds 88 bits of an amount: a third of the supply.
    function _fit(uint96 amount) private pure returns (uint88) {
        if (amount > type(uint88).max) {
            revert JobMarket__AmountTooLarge(amount, type(uint88).max);
        }
        return uint88(amount);
    }

    function _useNonce(address provider, uint256 nonce) private {
        BitMaps.BitMap storage used = _usedNonces[provider];
        if (used.get(nonce)) revert JobMarket__NonceUsed(provider, nonce);
        used.set(nonce);
    }
}
