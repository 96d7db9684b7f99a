/**
 * Tensors in the browser: a dtype, a shape and little-endian bytes in C order.
 *
 * Place: between files (`safetensors`), commitments (`canonical`) and what pages show. The seven
 * dtypes are those of a manifest. Views assume a little-endian machine, as every browser's is.
 * Never: a conversion that hides an overflow; numbers are rounded once, half to even.
 */

import { JobError } from "./errors.ts";
import type { Bytes } from "./bytes.ts";

/** dtypes in the order of their codes on the wire, from 1 on. */
export const DTYPES = [
  "float32", "float16", "bfloat16", "int32", "int64", "uint8", "bool",
] as const; // prettier-ignore
export type DType = (typeof DTYPES)[number];

/** Bytes of one element. */
export const ITEM_BYTES: Readonly<Record<DType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  bool: 1,
};

/** A tensor; `bytes` has `sizeOf(shape) * ITEM_BYTES[dtype]` bytes. */
export interface Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: Bytes;
}

/** Tensors by name, in order. */
export type Tensors = ReadonlyMap<string, Tensor>;

/** Elements as JavaScript has them: numbers, or bigint for int64. */
export type Values = Float32Array | Int32Array | Uint8Array | BigInt64Array;

/** Return whether a dtype is one of the three floats. */
export function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float16" || dtype === "bfloat16";
}

/** Return how many elements a shape has. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/**
 * Return a tensor of numbers, rounded to the dtype once, half to even (bfloat16 by way of float32,
 * as numpy does).
 *
 * @param values in C order; integers may be bigint.
 * @throws JobError `spec.input` if the count does not fit the shape or an integer the dtype.
 */
export function tensorOf(
  dtype: DType,
  shape: readonly number[],
  values: ArrayLike<number | bigint>,
): Tensor {
  if (values.length !== sizeOf(shape)) {
    const message = `A tensor of shape [${shape.join(", ")}] has ${sizeOf(shape)} elements, not ${values.length}.`;
    throw new JobError("spec.input", message);
  }
  const bytes = new Uint8Array(values.length * ITEM_BYTES[dtype]);
  const view = new DataView(bytes.buffer);
  const put = WRITERS[dtype];
  for (let at = 0; at < values.length; at++) put(view, at, values[at]!);
  return { dtype, shape: [...shape], bytes };
}

/**
 * Return the elements of a tensor in C order; float16 and bfloat16 as float32, exactly.
 *
 * A copy, or a view of the tensor's own bytes where they are aligned: read only.
 */
export function valuesOf(tensor: Tensor): Values {
  const { dtype } = tensor;
  if (dtype === "uint8" || dtype === "bool") return tensor.bytes;
  const { bytes } = tensor;
  const isAligned = bytes.byteOffset % ITEM_BYTES[dtype] === 0;
  const data = isAligned ? bytes : bytes.slice();
  const count = data.length / ITEM_BYTES[dtype];
  if (dtype === "float32") return new Float32Array(data.buffer, data.byteOffset, count);
  if (dtype === "int32") return new Int32Array(data.buffer, data.byteOffset, count);
  if (dtype === "int64") return new BigInt64Array(data.buffer, data.byteOffset, count);
  const words = new Uint16Array(data.buffer, data.byteOffset, count);
  return dtype === "float16" ? Float32Array.from(words, fromHalf) : fromBrain(words);
}

/** Return the elements of a tensor as numbers; int64 beyond 2^53 is rounded, for display alone. */
export function numbersOf(tensor: Tensor): Float64Array {
  const values = valuesOf(tensor);
  return values instanceof BigInt64Array
    ? Float64Array.from(values, Number)
    : Float64Array.from(values);
}

/** Return whether a float tensor holds NaN or infinity; integers and bools never do. */
export function hasNonFinite(tensor: Tensor): boolean {
  return isFloat(tensor.dtype) && (valuesOf(tensor) as Float32Array).some((one) => !isFinite(one));
}

/** Return the number in a binary16 word. */
export function fromHalf(word: number): number {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 10) & 31;
  const fraction = word & 0x3ff;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Return the binary16 word nearest to a number, half to even. */
export function toHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65_520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | halfToEven(size * 2 ** 24);
  const exponent = exponentOf(size);
  // A fraction that rounds up to 2048 carries into the exponent by itself.
  return sign + ((exponent + 14) << 10) + halfToEven(size * 2 ** (10 - exponent));
}

/** Return the bfloat16 word nearest to a number's float32, half to even. */
export function toBrain(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  SCRATCH.setFloat32(0, value);
  const word = SCRATCH.getUint32(0);
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

const SCRATCH = new DataView(new ArrayBuffer(8));

function fromBrain(words: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(words, (word) => word << 16).buffer);
}

function exponentOf(size: number): number {
  SCRATCH.setFloat64(0, size);
  return ((SCRATCH.getUint16(0) >> 4) & 0x7ff) - 1023;
}

function halfToEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}

type Writer = (view: DataView, at: number, value: number | bigint) => void;

const WRITERS: Readonly<Record<DType, Writer>> = {
  float32: (view, at, value) => view.setFloat32(4 * at, Number(value), true),
  float16: (view, at, value) => view.setUint16(2 * at, toHalf(Number(value)), true),
  bfloat16: (view, at, value) => view.setUint16(2 * at, toBrain(Number(value)), true),
  int32: (view, at, value) => view.setInt32(4 * at, integer(value, -(2 ** 31), 2 ** 31 - 1), true),
  int64: (view, at, value) => view.setBigInt64(8 * at, long(value), true),
  uint8: (view, at, value) => view.setUint8(at, integer(value, 0, 255)),
  bool: (view, at, value) => view.setUint8(at, integer(value, 0, 1)),
};

function integer(value: number | bigint, low: number, high: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= low && number <= high) return number;
  throw new JobError("spec.input", `${String(value).slice(0, 40)} does not fit the tensor's dtype.`);
}

function long(value: number | bigint): bigint {
  const isWhole = typeof value === "bigint" || Number.isSafeInteger(value);
  const big = isWhole ? BigInt(value) : null;
  if (big !== null && BigInt.asIntN(64, big) === big) return big;
  throw new JobError("spec.input", `${String(value).slice(0, 40)} does not fit the dtype int64.`);
}
