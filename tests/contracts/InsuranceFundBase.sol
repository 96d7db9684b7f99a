// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInsuranceFund} from "../../contracts/interfaces/IInsuranceFund.sol";
import {IStakeManager} from "../../contracts/interfaces/IStakeManager.sol";
import {InsuranceFund} from "../../contracts/rewards/InsuranceFund.sol";
import {PoolCourt} from "./mocks/PoolCourt.sol";
import {StakingBase} from "./StakingBase.sol";

/// @notice An insurance fund among real stakes and a real market. It has 20,000 NVY from the epoch before.
abstract contract InsuranceFundBase is StakingBase {
    uint256 internal constant FUND = 20_000e18;
    uint256 internal constant NOW = START + WEEK;

    InsuranceFund internal fund;
    uint256 private _claims;

    function setUp() public override {
        PoolCourt court = new PoolCourt();
        audits = address(court);
        insurance = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 5);
        super.setUp();
        court.setMarket(address(market));
        fund = _deploy(address(neighbours));
        assertEq(address(fund), insurance, "precomputed address");
        _fund(FUND);
        vm.warp(NOW);
    }

    function _deploy(address params) internal returns (InsuranceFund) {
        return new InsuranceFund(
            address(token), address(market), address(stakes), audits, timelock, params
        );
    }

    function _fund(uint256 amount) internal {
        token.approve(address(fund), amount);
        fund.fund(amount);
    }

    function _grant(uint256 amount) internal {
        vm.prank(timelock);
        fund.pay(other, amount, "a vote");
    }

    /// @dev What a late verdict makes the fund owe; a real one is in the tests of payVerdict.
    function _claim(uint256 amount) internal {
        bytes32 slashId = bytes32(++_claims);
        vm.mockCall(
            address(stakes),
            abi.encodeCall(IStakeManager.lossOf, (slashId)),
            abi.encode(client, amount)
        );
        fund.payVerdict(slashId);
    }

    function _expectOverLimit(uint256 amount, uint256 left) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IInsuranceFund.InsuranceFund__OverLimit.selector, amount, left
            )
        );
    }

    function _expectOverGrantLimit(uint256 amount, uint256 left) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IInsuranceFund.InsuranceFund__OverGrantLimit.selector, amount, left
            )
        );
    }

    function _assertCounted() internal view {
        assertEq(token.balanceOf(address(fund)), fund.holdings());
    }
}
