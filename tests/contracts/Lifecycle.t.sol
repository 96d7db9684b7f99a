// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Lifecycle} from "../../contracts/libraries/Lifecycle.sol";
import {JobState} from "../../contracts/types/Job.sol";

/// @notice See Lifecycle.tree.
contract LifecycleTest is Test {
    uint256 private constant DEADLINE = 1_000;

    function _assertAfter(JobState state, JobState expected) private pure {
        assertEq(
            uint8(Lifecycle.effectiveState(state, DEADLINE, DEADLINE + 1)), uint8(expected), "late"
        );
    }

    function testFuzz_WhenInTime_TheStateIsAsStored(uint8 raw, uint256 time) public pure {
        JobState state = JobState(bound(raw, 0, uint8(type(JobState).max)));
        time = bound(time, 0, DEADLINE);
        assertEq(uint8(Lifecycle.effectiveState(state, DEADLINE, time)), uint8(state));
    }

    function test_WhenLate_WarmStatesBecomeWhatFollowsThem() public pure {
        _assertAfter(JobState.Open, JobState.Unmatched);
        _assertAfter(JobState.Assigned, JobState.ProviderCommitTimeout);
        _assertAfter(JobState.Committed, JobState.ProviderRevealTimeout);
        _assertAfter(JobState.Revealed, JobState.Accepted);
        _assertAfter(JobState.Drawn, JobState.ProviderAnswerTimeout);
        _assertAfter(JobState.Audited, JobState.AuditorTimeout);
        _assertAfter(JobState.Disputed, JobState.RefereeTimeout);
    }

    function test_WhenLate_ColdStatesStay() public pure {
        for (uint8 raw; raw <= uint8(type(JobState).max); ++raw) {
            bool isTimed = (raw >= uint8(JobState.Open) && raw <= uint8(JobState.Disputed))
                || raw >= uint8(JobState.Drawn);
            if (!isTimed) _assertAfter(JobState(raw), JobState(raw));
        }
    }

    function testFuzz_TheEffectiveStateIsStable(uint8 raw, uint256 deadline, uint256 time)
        public
        pure
    {
        JobState state = JobState(bound(raw, 0, uint8(type(JobState).max)));
        JobState once = Lifecycle.effectiveState(state, deadline, time);
        assertEq(uint8(Lifecycle.effectiveState(once, deadline, time)), uint8(once));
    }

    function test_EveryWarmStateButRevealedExpires() public pure {
        for (uint8 raw; raw <= uint8(type(JobState).max); ++raw) {
            bool expected = (raw >= uint8(JobState.Open) && raw <= uint8(JobState.Committed))
                || raw == uint8(JobState.Disputed) || raw >= uint8(JobState.Drawn);
            assertEq(Lifecycle.canExpire(JobState(raw)), expected);
        }
    }

    function test_DeadlinesAreThoseOfTheTable() public pure {
        assertEq(Lifecycle.commitDeadline(100, 600), 100 + 1_200 + 120);
        assertEq(Lifecycle.drawDeadline(100), 3_700);
        assertEq(Lifecycle.revealDeadline(100), 1_000);
        assertEq(Lifecycle.windowEnd(100, 86_400), 86_500);
    }
}
