// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What the market asks of an AuditCourt, answered as told. Tests act in its name.
contract SmallCourt {
    error SmallCourt__Refused(bytes32 modelId);
    error SmallCourt__NotTheMarket(address caller);

    /// @notice What the market gave when it asked for terms.
    struct Asked {
        bytes32 modelId;
        uint8 jobClass;
        address provider;
        uint256 price;
        uint256 lock;
        uint256 declaredGain;
        uint8 slots;
    }

    address public market;
    uint16 public pEconBps;
    uint16 public pBps;
    bool public refuses;
    bytes32 public expected;
    mapping(address provider => mapping(bytes32 modelId => uint256)) public streaksEnded;

    function setMarket(address market_) external {
        market = market_;
    }

    function setTerms(uint16 pEconBps_, uint16 pBps_) external {
        (pEconBps, pBps) = (pEconBps_, pBps_);
    }

    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    /// @notice From now on only this question is answered.
    function expect(Asked calldata asked) external {
        expected = keccak256(abi.encode(asked));
    }

    function terms(
        bytes32 modelId,
        uint8 jobClass,
        address provider,
        uint256 price,
        uint256 lock,
        uint256 declaredGain,
        uint8 slots
    ) external view returns (uint16, uint16) {
        Asked memory asked =
            Asked(modelId, jobClass, provider, price, lock, declaredGain, slots);
        if (refuses || (expected != 0 && expected != keccak256(abi.encode(asked)))) {
            revert SmallCourt__Refused(modelId);
        }
        return (pEconBps, pBps);
    }

    function endStreak(address provider, bytes32 modelId) external {
        if (msg.sender != market) revert SmallCourt__NotTheMarket(msg.sender);
        ++streaksEnded[provider][modelId];
    }
}
