// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {JobState} from "../types/Job.sol";
import {Params} from "./Params.sol";

/// @title The table of states, deadlines and time-outs
/// @notice Pure, so that it can be read, tested and mirrored apart from any money.
///
/// state      ends by call of                  last second                    if missed
/// ---------  -------------------------------  -----------------------------  ----------------------
/// Open       accept, cancel                   as listed                      Unmatched
/// Assigned   commit, declareInvalid, cancel   2 * maxRuntime + slack         ProviderCommitTimeout
/// Committed  draw, then reveal                draw period; reveal period     ProviderRevealTimeout
/// Drawn      openAudit (court)                draw period                    ProviderAnswerTimeout
/// Audited    the AuditCourt                   AUDIT_BACKSTOP_S               AuditorTimeout
/// Revealed   confirm, challenge               window of the job              Accepted
/// Disputed   the DisputeCourt                 AUDIT_BACKSTOP_S               RefereeTimeout
library Lifecycle {
    /// @notice The state at `time`: a warm state whose deadline passed counts as what follows it.
    /// @dev A call exactly at the deadline is still in time.
    function effectiveState(JobState state, uint256 deadline, uint256 time)
        internal
        pure
        returns (JobState)
    {
        if (time <= deadline) return state;
        return afterDeadline(state);
    }

    /// @notice What a state becomes by time alone. Cold states stay what they are.
    /// @dev Revealed comes first because most jobs end there.
    function afterDeadline(JobState state) internal pure returns (JobState) {
        if (state == JobState.Revealed) return JobState.Accepted;
        if (state == JobState.Open) return JobState.Unmatched;
        if (state == JobState.Assigned) return JobState.ProviderCommitTimeout;
        if (state == JobState.Committed) return JobState.ProviderRevealTimeout;
        if (state == JobState.Drawn) return JobState.ProviderAnswerTimeout;
        if (state == JobState.Audited) return JobState.AuditorTimeout;
        if (state == JobState.Disputed) return JobState.RefereeTimeout;
        return state;
    }

    /// @notice Whether the state is ended by `expire` (a missed duty), not by `settle`.
    function canExpire(JobState state) internal pure returns (bool) {
        return state == JobState.Open || state == JobState.Assigned || state == JobState.Committed
            || state == JobState.Drawn || state == JobState.Audited || state == JobState.Disputed;
    }

    /// @notice Whether a missed deadline takes the whole lock: every duty of the provider after the
    /// commitment.
    function isFullSlash(JobState ended) internal pure returns (bool) {
        return ended == JobState.ProviderRevealTimeout || ended == JobState.ProviderAnswerTimeout;
    }

    /// @notice Whether a missed deadline is nobody's fault that the market punishes: locks are freed.
    function isFaultless(JobState ended) internal pure returns (bool) {
        return ended == JobState.AuditorTimeout || ended == JobState.RefereeTimeout;
    }

    /// @notice Whether a court may move a job from one state to another.
    function allowsCourt(JobState from, JobState to) internal pure returns (bool) {
        if (to == JobState.Invalid) {
            return from == JobState.Assigned || from == JobState.Committed || from == JobState.Drawn
                || from == JobState.Audited || from == JobState.Revealed || from == JobState.Disputed;
        }
        if (from == JobState.Drawn) return to == JobState.Audited;
        if (from == JobState.Audited) {
            return to == JobState.Committed || to == JobState.Disputed || to == JobState.Rejected
                || to == JobState.ProviderAnswerTimeout;
        }
        if (from == JobState.Revealed) return to == JobState.Disputed;
        if (from == JobState.Disputed) {
            return to == JobState.Revealed || to == JobState.Rejected
                || to == JobState.ProviderTraceTimeout;
        }
        return false;
    }

    /// @notice Last second to commit, for work of at most `maxRuntime` seconds.
    function commitDeadline(uint256 time, uint256 maxRuntime) internal pure returns (uint40) {
        return uint40(time + 2 * maxRuntime + Params.COMMIT_SLACK_S);
    }

    /// @notice Last second to draw the seed.
    function drawDeadline(uint256 time) internal pure returns (uint40) {
        return uint40(time + Params.DRAW_PERIOD_S);
    }

    /// @notice Last second to reveal after the draw.
    function revealDeadline(uint256 time) internal pure returns (uint40) {
        return uint40(time + Params.REVEAL_PERIOD_S);
    }

    /// @notice Last second of the challenge window.
    function windowEnd(uint256 time, uint256 window) internal pure returns (uint40) {
        return uint40(time + window);
    }
}
