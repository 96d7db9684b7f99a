/**
 * What binds a provider to an output: commitment, seed, draw; and the opening that shows it.
 *
 * Place: under `checks`. Twin of `neurovoyance.protocol.result`, of `protocol.audit` where named, and
 * of `contracts/libraries/Hashing.sol`; formulas: docs/spec/job.md.
 */

import { decodeFunctionData, getAddress, keccak256, parseAbi } from "viem/utils";
import type { Hex } from "./bytes.ts";
import { hashAbi } from "./hashing.ts";

/** Everything that a commitment binds. */
export interface Opening {
  /** Root over the output tensors, 32 bytes. */
  readonly outRoot: Hex;
  /** Binary CID of the encrypted output. */
  readonly envelopeCid: Hex;
  /** Key of the envelope, 32 bytes. */
  readonly resultKey: Hex;
  /** Binary exponent of the projection, -16 to 16. */
  readonly shift: number;
  /** 32 random bytes of the provider. */
  readonly salt: Hex;
}

/** Whose commitment, where. */
export interface CommitPlace {
  readonly chainId: number | bigint;
  readonly market: string;
  readonly jobId: Hex;
  readonly provider: string;
}

/** Return C0, 32 bytes: `H("NVY/commit/1", chainId, jobMarket, jobId, provider, ...)`. */
export function commitmentOf(place: CommitPlace, opening: Opening): Hex {
  const types = ["string", "uint256", "address", "bytes32", "address"];
  types.push("bytes32", "bytes32", "bytes32", "int8", "bytes32");
  return hashAbi(types, [
    "NVY/commit/1",
    BigInt(place.chainId),
    getAddress(place.market),
    place.jobId,
    getAddress(place.provider),
    opening.outRoot,
    keccak256(opening.envelopeCid),
    hashAbi(["bytes32"], [opening.resultKey]),
    opening.shift,
    opening.salt,
  ]);
}

/** Return seed0, 32 bytes: `H("NVY/seed/1", beacon, chainId, jobMarket, jobId, C0)`. */
export function seedOf(
  beacon: Hex,
  place: Pick<CommitPlace, "chainId" | "market" | "jobId">,
  c0: Hex,
): Hex {
  return hashAbi(
    ["string", "bytes32", "uint256", "address", "bytes32", "bytes32"],
    ["NVY/seed/1", beacon, BigInt(place.chainId), getAddress(place.market), place.jobId, c0],
  );
}

/** Return what the job's record keeps after the draw: `H(C0, seed0)`, 32 bytes. */
export function bindingOf(c0: Hex, seed0: Hex): Hex {
  return hashAbi(["bytes32", "bytes32"], [c0, seed0]);
}

/** Return the number from 0 to 9,999 that the draw compares with the probability. */
export function drawnNumber(seed0: Hex): number {
  return Number(BigInt(hashAbi(["bytes32", "string"], [seed0, "audit"])) % 10_000n);
}

/** Return whether the seed draws an audit. */
export function isAudited(seed0: Hex, pBps: number): boolean {
  return drawnNumber(seed0) < pBps;
}

const OPENING = "(bytes32 seed0,bytes32 outRoot,bytes envelopeCid,bytes32 resultKey,int8 shift,bytes32 salt)";
const FACTS =
  "(bytes32 jobId,bytes32 modelId,bytes32 c0,bytes32 seed0,address provider,address client," +
  "uint96 price,uint96 pay,uint64 tauSq,bytes12 pool,uint40 committedAt,uint32 maxRuntime," +
  "uint8 jobClass,uint8 slots,int8 shift)";
const OPENERS = parseAbi([
  `function reveal(bytes32 jobId, ${OPENING} opening)`,
  `function drawAndReveal(bytes32 jobId, ${OPENING} opening)`,
  `function contest(${FACTS} facts, ${OPENING} opening)`,
]);

/**
 * Return the opening in the input of the transaction that revealed a job; null if it holds none.
 *
 * Events do not carry the salt; `eth_getTransactionByHash` of the event's transaction gives the
 * input. A call that came through another contract cannot be read so.
 */
export function openingOfInput(input: Hex): Opening | null {
  try {
    const { args } = decodeFunctionData({ abi: OPENERS, data: input });
    const { outRoot, envelopeCid, resultKey, shift, salt } = args[1];
    return { outRoot, envelopeCid, resultKey, shift, salt };
  } catch {
    return null;
  }
}
