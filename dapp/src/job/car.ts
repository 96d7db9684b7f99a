/**
 * CARv1 archives: a header with roots, then blocks with their CIDs.
 *
 * Place: what a gateway answers to `?format=car`, and what a page uploads. Twin of
 * `neurovoyance.ipfs.car`. Source: https://ipld.io/specs/transport/car/carv1/
 * Never: use a block before its hash was recomputed, or allocate by a length that is only stated.
 */

import { join, type Bytes } from "./bytes.ts";
import { readLink, type Cid } from "./cid.ts";
import { MAX_BLOCK_BYTES } from "./dagpb.ts";
import { JobError } from "./errors.ts";
import { cidOfFile, readFile, type Child, type HashOptions } from "./unixfs.ts";
import { decodeVarint, encodeVarint, MAX_VARINT_BYTES } from "./varint.ts";

const MAX_HEADER_BYTES = 64 * 1024;
const MAX_CID_BYTES = 64;

/** Return the length-prefixed header of an archive with one root. */
export function encodeCarHeader(root: Cid): Bytes {
  const roots = [0xa2, 0x65, ...ascii("roots"), 0x81, 0xd8, 0x2a];
  const link = [0x58, root.bytes.length + 1, 0x00, ...root.bytes];
  if (root.bytes.length + 1 < 24) link.splice(0, 2, 0x40 | (root.bytes.length + 1));
  const body = [...roots, ...link, 0x67, ...ascii("version"), 0x01];
  return Uint8Array.from([...encodeVarint(body.length), ...body]);
}

/** Return one length-prefixed section: CID, then the block. */
export function encodeCarSection(cid: Cid, block: Uint8Array): Bytes {
  const head = Uint8Array.from(encodeVarint(cid.bytes.length + block.length));
  return join(head, cid.bytes, block);
}

/**
 * Return a file as an archive: hashed once, block by block; each block once.
 *
 * The header names the root, so the archive is put together after the last block; memory is the
 * archive's, held as Blob parts, which browsers may keep on disk.
 */
export async function carOfFile(
  file: Blob,
  options: Omit<HashOptions, "onBlock"> = {},
): Promise<Child & { readonly car: Blob }> {
  const parts: Blob[] = [];
  const seen = new Set<string>();
  const onBlock = (cid: Cid, block: Bytes): void => {
    if (seen.has(cid.text)) return;
    seen.add(cid.text);
    parts.push(new Blob([encodeCarSection(cid, block)]));
  };
  const root = await cidOfFile(file, { ...options, onBlock });
  return { ...root, car: new Blob([encodeCarHeader(root.cid), ...parts]) };
}

/**
 * Yield the sections of an archive as a stream brings them, not yet verified.
 *
 * @throws JobError `spec.car` if it is truncated, malformed, or has a section above two MiB.
 */
export async function* readCar(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly cid: Cid; readonly block: Bytes }> {
  const cutter = new Cutter(stream);
  const header = await cutter.section(MAX_HEADER_BYTES);
  if (header === null || header[0] !== 0xa2) throw badCar("The answer is not a CARv1 archive.");
  for (;;) {
    const section = await cutter.section(MAX_BLOCK_BYTES + MAX_CID_BYTES);
    if (section === null) return;
    const [cid, at] = readLink(section);
    yield { cid, block: section.subarray(at) };
  }
}

/**
 * Return the content of the file `root` in an archive, every block and size checked.
 *
 * @param maxBytes largest content; blocks are held while the tree is read.
 * @throws JobError `storage.not_found` if a block is missing, `storage.too_large`, `spec.block`,
 *   `spec.car`.
 */
export async function fileOfCar(
  stream: AsyncIterable<Uint8Array>,
  root: Cid,
  maxBytes: number,
): Promise<Bytes> {
  const blocks = new Map<string, Bytes>();
  let held = 0;
  for await (const { cid, block } of readCar(stream)) {
    held += block.length;
    if (held > maxBytes + maxBytes / 8 + 4 * 1024 * 1024) {
      throw new JobError("storage.too_large", "The archive is larger than was agreed.");
    }
    blocks.set(cid.text, block);
  }
  const pieces: Bytes[] = [];
  for await (const piece of readFile(root, (cid) => blockOf(blocks, cid), maxBytes)) {
    pieces.push(piece);
  }
  return join(...pieces);
}

/** Return the chunks of a fetched body; `ReadableStream` is not iterable in every browser. */
export async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function blockOf(blocks: ReadonlyMap<string, Bytes>, cid: Cid): Promise<Bytes> {
  const block = blocks.get(cid.text);
  if (block) return block;
  throw new JobError("storage.not_found", "The archive lacks a part of the file.", "Fetch it again.");
}

/** Cuts a stream of pieces into length-prefixed sections. */
class Cutter {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Uint8Array[] = [];
  #size = 0;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  /** Return the next section, or null at a clean end. */
  async section(limitBytes: number): Promise<Bytes | null> {
    const length = await this.#length();
    if (length === null) return null;
    if (length === 0 || length > limitBytes) {
      throw badCar(`The archive has a section of ${length} bytes.`);
    }
    while (this.#size < length && (await this.#more()));
    if (this.#size < length) throw badCar("The archive ends inside a section.");
    return this.#take(length);
  }

  async #length(): Promise<number | null> {
    for (;;) {
      const window = this.#peek(MAX_VARINT_BYTES);
      if (window.some((byte) => byte < 0x80) || window.length === MAX_VARINT_BYTES) {
        const [value, used] = decodeVarint(window);
        this.#take(used);
        return value;
      }
      if (!(await this.#more())) {
        if (window.length) throw badCar("The archive ends inside a length.");
        return null;
      }
    }
  }

  async #more(): Promise<boolean> {
    const next = await this.#pieces.next();
    if (next.done) return false;
    if (next.value.length) this.#held.push(next.value);
    this.#size += next.value.length;
    return true;
  }

  #peek(count: number): Uint8Array {
    if ((this.#held[0]?.length ?? 0) < count && this.#held.length > 1) {
      this.#held = [join(...this.#held)];
    }
    return (this.#held[0] ?? new Uint8Array(0)).subarray(0, count);
  }

  #take(count: number): Bytes {
    const out = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      const first = this.#held[0]!;
      const part = first.subarray(0, count - at);
      out.set(part, at);
      at += part.length;
      if (part.length === first.length) this.#held.shift();
      else this.#held[0] = first.subarray(part.length);
    }
    this.#size -= count;
    return out;
  }
}

function ascii(text: string): number[] {
  return [...text].map((letter) => letter.charCodeAt(0));
}

function badCar(message: string): JobError {
  return new JobError("spec.car", message, "Fetch it again, or from another place.");
}
