// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Test} from "forge-std/Test.sol";

import {PaymentChannels} from "../../contracts/market/PaymentChannels.sol";
import {Delegation, Voucher} from "../../contracts/types/Channel.sol";

/// @notice Values are those of tests/vectors/vouchers.json, which Python is held to as well.
contract ChannelVectorsTest is Test {
    /// @dev The contract as it stands at another address of another chain.
    function _at(address where, uint256 chainId) private returns (PaymentChannels) {
        PaymentChannels made =
            new PaymentChannels(address(1), address(2), address(0), address(0));
        vm.etch(where, address(made).code);
        vm.chainId(chainId);
        return PaymentChannels(where);
    }

    function test_Voucher_Least() public {
        PaymentChannels channels = _at(0x601950F264f449538aF2c6342349F5DD3630F8b1, 1);
        bytes32 channelId = 0xd83d246bbe8e691c44d32c6fdf3b543fc240b7c0574a15715dfcca798cd99374;
        address client = 0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1;
        assertEq(
            channels.channelIdOf(
                client, 0x0101010101010101010101010101010101010101010101010101010101010101
            ),
            channelId
        );
        bytes32 digest = channels.voucherHashOf(
            Voucher({
                channelId: channelId,
                payee: 0x5CbDd86a2FA8Dc4bDdd8a8f69dBa48572EeC07FB,
                cumulativeAmount: 0,
                receiptsRoot: 0x2121212121212121212121212121212121212121212121212121212121212121,
                maxLeaf: 0,
                expiry: 0
            })
        );
        assertEq(digest, 0x81e368741692a185cb9585e8c76fb8408590c9036ed6edb588f54ef11cad8747);
        bytes memory signature =
            hex"0ff9616a7b0797126647fdcecb5875f633a7aea3ae525d3eccd6cbbfdea93c0879c6eb70b35105351d30508555d86f9f925d4a86785b5144e73b7f372b3a2cb61b";
        assertTrue(SignatureChecker.isValidSignatureNow(client, digest, signature));
    }

    function test_Voucher_Usual() public {
        PaymentChannels channels = _at(0xdb2430B4e9AC14be6554d3942822BE74811A1AF9, 31337);
        bytes32 channelId = 0x3b4ad7158c5b67cad80cd0205da41decb689ad9f10bcd37944f75358257b2db6;
        address client = 0x5050A4F4b3f9338C3472dcC01A87C76A144b3c9c;
        assertEq(
            channels.channelIdOf(
                client, 0x0202020202020202020202020202020202020202020202020202020202020202
            ),
            channelId
        );
        bytes32 digest = channels.voucherHashOf(
            Voucher({
                channelId: channelId,
                payee: 0x0331CEd0875e2eee97ad88F2b85B02f4944f78FC,
                cumulativeAmount: 123456789000000000000,
                receiptsRoot: 0x2222222222222222222222222222222222222222222222222222222222222222,
                maxLeaf: 5000000000000000000,
                expiry: 1800600000
            })
        );
        assertEq(digest, 0x166acdcd4e8b8285fa76f046ffa995b608e83f6b18ed813305b4fc735de82fd3);
        bytes memory signature =
            hex"1d16123f8bad92bf3c3da2d4ded4be95296cdf5becda65b9d3a6046b2b3903984d2f3539174f3cbbd17b4d40433837ab5290c187974692180f09480955472fec1c";
        assertTrue(SignatureChecker.isValidSignatureNow(client, digest, signature));
    }

    function test_Voucher_Most() public {
        PaymentChannels channels = _at(0x5C0fE4435Ba32d64fB96ED1c37e6FC1F72641D22, 9007199254740992);
        bytes32 channelId = 0xdbe6c4351bd32450321a895f318591ec6da925cd134a5025775e16cb8a9e1ab0;
        address client = 0x3325a78425F17a7E487Eb5666b2bFd93aBb06c70;
        assertEq(
            channels.channelIdOf(
                client, 0x0303030303030303030303030303030303030303030303030303030303030303
            ),
            channelId
        );
        bytes32 digest = channels.voucherHashOf(
            Voucher({
                channelId: channelId,
                payee: 0x8B11c43881b3f9148493c2EdAd543e97EFDC517A,
                cumulativeAmount: 79228162514264337593543950335,
                receiptsRoot: 0x2323232323232323232323232323232323232323232323232323232323232323,
                maxLeaf: 79228162514264337593543950335,
                expiry: 18446744073709551615
            })
        );
        assertEq(digest, 0x7ab1d4821a7a0aab84612af7e9fdcd3010c90f57c539216e8e5b457f9437f12e);
        bytes memory signature =
            hex"12bb5eb679f9f1f1ca46822de87c833d97ffb141bbb2d108034f60fb35f15dce7f1eac4bc127e0ab4daf0059563f485472b98f5e030f4c3c8535bb60efc9583d1c";
        assertTrue(SignatureChecker.isValidSignatureNow(client, digest, signature));
    }

    function test_Delegation_Least() public {
        PaymentChannels channels = _at(0x601950F264f449538aF2c6342349F5DD3630F8b1, 1);
        assertEq(
            channels.delegationHashOf(
                0x0101010101010101010101010101010101010101010101010101010101010101,
                Delegation({
                    delegate: 0xb595B18c88b1f651cA387489067f855b5C8E6720,
                    cap: 0,
                    expiry: 0
                })
            ),
            0x06b6f3c49458de157635a11f599db7ffc4b1bbd5c3d38e5318a9f7afe63f61eb
        );
    }

    function test_Delegation_Usual() public {
        PaymentChannels channels = _at(0xdb2430B4e9AC14be6554d3942822BE74811A1AF9, 31337);
        assertEq(
            channels.delegationHashOf(
                0x0202020202020202020202020202020202020202020202020202020202020202,
                Delegation({
                    delegate: 0x1999BEC693CfC3FFa9727070f9e2B8091EC563Bf,
                    cap: 1000000000000000000,
                    expiry: 1800000000
                })
            ),
            0x703749db2c6853e76b4452dbfe05cc76eab16dce0f57509419d107e0b9943125
        );
    }

    function test_Delegation_Most() public {
        PaymentChannels channels = _at(0x5C0fE4435Ba32d64fB96ED1c37e6FC1F72641D22, 9007199254740992);
        assertEq(
            channels.delegationHashOf(
                0x0303030303030303030303030303030303030303030303030303030303030303,
                Delegation({
                    delegate: 0xc006F956243f9e5bb25E12D7cc1d78651a7B6746,
                    cap: 79228162514264337593543950335,
                    expiry: 18446744073709551615
                })
            ),
            0x0bde49fb2f3591fd47715afd98561698c719868c8eab904d7c6bb50257998aee
        );
    }

    function test_Receipts_TheLastOfFiveIsProven() public pure {
        bytes32 leaf = keccak256(
            bytes.concat(
                keccak256(
                    abi.encode(
                        bytes32(0x0404040404040404040404040404040404040404040404040404040404040404),
                        uint256(1000000000000000182),
                        uint256(1000000000000000237)
                    )
                )
            )
        );
        assertEq(leaf, 0xbed28cbea8c327385f19e706a758aa32df4524d26536601f3a9156bf85b70540);
        bytes32[] memory proof = new bytes32[](2);
        proof[0] = 0xd3a525d898d4d4b9a27595a698ba7372e38be6fe95a4648144b6101c2ee03f5a;
        proof[1] = 0x45bdef6a4fd1cf9a2d82bd0d9a0e2e5910153d9352aa1af5d88573fe4ebaeefb;
        assertTrue(
            MerkleProof.verify(
                proof, 0xec7f354f600889bbfcc579a1b030ed1a9a656c39ed4a10bf9ef6db922fc2ef0b, leaf
            )
        );
    }
}
