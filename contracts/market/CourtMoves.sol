// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {Lifecycle} from "../libraries/Lifecycle.sol";
import {Economy} from "../types/Economy.sol";
import {Job, JobState} from "../types/Job.sol";
import {AuditEscrow} from "./AuditEscrow.sol";

/// @title What courts may do to a job
/// @notice `Lifecycle.allowsCourt` is the table. The effective state counts: a job whose deadline
/// passed is out of the courts' reach and ends by `expire` or `settle`, also an audit or a dispute
/// past its backstop.
abstract contract CourtMoves is AuditEscrow {
    constructor(
        address token_,
        address stakeManager_,
        address auditCourt_,
        address disputeCourt_,
        Economy memory economy
    )
        AuditEscrow(token_, stakeManager_, auditCourt_, disputeCourt_, economy)
    {}

    /// @inheritdoc IJobMarket
    function courtMove(bytes32 jobId, JobState to, uint40 deadline)
        external
        nonReentrant
        onlyCourt
    {
        Job storage j = _record(jobId);
        JobState from = _effectiveState(j);
        if (!Lifecycle.allowsCourt(from, to)) revert JobMarket__BadMove(jobId, from, to);
        j.state = to;
        if (_isWarm(to)) {
            j.deadline = deadline;
            emit JobMoved(jobId, from, to, deadline, 0);
            return;
        }
        emit JobMoved(jobId, from, to, 0, _refund(j, jobId, from));
        if (to == JobState.Invalid) _tryUnlock(jobId, j.provider, j.lock);
        else if (to == JobState.ProviderAnswerTimeout) _trySlash(j, jobId, to);
        // Rejected, ProviderTraceTimeout: the court books the slash, which takes the lock.
    }

    /// @inheritdoc IJobMarket
    function doubleWindow(bytes32 jobId) external nonReentrant {
        if (msg.sender != auditCourt) revert JobMarket__OnlyCourt(msg.sender);
        Job storage j = _record(jobId);
        JobState found = _effectiveState(j);
        if (
            found != JobState.Audited && found != JobState.Drawn && found != JobState.Committed
        ) revert JobMarket__WrongState(jobId, found, JobState.Audited);
        uint256 window = 2 * uint256(j.window);
        // Eight slots skipped of the longest window would pass the field; half a year is enough.
        if (window > type(uint24).max) window = type(uint24).max;
        j.window = uint24(window);
        emit WindowDoubled(jobId, window);
    }

    /// @dev Of the states that courts move jobs to.
    function _isWarm(JobState state) private pure returns (bool) {
        return state == JobState.Audited || state == JobState.Committed
            || state == JobState.Disputed || state == JobState.Revealed;
    }
}
