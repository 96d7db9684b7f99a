/**
 * UnixFS: a file as a balanced tree of raw leaves; the same CIDs as Kubo and the Python client.
 *
 * Place: turns a file into one CID, and verified blocks back into the file. Twin of
 * `neurovoyance.ipfs.unixfs` and `reader`. Memory: one leaf and one open node a level.
 * Source: https://specs.ipfs.tech/unixfs/ (fields Type 1, Data 2, filesize 3, blocksizes 4).
 * Never: believe a stated size; every part is held against what its parent says.
 */

import { breathe, EMPTY, type Bytes } from "./bytes.ts";
import { cidOf, cidOfBlock, DAG_PB, RAW, verified, type Cid } from "./cid.ts";
import { badBlock, decodeNode, encodeNode, readFields } from "./dagpb.ts";
import { JobError } from "./errors.ts";
import { encodeVarint } from "./varint.ts";

/** How a file is cut; IPIP-499. */
export interface Profile {
  readonly name: string;
  readonly chunkBytes: number;
  readonly maxLinks: number;
}

export const V0_2015: Profile = { name: "unixfs-v0-2015", chunkBytes: 262_144, maxLinks: 174 };
export const V1_2025: Profile = { name: "unixfs-v1-2025", chunkBytes: 1_048_576, maxLinks: 1_024 };
/** What the Python client writes by default. */
export const DEFAULT_PROFILE = V1_2025;
/** Deepest tree that is read. */
export const MAX_DEPTH = 32;

/** One finished part: `totalSize` counts its blocks, `fileSize` its content, bytes. */
export interface Child {
  readonly cid: Cid;
  readonly totalSize: number;
  readonly fileSize: number;
}

/** A block with its name, ready to be stored or sent. */
export type EmitBlock = (cid: Cid, block: Bytes) => void;

/** Builds the balanced tree over leaves that come one by one, in order. */
export class FileTree {
  readonly #maxLinks: number;
  readonly #emit: EmitBlock;
  readonly #levels: Child[][] = [[]];

  constructor(profile: Profile, emit: EmitBlock) {
    this.#maxLinks = profile.maxLinks;
    this.#emit = emit;
  }

  /** Append a raw leaf of so many bytes. */
  addLeaf(cid: Cid, sizeBytes: number): void {
    this.#push(0, { cid, totalSize: sizeBytes, fileSize: sizeBytes });
  }

  /** Close every open node and return the root; at least one leaf must have been added. */
  finish(): Child {
    for (let level = 0; level < this.#levels.length; level++) {
      const open = this.#levels[level]!;
      const isTop = level === this.#levels.length - 1;
      if (isTop && open.length === 1) return open[0]!;
      if (open.length) {
        this.#levels[level] = [];
        this.#push(level + 1, this.#close(open));
      }
    }
    throw new JobError("spec", "A file tree was finished without a leaf.");
  }

  #push(level: number, child: Child): void {
    const open = (this.#levels[level] ??= []);
    if (open.length === this.#maxLinks) {
      this.#levels[level] = [child];
      this.#push(level + 1, this.#close(open));
    } else open.push(child);
  }

  #close(children: readonly Child[]): Child {
    const fileSize = children.reduce((sum, child) => sum + child.fileSize, 0);
    const data = [0x08, 0x02, 0x18, ...encodeVarint(fileSize)];
    for (const child of children) data.push(0x20, ...encodeVarint(child.fileSize));
    const links = children.map(({ cid, totalSize }) => ({ cid, name: EMPTY, totalSize }));
    const block = encodeNode({ links, data: Uint8Array.from(data) });
    const cid = cidOf(block, DAG_PB);
    this.#emit(cid, block);
    const below = children.reduce((sum, child) => sum + child.totalSize, 0);
    return { cid, totalSize: block.length + below, fileSize };
  }
}

/** How {@link cidOfFile} reports and stops. */
export interface HashOptions {
  readonly profile?: Profile;
  /** Told after every leaf; bytes. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal;
  /** Receives every block, leaves included, in the order they are finished. */
  readonly onBlock?: EmitBlock;
}

/**
 * Return the CID of a file, reading one leaf at a time, so that a large one blocks nothing.
 *
 * @param file a File or Blob; what is read twice may change in between, so hash what is sent.
 * @throws DOMException `AbortError` if the signal says so, `NotReadableError` if the file changed.
 */
