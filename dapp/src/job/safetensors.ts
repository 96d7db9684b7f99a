/**
 * safetensors files: inputs that are sent, results that are kept.
 *
 * Place: around `tensor`. The writer gives the same bytes as the Python client, and so the same CID.
 * Format: https://huggingface.co/docs/safetensors - 8 bytes little-endian header length, a JSON
 * header padded with blanks, then the data. Never: allocate by what a header of a stranger says.
 */

import { join, textOf, utf8, type Bytes } from "./bytes.ts";
import { JobError, shown } from "./errors.ts";
import { ITEM_BYTES, sizeOf, type DType, type Tensor, type Tensors } from "./tensor.ts";

/** Longest header that is read. */
export const HEADER_MAX_BYTES = 1 << 20;
/** Most tensors that are read. */
export const TENSORS_MAX = 4_096;
const NAME_MAX = 512;
const NDIM_MAX = 16;

/** In the order that the format's own library writes tensors: by type, then by name. */
const CODES: readonly (readonly [DType, string])[] = [
  ["int64", "I64"],
  ["float32", "F32"],
  ["int32", "I32"],
  ["bfloat16", "BF16"],
  ["float16", "F16"],
  ["uint8", "U8"],
  ["bool", "BOOL"],
];
const CODE_OF = new Map(CODES);
const DTYPE_OF = new Map(CODES.map(([dtype, code]) => [code, dtype]));
const RANK = new Map(CODES.map(([dtype], at) => [dtype, at]));

/** Return a file of tensors; the same tensors always give the same bytes. */
export function writeSafetensors(tensors: Tensors): Bytes {
  const sorted = [...tensors].sort(([leftName, left], [rightName, right]) => {
    const order = RANK.get(left.dtype)! - RANK.get(right.dtype)!;
    return order || compareBytes(utf8(leftName), utf8(rightName));
  });
  let at = 0;
  const entries = sorted.map(([name, { dtype, shape, bytes }]) => {
    const entry = {
      dtype: CODE_OF.get(dtype),
      shape,
      data_offsets: [at, at + bytes.length],
    };
    at += bytes.length;
    // Written by hand: an object would put names that look like integers first.
    return `${JSON.stringify(name)}:${JSON.stringify(entry)}`;
  });
  const header = utf8(`{${entries.join(",")}}`);
  const padded = new Uint8Array(Math.ceil(header.length / 8) * 8).fill(0x20);
  padded.set(header);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  return join(length, padded, ...sorted.map(([, tensor]) => tensor.bytes));
}

/**
 * Return the tensors of a file, in the order of their data; bytes are views of `data`.
 *
 * @throws JobError `spec.input` if it is no such file, a tensor has a dtype that no manifest can
 *   state, or sizes do not add up.
 */
export function readSafetensors(data: Bytes): Map<string, Tensor> {
  if (data.length < 8) throw bad("is too short");
  const stated = new DataView(data.buffer, data.byteOffset).getBigUint64(0, true);
  if (stated > BigInt(HEADER_MAX_BYTES)) throw bad("has a header longer than 1 MiB, or is no such file");
  const dataAt = 8 + Number(stated);
  if (dataAt > data.length) throw bad("ends within its header");
  const entries = headerOf(data.subarray(8, dataAt));
  const found: [string, Tensor, number][] = entries.map(([name, entry]) => {
    const [dtype, shape, start, end] = checked(name, entry, data.length - dataAt);
    return [name, { dtype, shape, bytes: data.subarray(dataAt + start, dataAt + end) }, start];
  });
  found.sort((left, right) => left[2] - right[2] || left[1].bytes.length - right[1].bytes.length);
  let at = 0;
  for (const [, tensor, start] of found) {
    if (start !== at) throw bad("has holes or overlaps between its tensors");
    at += tensor.bytes.length;
  }
  if (dataAt + at !== data.length) throw bad("has bytes that belong to no tensor");
  return new Map(found.map(([name, tensor]) => [name, tensor]));
}

function headerOf(raw: Bytes): [string, unknown][] {
  let header: unknown;
  try {
    header = JSON.parse(textOf(raw));
  } catch {
    throw bad("has a header that is not JSON");
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw bad("has a header that is no object");
  }
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  if (entries.length > TENSORS_MAX) throw bad("holds more than 4,096 tensors");
  return entries;
}

function checked(name: string, entry: unknown, room: number): [DType, number[], number, number] {
  const what = `describes the tensor ${shown(name)} in a way that cannot be read`;
  if (typeof entry !== "object" || entry === null || name.length > NAME_MAX) throw bad(what);
  const { dtype: code, shape, data_offsets: span } = entry as Record<string, unknown>;
  const dtype = typeof code === "string" ? DTYPE_OF.get(code) : undefined;
  if (!dtype) throw bad(`holds the tensor ${shown(name)} of a type that a job cannot carry`);
  if (!isSizes(shape, NDIM_MAX) || !isSizes(span, 2) || span.length !== 2) throw bad(what);
  const [start, end] = span as [number, number];
  const size = sizeOf(shape) * ITEM_BYTES[dtype];
  if (end > room || end - start !== size || !Number.isSafeInteger(size)) {
    throw bad(`states sizes of the tensor ${shown(name)} that do not add up`);
  }
  return [dtype, shape, start, end];
}

function isSizes(value: unknown, most: number): value is number[] {
  if (!Array.isArray(value) || value.length > most) return false;
  return value.every((one) => Number.isSafeInteger(one) && one >= 0);
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    if (left[at] !== right[at]) return left[at]! - right[at]!;
  }
  return left.length - right.length;
}

function bad(problem: string): JobError {
  return new JobError(
    "spec.input",
    `The safetensors file ${problem}; nothing was read.`,
    "Write it with the safetensors library, with tensors of the model's types.",
  );
}
