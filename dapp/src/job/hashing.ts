/**
 * The one hash of the protocol: keccak256 over the Solidity ABI encoding.
 *
 * Place: under ids, commitments and audits. Twin of `neurovoyance.protocol.ids.hash_abi`.
 */

import { encodeAbiParameters, keccak256 } from "viem/utils";
import type { Hex } from "./bytes.ts";

/**
 * Return `H(values) = keccak256(abi.encode(values))`, 32 bytes.
 *
 * @param types Solidity types, such as `bytes32` or `uint256`.
 * @param values one a type; integers as bigint or, up to 48 bits, as number.
 */
export function hashAbi(types: readonly string[], values: readonly unknown[]): Hex {
  const parameters = types.map((type) => ({ type }));
  return keccak256(encodeAbiParameters(parameters, values as never));
}
