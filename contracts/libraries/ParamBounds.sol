// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

// solhint-disable code-complexity, function-max-lines

/// @title Bounds of every parameter that a governor may move; generated from params.json
/// by `make params`, never edited
library ParamBounds {
    /// @notice Where a parameter stands, who moves it, and between which bounds.
    struct Entry {
        uint8 word; // id of the packed word
        uint8 offset; // lowest bit of the field
        uint8 width; // bits
        bool isConstitutional; // class C; else S
        uint256 min;
        uint256 max; // zero: no such key
    }

    uint256 internal constant WORDS = 8;

    /// @return the entry of a key; all zero if no governor moves such a key
    function of_(bytes32 key) internal pure returns (Entry memory) {
        if (key == "lockMinMultiple") return Entry(0, 0, 16, false, 2, 20);
        if (key == "detectBps") return Entry(0, 16, 16, false, 5000, 9500);
        if (key == "auditMinBps") return Entry(0, 32, 16, false, 100, 2000);
        if (key == "reAuditBps") return Entry(0, 48, 16, false, 200, 2000);
        if (key == "minSelfStakeWei") return Entry(0, 64, 96, false, 100000000000000000000, 100000000000000000000000);
        if (key == "delegationMultiple") return Entry(0, 160, 16, false, 0, 10);
        if (key == "noShowBps") return Entry(0, 176, 16, false, 500, 3000);
        if (key == "stakeSlashBps") return Entry(1, 0, 16, true, 100, 1000);
        if (key == "vestSlashBps") return Entry(1, 16, 16, true, 500, 3000);
        if (key == "forgerySlashBps") return Entry(1, 32, 16, true, 2000, 5000);
        if (key == "slashBurnBps") return Entry(1, 48, 16, true, 3000, 4000);
        if (key == "slashFinderBps") return Entry(1, 64, 16, true, 1000, 2500);
        if (key == "slashRefereeBps") return Entry(1, 80, 16, true, 500, 2000);
        if (key == "slashClientBps") return Entry(1, 96, 16, true, 0, 1500);
        if (key == "dailySlashBps") return Entry(1, 112, 16, true, 500, 2500);
        if (key == "unbondingS") return Entry(1, 128, 32, true, 1209600, 1814400);
        if (key == "burnBps") return Entry(2, 0, 16, false, 100, 600);
        if (key == "treasuryBps") return Entry(2, 16, 16, false, 0, 400);
        if (key == "insuranceBps") return Entry(2, 32, 16, false, 100, 300);
        if (key == "auditBps") return Entry(2, 48, 16, false, 0, 200);
        if (key == "vestBps") return Entry(2, 64, 16, false, 500, 2500);
        if (key == "vestEpochs") return Entry(3, 0, 16, true, 13, 26);
        if (key == "exitBaseBps") return Entry(3, 16, 16, false, 500, 2000);
        if (key == "exitSlopeBps") return Entry(3, 32, 16, false, 1000, 5500);
        if (key == "holderBps") return Entry(3, 48, 16, false, 2500, 6000);
        if (key == "penaltyBurnBps") return Entry(3, 64, 16, false, 1000, 4000);
        if (key == "exitCapBps") return Entry(3, 80, 16, false, 100, 1000);
        if (key == "rhoWad") return Entry(4, 0, 64, true, 1000000000000000, 5000000000000000);
        if (key == "availFloorBps") return Entry(4, 64, 16, false, 500, 1500);
        if (key == "availCeilBps") return Entry(4, 80, 16, false, 2000, 5000);
        if (key == "stakeTargetBps") return Entry(4, 96, 16, false, 2000, 6000);
        if (key == "stakeBandBps") return Entry(4, 112, 16, false, 100, 1000);
        if (key == "washCapBps") return Entry(4, 128, 16, false, 0, 9000);
        if (key == "baselineGrowthBps") return Entry(4, 144, 16, false, 0, 100);
        if (key == "emissionLiquidBps") return Entry(4, 160, 16, false, 1000, 4000);
        if (key == "loyaltyBps") return Entry(4, 176, 16, false, 0, 5000);
        if (key == "insurancePerEventBps") return Entry(5, 0, 16, false, 100, 2000);
        if (key == "insurancePerEpochBps") return Entry(5, 16, 16, false, 500, 3000);
        if (key == "treasuryStandardBps") return Entry(5, 32, 16, true, 0, 300);
        if (key == "treasuryConstitutionalBps") return Entry(5, 48, 16, true, 0, 1000);
        if (key == "challengeWindowS") return Entry(5, 64, 32, false, 600, 86400);
        if (key == "canariesPerEpoch") return Entry(5, 96, 16, false, 64, 4096);
        if (key == "canaryPriceWei") return Entry(5, 112, 96, false, 10000000000000000, 1000000000000000000);
        if (key == "standardThresholdBps") return Entry(6, 0, 16, true, 5, 200);
        if (key == "standardDelayS") return Entry(6, 16, 32, true, 86400, 604800);
        if (key == "standardPeriodS") return Entry(6, 48, 32, true, 259200, 1209600);
        if (key == "standardQuorumBps") return Entry(6, 80, 16, true, 400, 2000);
        if (key == "standardTimelockS") return Entry(6, 96, 32, true, 172800, 1209600);
        if (key == "constitutionalThresholdBps") return Entry(7, 0, 16, true, 50, 200);
        if (key == "constitutionalDelayS") return Entry(7, 16, 32, true, 172800, 604800);
        if (key == "constitutionalPeriodS") return Entry(7, 48, 32, true, 604800, 1814400);
        if (key == "constitutionalQuorumBps") return Entry(7, 80, 16, true, 1000, 3000);
        if (key == "constitutionalMajorityBps") return Entry(7, 96, 16, true, 6667, 7500);
        if (key == "constitutionalTimelockS") return Entry(7, 112, 32, true, 2419200, 5184000);
        return Entry(0, 0, 0, false, 0, 0);
    }

    /// @return the defaults of a word
    function defaultOf(uint256 word) internal pure returns (uint256) {
        if (word == 0) return 0x3e800050000003635c9adc5dea0000001f400c81db00005;
        if (word == 1) return 0x1baf8005dc05dc05dc09c40bb8138807d001f4;
        if (word == 2) return 0x708006400c8012c0190;
        if (word == 3) return 0xc809c41388138803e8001a;
        if (word == 4) return 0x138809c40032232801f40dac0bb803e80007db6a0b4d0fe2;
        if (word == 5) return 0x16345785d8a000002000000070803e800c807d003e8;
        if (word == 6) return 0x3f4800320000697800002a3000019;
        if (word == 7) return 0x24ea001a0b07d0000d2f000003f4800064;
        return 0;
    }
}
