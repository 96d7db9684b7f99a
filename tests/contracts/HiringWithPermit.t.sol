// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {JobState, Offer, Payment} from "../../contracts/types/Job.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice See HiringWithPermit.tree.
contract HiringWithPermitTest is MarketBase {
    uint256 private constant PAYS = 9e18;

    /// @dev The operator is the client here: the base signs permits with its key.
    function setUp() public override {
        super.setUp();
        client = operator;
        token.transfer(operator, PAYS);
    }

    // --- inputs ---

    function _payment(uint256 amount) private view returns (Payment memory) {
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(address(market), amount);
        return Payment(amount, block.timestamp, v, r, s);
    }

    function _openCall(Payment memory payment, Offer memory offer)
        private
        view
        returns (bytes memory)
    {
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        return abi.encodeCall(
            IJobMarket.openWithPermit, (payment, _spec(), "salt", offer, signature)
        );
    }

    function _postCall(Payment memory payment, uint40 deadline)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(
            IJobMarket.postWithPermit, (payment, _spec(), "salt", PRICE, LOCK, deadline, "src")
        );
    }

    function _hour() private view returns (uint40) {
        return uint40(block.timestamp + 1 hours);
    }

    function _send(address by, uint256 ether_, bytes memory call)
        private
        returns (bool ok, bytes memory reason)
    {
        vm.deal(by, ether_);
        vm.prank(by);
        return address(market).call{value: ether_}(call);
    }

    // --- outcomes ---

    function _jobId() private view returns (bytes32) {
        return market.jobIdOf(operator, "salt", market.specHashOf(_spec()));
    }

    function _assertDone(bytes memory call, JobState state) private {
        (bool ok, bytes memory result) = _send(operator, 0, call);
        assertTrue(ok, vm.toString(result));
        assertEq(abi.decode(result, (bytes32)), _jobId(), "returns the id");
        _assertState(_jobId(), state);
        assertEq(market.job(_jobId()).client, operator, "the caller is the client");
        assertEq(market.freeOf(operator), PAYS - PRICE, "the rest is free");
        assertEq(token.balanceOf(operator), 0, "paid in");
        assertEq(token.allowance(operator, address(market)), 0, "no allowance stays");
    }

    function _assertRefused(address by, uint256 ether_, bytes memory call, bytes memory why)
        private
    {
        (bool ok, bytes memory reason) = _send(by, ether_, call);
        assertFalse(ok);
        assertEq(reason, why, "told as it is");
        _assertState(_jobId(), JobState.None);
        assertEq(market.freeOf(operator) + market.freeOf(other), 0, "nothing was deposited");
        assertEq(token.balanceOf(operator), PAYS, "nothing was taken");
        assertEq(token.nonces(operator), 0, "the permit is unused");
        assertEq(_locked(), 0, "nothing is locked");
    }

    function _notAllowed() private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IERC20Errors.ERC20InsufficientAllowance.selector, address(market), 0, PAYS
        );
    }

    // --- what one transaction does ---

    function test_Open_HiresInOneTransaction() public {
        Offer memory offer = _offer();
        _assertDone(_openCall(_payment(PAYS), offer), JobState.Assigned);
        assertTrue(market.isNonceUsed(provider, offer.nonce));
        assertEq(_locked(), LOCK);
    }

    function test_Post_ListsInOneTransaction() public {
        _assertDone(_postCall(_payment(PAYS), _hour()), JobState.Open);
    }

    /// @dev Anyone may submit a permit that waits to be mined.
    function test_GivenThePermitWasSubmittedByAnother_StillDoes() public {
        Payment memory p = _payment(PAYS);
        bytes memory call = _openCall(p, _offer());
        vm.prank(other);
        token.permit(operator, address(market), PAYS, p.deadline, p.v, p.r, p.s);
        _assertDone(call, JobState.Assigned);
    }

    function test_GivenAnAllowanceAndNoPermit_StillDoes() public {
        Payment memory none;
        none.amount = PAYS;
        vm.prank(operator);
        token.approve(address(market), PAYS);
        _assertDone(_postCall(none, _hour()), JobState.Open);
    }

    // --- both or nothing ---

    function test_GivenNoAllowanceAndNoPermit_RevertsAsTheTokenDoes() public {
        Payment memory none;
        none.amount = PAYS;
        _assertRefused(operator, 0, _postCall(none, _hour()), _notAllowed());
        _assertRefused(operator, 0, _openCall(none, _offer()), _notAllowed());
    }

    function test_GivenAZeroPayment_Reverts() public {
        bytes memory why = abi.encodeWithSelector(IJobMarket.JobMarket__ZeroAmount.selector);
        _assertRefused(operator, 0, _postCall(_payment(0), _hour()), why);
        _assertRefused(operator, 0, _openCall(_payment(0), _offer()), why);
    }

    function test_GivenAPaymentTooSmall_RevertsAndKeepsNone() public {
        bytes memory why = abi.encodeWithSelector(
            IJobMarket.JobMarket__InsufficientFree.selector, operator, PRICE - 1, PRICE
        );
        _assertRefused(operator, 0, _postCall(_payment(PRICE - 1), _hour()), why);
        _assertRefused(operator, 0, _openCall(_payment(PRICE - 1), _offer()), why);
    }

    function test_Post_GivenABadDeadline_RevertsAndKeepsNone() public {
        uint40 late = uint40(block.timestamp);
        bytes memory why = abi.encodeWithSelector(
            IJobMarket.JobMarket__BadDeadline.selector, late, late + 1, late + 7 days
        );
        _assertRefused(operator, 0, _postCall(_payment(PAYS), late), why);
    }

    function test_Open_GivenAUsedNonce_RevertsAndKeepsNone() public {
        Offer memory offer = _offer();
        vm.prank(operator);
        market.revokeNonce(provider, offer.nonce);
        bytes memory why = abi.encodeWithSelector(
            IJobMarket.JobMarket__NonceUsed.selector, provider, offer.nonce
        );
        _assertRefused(operator, 0, _openCall(_payment(PAYS), offer), why);
    }

    function test_GivenEther_Reverts() public {
        _assertRefused(operator, 1, _openCall(_payment(PAYS), _offer()), "");
        _assertRefused(operator, 1, _postCall(_payment(PAYS), _hour()), "");
    }

    // --- nobody acts for another ---

    function test_ByAStranger_TakesNothingOfTheSigner() public {
        _assertRefused(other, 0, _postCall(_payment(PAYS), _hour()), _notAllowed());
        _assertRefused(other, 0, _openCall(_payment(PAYS), _offer()), _notAllowed());
    }

    function test_Open_GivenAnOfferToAnother_Reverts() public {
        Payment memory none;
        none.amount = PAYS;
        Offer memory offer = _offer();
        token.transfer(other, PAYS);
        vm.prank(other);
        token.approve(address(market), PAYS);
        bytes memory why = abi.encodeWithSelector(
            IJobMarket.JobMarket__OfferNotForCaller.selector,
            market.offerHashOf(offer),
            operator,
            other
        );
        _assertRefused(other, 0, _openCall(none, offer), why);
        assertEq(token.balanceOf(other), PAYS);
    }

    // --- the guard ---

    /// @dev What a token with hooks would do; ours has none.
    function test_GivenATokenThatCallsBack_TheGuardHolds() public {
        Payment memory payment = _payment(PAYS);
        bytes memory opens = _openCall(payment, _offer());
        vm.etch(address(token), address(new CallingToken()).code);
        bytes memory why = abi.encodeWithSelector(
            ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector
        );
        (bool ok, bytes memory reason) = _send(operator, 0, opens);
        assertFalse(ok);
        assertEq(reason, why);
        (ok, reason) = _send(operator, 0, _postCall(payment, _hour()));
        assertFalse(ok);
        assertEq(reason, why);
    }

    // --- the same as two ---

    /// @dev Everything that the calls may change, as one word.
    function _books() private view returns (bytes32) {
        return keccak256(
            abi.encode(
                market.freeOf(operator),
                token.balanceOf(operator),
                token.balanceOf(address(market)),
                token.allowance(operator, address(market)),
                token.nonces(operator),
                market.job(_jobId()),
                market.isNonceUsed(provider, 7),
                stakes.stakeOf(provider)
            )
        );
    }

    /// @dev Deposit and hiring by themselves; the second only after the first.
    function _inTwo(Payment memory p, bytes memory second)
        private
        returns (bool ok, bytes memory reason)
    {
        bytes memory first = abi.encodeCall(
            IJobMarket.depositWithPermit, (p.amount, p.deadline, p.v, p.r, p.s)
        );
        (ok, reason) = _send(operator, 0, first);
        if (ok) (ok, reason) = _send(operator, 0, second);
    }

    /// @param kind lowest bits: permit good, spent or none; allowance or none; open or post
    function testFuzz_InOneIsAsInTwoOrNothing(
        uint256 kind,
        uint256 amount,
        uint96 price,
        uint40 ahead
    ) public {
        Payment memory p = _payment(bound(amount, 0, PAYS + 1));
        price = uint96(bound(price, 0, 2 * PAYS));
        if (kind % 3 == 1) token.permit(operator, address(market), p.amount, p.deadline, p.v, p.r, p.s);
        if (kind % 3 == 2) p.s = 0;
        if (kind & 4 != 0) {
            vm.prank(operator);
            token.approve(address(market), PAYS / 2);
        }
        (bytes memory one, bytes memory two) = kind & 8 != 0
            ? _opensBothWays(p, price)
            : _postsBothWays(p, price, uint40(block.timestamp + bound(ahead, 0, 8 days)));
        _compare(p, one, two);
    }

    function _opensBothWays(Payment memory p, uint96 price)
        private
        returns (bytes memory one, bytes memory two)
    {
        Offer memory offer = _offer();
        (offer.price, offer.lock, offer.nonce) = (price, 20 * price, 7);
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        one = _openCall(p, offer);
        two = abi.encodeCall(IJobMarket.open, (_spec(), "salt", offer, signature));
    }

    function _postsBothWays(Payment memory p, uint96 price, uint40 deadline)
        private
        pure
        returns (bytes memory one, bytes memory two)
    {
        one = abi.encodeCall(
            IJobMarket.postWithPermit, (p, _spec(), "salt", price, LOCK, deadline, "src")
        );
        two = abi.encodeCall(IJobMarket.post, (_spec(), "salt", price, LOCK, deadline, "src"));
    }

    function _compare(Payment memory p, bytes memory one, bytes memory two) private {
        bytes32 books = _books();
        uint256 snapshot = vm.snapshotState();
        vm.recordLogs();
        (bool done, bytes memory reason) = _inTwo(p, two);
        bytes memory events = abi.encode(vm.getRecordedLogs());
        if (done) books = _books();
        vm.revertToState(snapshot);
        (bool ok, bytes memory found) = _send(operator, 0, one);
        assertEq(ok, done, "as in two");
        assertEq(_books(), books, done ? "the same books" : "nothing moved");
        assertEq(found, reason, "the same answer");
        if (done) assertEq(abi.encode(vm.getRecordedLogs()), events, "the same events");
    }
}

/// @notice Stands where the token stands, and lets the client withdraw while it pays in.
contract CallingToken {
    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external {}

    function transferFrom(address, address, uint256) external returns (bool) {
        IJobMarket(msg.sender).withdraw(1);
        return true;
    }
}
