/**
 * Content identifiers: CIDv1 with the few codecs and hash functions that this project accepts.
 *
 * Place: the name of every block. Twin of `neurovoyance.ipfs.cid`; format: docs/spec/storage.md.
 * Accepted: raw and dag-pb with sha2-256, raw with keccak-256 (model manifests), the empty identity
 * CID and identity CIDs of 32 bytes. Never: accept a hash function that cannot be recomputed here.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesOf, EMPTY, join, owned, same, type Bytes, type Hex } from "./bytes.ts";
import { JobError, shown } from "./errors.ts";
import { decodeVarint, encodeVarint } from "./varint.ts";

export const RAW = 0x55;
export const DAG_PB = 0x70;
export const IDENTITY = 0x00;
export const SHA2_256 = 0x12;
export const KECCAK_256 = 0x1b;
const DIGEST_BYTES = 32;
const MAX_TEXT = 128;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** A CIDv1: what the bytes are, and their hash. Equal texts name equal bytes. */
export interface Cid {
  readonly codec: number;
  readonly hashCode: number;
  readonly digest: Bytes;
  /** Binary form: version, codec, multihash. */
  readonly bytes: Bytes;
  /** Lower-case base32, `b...`. */
  readonly text: string;
}

/**
 * Return the CID of a codec, a hash function and a digest.
 *
 * @throws JobError `spec.cid` if they are not accepted here.
 */
export function makeCid(codec: number, hashCode: number, digest: Uint8Array): Cid {
  checkParts(codec, hashCode, digest);
  const head = [1, codec, hashCode, digest.length].flatMap(encodeVarint);
  const bytes = join(Uint8Array.from(head), digest);
  return { codec, hashCode, digest: owned(digest), bytes, text: `b${toBase32(bytes)}` };
}

/** Return the sha2-256 CID of bytes, hashed in one go; large ones by {@link cidOfBlock}. */
export function cidOf(data: Uint8Array, codec = RAW): Cid {
  return makeCid(codec, SHA2_256, sha256(data));
}

/** Return the sha2-256 CID of a block; WebCrypto where the page may use it. */
export async function cidOfBlock(data: Uint8Array, codec = RAW): Promise<Cid> {
  return makeCid(codec, SHA2_256, await sha256Of(data));
}

/** Return the CID of the raw block whose keccak-256 is a model id (32 bytes). */
export function cidOfModelId(modelId: Hex): Cid {
  return makeCid(RAW, KECCAK_256, bytesOf(modelId));
}

/** Return sha2-256 of bytes; WebCrypto exists in secure contexts alone, else noble's hash. */
export async function sha256Of(data: Uint8Array): Promise<Bytes> {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) return owned(sha256(data));
  return new Uint8Array(await subtle.digest("SHA-256", owned(data)));
}

/**
 * Parse base32 lower-case text.
 *
 * @throws JobError `spec.cid` if the text is not a CIDv1 that is accepted here.
 */
export function parseCid(text: string): Cid {
  const name = shown(text, MAX_TEXT);
  if (text.length > MAX_TEXT) throw bad(`${name} is too long to be a content identifier.`);
  if (text.startsWith("Qm") && text.length === 46) {
    const hint = "Convert it with: ipfs cid base32 <cid>";
    throw bad(`${name} is a version 0 content identifier; only version 1 is accepted.`, hint);
  }
  if (!/^b[a-z2-7]*$/.test(text)) {
    const hint = "A content identifier here starts with 'b', for example bafkrei...";
    throw bad(`${name} is not a content identifier in lower-case base32.`, hint);
  }
  let cid: Cid;
  try {
    cid = cidFromBytes(fromBase32(text.slice(1)), "It");
  } catch (error) {
    throw bad(`${name} is refused: ${(error as Error).message}`);
  }
  if (cid.text !== text) throw bad(`${name} is not the canonical text of its bytes.`);
  return cid;
}

/**
 * Parse the binary form; every byte must belong to the CID.
 *
 * @throws JobError `spec.cid` if the bytes are not a CIDv1 that is accepted here.
 */
export function cidFromBytes(data: Uint8Array, name = "The CID"): Cid {
  const [cid, end] = readCid(data, 0, name);
  if (end !== data.length) throw bad(`${name} has bytes after its digest.`);
  return cid;
}

