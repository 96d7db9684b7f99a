// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Protocol parameters; generated from params.json by `make params`, never edited
/// @dev Length: a constant a parameter, and a getter where a governor may move it.
library Params {
    /// @dev smallest lock of a job, as a multiple of its price (multiple of price)
    uint256 internal constant LOCK_MIN_MULTIPLE = 5;
    uint256 internal constant LOCK_MIN_MULTIPLE_MIN = 2;
    uint256 internal constant LOCK_MIN_MULTIPLE_MAX = 20;
    /// @dev chance that an audit finds a wrong output: 99 % detection times 80 % of seats not colluding, less what two colluding votes can turn into no verdict (bps)
    uint256 internal constant DETECT_BPS = 7600;
    uint256 internal constant DETECT_BPS_MIN = 5000;
    uint256 internal constant DETECT_BPS_MAX = 9500;
    /// @dev smallest audit probability (bps)
    uint256 internal constant AUDIT_MIN_BPS = 200;
    uint256 internal constant AUDIT_MIN_BPS_MIN = 100;
    uint256 internal constant AUDIT_MIN_BPS_MAX = 2000;
    /// @dev chance that a passed audit is audited again (bps)
    uint256 internal constant RE_AUDIT_BPS = 500;
    uint256 internal constant RE_AUDIT_BPS_MIN = 200;
    uint256 internal constant RE_AUDIT_BPS_MAX = 2000;
    /// @dev own stake below which a provider takes no job (wei)
    uint256 internal constant MIN_SELF_STAKE_WEI = 1000000000000000000000;
    uint256 internal constant MIN_SELF_STAKE_WEI_MIN = 100000000000000000000;
    uint256 internal constant MIN_SELF_STAKE_WEI_MAX = 100000000000000000000000;
    /// @dev delegated stake that counts, as a multiple of the provider's own (multiple of own stake)
    uint256 internal constant DELEGATION_MULTIPLE = 5;
    uint256 internal constant DELEGATION_MULTIPLE_MIN = 0;
    uint256 internal constant DELEGATION_MULTIPLE_MAX = 10;
    /// @dev part of the lock taken when no commitment comes in time (bps)
    uint256 internal constant NO_SHOW_BPS = 1000;
    uint256 internal constant NO_SHOW_BPS_MIN = 500;
    uint256 internal constant NO_SHOW_BPS_MAX = 3000;
    /// @dev part of own stake taken beside the whole lock in a full slash (bps)
    uint256 internal constant STAKE_SLASH_BPS = 500;
    uint256 internal constant STAKE_SLASH_BPS_MIN = 100;
    uint256 internal constant STAKE_SLASH_BPS_MAX = 1000;
    /// @dev part of unvested rewards taken by a verdict (bps)
    uint256 internal constant VEST_SLASH_BPS = 2000;
    uint256 internal constant VEST_SLASH_BPS_MIN = 500;
    uint256 internal constant VEST_SLASH_BPS_MAX = 3000;
    /// @dev part of own stake taken beside the lock for numbers not from the provider's own bytes (bps)
    uint256 internal constant FORGERY_SLASH_BPS = 5000;
    uint256 internal constant FORGERY_SLASH_BPS_MIN = 2000;
    uint256 internal constant FORGERY_SLASH_BPS_MAX = 5000;
    /// @dev part of every slash that is burned (bps)
    uint256 internal constant SLASH_BURN_BPS = 3000;
    uint256 internal constant SLASH_BURN_BPS_MIN = 3000;
    uint256 internal constant SLASH_BURN_BPS_MAX = 4000;
    /// @dev part of a slash for the drawn auditor, or the challenger if none was drawn (bps)
    uint256 internal constant SLASH_FINDER_BPS = 2500;
    uint256 internal constant SLASH_FINDER_BPS_MIN = 1000;
    uint256 internal constant SLASH_FINDER_BPS_MAX = 2500;
    /// @dev part of a slash for referees and other auditors (bps)
    uint256 internal constant SLASH_REFEREE_BPS = 1500;
    uint256 internal constant SLASH_REFEREE_BPS_MIN = 500;
    uint256 internal constant SLASH_REFEREE_BPS_MAX = 2000;
    /// @dev part of a slash for the client, at most the price (bps)
    uint256 internal constant SLASH_CLIENT_BPS = 1500;
    uint256 internal constant SLASH_CLIENT_BPS_MIN = 0;
    uint256 internal constant SLASH_CLIENT_BPS_MAX = 1500;
    /// @dev part of all stake above which a day's slashes are held for 14 days (bps)
    uint256 internal constant DAILY_SLASH_BPS = 1500;
    uint256 internal constant DAILY_SLASH_BPS_MIN = 500;
    uint256 internal constant DAILY_SLASH_BPS_MAX = 2500;
    /// @dev time between asking for stake and taking it out (s)
    uint256 internal constant UNBONDING_S = 1814400;
    uint256 internal constant UNBONDING_S_MIN = 1209600;
    uint256 internal constant UNBONDING_S_MAX = 1814400;
    /// @dev part of every fee that is burned (bps)
    uint256 internal constant BURN_BPS = 400;
    uint256 internal constant BURN_BPS_MIN = 100;
    uint256 internal constant BURN_BPS_MAX = 600;
    /// @dev part of every fee for the treasury (bps)
    uint256 internal constant TREASURY_BPS = 300;
    uint256 internal constant TREASURY_BPS_MIN = 0;
    uint256 internal constant TREASURY_BPS_MAX = 400;
    /// @dev part of every fee for the insurance fund (bps)
    uint256 internal constant INSURANCE_BPS = 200;
    uint256 internal constant INSURANCE_BPS_MIN = 100;
    uint256 internal constant INSURANCE_BPS_MAX = 300;
    /// @dev part of every fee for the audit pool (bps)
    uint256 internal constant AUDIT_BPS = 100;
    uint256 internal constant AUDIT_BPS_MIN = 0;
    uint256 internal constant AUDIT_BPS_MAX = 200;
    /// @dev part of every fee that the provider gets through the vesting vault (bps)
    uint256 internal constant VEST_BPS = 1800;
    uint256 internal constant VEST_BPS_MIN = 500;
    uint256 internal constant VEST_BPS_MAX = 2500;
    /// @dev weeks over which rewards vest, fixed when they enter the vault (epochs)
    uint256 internal constant VEST_EPOCHS = 26;
    uint256 internal constant VEST_EPOCHS_MIN = 13;
    uint256 internal constant VEST_EPOCHS_MAX = 26;
    /// @dev penalty of an early exit that does not depend on time (bps)
    uint256 internal constant EXIT_BASE_BPS = 1000;
    uint256 internal constant EXIT_BASE_BPS_MIN = 500;
    uint256 internal constant EXIT_BASE_BPS_MAX = 2000;
    /// @dev penalty of an early exit when all 26 weeks are left, beside the base (bps)
    uint256 internal constant EXIT_SLOPE_BPS = 5000;
    uint256 internal constant EXIT_SLOPE_BPS_MIN = 1000;
    uint256 internal constant EXIT_SLOPE_BPS_MAX = 5500;
    /// @dev part of a penalty for those who stay (bps)
    uint256 internal constant HOLDER_BPS = 5000;
    uint256 internal constant HOLDER_BPS_MIN = 2500;
    uint256 internal constant HOLDER_BPS_MAX = 6000;
    /// @dev part of a penalty that is burned; insurance takes the rest (bps)
    uint256 internal constant PENALTY_BURN_BPS = 2500;
    uint256 internal constant PENALTY_BURN_BPS_MIN = 1000;
    uint256 internal constant PENALTY_BURN_BPS_MAX = 4000;
    /// @dev part of the vault that may leave early in one epoch (bps)
    uint256 internal constant EXIT_CAP_BPS = 200;
    uint256 internal constant EXIT_CAP_BPS_MIN = 100;
    uint256 internal constant EXIT_CAP_BPS_MAX = 1000;
    /// @dev part of the reserve that an epoch may emit (wad)
    uint256 internal constant RHO_WAD = 2211573339590626;
    uint256 internal constant RHO_WAD_MIN = 1000000000000000;
    uint256 internal constant RHO_WAD_MAX = 5000000000000000;
    /// @dev least part of an epoch's emission for availability (bps)
    uint256 internal constant AVAIL_FLOOR_BPS = 1000;
    uint256 internal constant AVAIL_FLOOR_BPS_MIN = 500;
    uint256 internal constant AVAIL_FLOOR_BPS_MAX = 1500;
    /// @dev largest part of an epoch's emission for availability (bps)
    uint256 internal constant AVAIL_CEIL_BPS = 3000;
    uint256 internal constant AVAIL_CEIL_BPS_MIN = 2000;
    uint256 internal constant AVAIL_CEIL_BPS_MAX = 5000;
    /// @dev part of the circulating supply that should be staked (bps)
    uint256 internal constant STAKE_TARGET_BPS = 3500;
    uint256 internal constant STAKE_TARGET_BPS_MIN = 2000;
    uint256 internal constant STAKE_TARGET_BPS_MAX = 6000;
    /// @dev distance from the target within which nothing is changed (bps)
    uint256 internal constant STAKE_BAND_BPS = 500;
    uint256 internal constant STAKE_BAND_BPS_MIN = 100;
    uint256 internal constant STAKE_BAND_BPS_MAX = 1000;
    /// @dev largest work emission, as a part of what the fees lost to burn, treasury and insurance (bps)
    uint256 internal constant WASH_CAP_BPS = 9000;
    uint256 internal constant WASH_CAP_BPS_MIN = 0;
    uint256 internal constant WASH_CAP_BPS_MAX = 9000;
    /// @dev growth of the fee baseline in an epoch (bps)
    uint256 internal constant BASELINE_GROWTH_BPS = 50;
    uint256 internal constant BASELINE_GROWTH_BPS_MIN = 0;
    uint256 internal constant BASELINE_GROWTH_BPS_MAX = 100;
    /// @dev part of emission that is paid out at once (bps)
    uint256 internal constant EMISSION_LIQUID_BPS = 2500;
    uint256 internal constant EMISSION_LIQUID_BPS_MIN = 1000;
    uint256 internal constant EMISSION_LIQUID_BPS_MAX = 4000;
    /// @dev extra weight of a stake that is a year old (bps)
    uint256 internal constant LOYALTY_BPS = 5000;
    uint256 internal constant LOYALTY_BPS_MIN = 0;
    uint256 internal constant LOYALTY_BPS_MAX = 5000;
    /// @dev part of the insurance fund that one payment may take (bps)
    uint256 internal constant INSURANCE_PER_EVENT_BPS = 1000;
    uint256 internal constant INSURANCE_PER_EVENT_BPS_MIN = 100;
    uint256 internal constant INSURANCE_PER_EVENT_BPS_MAX = 2000;
    /// @dev part of the insurance fund that an epoch's payments may take (bps)
    uint256 internal constant INSURANCE_PER_EPOCH_BPS = 2000;
    uint256 internal constant INSURANCE_PER_EPOCH_BPS_MIN = 500;
    uint256 internal constant INSURANCE_PER_EPOCH_BPS_MAX = 3000;
    /// @dev part of the treasury that Standard proposals may spend in 30 days (bps)
    uint256 internal constant TREASURY_STANDARD_BPS = 200;
    uint256 internal constant TREASURY_STANDARD_BPS_MIN = 0;
    uint256 internal constant TREASURY_STANDARD_BPS_MAX = 300;
    /// @dev part of the treasury that Constitutional proposals may spend in 30 days (bps)
    uint256 internal constant TREASURY_CONSTITUTIONAL_BPS = 1000;
    uint256 internal constant TREASURY_CONSTITUTIONAL_BPS_MIN = 0;
    uint256 internal constant TREASURY_CONSTITUTIONAL_BPS_MAX = 1000;
    /// @dev time after a reveal in which payment waits; chosen per job within the bounds (s)
    uint256 internal constant CHALLENGE_WINDOW_S = 1800;
    uint256 internal constant CHALLENGE_WINDOW_S_MIN = 600;
    uint256 internal constant CHALLENGE_WINDOW_S_MAX = 86400;
    /// @dev canaries that can be drawn in an epoch (canaries)
    uint256 internal constant CANARIES_PER_EPOCH = 512;
    uint256 internal constant CANARIES_PER_EPOCH_MIN = 64;
    uint256 internal constant CANARIES_PER_EPOCH_MAX = 4096;
    /// @dev price of a canary, paid from the canary budget (wei)
    uint256 internal constant CANARY_PRICE_WEI = 100000000000000000;
    uint256 internal constant CANARY_PRICE_WEI_MIN = 10000000000000000;
    uint256 internal constant CANARY_PRICE_WEI_MAX = 1000000000000000000;
    /// @dev part of all votes needed to propose, Standard governor (bps)
    uint256 internal constant STANDARD_THRESHOLD_BPS = 25;
    uint256 internal constant STANDARD_THRESHOLD_BPS_MIN = 5;
    uint256 internal constant STANDARD_THRESHOLD_BPS_MAX = 200;
    /// @dev time before voting begins, Standard governor (s)
    uint256 internal constant STANDARD_DELAY_S = 172800;
    uint256 internal constant STANDARD_DELAY_S_MIN = 86400;
    uint256 internal constant STANDARD_DELAY_S_MAX = 604800;
    /// @dev time in which votes are cast, Standard governor (s)
    uint256 internal constant STANDARD_PERIOD_S = 432000;
    uint256 internal constant STANDARD_PERIOD_S_MIN = 259200;
    uint256 internal constant STANDARD_PERIOD_S_MAX = 1209600;
    /// @dev part of all votes that must be For or Abstain, Standard governor (bps)
    uint256 internal constant STANDARD_QUORUM_BPS = 800;
    uint256 internal constant STANDARD_QUORUM_BPS_MIN = 400;
    uint256 internal constant STANDARD_QUORUM_BPS_MAX = 2000;
    /// @dev time between success and execution, Standard governor (s)
    uint256 internal constant STANDARD_TIMELOCK_S = 259200;
    uint256 internal constant STANDARD_TIMELOCK_S_MIN = 172800;
    uint256 internal constant STANDARD_TIMELOCK_S_MAX = 1209600;
    /// @dev part of all votes needed to propose, Constitutional governor (bps)
    uint256 internal constant CONSTITUTIONAL_THRESHOLD_BPS = 100;
    uint256 internal constant CONSTITUTIONAL_THRESHOLD_BPS_MIN = 50;
    uint256 internal constant CONSTITUTIONAL_THRESHOLD_BPS_MAX = 200;
    /// @dev time before voting begins, Constitutional governor (s)
    uint256 internal constant CONSTITUTIONAL_DELAY_S = 259200;
    uint256 internal constant CONSTITUTIONAL_DELAY_S_MIN = 172800;
    uint256 internal constant CONSTITUTIONAL_DELAY_S_MAX = 604800;
    /// @dev time in which votes are cast, Constitutional governor (s)
    uint256 internal constant CONSTITUTIONAL_PERIOD_S = 864000;
    uint256 internal constant CONSTITUTIONAL_PERIOD_S_MIN = 604800;
    uint256 internal constant CONSTITUTIONAL_PERIOD_S_MAX = 1814400;
    /// @dev part of all votes that must be For or Abstain, Constitutional governor (bps)
    uint256 internal constant CONSTITUTIONAL_QUORUM_BPS = 2000;
    uint256 internal constant CONSTITUTIONAL_QUORUM_BPS_MIN = 1000;
    uint256 internal constant CONSTITUTIONAL_QUORUM_BPS_MAX = 3000;
    /// @dev part of For and Against that must be For, Constitutional governor (bps)
    uint256 internal constant CONSTITUTIONAL_MAJORITY_BPS = 6667;
    uint256 internal constant CONSTITUTIONAL_MAJORITY_BPS_MIN = 6667;
    uint256 internal constant CONSTITUTIONAL_MAJORITY_BPS_MAX = 7500;
    /// @dev time between success and execution, Constitutional governor (s)
    uint256 internal constant CONSTITUTIONAL_TIMELOCK_S = 2419200;
    uint256 internal constant CONSTITUTIONAL_TIMELOCK_S_MIN = 2419200;
    uint256 internal constant CONSTITUTIONAL_TIMELOCK_S_MAX = 5184000;
    /// @dev longest maxRuntime of a job (s)
    uint256 internal constant MAX_RUNTIME_MAX_S = 14400;
    /// @dev added to twice maxRuntime for the commit deadline (s)
    uint256 internal constant COMMIT_SLACK_S = 120;
    /// @dev time to draw after a commitment (s)
    uint256 internal constant DRAW_PERIOD_S = 3600;
    /// @dev time to reveal after the draw (s)
    uint256 internal constant REVEAL_PERIOD_S = 900;
    /// @dev longest time an open listing waits for a provider (s)
    uint256 internal constant LISTING_MAX_S = 604800;
    /// @dev longest validity of a signed offer (s)
    uint256 internal constant OFFER_MAX_S = 600;
    /// @dev passed audits of a provider with a model before its audit probability falls (jobs)
    uint256 internal constant AUDIT_FIRST_JOBS = 10;
    /// @dev pay of one auditor of an EXACT or TENSOR job, as a part of the price (bps)
    uint256 internal constant AUDIT_PAY_BPS = 10000;
    /// @dev audit pay above this part of the pool is escrowed by the client (bps)
    uint256 internal constant AUDIT_ESCROW_POOL_BPS = 500;
    /// @dev stake an auditor locks, as a multiple of its pay (multiple of audit pay)
    uint256 internal constant AUDIT_LOCK_MULTIPLE = 19;
    /// @dev part of the audit lock taken from an auditor that does not commit in time (bps)
    uint256 internal constant AUDIT_LATE_BPS = 1000;
    /// @dev risk above which a job needs two audit slots (wei)
    uint256 internal constant TWO_SLOTS_RISK_WEI = 10000000000000000000000;
    /// @dev own stake behind one seat in an auditor pool (wei)
    uint256 internal constant SEAT_WEI = 1000000000000000000000;
    /// @dev seats below which a pool audits nothing and its models take no job (seats)
    uint256 internal constant POOL_SEATS_MIN = 20;
    /// @dev owners below which a pool audits nothing and its models take no job (owners)
    uint256 internal constant POOL_OWNERS_MIN = 10;
    /// @dev bond of a challenge, as a part of the price (bps)
    uint256 internal constant CHALLENGE_BOND_BPS = 15000;
    /// @dev smallest bond of a challenge (wei)
    uint256 internal constant CHALLENGE_BOND_MIN_WEI = 20000000000000000000;
    /// @dev part of a seat's stake lost by a referee who voted against the verdict (bps)
    uint256 internal constant REFEREE_MINORITY_BPS = 500;
    /// @dev part of a seat's stake lost by a referee who did not vote (bps)
    uint256 internal constant REFEREE_NO_SHOW_BPS = 100;
    /// @dev bond of a model's registrant, and of whoever challenges its certificate (wei)
    uint256 internal constant REGISTRANT_BOND_WEI = 100000000000000000000;
    /// @dev time between the registration of a model and its first job (s)
    uint256 internal constant MODEL_ACTIVATION_S = 86400;
    /// @dev time to rule on a challenged certificate; then both bonds return (s)
    uint256 internal constant CERTIFICATE_CHALLENGE_S = 1209600;
    /// @dev added to four times maxRuntime for an auditor's commitment (s)
    uint256 internal constant AUDITOR_COMMIT_SLACK_S = 300;
    /// @dev time of the provider to answer an audit, and of the auditor to reveal (s)
    uint256 internal constant ANSWER_PERIOD_S = 900;
    /// @dev time of the provider to contest a failed audit (s)
    uint256 internal constant CONTEST_PERIOD_S = 1800;
    /// @dev time after which an audit or dispute that is still undecided refunds the client and frees all locks (s)
    uint256 internal constant AUDIT_BACKSTOP_S = 432000;
    /// @dev auditors drawn for a slot before it is skipped (draws)
    uint256 internal constant DRAWS_PER_SLOT_MAX = 6;
    /// @dev seats looked at in one call when a seat is drawn (seats)
    uint256 internal constant ATTEMPTS_PER_CALL = 32;
    /// @dev seats looked at before a draw is given up (seats)
    uint256 internal constant ATTEMPTS_MAX = 96;
    /// @dev shortest time to post a trace, and to point at an operator (s)
    uint256 internal constant TRACE_PERIOD_MIN_S = 600;
    /// @dev time of referees to commit to a vote (s)
    uint256 internal constant VOTE_PERIOD_S = 900;
    /// @dev time of referees to reveal a vote (s)
    uint256 internal constant VOTE_REVEAL_PERIOD_S = 300;
    /// @dev time of the loser to appeal (s)
    uint256 internal constant APPEAL_PERIOD_S = 1800;
    /// @dev time a slash by verdict is held before it is split (s)
    uint256 internal constant SLASH_HOLD_S = 172800;
    /// @dev time after settlement in which a proven challenge still slashes (s)
    uint256 internal constant LATE_WINDOW_S = 604800;
    /// @dev part of delegated stake taken for numbers not from the provider's own bytes (bps)
    uint256 internal constant DELEGATED_FORGERY_BPS = 1000;
    /// @dev largest commission of a provider on its delegators' rewards (bps)
    uint256 internal constant COMMISSION_MAX_BPS = 3000;
    /// @dev notice before a higher commission applies (s)
    uint256 internal constant COMMISSION_NOTICE_S = 1209600;
    /// @dev time a slash is held on a day with more of them than dailySlashBps (s)
    uint256 internal constant SLASH_LONG_HOLD_S = 1209600;
    /// @dev fees of an epoch at which the work pool is emitted whole, in the first epoch (wei)
    uint256 internal constant BASELINE_GENESIS_WEI = 20000000000000000000000000;
    /// @dev part of the first epoch's emission for availability (bps)
    uint256 internal constant AVAIL_GENESIS_BPS = 1500;
    /// @dev change of the availability part in an epoch (bps)
    uint256 internal constant AVAIL_STEP_BPS = 100;
    /// @dev part of For and Against that must be For, Standard governor (bps)
    uint256 internal constant STANDARD_MAJORITY_BPS = 5000;
    /// @dev least votes that must be For or Abstain, Standard governor (wei)
    uint256 internal constant STANDARD_QUORUM_FLOOR_WEI = 5000000000000000000000000;
    /// @dev least votes that must be For or Abstain, Constitutional governor (wei)
    uint256 internal constant CONSTITUTIONAL_QUORUM_FLOOR_WEI = 10000000000000000000000000;
    /// @dev voting time left at least when the quorum is reached late (s)
    uint256 internal constant LATE_QUORUM_S = 172800;
    /// @dev part of all stake slashed within a day that trips the breaker (bps)
    uint256 internal constant BREAKER_SLASH_BPS = 500;
    /// @dev part of the insurance fund lost within a day that trips the breaker (bps)
    uint256 internal constant BREAKER_INSURANCE_BPS = 2000;
    /// @dev part of the insurance fund that an epoch's grants by vote may take (bps)
    uint256 internal constant INSURANCE_GRANT_BPS = 100;
    /// @dev time that a tripped breaker stops early exits and large jobs (s)
    uint256 internal constant BREAKER_S = 86400;
    /// @dev price above which a tripped breaker stops new jobs (wei)
    uint256 internal constant BREAKER_JOB_WEI = 1000000000000000000000;
    /// @dev longest pause by the guardian (s)
    uint256 internal constant GUARDIAN_PAUSE_S = 604800;
    /// @dev time after a guardian's pause until the next (s)
    uint256 internal constant GUARDIAN_COOLDOWN_S = 2592000;
    /// @dev time after which the guardian lapses unless it is renewed (s)
    uint256 internal constant GUARDIAN_TERM_S = 47347200;
    /// @dev audit pool below which the insurance fund may fill it up (wei)
    uint256 internal constant POOL_FLOOR_WEI = 10000000000000000000000;

    /// @dev the word hiring: its id, and its defaults
    uint256 internal constant WORD_HIRING = 0;
    uint256 internal constant DEFAULT_HIRING = 0x3e800050000003635c9adc5dea0000001f400c81db00005;

    function lockMinMultiple(uint256 word) internal pure returns (uint256) {
        return word & 0xffff;
    }

    function detectBps(uint256 word) internal pure returns (uint256) {
        return (word >> 16) & 0xffff;
    }

    function auditMinBps(uint256 word) internal pure returns (uint256) {
        return (word >> 32) & 0xffff;
    }

    function reAuditBps(uint256 word) internal pure returns (uint256) {
        return (word >> 48) & 0xffff;
    }

    function minSelfStakeWei(uint256 word) internal pure returns (uint256) {
        return (word >> 64) & 0xffffffffffffffffffffffff;
    }

    function delegationMultiple(uint256 word) internal pure returns (uint256) {
        return (word >> 160) & 0xffff;
    }

    function noShowBps(uint256 word) internal pure returns (uint256) {
        return (word >> 176) & 0xffff;
    }

    /// @dev the word slashing: its id, and its defaults
    uint256 internal constant WORD_SLASHING = 1;
    uint256 internal constant DEFAULT_SLASHING = 0x1baf8005dc05dc05dc09c40bb8138807d001f4;

    function stakeSlashBps(uint256 word) internal pure returns (uint256) {
        return word & 0xffff;
    }

    function vestSlashBps(uint256 word) internal pure returns (uint256) {
        return (word >> 16) & 0xffff;
    }

    function forgerySlashBps(uint256 word) internal pure returns (uint256) {
        return (word >> 32) & 0xffff;
    }

    function slashBurnBps(uint256 word) internal pure returns (uint256) {
        return (word >> 48) & 0xffff;
    }

    function slashFinderBps(uint256 word) internal pure returns (uint256) {
        return (word >> 64) & 0xffff;
    }

    function slashRefereeBps(uint256 word) internal pure returns (uint256) {
        return (word >> 80) & 0xffff;
    }

    function slashClientBps(uint256 word) internal pure returns (uint256) {
        return (word >> 96) & 0xffff;
    }

    function dailySlashBps(uint256 word) internal pure returns (uint256) {
        return (word >> 112) & 0xffff;
    }

    function unbondingS(uint256 word) internal pure returns (uint256) {
        return (word >> 128) & 0xffffffff;
    }

    /// @dev the word fees: its id, and its defaults
    uint256 internal constant WORD_FEES = 2;
    uint256 internal constant DEFAULT_FEES = 0x708006400c8012c0190;

    function burnBps(uint256 word) internal pure returns (uint256) {
        return word & 0xffff;
    }

    function treasuryBps(uint256 word) internal pure returns (uint256) {
        return (word >> 16) & 0xffff;
    }

    function insuranceBps(uint256 word) internal pure returns (uint256) {
        return (word >> 32) & 0xffff;
    }

    function auditBps(uint256 word) internal pure returns (uint256) {
        return (word >> 48) & 0xffff;
    }

    function vestBps(uint256 word) internal pure returns (uint256) {
        return (word >> 64) & 0xffff;
    }

    /// @dev the word vesting: its id, and its defaults
    uint256 internal constant WORD_VESTING = 3;
    uint256 internal constant DEFAULT_VESTING = 0xc809c41388138803e8001a;

    function vestEpochs(uint256 word) internal pure returns (uint256) {
        return word & 0xffff;
    }

    function exitBaseBps(uint256 word) internal pure returns (uint256) {
        return (word >> 16) & 0xffff;
    }

    function exitSlopeBps(uint256 word) internal pure returns (uint256) {
        return (word >> 32) & 0xffff;
    }

    function holderBps(uint256 word) internal pure returns (uint256) {
        return (word >> 48) & 0xffff;
    }

    function penaltyBurnBps(uint256 word) internal pure returns (uint256) {
        return (word >> 64) & 0xffff;
    }

    function exitCapBps(uint256 word) internal pure returns (uint256) {
        return (word >> 80) & 0xffff;
    }

    /// @dev the word emission: its id, and its defaults
    uint256 internal constant WORD_EMISSION = 4;
    uint256 internal constant DEFAULT_EMISSION = 0x138809c40032232801f40dac0bb803e80007db6a0b4d0fe2;

    function rhoWad(uint256 word) internal pure returns (uint256) {
        return word & 0xffffffffffffffff;
    }

    function availFloorBps(uint256 word) internal pure returns (uint256) {
        return (word >> 64) & 0xffff;
    }

    function availCeilBps(uint256 word) internal pure returns (uint256) {
        return (word >> 80) & 0xffff;
    }

    function stakeTargetBps(uint256 word) internal pure returns (uint256) {
        return (word >> 96) & 0xffff;
    }

    function stakeBandBps(uint256 word) internal pure returns (uint256) {
        return (word >> 112) & 0xffff;
    }

    function washCapBps(uint256 word) internal pure returns (uint256) {
        return (word >> 128) & 0xffff;
    }

    function baselineGrowthBps(uint256 word) internal pure returns (uint256) {
        return (word >> 144) & 0xffff;
    }

    function emissionLiquidBps(uint256 word) internal pure returns (uint256) {
        return (word >> 160) & 0xffff;
    }

    function loyaltyBps(uint256 word) internal pure returns (uint256) {
        return (word >> 176) & 0xffff;
    }

    /// @dev the word funds: its id, and its defaults
    uint256 internal constant WORD_FUNDS = 5;
    uint256 internal constant DEFAULT_FUNDS = 0x16345785d8a000002000000070803e800c807d003e8;

    function insurancePerEventBps(uint256 word) internal pure returns (uint256) {
        return word & 0xffff;
    }

    function insurancePerEpochBps(uint256 word) internal pure returns (uint256) {
        return (word >> 16) & 0xffff;
    }

    function treasuryStandardBps(uint256 word) internal pure returns (uint256) {
        return (word >> 32) & 0xffff;
    }

    function treasuryConstitutionalBps(uint256 word) internal pure returns (uint256) {
        return (word >> 48) & 0xffff;
    }

    function challengeWindowS(uint256 word) internal pure returns (uint256) {
        return (word >> 64) & 0xffffffff;
    }

    function canariesPerEpoch(uint256 word) internal pure returns (uint256) {
        return (word >> 96) & 0xffff;
    }

    function canaryPriceWei(uint256 word) internal pure returns (uint256) {
        return (word >> 112) & 0xffffffffffffffffffffffff;
    }

    /// @dev the word standard: its id, and its defaults
    uint256 internal constant WORD_STANDARD = 6;
    uint256 internal constant DEFAULT_STANDARD = 0x3f4800320000697800002a3000019;

    function standardThresholdBps(uint256 word) internal pure returns (uint256) {
        return word & 0xffff;
    }

    function standardDelayS(uint256 word) internal pure returns (uint256) {
        return (word >> 16) & 0xffffffff;
    }

    function standardPeriodS(uint256 word) internal pure returns (uint256) {
        return (word >> 48) & 0xffffffff;
    }

    function standardQuorumBps(uint256 word) internal pure returns (uint256) {
        return (word >> 80) & 0xffff;
    }

    function standardTimelockS(uint256 word) internal pure returns (uint256) {
        return (word >> 96) & 0xffffffff;
    }

    /// @dev the word constitutional: its id, and its defaults
    uint256 internal constant WORD_CONSTITUTIONAL = 7;
    uint256 internal constant DEFAULT_CONSTITUTIONAL = 0x24ea001a0b07d0000d2f000003f4800064;

    function constitutionalThresholdBps(uint256 word) internal pure returns (uint256) {
        return word & 0xffff;
    }

    function constitutionalDelayS(uint256 word) internal pure returns (uint256) {
        return (word >> 16) & 0xffffffff;
    }

    function constitutionalPeriodS(uint256 word) internal pure returns (uint256) {
        return (word >> 48) & 0xffffffff;
    }

    function constitutionalQuorumBps(uint256 word) internal pure returns (uint256) {
        return (word >> 80) & 0xffff;
    }

    function constitutionalMajorityBps(uint256 word) internal pure returns (uint256) {
        return (word >> 96) & 0xffff;
    }

    function constitutionalTimelockS(uint256 word) internal pure returns (uint256) {
        return (word >> 112) & 0xffffffff;
    }
}
