/**
 * Canonical bytes of a tensor: what is hashed, committed to, stored and compared.
 *
 * Place: between a decrypted envelope and the output root. Twin of
 * `neurovoyance.verification.canonical`; layout: docs/spec/job.md. -0.0 is kept; every NaN becomes
 * the one quiet NaN of its dtype. Decoding is strict: bytes are accepted only if encoding the result
 * gives the same bytes back.
 */

import { blake3 } from "@noble/hashes/blake3.js";
import { breathe, hexOf, join, type Bytes, type Hex } from "./bytes.ts";
import { JobError } from "./errors.ts";
import { hashAbi } from "./hashing.ts";
import { DTYPES, ITEM_BYTES, sizeOf, type DType, type Tensor } from "./tensor.ts";

const MAGIC = Uint8Array.from([0x4e, 0x56, 0x59, 0x54, 0x01]); // NVYT, version 1
const PREFIX_BYTES = MAGIC.length + 2;
/** Largest rank; numpy has the same bound. */
export const MAX_NDIM = 64;
const MAX_DATA_BYTES = 2n ** 62n;
const PIECE_BYTES = 4 << 20;

/** Exponent mask and the one NaN of a float dtype. */
const FLOATS: Partial<Record<DType, { readonly exponent: number; readonly nan: number }>> = {
  float32: { exponent: 0x7f800000, nan: 0x7fc00000 },
  float16: { exponent: 0x7c00, nan: 0x7e00 },
  bfloat16: { exponent: 0x7f80, nan: 0x7fc0 },
};

/** Return the bytes before the data: mark, dtype, rank, dimensions. */
export function encodeHeader(dtype: DType, shape: readonly number[]): Bytes {
  if (shape.length > MAX_NDIM) throw malformed("has too many dimensions", 0);
  const out = new Uint8Array(PREFIX_BYTES + 8 * shape.length);
  out.set(MAGIC);
  out[MAGIC.length] = DTYPES.indexOf(dtype) + 1;
  out[MAGIC.length + 1] = shape.length;
  const view = new DataView(out.buffer);
  shape.forEach((dim, at) => view.setBigUint64(PREFIX_BYTES + 8 * at, BigInt(dim), true));
  return out;
}

/** Return the data of a tensor with every NaN made the canonical one; itself if there is none. */
export function canonicalData(tensor: Tensor): Bytes {
  const kind = FLOATS[tensor.dtype];
  if (!kind) return tensor.bytes;
  let out: Bytes | null = null;
  for (const at of foreignNans(tensor)) {
    out ??= tensor.bytes.slice();
    const view = new DataView(out.buffer);
    if (tensor.dtype === "float32") view.setUint32(4 * at, kind.nan, true);
    else view.setUint16(2 * at, kind.nan, true);
  }
  return out ?? tensor.bytes;
}

/** Return the canonical bytes of a tensor. */
export function encodeTensor(tensor: Tensor): Bytes {
  return join(encodeHeader(tensor.dtype, tensor.shape), canonicalData(tensor));
}

/** Return the canonical bytes of several tensors, one after the other. */
export function encodeTensors(tensors: readonly Tensor[]): Bytes {
  return join(...tensors.map(encodeTensor));
}

/**
 * Return the tensor at `offset` and the offset after it; its bytes are a view of `data`.
 *
 * @throws JobError `spec` if the header is truncated or hostile, or the data is none that an encoder
 *   writes (a NaN with another payload, a bool that is neither 0 nor 1).
 */
export function decodeTensor(data: Bytes, offset = 0): [Tensor, number] {
  const { dtype, shape, dataOffset } = decodeHeader(data, offset);
  const size = sizeOf(shape) * ITEM_BYTES[dtype];
  const end = dataOffset + size;
  if (end > data.length) {
    const has = data.length - dataOffset;
    throw malformed(`promises ${size} bytes of data and has ${has}`, offset);
  }
  const tensor: Tensor = { dtype, shape, bytes: data.subarray(dataOffset, end) };
  if (dtype === "bool" && tensor.bytes.some((value) => value > 1)) {
    throw malformed("holds a bool that is neither 0 nor 1", offset);
  }
  if (!foreignNans(tensor).next().done) {
    throw malformed("holds a NaN that is not the canonical one", offset);
  }
  return [tensor, end];
}

