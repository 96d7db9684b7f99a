/**
 * Audits: projections, distances in units of the tolerance, and the hashes around them.
 *
 * Place: under `checks`. Twins: `neurovoyance.protocol.audit`, `neurovoyance.verification.tolerance`,
 * `contracts/libraries/Distance.sol`; rules: docs/spec/audit.md. Integers alone; the distance for
 * people is a decimal text got by integer square root. Never: a float where something is decided.
 */

import { getAddress } from "viem/utils";
import { ZERO_32, type Hex } from "./bytes.ts";
import { hashAbi } from "./hashing.ts";

/** Smallest N that the rule divides by. */
export const NORM_FLOOR = 2n ** 51n;
const INT32_MAX = 2n ** 31n - 1n;
export const SHIFT_MAX = 16;
/** Auditors drawn for a slot before it is skipped. */
export const DRAWS_PER_SLOT = 6;

/** What one auditor found; the position is the number on chain. */
export const OUTCOMES = ["NONE", "PASS", "FAIL", "NON_FINITE"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What an auditor's flags say, in words. */
export const FLAG_WORDS: Readonly<Record<number, string>> = {
  1: "the tokens did not follow from the model",
  2: "its inputs could not be had",
  4: "its own run gave no finite output",
};

/** Return the 32 int32 values in four words, the first most significant. */
export function unpackInts(words: readonly Hex[]): bigint[] {
  return words.flatMap((word) =>
    Array.from({ length: 8 }, (_, at) => {
      const digits = word.slice(2 + 8 * at, 10 + 8 * at);
      return BigInt.asIntN(32, BigInt(`0x${digits}`));
    }),
  );
}

/** Return D, the sum of squared differences of two projections. */
export function distanceSq(z0: readonly bigint[], z1: readonly bigint[]): bigint {
  return z0.reduce((sum, value, at) => sum + (value - z1[at]!) ** 2n, 0n);
}

/** Return N, the sum of squares of a projection. */
export function normSq(z: readonly bigint[]): bigint {
  return z.reduce((sum, value) => sum + value * value, 0n);
}

/** Return `D * 2^64 <= tauSq * max(N, 2^51)`. */
export function isWithin(distance: bigint, norm: bigint, tauSq: bigint): boolean {
  return distance << 64n <= tauSq * floored(norm);
}

/**
 * Return a distance as a multiple of the tolerance, rounded up, such as `0.083`.
 *
 * @param distance D. @param norm N of the provider. @param tauSq tolerance, `tau^2 * 2^64`.
 * @returns `inf` where the tolerance is zero and the projections differ.
 */
export function inTau(distance: bigint, norm: bigint, tauSq: bigint): string {
  const above = (distance << 64n) * 1_000_000n;
  const below = tauSq * floored(norm);
  if (below === 0n) return above ? "inf" : "0.000";
  const root = rootUp((above + below - 1n) / below);
  return `${root / 1000n}.${(root % 1000n).toString().padStart(3, "0")}`;
}

/** Return whether a distance is so near the limit, 0.5 to 2 tau, that it deserves a mention. */
export function isNearTie(distanceInTau: string): boolean {
  if (distanceInTau === "inf") return false;
  const thousandths = BigInt(distanceInTau.replace(".", ""));
  return thousandths >= 500n && thousandths <= 2000n;
}

/** Return the outcome that flags and projections lead to, as the contract decides. */
export function outcomeOf(distance: bigint, norm: bigint, tauSq: bigint, flags: number): Outcome {
  if (flags === 4) return "NON_FINITE";
  return flags === 0 && isWithin(distance, norm, tauSq) ? "PASS" : "FAIL";
}

/** Return why a provider's answer is out of range, a sentence; null if a contract takes it. */
export function rangeFault(z0: readonly bigint[], shift: number): string | null {
  if (z0.some((value) => value >= INT32_MAX || value <= -INT32_MAX)) {
    return "A value of the projection is at the clamp; the shift is too large.";
  }
  if (normSq(z0) < NORM_FLOOR && shift !== SHIFT_MAX) {
    return `The projection is too small for shift ${shift}.`;
  }
  return null;
}

/** Return `seed_r`, 32 bytes: seed0 for round 0, else `H(seed0, r)`. */
export function seedOfRound(seed0: Hex, round: number): Hex {
  return round === 0 ? seed0 : hashAbi(["bytes32", "uint256"], [seed0, BigInt(round)]);
}

/** Return the answer to an EXACT audit: `H(seed_r, outRoot)` and three words of zeros. */
export function exactAnswer(seedR: Hex, outRoot: Hex): Hex[] {
  return [hashAbi(["bytes32", "bytes32"], [seedR, outRoot]), ZERO_32, ZERO_32, ZERO_32];
}

/** Return whether a passed slot is audited again. */
export function isReAudited(seed0: Hex, slot: number, probabilityBps: number): boolean {
  const digest = hashAbi(["bytes32", "string", "uint256"], [seed0, "re", BigInt(slot)]);
  return BigInt(digest) % 10_000n < BigInt(probabilityBps);
}

/** Return the seat looked at when an auditor is drawn: `H(seed_r, "seat", slot, attempt) % length`. */
export function seatIndex(seedR: Hex, slot: number, attempt: number, length: number): number {
  const types = ["bytes32", "string", "uint256", "uint256"];
  const digest = hashAbi(types, [seedR, "seat", BigInt(slot), BigInt(attempt)]);
  return Number(BigInt(digest) % BigInt(length));
}

/** What an auditor committed to. */
export interface AuditorOpening {
  readonly chainId: number | bigint;
  readonly auditCourt: string;
  readonly jobId: Hex;
  readonly slot: number;
  readonly round: number;
  readonly auditor: string;
  readonly z1: readonly Hex[];
  readonly flags: number;
  readonly salt: Hex;
}

/** Return an auditor's commitment, 32 bytes. */
export function auditorCommitment(given: AuditorOpening): Hex {
  const types = ["string", "uint256", "address", "bytes32", "uint256", "uint256"];
  types.push("address", "bytes32[4]", "uint256", "bytes32");
  const { jobId, z1, salt } = given;
  const [slot, round, flags] = [given.slot, given.round, given.flags].map(BigInt);
  const head = ["NVY/audit/1", BigInt(given.chainId), getAddress(given.auditCourt), jobId];
  return hashAbi(types, [...head, slot, round, getAddress(given.auditor), z1, flags, salt]);
}

function floored(norm: bigint): bigint {
  return norm > NORM_FLOOR ? norm : NORM_FLOOR;
}

/** Return the integer square root, rounded up. */
function rootUp(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) break;
    root = next;
  }
  return root * root === value ? root : root + 1n;
}