export async function cidOfFile(file: Blob, options: HashOptions = {}): Promise<Child> {
  const { profile = DEFAULT_PROFILE, onProgress, onBlock, signal } = options;
  const tree = new FileTree(profile, (cid, block) => onBlock?.(cid, block));
  let at = 0;
  do {
    signal?.throwIfAborted();
    const piece = file.slice(at, at + profile.chunkBytes);
    const leaf = new Uint8Array(await piece.arrayBuffer());
    const cid = await cidOfBlock(leaf);
    tree.addLeaf(cid, leaf.length);
    onBlock?.(cid, leaf);
    at += leaf.length;
    onProgress?.(at, file.size);
    await breathe();
  } while (at < file.size);
  return tree.finish();
}

/** Return the CID of bytes in memory, as {@link cidOfFile} does for a file. */
export function cidOfContent(data: Bytes, options: HashOptions = {}): Promise<Child> {
  return cidOfFile(new Blob([data]), options);
}

/** Gives the bytes of a block; they are checked by whoever asks. */
export type ReadBlock = (cid: Cid) => Promise<Uint8Array>;

/**
 * Yield the content of a file, leaf by leaf, every block and size checked.
 *
 * @param maxBytes largest content that is read.
 * @throws JobError `spec.block` if a block is not what its name or its parent says,
 *   `storage.too_large` if there is more than was agreed.
 */
export async function* readFile(
  root: Cid,
  readBlock: ReadBlock,
  maxBytes: number,
): AsyncGenerator<Bytes> {
  let left = maxBytes;
  for await (const piece of walk(root, null, readBlock, maxBytes, 0)) {
    left -= piece.length;
    if (left < 0) throw tooLarge(maxBytes);
    yield piece;
  }
}

async function* walk(
  cid: Cid,
  sizeBytes: number | null,
  readBlock: ReadBlock,
  maxBytes: number,
  depth: number,
): AsyncGenerator<Bytes> {
  if (depth > MAX_DEPTH) throw tooLarge(maxBytes);
  const block = await verified(cid, await readBlock(cid));
  const node = readFileNode(cid, block);
  if (sizeBytes !== null && node.fileSize !== sizeBytes) {
    throw badBlock(`A part of the file is not the ${sizeBytes} bytes that its parent states.`);
  }
  if (node.fileSize > maxBytes) throw tooLarge(maxBytes);
  if (node.data.length || !node.children.length) yield node.data;
  for (const child of node.children) {
    // A part that says it is empty is not looked into: nodes of empty parts could go on for ever.
    if (child.fileSize === 0) continue;
    yield* walk(child.cid, child.fileSize, readBlock, maxBytes, depth + 1);
  }
}

/** A file or a part of one: inline data, then children with their content sizes. */
export interface FileNode {
  readonly data: Bytes;
  readonly children: readonly Child[];
  readonly fileSize: number;
}

/**
 * Return what a verified block says; files only.
 *
 * @throws JobError `spec.block` if it is malformed, a directory or a link, or does not add up.
 */
export function readFileNode(cid: Cid, block: Bytes): FileNode {
  if (cid.codec === RAW) return { data: block, children: [], fileSize: block.length };
  const node = decodeNode(block);
  const sizes: number[] = [];
  let kind = -1;
  let stated: number | null = null;
  let data: Uint8Array = EMPTY;
  for (const [number, value] of readFields(node.data)) {
    if (number === 1 && typeof value === "number") kind = value;
    else if (number === 2 && typeof value !== "number") data = value;
    else if (number === 3 && typeof value === "number") stated = value;
    else if (number === 4 && typeof value === "number") sizes.push(value);
    else if (number === 4) throw badBlock("The sizes of a node are packed, which no importer writes.");
  }
  if (kind === 1 || kind === 5) throw badBlock("A directory came where a file was asked for.");
  if (kind !== 0 && kind !== 2) throw badBlock("The content is no file.");
  if (sizes.length !== node.links.length) throw badBlock("A node states too few or too many sizes.");
  const fileSize = data.length + sizes.reduce((sum, size) => sum + size, 0);
  if (stated !== null && stated !== fileSize) throw badBlock("The sizes of a node do not add up.");
  const children = node.links.map((link, at) => {
    return { cid: link.cid, totalSize: link.totalSize, fileSize: sizes[at]! };
  });
  return { data: new Uint8Array(data), children, fileSize };
}

function tooLarge(maxBytes: number): JobError {
  const most = maxBytes.toLocaleString("en");
  return new JobError("storage.too_large", `The content has more than the ${most} bytes agreed.`);
}
