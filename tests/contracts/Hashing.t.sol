// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashing} from "../../contracts/libraries/Hashing.sol";
import {JobSpec, Offer} from "../../contracts/types/Job.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice See Hashing.tree. Expected values are put together from words by hand.
contract HashingTest is MarketBase {
    function _words(JobSpec memory s) private pure returns (bytes memory) {
        bytes32 typeHash = keccak256(
            bytes.concat(
                "JobSpec(bytes32 modelId,bytes inputCid,uint8 jobClass,uint32 batch,bytes32 seed,",
                "uint96 declaredGain,uint32 maxRuntime,uint32 window,bytes32 clientKey,",
                "uint8 auditSlots)"
            )
        );
        return bytes.concat(
            bytes.concat(typeHash, s.modelId, keccak256(s.inputCid), bytes32(uint256(s.jobClass))),
            bytes.concat(bytes32(uint256(s.batch)), s.seed, bytes32(uint256(s.declaredGain))),
            bytes.concat(bytes32(uint256(s.maxRuntime)), bytes32(uint256(s.window)), s.clientKey),
            bytes32(uint256(s.auditSlots))
        );
    }

    function _words(Offer memory o) private pure returns (bytes memory) {
        bytes32 typeHash = keccak256(
            bytes.concat(
                "Offer(address provider,address client,bytes32 specHash,uint96 price,uint96 lock,",
                "uint64 validUntil,uint256 nonce)"
            )
        );
        return bytes.concat(
            bytes.concat(typeHash, bytes32(uint256(uint160(o.provider)))),
            bytes.concat(bytes32(uint256(uint160(o.client))), o.specHash),
            bytes.concat(bytes32(uint256(o.price)), bytes32(uint256(o.lock))),
            bytes.concat(bytes32(uint256(o.validUntil)), bytes32(o.nonce))
        );
    }

    function testFuzz_SpecHash_FollowsEip712(JobSpec memory spec) public view {
        assertEq(market.specHashOf(spec), keccak256(_words(spec)));
    }

    function testFuzz_SpecHash_ChangesWithTheInput(bytes memory cid) public view {
        JobSpec memory spec = _spec();
        vm.assume(keccak256(cid) != keccak256(spec.inputCid));
        bytes32 before = market.specHashOf(spec);
        spec.inputCid = cid;
        assertNotEq(market.specHashOf(spec), before);
    }

    function testFuzz_OfferHash_IsTheEip712DigestOfThisMarket(Offer memory offer) public view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Neurovoyance JobMarket"),
                keccak256("1"),
                block.chainid,
                address(market)
            )
        );
        bytes32 digest = keccak256(bytes.concat("\x19\x01", domain, keccak256(_words(offer))));
        assertEq(market.offerHashOf(offer), digest);
    }

    function testFuzz_JobId_IsH(address who, bytes32 salt, bytes32 spec) public view {
        bytes memory words = bytes.concat(
            bytes.concat(bytes32(uint256(0xc0)), bytes32(block.chainid)),
            bytes.concat(bytes32(uint256(uint160(address(market)))), bytes32(uint256(uint160(who)))),
            bytes.concat(salt, spec, bytes32(uint256(9)), bytes32("NVY/job/1"))
        );
        assertEq(market.jobIdOf(who, salt, spec), keccak256(words));
    }

    function testFuzz_JobId_DiffersByClientSaltAndSpec(address who, bytes32 salt, bytes32 spec)
        public
        view
    {
        bytes32 id = market.jobIdOf(who, salt, spec);
        assertNotEq(market.jobIdOf(address(uint160(who) ^ 1), salt, spec), id);
        assertNotEq(market.jobIdOf(who, salt ^ bytes32(uint256(1)), spec), id);
        assertNotEq(market.jobIdOf(who, salt, spec ^ bytes32(uint256(1))), id);
    }

    function testFuzz_IsAudited_NeverAtZeroAlwaysAtAll(bytes32 seed) public pure {
        assertFalse(Hashing.isAudited(seed, 0));
        assertTrue(Hashing.isAudited(seed, 10_000));
    }

    function testFuzz_IsAudited_IsMonotoneAtTheDrawnNumber(bytes32 seed) public pure {
        uint256 drawn = uint256(keccak256(abi.encode(seed, "audit"))) % 10_000;
        assertFalse(Hashing.isAudited(seed, drawn));
        assertTrue(Hashing.isAudited(seed, drawn + 1));
    }
}
