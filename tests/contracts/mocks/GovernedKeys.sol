// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Every key that a governor may move, in the order of params.json.
library GovernedKeys {
    uint256 internal constant COUNT = 54;

    function all() internal pure returns (bytes32[] memory keys) {
        keys = new bytes32[](COUNT);
        keys[0] = "lockMinMultiple";
        keys[1] = "detectBps";
        keys[2] = "auditMinBps";
        keys[3] = "reAuditBps";
        keys[4] = "minSelfStakeWei";
        keys[5] = "delegationMultiple";
        keys[6] = "noShowBps";
        keys[7] = "stakeSlashBps";
        keys[8] = "vestSlashBps";
        keys[9] = "forgerySlashBps";
        keys[10] = "slashBurnBps";
        keys[11] = "slashFinderBps";
        keys[12] = "slashRefereeBps";
        keys[13] = "slashClientBps";
        keys[14] = "dailySlashBps";
        keys[15] = "unbondingS";
        keys[16] = "burnBps";
        keys[17] = "treasuryBps";
        keys[18] = "insuranceBps";
        keys[19] = "auditBps";
        keys[20] = "vestBps";
        keys[21] = "vestEpochs";
        keys[22] = "exitBaseBps";
        keys[23] = "exitSlopeBps";
        keys[24] = "holderBps";
        keys[25] = "penaltyBurnBps";
        keys[26] = "exitCapBps";
        keys[27] = "rhoWad";
        keys[28] = "availFloorBps";
        keys[29] = "availCeilBps";
        keys[30] = "stakeTargetBps";
        keys[31] = "stakeBandBps";
        keys[32] = "washCapBps";
        keys[33] = "baselineGrowthBps";
        keys[34] = "emissionLiquidBps";
        keys[35] = "loyaltyBps";
        keys[36] = "insurancePerEventBps";
        keys[37] = "insurancePerEpochBps";
        keys[38] = "treasuryStandardBps";
        keys[39] = "treasuryConstitutionalBps";
        keys[40] = "challengeWindowS";
        keys[41] = "canariesPerEpoch";
        keys[42] = "canaryPriceWei";
        keys[43] = "standardThresholdBps";
        keys[44] = "standardDelayS";
        keys[45] = "standardPeriodS";
        keys[46] = "standardQuorumBps";
        keys[47] = "standardTimelockS";
        keys[48] = "constitutionalThresholdBps";
        keys[49] = "constitutionalDelayS";
        keys[50] = "constitutionalPeriodS";
        keys[51] = "constitutionalQuorumBps";
        keys[52] = "constitutionalMajorityBps";
        keys[53] = "constitutionalTimelockS";
    }
}
