// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {Params} from "../../contracts/libraries/Params.sol";
import {JobSpec, JobState} from "../../contracts/types/Job.sol";
import {MarketBase} from "./MarketBase.sol";
import {SmallCourt} from "./mocks/SmallCourt.sol";

/// @notice The market with audits on, an audit pool, and the steps of a job that courts take.
abstract contract CourtBase is MarketBase {
    /// @dev At PRICE: pay 1e18, part of the client 0.0603e18, of the draw 0.0911e18.
    uint16 internal constant P_ECON = 603;
    uint16 internal constant P = 911;
    uint256 internal constant SURCHARGE = 0.0308e18;
    uint256 internal constant PREMIUM = 0.0603e18;
    uint256 internal constant POOL = 100e18;

    SmallCourt internal audits;
    SmallCourt internal disputes;

    function setUp() public virtual override {
        super.setUp();
        audits = new SmallCourt();
        disputes = new SmallCourt();
        _deployMarket(address(audits), address(disputes));
        audits.setMarket(address(market));
        audits.setTerms(P_ECON, P);
        _fundProvider(provider, operator);
        _fundClient(client);
        _fundPool(POOL);
    }

    function _fundPool(uint256 amount) internal {
        token.approve(address(market), amount);
        market.deposit(amount);
        vm.prank(address(audits));
        market.collect(address(this), amount);
    }

    /// @dev A pool of `left` wei from now on.
    function _shrinkPool(uint256 left) internal {
        vm.startPrank(address(audits));
        market.courtPay(other, market.freeOf(address(audits)) - left, false);
        vm.stopPrank();
    }

    function _move(bytes32 jobId, JobState to) internal {
        _move(jobId, to, uint40(block.timestamp + Params.AUDIT_BACKSTOP_S));
    }

    function _move(bytes32 jobId, JobState to, uint40 deadline) internal {
        vm.prank(address(audits));
        market.courtMove(jobId, to, deadline);
    }

    function _drawnAudit() internal returns (bytes32 jobId) {
        audits.setTerms(P_ECON, 10_000);
        jobId = _committed();
        _readyRound();
        market.draw(jobId);
        audits.setTerms(P_ECON, P);
    }

    function _audited() internal returns (bytes32 jobId) {
        jobId = _drawnAudit();
        _move(jobId, JobState.Audited);
    }

    /// @dev Assigned jobs draw no audit: the draws of a test are undrawn unless it says so.
    function _undrawn() internal {
        audits.setTerms(0, 0);
    }

    function _revealedUndrawn() internal returns (bytes32 jobId) {
        _undrawn();
        jobId = _revealed();
        audits.setTerms(P_ECON, P);
    }

    function _disputed() internal returns (bytes32 jobId) {
        jobId = _revealedUndrawn();
        _move(jobId, JobState.Disputed);
    }

    function _expectBadMove(bytes32 jobId, JobState from, JobState to) internal {
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__BadMove.selector, jobId, from, to)
        );
    }

    function _pool() internal view returns (uint256) {
        return market.freeOf(address(audits));
    }

    function _spentByClient() internal view returns (uint256) {
        return DEPOSIT - market.freeOf(client);
    }
}
