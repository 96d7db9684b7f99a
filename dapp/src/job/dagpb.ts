/**
 * The dag-pb block format and the protobuf below it, in canonical byte order.
 *
 * Place: between `cid` and `unixfs`. Twin of `neurovoyance.ipfs.dagpb`.
 * Source: https://ipld.io/specs/codecs/dag-pb/spec/
 * Never: recurse or allocate more than the block's own length allows.
 */

import { EMPTY, join, type Bytes } from "./bytes.ts";
import { readLink, type Cid } from "./cid.ts";
import { JobError } from "./errors.ts";
import { decodeVarint, encodeVarint } from "./varint.ts";

export const MAX_BLOCK_BYTES = 2 * 1024 * 1024;

/** A link; `totalSize` is the claimed byte count of the whole tree below it. */
export interface Link {
  readonly cid: Cid;
  readonly name: Uint8Array;
  readonly totalSize: number;
}

/** A dag-pb node. */
export interface Node {
  readonly links: readonly Link[];
  readonly data: Uint8Array;
}

/** Return the canonical bytes of a node. */
export function encodeNode(node: Node): Bytes {
  const parts = node.links.map((link) => {
    const body = join(
      field(1, link.cid.bytes),
      field(2, link.name),
      Uint8Array.from([0x18, ...encodeVarint(link.totalSize)]),
    );
    return field(2, body);
  });
  return join(...parts, field(1, node.data));
}

/**
 * Parse a block.
 *
 * @throws JobError `spec.block` if it is not a canonical dag-pb node, or larger than 2 MiB;
 *   `spec.cid` if a link names a CID that is not accepted here.
 */
export function decodeNode(block: Uint8Array): Node {
  if (block.length > MAX_BLOCK_BYTES) throw badBlock("The node is larger than two MiB.");
  const links: Link[] = [];
  let data: Uint8Array | null = null;
  for (const [number, value] of readFields(block)) {
    if (typeof value === "number" || number > 2) {
      throw badBlock(`The node has the unexpected field ${number}.`);
    }
    if (data !== null) throw badBlock("The node has a field after its data.");
    if (number === 2) links.push(decodeLink(value));
    else data = value;
  }
  return { links, data: data ?? EMPTY };
}

function decodeLink(body: Uint8Array): Link {
  let cid: Cid | null = null;
  let name: Uint8Array = EMPTY;
  let totalSize = 0;
  let last = 0;
  for (const [number, value] of readFields(body)) {
    if (number <= last) throw badBlock("A link has its fields out of order.");
    last = number;
    if (number === 1 && typeof value !== "number") {
      const [found, end] = readLink(value);
      if (end !== value.length) throw badBlock("A link has bytes after its hash.");
      cid = found;
    } else if (number === 2 && typeof value !== "number") name = value;
    else if (number === 3 && typeof value === "number") totalSize = value;
    else throw badBlock(`A link has the unexpected field ${number}.`);
  }
  if (cid === null) throw badBlock("A link has no hash.");
  return { cid, name, totalSize };
}

/**
 * Yield field number and value of a protobuf message; only varints and byte strings.
 *
 * @throws JobError `spec.block` if it is truncated, or of another wire type.
 */
export function* readFields(data: Uint8Array): Generator<[number, number | Uint8Array]> {
  let at = 0;
  while (at < data.length) {
    const [key, afterKey] = varint(data, at);
    const [value, afterValue] = varint(data, afterKey);
    const number = Math.floor(key / 8);
    at = afterValue;
    if (key % 8 === 0) yield [number, value];
    else if (key % 8 === 2) {
      if (value > data.length - at) throw badBlock("A field reaches past the end of its message.");
      yield [number, data.subarray(at, at + value)];
      at += value;
    } else throw badBlock(`A field has the unknown wire type ${key % 8}.`);
  }
}

function varint(data: Uint8Array, at: number): [number, number] {
  try {
    return decodeVarint(data, at);
  } catch {
    throw badBlock("The message holds a malformed number.");
  }
}

function field(tag: number, payload: Uint8Array): Bytes {
  return join(Uint8Array.from([(tag << 3) | 2, ...encodeVarint(payload.length)]), payload);
}

/** Return the error for a block that has the right hash and is not well formed. */
export function badBlock(message: string): JobError {
  return new JobError("spec.block", message, "Whoever made this content made it wrong.");
}
