// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Protocol parameters; generated from params.json by `make params`, never edited
library Params {
    /// @dev own stake below which a provider takes no job (wei)
    uint256 internal constant MIN_SELF_STAKE_WEI = 1000000000000000000000;
    uint256 internal constant MIN_SELF_STAKE_WEI_MIN = 100000000000000000000;
    uint256 internal constant MIN_SELF_STAKE_WEI_MAX = 100000000000000000000000;
    /// @dev smallest lock of a job, as a multiple of its price (multiple of price)
    uint256 internal constant LOCK_MIN_MULTIPLE = 5;
    uint256 internal constant LOCK_MIN_MULTIPLE_MIN = 2;
    uint256 internal constant LOCK_MIN_MULTIPLE_MAX = 20;
    /// @dev part of the lock taken when no commitment comes in time (bps)
    uint256 internal constant NO_SHOW_BPS = 1000;
    uint256 internal constant NO_SHOW_BPS_MIN = 500;
    uint256 internal constant NO_SHOW_BPS_MAX = 3000;
    /// @dev part of own stake taken beside the whole lock in a full slash (bps)
    uint256 internal constant STAKE_SLASH_BPS = 500;
    uint256 internal constant STAKE_SLASH_BPS_MIN = 100;
    uint256 internal constant STAKE_SLASH_BPS_MAX = 1000;
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
    /// @dev time between asking for stake and taking it out (s)
    uint256 internal constant UNBONDING_S = 1814400;
    uint256 internal constant UNBONDING_S_MIN = 1209600;
    uint256 internal constant UNBONDING_S_MAX = 1814400;
    /// @dev time after a reveal in which payment waits; chosen per job within the bounds (s)
    uint256 internal constant CHALLENGE_WINDOW_S = 1800;
    uint256 internal constant CHALLENGE_WINDOW_S_MIN = 600;
    uint256 internal constant CHALLENGE_WINDOW_S_MAX = 86400;
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
    /// @dev chance that an audit finds a wrong output: 99 % detection times 80 % of seats not colluding, less what two colluding votes can turn into no verdict (bps)
    uint256 internal constant DETECT_BPS = 7600;
    uint256 internal constant DETECT_BPS_MIN = 5000;
    uint256 internal constant DETECT_BPS_MAX = 9500;
    /// @dev smallest audit probability (bps)
    uint256 internal constant AUDIT_MIN_BPS = 200;
    uint256 internal constant AUDIT_MIN_BPS_MIN = 100;
    uint256 internal constant AUDIT_MIN_BPS_MAX = 2000;
    /// @dev passed audits of a provider with a model before its audit probability falls (jobs)
    uint256 internal constant AUDIT_FIRST_JOBS = 10;
    uint256 internal constant AUDIT_FIRST_JOBS_MIN = 0;
    uint256 internal constant AUDIT_FIRST_JOBS_MAX = 100;
    /// @dev pay of one auditor of an EXACT or TENSOR job, as a part of the price (bps)
    uint256 internal constant AUDIT_PAY_BPS = 10000;
    uint256 internal constant AUDIT_PAY_BPS_MIN = 5000;
    uint256 internal constant AUDIT_PAY_BPS_MAX = 12000;
    /// @dev chance that a passed audit is audited again (bps)
    uint256 internal constant RE_AUDIT_BPS = 500;
    uint256 internal constant RE_AUDIT_BPS_MIN = 200;
    uint256 internal constant RE_AUDIT_BPS_MAX = 2000;
    /// @dev audit pay above this part of the pool is escrowed by the client (bps)
    uint256 internal constant AUDIT_ESCROW_POOL_BPS = 500;
    uint256 internal constant AUDIT_ESCROW_POOL_BPS_MIN = 100;
    uint256 internal constant AUDIT_ESCROW_POOL_BPS_MAX = 2000;
    /// @dev stake an auditor locks, as a multiple of its pay (multiple of audit pay)
    uint256 internal constant AUDIT_LOCK_MULTIPLE = 19;
    uint256 internal constant AUDIT_LOCK_MULTIPLE_MIN = 10;
    uint256 internal constant AUDIT_LOCK_MULTIPLE_MAX = 40;
    /// @dev part of the audit lock taken from an auditor that does not commit in time (bps)
    uint256 internal constant AUDIT_LATE_BPS = 1000;
    uint256 internal constant AUDIT_LATE_BPS_MIN = 500;
    uint256 internal constant AUDIT_LATE_BPS_MAX = 10000;
    /// @dev risk above which a job needs two audit slots (wei)
    uint256 internal constant TWO_SLOTS_RISK_WEI = 10000000000000000000000;
    uint256 internal constant TWO_SLOTS_RISK_WEI_MIN = 1000000000000000000000;
    uint256 internal constant TWO_SLOTS_RISK_WEI_MAX = 1000000000000000000000000;
    /// @dev own stake behind one seat in an auditor pool (wei)
    uint256 internal constant SEAT_WEI = 1000000000000000000000;
    uint256 internal constant SEAT_WEI_MIN = 100000000000000000000;
    uint256 internal constant SEAT_WEI_MAX = 10000000000000000000000;
    /// @dev seats below which a pool audits nothing and its models take no job (seats)
    uint256 internal constant POOL_SEATS_MIN = 20;
    uint256 internal constant POOL_SEATS_MIN_MIN = 20;
    uint256 internal constant POOL_SEATS_MIN_MAX = 200;
    /// @dev owners below which a pool audits nothing and its models take no job (owners)
    uint256 internal constant POOL_OWNERS_MIN = 10;
    uint256 internal constant POOL_OWNERS_MIN_MIN = 10;
    uint256 internal constant POOL_OWNERS_MIN_MAX = 100;
    /// @dev part of own stake taken beside the lock for numbers not from the provider's own bytes (bps)
    uint256 internal constant FORGERY_SLASH_BPS = 5000;
    uint256 internal constant FORGERY_SLASH_BPS_MIN = 2000;
    uint256 internal constant FORGERY_SLASH_BPS_MAX = 5000;
    /// @dev bond of a challenge, as a part of the price (bps)
    uint256 internal constant CHALLENGE_BOND_BPS = 15000;
    uint256 internal constant CHALLENGE_BOND_BPS_MIN = 5000;
    uint256 internal constant CHALLENGE_BOND_BPS_MAX = 50000;
    /// @dev smallest bond of a challenge (wei)
    uint256 internal constant CHALLENGE_BOND_MIN_WEI = 20000000000000000000;
    uint256 internal constant CHALLENGE_BOND_MIN_WEI_MIN = 1000000000000000000;
    uint256 internal constant CHALLENGE_BOND_MIN_WEI_MAX = 1000000000000000000000;
    /// @dev part of a seat's stake lost by a referee who voted against the verdict (bps)
    uint256 internal constant REFEREE_MINORITY_BPS = 500;
    uint256 internal constant REFEREE_MINORITY_BPS_MIN = 100;
    uint256 internal constant REFEREE_MINORITY_BPS_MAX = 2000;
    /// @dev part of a seat's stake lost by a referee who did not vote (bps)
    uint256 internal constant REFEREE_NO_SHOW_BPS = 100;
    uint256 internal constant REFEREE_NO_SHOW_BPS_MIN = 50;
    uint256 internal constant REFEREE_NO_SHOW_BPS_MAX = 1000;
    /// @dev bond of a model's registrant, and of whoever challenges its certificate (wei)
    uint256 internal constant REGISTRANT_BOND_WEI = 100000000000000000000;
    uint256 internal constant REGISTRANT_BOND_WEI_MIN = 10000000000000000000;
    uint256 internal constant REGISTRANT_BOND_WEI_MAX = 10000000000000000000000;
    /// @dev time between the registration of a model and its first job (s)
    uint256 internal constant MODEL_ACTIVATION_S = 86400;
    uint256 internal constant MODEL_ACTIVATION_S_MIN = 3600;
    uint256 internal constant MODEL_ACTIVATION_S_MAX = 604800;
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
}
