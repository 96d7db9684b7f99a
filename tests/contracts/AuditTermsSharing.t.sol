// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {AuditFees} from "../../contracts/libraries/AuditFees.sol";
import {JobState, Opening} from "../../contracts/types/Job.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice See AuditTermsSharing.tree.
contract AuditTermsSharingTest is CourtBase {
    function _accept(bytes32 jobId, uint96 price) private {
        vm.prank(operator);
        _acceptAs(jobId, price, LOCK);
    }

    function _lapsed() private returns (bytes32 jobId) {
        _undrawn();
        jobId = _committed();
        vm.roll(block.number + 300);
        market.draw(jobId);
        assertEq(market.job(jobId).pBps, 10_000);
    }

    // --- settle, confirm ---

    /// @dev Undrawn although an audit was possible: of many jobs most are.
    function _undrawnAtP() private returns (bytes32 jobId) {
        for (uint256 i; i < 20; ++i) {
            jobId = _committed();
            _readyRound();
            vm.prank(operator);
            market.drawAndReveal(jobId, _opening(0));
            if (market.stateOf(jobId) == JobState.Revealed) return jobId;
        }
        revert("no undrawn job in twenty");
    }

    /// @dev The audit passed, the result is public, the window over.
    function _passed(bytes32 jobId) private {
        bytes32 seed0 = _drawnSeed;
        _move(jobId, JobState.Audited);
        _move(jobId, JobState.Committed, uint40(block.timestamp + 15 minutes));
        vm.prank(operator);
        market.reveal(jobId, _opening(seed0));
        _miss(jobId);
    }

    bytes32 private _drawnSeed;

    function _drawnWithSeed(bytes32 jobId) private {
        _readyRound();
        _drawnSeed = _seed0(jobId);
        market.draw(jobId);
        _assertState(jobId, JobState.Drawn);
    }

    function _expectFees(bytes32 jobId, uint256 toPool, uint256 surcharge, uint256 back) private {
        vm.expectEmit(address(market));
        emit IJobMarket.AuditFeesPaid(jobId, toPool, surcharge, back);
        vm.expectEmit(address(market));
        emit IJobMarket.JobSettled(jobId, provider, PRICE - surcharge);
    }

    function test_Settle_UndrawnPremium() public {
        bytes32 jobId = _undrawnAtP();
        (uint256 pool, uint256 free) = (_pool(), market.freeOf(client));
        _expectFees(jobId, PREMIUM + SURCHARGE, SURCHARGE, 0);
        vm.prank(client);
        market.confirm(jobId);
        assertEq(_pool() - pool, PREMIUM + SURCHARGE);
        assertEq(market.earnedOf(provider), PRICE - SURCHARGE);
        assertEq(market.freeOf(client), free);
        assertEq(_locked() % LOCK, 0);
    }

    function test_Settle_UndrawnWhole() public {
        _shrinkPool(0);
        bytes32 jobId = _undrawnAtP();
        (uint256 pool, uint256 free) = (_pool(), market.freeOf(client));
        _miss(jobId);
        _expectFees(jobId, SURCHARGE, SURCHARGE, PRICE);
        market.settle(jobId);
        assertEq(_pool() - pool, SURCHARGE);
        assertEq(market.earnedOf(provider), PRICE - SURCHARGE);
        assertEq(market.freeOf(client) - free, PRICE);
    }

    function test_Settle_DrawnPremium() public {
        audits.setTerms(P_ECON, 10_000);
        bytes32 jobId = _committed();
        _drawnWithSeed(jobId);
        _passed(jobId);
        _expectFees(jobId, PRICE - PREMIUM, PRICE - PREMIUM, 0);
        market.settle(jobId);
        assertEq(_pool(), POOL + PRICE, "exactly one audit's pay");
        assertEq(market.earnedOf(provider), PREMIUM);
        assertEq(_spentByClient(), PRICE + PREMIUM);
    }

    function test_Settle_DrawnWhole() public {
        _shrinkPool(0);
        audits.setTerms(P_ECON, 10_000);
        bytes32 jobId = _committed();
        _drawnWithSeed(jobId);
        assertEq(_pool(), PRICE);
        _passed(jobId);
        _expectFees(jobId, 0, PRICE - PREMIUM, PRICE - PREMIUM);
        market.settle(jobId);
        assertEq(_pool(), PRICE);
        assertEq(market.earnedOf(provider), PREMIUM);
        assertEq(_spentByClient(), PRICE + PREMIUM, "as with a rich pool");
    }

    function test_Settle_AfterALapse_TheProviderBearsTheCertainAudit() public {
        bytes32 jobId = _lapsed(); // terms were 0 and 0: nothing held
        _drawnWithSeed(jobId);
        assertEq(_pool(), POOL);
        _passed(jobId);
        _expectFees(jobId, PRICE, PRICE, 0);
        market.settle(jobId);
        assertEq(market.earnedOf(provider), 0);
        assertEq(_spentByClient(), PRICE);
    }

    function test_Confirm_GivenDrawn_Reverts() public {
        audits.setTerms(P_ECON, 10_000);
        bytes32 jobId = _committed();
        _drawnWithSeed(jobId);
        _passed(jobId);
        vm.warp(block.timestamp - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__NotConfirmable.selector, jobId)
        );
        vm.prank(client);
        market.confirm(jobId);
    }

    // --- after a commitment, without pay ---

    function _expireUncommented(bytes32 jobId) private returns (uint256 toClient, uint256 toPool) {
        (uint256 free, uint256 pool) = (market.freeOf(client), _pool());
        _miss(jobId);
        market.expire(jobId);
        // Stake is 10,000: 15 % of a full slash is above the price, its cap.
        return (market.freeOf(client) - free - PRICE, _pool() - pool);
    }

    function test_RevealTimeout_UndrawnPremiumIsSpent() public {
        bytes32 jobId = _committed();
        (uint256 toClient, uint256 toPool) = _expireUncommented(jobId);
        assertEq(toClient, PRICE);
        assertEq(toPool, PREMIUM);
        _assertState(jobId, JobState.ProviderRevealTimeout);
    }

    function test_RevealTimeout_UndrawnWholeReturns() public {
        _shrinkPool(0);
        bytes32 jobId = _committed();
        (uint256 toClient, uint256 toPool) = _expireUncommented(jobId);
        assertEq(toClient, 2 * uint256(PRICE));
        assertEq(toPool, 0);
    }

    function test_AnswerTimeout_DrawnStaysInThePool() public {
        bytes32 rich = _drawnAudit();
        _shrinkPool(0);
        bytes32 poor = _drawnAudit();
        bytes32[2] memory jobIds = [rich, poor];
        for (uint256 i; i < 2; ++i) {
            (uint256 toClient, uint256 toPool) = _expireUncommented(jobIds[i]);
            assertEq(toClient, PRICE);
            assertEq(toPool, 0);
            _assertState(jobIds[i], JobState.ProviderAnswerTimeout);
        }
    }

    // --- together ---

    /// @dev Any probabilities, any pool, any price, any end: the balance is all spoken for.
    function testFuzz_EveryWeiBelongsToSomebody(
        uint16 pEcon,
        uint16 p,
        uint256 pool,
        uint96 price,
        uint8 end
    ) public {
        pEcon = uint16(bound(pEcon, 0, 10_000));
        p = uint16(bound(p, pEcon, 10_000));
        audits.setTerms(pEcon, p);
        _shrinkPool(bound(pool, 0, POOL));
        price = uint96(bound(price, 1, PRICE));
        bytes32 jobId = _posted();
        _accept(jobId, price);
        end = end % 4;
        if (end > 0) {
            _commit(jobId);
            _readyRound();
        }
        if (end > 1) {
            bytes32 seed0 = _seed0(jobId);
            market.draw(jobId);
            if (market.stateOf(jobId) == JobState.Drawn) _move(jobId, JobState.Audited);
            if (end == 3) _finish(jobId, seed0);
        }
        _miss(jobId);
        if (end == 3) market.settle(jobId);
        else market.expire(jobId);
        uint256 owed = market.freeOf(client) + market.freeOf(other) + _pool()
            + market.freeOf(address(this)) + market.earnedOf(provider);
        assertEq(token.balanceOf(address(market)), owed);
        uint256 surcharge =
            AuditFees.surchargeOf(price, market.job(jobId).pEconBps, market.job(jobId).pBps);
        if (end == 3) assertEq(market.earnedOf(provider), price - surcharge);
    }

    function _finish(bytes32 jobId, bytes32 seed0) private {
        if (market.stateOf(jobId) == JobState.Audited) {
            _move(jobId, JobState.Committed, uint40(block.timestamp + 15 minutes));
        }
        Opening memory opening = _opening(seed0);
        vm.prank(operator);
        market.reveal(jobId, opening);
    }
}
