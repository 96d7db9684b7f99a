// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title How often a job is audited
/// @notice The more a provider could gain and the less it could lose, the more often. With
/// q = p * detection, the odds make q * lock >= (1 - q) * risk.
library AuditOdds {
    uint256 private constant _BPS = 10_000;
    uint256 private constant _BPS_SQ = 1e8;

    /// @notice What the risk alone calls for, in bps, rounded up; over 10,000 no audit suffices.
    /// @param risk wei a provider gains by cheating
    /// @param lock wei it loses when found
    /// @param detectBps chance that an audit finds a wrong output
    function neededBps(uint256 risk, uint256 lock, uint256 detectBps) internal pure returns (uint256) {
        uint256 whole = (lock + risk) * detectBps;
        return whole == 0 ? 0 : (risk * _BPS_SQ + whole - 1) / whole;
    }

    /// @notice The share of the probability that the client pays for.
    function economicBps(uint256 risk, uint256 lock, uint256 minBps, uint256 detectBps)
        internal
        pure
        returns (uint256)
    {
        uint256 needed = neededBps(risk, lock, detectBps);
        return needed < minBps ? minBps : needed;
    }

    /// @notice The probability that the draw uses: a short record raises it, nothing lowers it
    /// under `economic`.
    /// @param passes consecutive passed audits of the provider with the model
    /// @param firstJobs passes below which every job is audited
    function drawBps(uint256 economic, uint256 passes, uint256 firstJobs) internal pure returns (uint256) {
        uint256 byRecord = passes < firstJobs ? _BPS : _BPS / (1 + passes);
        return economic < byRecord ? byRecord : economic;
    }
}
