// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditCourt} from "../interfaces/IAuditCourt.sol";
import {IFeeRouter} from "../interfaces/IFeeRouter.sol";
import {AuditFees} from "../libraries/AuditFees.sol";
import {Economy} from "../types/Economy.sol";
import {Job, JobSpec, JobState} from "../types/Job.sol";
import {JobBook} from "./JobBook.sol";

/// @title What a job holds beside its price, and how a job's money is shared out
/// @notice Where a deployment has no AuditCourt nothing is held and nobody is asked.
/// @dev The audit pool is the AuditCourt's free balance.
abstract contract AuditEscrow is JobBook {
    constructor(
        address token_,
        address stakeManager_,
        address auditCourt_,
        address disputeCourt_,
        Economy memory economy
    )
        JobBook(token_, stakeManager_, auditCourt_, disputeCourt_, economy)
    {}

    function _hasAudits() internal view returns (bool) {
        return auditCourt != address(0);
    }

    /// @dev What a listing holds: enough for every provider at every price it allows.
    function _listingTerms(uint256 maxPrice, uint256 slots)
        internal
        view
        returns (Terms memory terms)
    {
        if (_hasAudits()) terms.held = uint96(AuditFees.wholePay(maxPrice, slots));
    }

    /// @dev Asks the AuditCourt, which reverts unless model, pool and risk allow the job.
    function _assignmentTerms(
        JobSpec calldata spec,
        address provider,
        uint256 price,
        uint256 lock
    ) internal view returns (Terms memory terms) {
        if (!_hasAudits()) return terms;
        uint256 slots = spec.auditSlots;
        (terms.pEconBps, terms.pBps) = IAuditCourt(auditCourt).terms(
            spec.modelId, spec.jobClass, provider, price, lock, spec.declaredGain, uint8(slots)
        );
        uint256 held;
        (held, terms.isWhole) =
            AuditFees.heldOf(price, slots, terms.pEconBps, terms.pBps, _freeOf(auditCourt));
        terms.held = uint96(held); // at most eight prices of 88 bits
    }

    function _announceTerms(bytes32 jobId, Terms memory terms) internal {
        if (!_hasAudits()) return;
        emit AuditTermsFrozen(jobId, terms.pEconBps, terms.pBps, terms.held);
    }

    /// @dev A drawn audit takes what is held into the pool at once: auditors are paid from there.
    function _fundAudit(Job storage j, bytes32 jobId) internal {
        uint256 held = j.held;
        if (held == 0) return;
        _credit(auditCourt, held);
        emit AuditFeesPaid(jobId, held, 0, 0);
    }

    /// @dev Credits the client of a job that ends without pay. `from` is the state it ends in: after
    /// a commitment the premium is spent, drawn or not.
    /// @return refund wei credited to the client
    function _refund(Job storage j, bytes32 jobId, JobState from) internal returns (uint256 refund) {
        refund = j.price;
        uint256 held = j.held;
        uint8 flags = j.flags;
        if (held != 0 && flags & FLAG_DRAWN == 0) {
            bool isSpent = from != JobState.Open && from != JobState.Assigned;
            if (isSpent && flags & FLAG_WHOLE == 0) {
                _credit(auditCourt, held);
                emit AuditFeesPaid(jobId, held, 0, 0);
            } else {
                refund += held;
            }
        }
        _credit(j.client, refund);
    }

    /// @dev Credits the provider, and shares out what audits cost.
    function _settle(Job storage j, bytes32 jobId) internal {
        address provider = j.provider;
        uint256 paid = j.price;
        uint256 lock = j.lock;
        j.state = JobState.Settled;
        if (_hasAudits()) paid -= _settleFees(j, jobId, paid);
        emit JobSettled(jobId, provider, paid);
        _payFee(provider, paid);
        _tryUnlock(jobId, provider, lock);
    }

    /// @dev With a FeeRouter the tokens stay here, in its free balance, until the provider harvests.
    function _payFee(address provider, uint256 paid) private {
        if (feeRouter == address(0)) {
            _earn(provider, paid);
            return;
        }
        _credit(feeRouter, paid);
        IFeeRouter(feeRouter).record(provider, paid);
    }

    function _settleFees(Job storage j, bytes32 jobId, uint256 price)
        private
        returns (uint256 surcharge)
    {
        uint8 flags = j.flags;
        surcharge = AuditFees.surchargeOf(price, j.pEconBps, j.pBps);
        (uint256 toPool, uint256 toClient) = AuditFees.shareOut(
            j.held, surcharge, flags & FLAG_WHOLE != 0, flags & FLAG_DRAWN != 0
        );
        if (toPool != 0) _credit(auditCourt, toPool);
        if (toClient != 0) _credit(j.client, toClient);
        emit AuditFeesPaid(jobId, toPool, surcharge, toClient);
    }
}