/**
 * Return every tensor of a plain concatenation, in order; no bytes may be left over.
 *
 * @throws JobError `spec`, see {@link decodeTensor}.
 */
export function decodeTensors(data: Bytes): Tensor[] {
  const tensors: Tensor[] = [];
  let offset = 0;
  while (offset < data.length) {
    const [tensor, end] = decodeTensor(data, offset);
    tensors.push(tensor);
    offset = end;
  }
  return tensors;
}

function decodeHeader(
  data: Bytes,
  offset: number,
): { dtype: DType; shape: number[]; dataOffset: number } {
  if (offset + PREFIX_BYTES > data.length) {
    throw malformed("ends before its header is complete", offset);
  }
  if (MAGIC.some((value, at) => data[offset + at] !== value)) {
    throw malformed("does not start with the mark of a canonical tensor", offset);
  }
  const code = data[offset + MAGIC.length]!;
  const ndim = data[offset + MAGIC.length + 1]!;
  const dtype = DTYPES[code - 1];
  if (!dtype) throw malformed(`names dtype ${code}, which does not exist`, offset);
  if (ndim > MAX_NDIM) throw malformed(`has ${ndim} dimensions; at most 64 are allowed`, offset);
  const dimsAt = offset + PREFIX_BYTES;
  const dataOffset = dimsAt + 8 * ndim;
  if (dataOffset > data.length) throw malformed("ends within its dimensions", offset);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const dims = Array.from({ length: ndim }, (_, at) => view.getBigUint64(dimsAt + 8 * at, true));
  checkSize(dims, ITEM_BYTES[dtype], offset);
  return { dtype, shape: dims.map(Number), dataOffset };
}

function checkSize(dims: readonly bigint[], itemBytes: number, offset: number): void {
  // Zero-sized dimensions are left out of the product: numpy bounds the others all the same.
  const product = dims.reduce((size, dim) => (dim ? size * dim : size), BigInt(itemBytes));
  if (product > MAX_DATA_BYTES) throw malformed("has dimensions too large to address", offset);
}

/** Yield the positions of NaNs whose bits are not the canonical ones. */
function* foreignNans(tensor: Tensor): Generator<number> {
  const kind = FLOATS[tensor.dtype];
  if (!kind) return;
  const width = ITEM_BYTES[tensor.dtype];
  const { bytes } = tensor;
  const data = bytes.byteOffset % width ? bytes.slice() : bytes;
  const Words = width === 4 ? Uint32Array : Uint16Array;
  const words = new Words(data.buffer, data.byteOffset, data.length / width);
  const magnitude = width === 4 ? 0x7fffffff : 0x7fff;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if ((word & magnitude) > kind.exponent && word !== kind.nan) yield at;
  }
}

/** Return BLAKE3 of a tensor's canonical bytes, 32 bytes; the page stays alive meanwhile. */
export async function tensorHash(tensor: Tensor): Promise<Hex> {
  const hasher = blake3.create({}).update(encodeHeader(tensor.dtype, tensor.shape));
  const data = canonicalData(tensor);
  for (let at = 0; at < data.length; at += PIECE_BYTES) {
    hasher.update(data.subarray(at, at + PIECE_BYTES));
    await breathe();
  }
  return hexOf(hasher.digest());
}

/** Return `outRoot = H(bytes32[] h)` over tensor hashes in the manifest's order, 32 bytes. */
export function outputRoot(hashes: readonly Hex[]): Hex {
  return hashAbi(["bytes32[]"], [hashes]);
}

/** Return the output root of tensors in the manifest's order, 32 bytes. */
export async function rootOf(tensors: readonly Tensor[]): Promise<Hex> {
  const hashes: Hex[] = [];
  for (const tensor of tensors) hashes.push(await tensorHash(tensor));
  return outputRoot(hashes);
}

function malformed(problem: string, offset: number): JobError {
  return new JobError(
    "spec",
    `The canonical tensor at byte ${offset} ${problem}; nothing was decoded.`,
    "The bytes were damaged or were not written by a canonical encoder.",
  );
}
