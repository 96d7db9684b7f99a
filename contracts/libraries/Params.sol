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
}