/** Parse a binary CID written as `0x` and hexadecimal digits, as the chain has it. */
export function cidFromHex(text: Hex): Cid {
  return cidFromBytes(bytesOf(text));
}

/** Parse a binary CID at an offset; return it and the offset after it. */
export function readCid(data: Uint8Array, offset = 0, name = "A CID"): [Cid, number] {
  let at = offset;
  const fields: number[] = [];
  try {
    for (let count = 0; count < 4; count++) {
      const [value, end] = decodeVarint(data, at);
      fields.push(value);
      at = end;
    }
  } catch {
    throw bad(`${name} is not a content identifier.`);
  }
  const [version, codec, hashCode, length] = fields as [number, number, number, number];
  if (version !== 1) throw bad(`${name} is not a version 1 content identifier.`);
  if (length > data.length - at) throw bad(`${name} ends inside its digest.`);
  return [makeCid(codec, hashCode, data.slice(at, at + length)), at + length];
}

/**
 * Parse a CID inside a block or an archive, where older tools write version 0 too.
 *
 * A version 0 CID is the bare sha2-256 multihash of a dag-pb node: the CIDv1 of the same block.
 */
export function readLink(data: Uint8Array, offset = 0): [Cid, number] {
  if (data[offset] === SHA2_256 && data[offset + 1] === DIGEST_BYTES) {
    const end = offset + 2 + DIGEST_BYTES;
    return [makeCid(DAG_PB, SHA2_256, data.slice(offset + 2, end)), end];
  }
  return readCid(data, offset);
}

/** Recompute the hash of a block and compare; the only way that a block is believed. */
export async function isHashOf(cid: Cid, data: Uint8Array): Promise<boolean> {
  if (cid.hashCode === SHA2_256) return same(await sha256Of(data), cid.digest);
  if (cid.hashCode === KECCAK_256) return same(keccak_256(data), cid.digest);
  return same(data, cid.digest);
}

/**
 * Return a block if its hash is the one that its CID names.
 *
 * @throws JobError `spec.block` if it is not.
 */
export async function verified(cid: Cid, data: Uint8Array): Promise<Bytes> {
  if (await isHashOf(cid, data)) return owned(data);
  throw new JobError(
    "spec.block",
    `The bytes that came for ${cid.text.slice(0, 20)}… are not the ones that this name stands for.`,
    "Nothing of them was used. Fetch them from another place.",
  );
}

/** Return whether two CIDs are equal. */
export function sameCid(left: Cid, right: Cid): boolean {
  return left.text === right.text;
}

/** The empty identity CID: every gateway can answer it without holding a block. */
export const PROBE: Cid = makeCid(RAW, IDENTITY, EMPTY);

function checkParts(codec: number, hashCode: number, digest: Uint8Array): void {
  if (codec !== RAW && codec !== DAG_PB) throw bad("The content identifier has an unknown codec.");
  if (hashCode === IDENTITY) {
    if (codec === RAW && (digest.length === 0 || digest.length === DIGEST_BYTES)) return;
    throw bad("Identity content identifiers are accepted empty or as seeds of 32 bytes alone.");
  }
  if (hashCode !== SHA2_256 && hashCode !== KECCAK_256) {
    throw bad("The content identifier has an unknown hash function.");
  }
  if (digest.length !== DIGEST_BYTES) {
    throw bad(`The content identifier has a digest of ${digest.length} bytes, not 32.`);
  }
  if (hashCode === KECCAK_256 && codec !== RAW) {
    throw bad("The content identifier has keccak-256 with another codec than raw.");
  }
}

function toBase32(data: Uint8Array): string {
  let text = "";
  let held = 0;
  let bits = 0;
  for (const byte of data) {
    held = ((held << 8) | byte) & 0xffff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += BASE32[(held >> (bits - 5)) & 31];
  }
  return bits ? text + BASE32[(held << (5 - bits)) & 31] : text;
}

function fromBase32(text: string): Bytes {
  const out = new Uint8Array(Math.floor((text.length * 5) / 8));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const letter of text) {
    held = ((held << 5) | BASE32.indexOf(letter)) & 0xffff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (held >> bits) & 255;
    }
  }
  return out;
}

function bad(message: string, hint = ""): JobError {
  return new JobError("spec.cid", message, hint);
}
