// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICanaries} from "../../contracts/interfaces/ICanaries.sol";
import {Canaries} from "../../contracts/rewards/Canaries.sol";
import {AuditFacts, Outcome} from "../../contracts/types/Audit.sol";
import {Economy} from "../../contracts/types/Economy.sol";
import {JobSpec, Offer} from "../../contracts/types/Job.sol";
import {AuditBase} from "./AuditBase.sol";
import {WordBook} from "./mocks/WordBook.sol";

/// @notice Canaries over the real market and courts; `provider` becomes whoever is drawn.
abstract contract CanaryBase is AuditBase {
    uint256 internal constant EPOCH_S = 604_800;
    uint256 internal constant PACE = EPOCH_S / 512;
    uint256 internal constant CANARY_PRICE = 0.1e18;
    uint256 internal constant BUDGET = 10e18;

    WordBook internal words;
    Canaries internal canaries;
    address internal timelock = makeAddr("standard timelock");

    function setUp() public virtual override {
        words = new WordBook();
        super.setUp();
        canaries = _deployCanaries(new ICanaries.CanaryModel[](0));
        vm.prank(timelock);
        canaries.setModel(modelId, CPU, 4, 60, true);
        token.approve(address(canaries), BUDGET);
        canaries.fund(BUDGET);
    }

    function _deployCanaries(ICanaries.CanaryModel[] memory models) internal returns (Canaries) {
        return new Canaries(
            address(market),
            address(stakes),
            address(registry),
            address(audits),
            address(beacon),
            address(words),
            timelock,
            models
        );
    }

    function _economy() internal override returns (Economy memory economy) {
        economy.params = address(words);
    }

    /// @dev What odds ask for decides, not the policy of the deployment.
    function _minBps() internal pure override returns (uint16) {
        return 200;
    }

    // --- steps ---

    function _requested() internal returns (uint256 id) {
        vm.warp(block.timestamp + PACE);
        id = canaries.request();
        _readyRound();
    }

    /// @dev A drawn canary; its provider's operator is the one whose key tests have.
    function _drawnCanary() internal returns (uint256 id) {
        id = _requested();
        canaries.draw(id);
        assertEq(uint8(_stateOf(id)), uint8(ICanaries.CanaryState.Drawn), "drawn");
        provider = canaries.canaryOf(id).provider;
        vm.prank(provider);
        stakes.setOperator(operator);
    }

    function _canaryOffer(uint256 id) internal returns (Offer memory offer) {
        (JobSpec memory spec, uint256 price, uint256 lock) = canaries.specOf(id);
        offer = _offer();
        offer.client = address(canaries);
        offer.specHash = market.specHashOf(spec);
        (offer.price, offer.lock) = (uint96(price), uint96(lock));
    }

    function _taken() internal returns (uint256 id, bytes32 jobId, JobSpec memory spec) {
        id = _drawnCanary();
        (spec,,) = canaries.specOf(id);
        Offer memory offer = _canaryOffer(id);
        jobId = canaries.take(id, offer, _sign(OPERATOR_KEY, offer));
    }

    /// @dev The canary's audit, open.
    function _auditedCanary() internal returns (uint256 id, AuditFacts memory facts) {
        bytes32 jobId;
        JobSpec memory spec;
        (id, jobId, spec) = _taken();
        _commit(jobId);
        _readyRound();
        vm.warp(block.timestamp + 10);
        vm.recordLogs();
        audits.drawAndOpen(jobId, spec, bytes32(id), _c0(jobId));
        facts = _factsFromLogs();
    }

    /// @dev Audited with a pass, twice if it is audited again, revealed, and its window over.
    function _acceptedCanary() internal returns (uint256 id, AuditFacts memory facts) {
        (id, facts) = _auditedCanary();
        _round(facts, 0, Outcome.Pass);
        if (_isReAudited(facts, 0)) _round(facts, 0, Outcome.Pass);
        vm.prank(operator);
        market.reveal(facts.jobId, _opening(facts.seed0));
        _miss(facts.jobId);
    }

    // --- expectations ---

    function _stateOf(uint256 id) internal view returns (ICanaries.CanaryState) {
        return canaries.canaryOf(id).state;
    }

    function _assertEnded(uint256 id, ICanaries.CanaryState state, uint256 passed, uint256 drawn)
        internal
        view
    {
        assertEq(uint8(_stateOf(id)), uint8(state), "state");
        uint256 epoch = canaries.canaryOf(id).epoch;
        (uint256 foundPassed, uint256 foundDrawn) = canaries.scoreOf(provider, epoch);
        assertEq(foundPassed, passed, "passed");
        assertEq(foundDrawn, drawn, "drawn");
    }

    function _expectState(uint256 id, ICanaries.CanaryState needed) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                ICanaries.Canaries__WrongState.selector, id, _stateOf(id), needed
            )
        );
    }

    function _budget() internal view returns (uint256) {
        return market.freeOf(address(canaries));
    }
}
