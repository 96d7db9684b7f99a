/**
 * The terms of a certificate: the few bytes of a manifest that contracts need.
 *
 * Place: under `manifest`. Twin of `neurovoyance.protocol.certificate`; format: docs/spec/audit.md,
 * "Model document". Never: a float where a comparison decides; floats are for people alone.
 */

import { bytesOf, hexOf, join, type Hex } from "./bytes.ts";
import { JobError } from "./errors.ts";
import { hashAbi } from "./hashing.ts";

const NO_POOL: Hex = `0x${"00".repeat(12)}`;
/** Text of the terms of a model without a certificate. */
export const NO_TERMS: Hex = `0x${"00".repeat(56)}`;

/** What contracts know of a certificate. */
export interface Terms {
  /** `round(tau^2 * 2^64)`; 0 for a model without TENSOR jobs. */
  readonly tauSq: bigint;
  /** Auditors of TENSOR jobs, 12 bytes; zeros if the model takes none. */
  readonly tensorPool: Hex;
  /** Auditors of EXACT jobs, 12 bytes; zeros if the model takes none. */
  readonly exactPool: Hex;
  /** Operator outputs that a trace lists. */
  readonly rows: number;
  /** First 20 bytes of `H(uint32[])` over the verify tensors' rows. */
  readonly verifyRowsHash: Hex;
}

/**
 * Return the terms in their text.
 *
 * @throws JobError `spec` if it is not `0x` and 112 lower-case hexadecimal digits.
 */
export function decodeTerms(text: string): Terms {
  if (!/^0x[0-9a-f]{112}$/.test(text)) {
    throw new JobError("spec", "Terms are 0x and 112 lower-case hexadecimal digits.");
  }
  const part = (from: number, to: number): Hex => `0x${text.slice(2 + 2 * from, 2 + 2 * to)}`;
  return {
    tauSq: BigInt(part(0, 8)),
    tensorPool: part(8, 20),
    exactPool: part(20, 32),
    rows: Number(part(32, 36)),
    verifyRowsHash: part(36, 56),
  };
}

/** Return the text of terms. */
export function encodeTerms(terms: Terms): Hex {
  const head = new Uint8Array(8);
  new DataView(head.buffer).setBigUint64(0, terms.tauSq);
  const rows = new Uint8Array(4);
  new DataView(rows.buffer).setUint32(0, terms.rows);
  const pools = [bytesOf(terms.tensorPool), bytesOf(terms.exactPool)];
  return hexOf(join(head, ...pools, rows, bytesOf(terms.verifyRowsHash)));
}

/** Return whether terms name auditors for a class. */
export function takes(terms: Terms, jobClass: string): boolean {
  if (jobClass === "TENSOR") return terms.tensorPool !== NO_POOL;
  return jobClass === "EXACT" && terms.exactPool !== NO_POOL;
}

/** Return the first 20 bytes of `H(uint32[] rows)`. */
export function verifyRowsHash(rows: readonly number[]): Hex {
  return hashAbi(["uint32[]"], [rows]).slice(0, 42) as Hex;
}

/**
 * Return `round(tau^2 * 2^64)`, half to even, exactly.
 *
 * @param tau as a certificate writes it, such as `2.5e-5`.
 * @throws JobError `spec` if it is no such number, or not 0 and outside 1e-7 to 1e-2.
 */
export function tauSqOf(tau: string): bigint {
  const match = /^([0-9])(?:\.([0-9]{1,17}))?e(-?[0-9]{1,3})$/.exec(tau);
  if (!match) throw new JobError("spec", "A tolerance is written as d.ddde-dd.");
  const digits = BigInt(match[1]! + (match[2] ?? ""));
  if (digits === 0n) return 0n;
  const exponent = Number(match[3]) - (match[2]?.length ?? 0);
  const squared = digits * digits;
  const [above, below] = exponent < 0
    ? [squared << 64n, 10n ** BigInt(-2 * exponent)]
    : [(squared * 10n ** BigInt(2 * exponent)) << 64n, 1n];
  if (above * 10n ** 4n > below << 64n || above * 10n ** 14n < below << 64n) {
    throw new JobError("spec", `A tolerance of ${tau} is outside 1e-7 to 1e-2.`);
  }
  const low = above / below;
  const twice = 2n * (above % below);
  return twice > below || (twice === below && low % 2n === 1n) ? low + 1n : low;
}

/** Return the tolerance for people, a relative distance; checks use `tauSq`. */
export function tauOfSq(tauSq: bigint): number {
  return Math.sqrt(Number(tauSq)) / 2 ** 32;
}

/** Return a tolerance in words, such as `0.0025 %`; `none` if there is none. */
export function tauText(tauSq: bigint): string {
  if (tauSq === 0n) return "none";
  const percent = tauOfSq(tauSq) * 100;
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(percent)));
  return `${percent.toFixed(decimals).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "")} %`;
}

/** Return the name of a pool for people: its letters, or the numeric class it stands for. */
export function poolName(pool: Hex): string {
  const bytes = bytesOf(pool);
  if (bytes.every((byte) => byte === 0)) return "none";
  if (bytes[0] === 0xff) return `numeric class ${pool.slice(4, 12)}`;
  return String.fromCharCode(...bytes.filter((byte) => byte !== 0));
}
