// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobMarket} from "../../contracts/interfaces/IJobMarket.sol";
import {Job, JobSpec, JobState, Offer} from "../../contracts/types/Job.sol";
import {MarketBase} from "./MarketBase.sol";
import {ContractWallet} from "./mocks/ContractWallet.sol";

/// @notice See Hiring.tree: open and revokeNonce.
contract HiringOffersTest is MarketBase {
    // --- open ---

    function test_Open_WhenForAnotherClient_Reverts() public {
        Offer memory offer = _offer();
        offer.client = other;
        bytes32 offerHash = market.offerHashOf(offer);
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__OfferNotForCaller.selector, offerHash, other, client
            )
        );
        vm.prank(client);
        market.open(_spec(), "s", offer, signature);
    }

    function testFuzz_Open_WhenForAnotherSpec_Reverts(bytes32 specHash) public {
        bytes32 given = market.specHashOf(_spec());
        vm.assume(specHash != given);
        Offer memory offer = _offer();
        offer.specHash = specHash;
        bytes32 offerHash = market.offerHashOf(offer);
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__OfferForOtherSpec.selector, offerHash, specHash, given
            )
        );
        vm.prank(client);
        market.open(_spec(), "s", offer, signature);
    }

    function _expectOpenReverts(Offer memory offer, bytes memory reason) private {
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        vm.expectRevert(reason);
        vm.prank(client);
        market.open(_spec(), "s", offer, signature);
    }

    function test_Open_InTheLastSecondStillAndLaterNot() public {
        Offer memory offer = _offer();
        vm.warp(offer.validUntil + 1);
        _expectOpenReverts(
            offer,
            abi.encodeWithSelector(
                IJobMarket.JobMarket__OfferExpired.selector,
                market.offerHashOf(offer),
                offer.validUntil
            )
        );
        vm.warp(offer.validUntil);
        _openWith(offer);
    }

    function test_Open_WhenTheOfferLastsTooLong_Reverts() public {
        Offer memory offer = _offer();
        offer.validUntil = uint64(START + 601);
        _expectOpenReverts(
            offer,
            abi.encodeWithSelector(
                IJobMarket.JobMarket__OfferTooLong.selector,
                market.offerHashOf(offer),
                START + 601,
                START + 600
            )
        );
        offer.validUntil = uint64(START + 600);
        _openWith(offer);
    }

    function test_Open_WhenThePriceIsZero_Reverts() public {
        Offer memory offer = _offer();
        offer.price = 0;
        _expectOpenReverts(
            offer, abi.encodeWithSelector(IJobMarket.JobMarket__ZeroAmount.selector)
        );
    }

    function testFuzz_Open_WhenTheLockIsTooSmall_Reverts(uint96 price, uint96 lock) public {
        price = uint96(bound(price, 1, DEPOSIT));
        lock = uint96(bound(lock, 0, 5 * uint256(price) - 1));
        Offer memory offer = _offer();
        (offer.price, offer.lock) = (price, lock);
        _expectOpenReverts(
            offer,
            abi.encodeWithSelector(
                IJobMarket.JobMarket__LockTooSmall.selector, lock, 5 * uint256(price)
            )
        );
    }

    function _expectBadSignature(Offer memory offer, bytes memory signature) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__BadSignature.selector, market.offerHashOf(offer)
            )
        );
        vm.prank(client);
        market.open(_spec(), "s", offer, signature);
    }

    function testFuzz_Open_WhenSignedByAnotherKey_Reverts(uint256 key) public {
        key = boundPrivateKey(key);
        vm.assume(key != OPERATOR_KEY);
        Offer memory offer = _offer();
        _expectBadSignature(offer, _sign(key, offer));
    }

    function test_Open_WhenSignedOverOtherTerms_Reverts() public {
        Offer memory offer = _offer();
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        offer.price -= 1;
        _expectBadSignature(offer, signature);
    }

    function test_Open_WhenTheSignatureHasAHighS_Reverts() public {
        Offer memory offer = _offer();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(OPERATOR_KEY, market.offerHashOf(offer));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes memory twin = abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? 28 : 27);
        _expectBadSignature(offer, twin);
    }

    function test_Open_WhenTheSignatureIsMalformed_Reverts() public {
        _expectBadSignature(_offer(), "");
        _expectBadSignature(_offer(), new bytes(64));
        _expectBadSignature(_offer(), new bytes(65));
    }

    function test_Open_GivenTheProviderIsNotRegistered_Reverts() public {
        Offer memory offer = _offer();
        offer.provider = other;
        // A malformed signature recovers to the zero address, which is no operator.
        _expectBadSignature(offer, new bytes(65));
        _expectBadSignature(offer, _sign(OPERATOR_KEY, offer));
    }

    function test_Open_GivenTheOperatorWasReplaced_Reverts() public {
        Offer memory offer = _offer();
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        vm.prank(provider);
        stakes.setOperator(other);
        _expectBadSignature(offer, signature);
    }

    function _expectNonceUsed(uint256 nonce) private {
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__NonceUsed.selector, provider, nonce)
        );
    }

    function testFuzz_Open_ANonceWorksOnce(uint256 nonce) public {
        Offer memory offer = _offer();
        offer.nonce = nonce;
        assertFalse(market.isNonceUsed(provider, nonce));
        _openWith(offer);
        assertTrue(market.isNonceUsed(provider, nonce));
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        _expectNonceUsed(nonce);
        vm.prank(client);
        market.open(_spec(), "another salt", offer, signature);
    }

    function test_Open_WhenTheFreeBalanceIsTooSmall_Reverts() public {
        Offer memory offer = _offer();
        (offer.price, offer.lock) = (uint96(DEPOSIT + 1), uint96(STAKE));
        _expectOpenReverts(
            offer,
            abi.encodeWithSelector(
                IJobMarket.JobMarket__InsufficientFree.selector, client, DEPOSIT, DEPOSIT + 1
            )
        );
    }

    function test_Open_WhenAnyoneMayTakeIt_AnotherClientCan() public {
        _fundClient(other);
        Offer memory offer = _offer();
        offer.client = address(0);
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        vm.prank(other);
        bytes32 jobId = market.open(_spec(), "s", offer, signature);
        assertEq(market.job(jobId).client, other);
    }

    function test_Open_WhenTheOperatorIsAContract_Erc1271Decides() public {
        ContractWallet wallet = new ContractWallet();
        vm.prank(provider);
        stakes.setOperator(address(wallet));
        Offer memory offer = _offer();
        _expectBadSignature(offer, "");
        wallet.approve(market.offerHashOf(offer));
        vm.prank(client);
        _assertState(market.open(_spec(), "s", offer, ""), JobState.Assigned);
    }

    function testFuzz_Open_EscrowsLocksAndAnnounces(uint96 price, uint96 lock) public {
        price = uint96(bound(price, 1, DEPOSIT));
        lock = uint96(bound(lock, 5 * uint256(price), STAKE));
        Offer memory offer = _offer();
        (offer.price, offer.lock) = (price, lock);
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        JobSpec memory spec = _spec();
        bytes32 expected = market.jobIdOf(client, "s", offer.specHash);
        uint256 deadline = START + 2 * 600 + 120;
        vm.expectEmit(address(market));
        emit IJobMarket.JobPosted(
            expected, client, spec, "s", price, lock, offer.validUntil, ""
        );
        vm.expectEmit(address(market));
        emit IJobMarket.JobAssigned(expected, client, provider, price, lock, deadline);
        vm.prank(client);
        assertEq(market.open(spec, "s", offer, signature), expected);
        assertEq(market.freeOf(client), DEPOSIT - price);
        assertEq(_locked(), lock);
        Job memory j = market.job(expected);
        assertEq(j.client, client);
        assertEq(j.provider, provider);
        assertEq(j.price, price);
        assertEq(j.lock, lock);
        assertEq(j.deadline, deadline);
        assertEq(j.jobClass, spec.jobClass);
        assertEq(j.window, spec.window);
        assertEq(j.maxRuntime, spec.maxRuntime);
        assertEq(j.held, 0);
        assertEq(j.binding, 0);
    }

    // --- revokeNonce ---

    function test_RevokeNonce_WhenCalledByAnother_Reverts() public {
        vm.prank(other);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobMarket.JobMarket__NotOwnerNorOperator.selector, provider, other
            )
        );
        market.revokeNonce(provider, 7);
    }

    function test_RevokeNonce_MakesTheNonceUnusable() public {
        Offer memory offer = _offer();
        vm.prank(operator);
        market.revokeNonce(provider, offer.nonce);
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        _expectNonceUsed(offer.nonce);
        vm.prank(client);
        market.open(_spec(), "s", offer, signature);
        _expectNonceUsed(offer.nonce);
        vm.prank(provider);
        market.revokeNonce(provider, offer.nonce);
    }

    /// @dev A fork of the chain takes no offer that was signed for the other one.
    function test_Open_GivenAnOfferOfAnotherChain_Reverts() public {
        Offer memory offer = _offer();
        bytes memory signature = _sign(OPERATOR_KEY, offer);
        vm.chainId(block.chainid + 1);
        bytes32 salt = _salt();
        bytes32 found = market.offerHashOf(offer);
        vm.prank(client);
        vm.expectRevert(
            abi.encodeWithSelector(IJobMarket.JobMarket__BadSignature.selector, found)
        );
        market.open(_spec(), salt, offer, signature);
    }
}
