/**
 * Unsigned variable-length integers (multiformats unsigned-varint, at most nine bytes).
 *
 * Place: under every binary format here (CID, protobuf, CAR). Twin of `neurovoyance.ipfs.varint`.
 * Never: accept a longer than minimal encoding, since two byte strings for one value would give two
 * names for one thing.
 */

import { JobError } from "./errors.ts";

export const MAX_VARINT_BYTES = 9;

/** Return a value (0 to 2^53 - 1) in seven-bit groups, lowest first. */
export function encodeVarint(value: number): number[] {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new JobError("spec", "A length is not a whole number below 2^53.");
  }
  const out: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return out;
}

/**
 * Return the value at `offset` and the offset after it.
 *
 * @throws JobError `spec` if the bytes end too early, are not minimal, or exceed 2^53.
 */
export function decodeVarint(data: Uint8Array, offset = 0): [number, number] {
  let value = 0;
  let weight = 1;
  for (let index = 0; index < MAX_VARINT_BYTES; index++) {
    const byte = data[offset + index];
    if (byte === undefined) throw bad("The bytes end inside a varint.");
    value += (byte & 0x7f) * weight;
    if (byte < 0x80) {
      if (byte === 0 && index > 0) throw bad("The varint is longer than it needs to be.");
      if (!Number.isSafeInteger(value)) throw bad("The varint exceeds 2^53.");
      return [value, offset + index + 1];
    }
    weight *= 128;
  }
  throw bad("The varint is longer than nine bytes.");
}

function bad(message: string): JobError {
  return new JobError("spec", message);
}
