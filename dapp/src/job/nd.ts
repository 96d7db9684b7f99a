/**
 * Small arrays for tails: shape, dtype and numbers in binary64, with what numpy does to shapes.
 *
 * Place: under `tail`. Every dtype a manifest can state fits binary64 but large int64 values; those
 * are refused rather than rounded. Never: more elements than a page can hold.
 */

import { JobError } from "./errors.ts";
import { fromHalf, numbersOf, tensorOf, toBrain, toHalf, valuesOf, type DType, type Tensor } from "./tensor.ts";

/** Largest array that is built; hostile shapes end here. */
export const MAX_ELEMENTS = 2 ** 26;

/** An array; `data` in C order, each number one that the dtype holds. */
export interface Nd {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Return the error for what a tail cannot do; `problem` continues a sentence. */
export function cannot(problem: string): JobError {
  return new JobError("verification", `The operator cannot be computed: ${problem}.`);
}

/** Return a shape that may be allocated. */
export function limited(shape: readonly number[]): number[] {
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (shape.some((dim) => dim < 0) || !(size <= MAX_ELEMENTS)) {
    throw cannot(`the shape [${shape.slice(0, 8).join(", ")}] cannot be built`);
  }
  return [...shape];
}

/** Return how many elements a shape has. */
export function count(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** Return an array of zeros. */
export function zeros(dtype: DType, shape: readonly number[]): { dtype: DType; shape: number[]; data: Float64Array } {
  const size = limited(shape);
  return { dtype, shape: size, data: new Float64Array(count(size)) };
}

/** Return a tensor as an array, exactly. */
export function ndOf(tensor: Tensor): Nd {
  const values = valuesOf(tensor);
  if (values instanceof BigInt64Array && values.some((one) => one !== BigInt(Number(one)))) {
    throw cannot("an integer exceeds what this page computes with");
  }
  return { dtype: tensor.dtype, shape: tensor.shape, data: numbersOf(tensor) };
}

/** Return an array as a tensor, exactly. */
export function toTensor(nd: Nd): Tensor {
  return tensorOf(nd.dtype, nd.shape, nd.data);
}

/** Return a number rounded to a dtype once, or wrapped to it, as numpy stores a result. */
export function fitted(dtype: DType, value: number): number {
  if (dtype === "float32") return Math.fround(value);
  if (dtype === "float16") return fromHalf(toHalf(value));
  if (dtype === "bfloat16") return brain(value);
  if (dtype === "bool") return value !== 0 ? 1 : 0; // NaN is true
  if (!Number.isSafeInteger(value)) throw cannot("an integer exceeds what this page computes with");
  if (dtype === "int32") return Number(BigInt.asIntN(32, BigInt(value)));
  return dtype === "uint8" ? ((value % 256) + 256) % 256 : value + 0;
}

function brain(value: number): number {
  const word = toBrain(value) << 16;
  WORDS[0] = word;
  return FLOATS[0]!;
}
const WORDS = new Int32Array(1);
const FLOATS = new Float32Array(WORDS.buffer);

/** Return an array with every number rounded to a dtype. */
export function rounded(dtype: DType, shape: readonly number[], data: Float64Array): Nd {
  return { dtype, shape, data: data.map((value) => fitted(dtype, value)) };
}

/** Return an axis as a number from 0 on. */
export function axisOf(axis: number, rank: number): number {
  if (axis < -rank || axis >= Math.max(rank, 1)) {
    throw cannot(`axis ${axis} does not exist in a tensor of rank ${rank}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Return the steps between neighbours along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let at = shape.length - 1; at >= 0; at--) {
    strides[at] = step;
    step *= shape[at]!;
  }
  return strides;
}

/** Return the elements of a strided view, in C order. */
export function strided(data: Float64Array, shape: readonly number[], strides: readonly number[]): Float64Array {
  const out = new Float64Array(count(limited(shape)));
  const at = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++at[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      at[axis] = 0;
    }
  }
  return out;
}

/** Return the shape that several shapes broadcast to. */
export function broadcast(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    shape.forEach((dim, at) => {
      const to = rank - shape.length + at;
      if (out[to] === 1) out[to] = dim;
      else if (dim !== 1 && dim !== out[to]) throw cannot("its inputs do not broadcast");
    });
  }
  return out;
}

/** Return an array broadcast to a shape. */
export function expanded(nd: Nd, shape: readonly number[]): Nd {
  if (nd.shape.length === shape.length && nd.shape.every((dim, at) => dim === shape[at])) return nd;
  const own = stridesOf(nd.shape);
  const lead = shape.length - nd.shape.length;
  const strides = shape.map((_, at) => (at < lead || nd.shape[at - lead] === 1 ? 0 : own[at - lead]!));
  return { dtype: nd.dtype, shape: [...shape], data: strided(nd.data, shape, strides) };
}

/** Return an array with its axes in another order. */
export function permuted(nd: Nd, order: readonly number[]): Nd {
  const own = stridesOf(nd.shape);
  const shape = order.map((axis) => nd.shape[axis]!);
  const strides = order.map((axis) => own[axis]!);
  return { dtype: nd.dtype, shape, data: strided(nd.data, shape, strides) };
}

/** Return the order that undoes another. */
export function inverse(order: readonly number[]): number[] {
  const out = new Array<number>(order.length);
  order.forEach((axis, at) => (out[axis] = at));
  return out;
}

/** Return the elements at positions along one axis. */
export function take(nd: Nd, axis: number, positions: ArrayLike<number>): Nd {
  const inner = count(nd.shape.slice(axis + 1));
  const outer = count(nd.shape.slice(0, axis));
  const size = nd.shape[axis]!;
  const shape = nd.shape.map((dim, at) => (at === axis ? positions.length : dim));
  const out = zeros(nd.dtype, shape);
  for (let block = 0, to = 0; block < outer; block++) {
    for (let at = 0; at < positions.length; at++, to += inner) {
      const from = (block * size + positions[at]!) * inner;
      out.data.set(nd.data.subarray(from, from + inner), to);
    }
  }
  return out;
}

/** An array with some axes last, as rows that a reduction goes along. */
export interface Rows {
  readonly data: Float64Array;
  /** Axes as they were put in order: the kept ones, then the reduced ones. */
  readonly order: readonly number[];
  readonly outer: readonly number[];
  readonly length: number;
}

/** Return an array as rows along some axes. */
export function rowsOf(nd: Nd, axes: readonly number[]): Rows {
  if (new Set(axes).size !== axes.length) throw cannot("an axis is named twice");
  const kept = nd.shape.map((_, at) => at).filter((at) => !axes.includes(at));
  const order = [...kept, ...axes];
  const { data } = permuted(nd, order);
  const outer = kept.map((at) => nd.shape[at]!);
  return { data, order, outer, length: count(axes.map((at) => nd.shape[at]!)) };
}

/** Return the shape of a reduction. */
export function reducedShape(shape: readonly number[], axes: readonly number[], keep: boolean): number[] {
  if (keep) return shape.map((dim, at) => (axes.includes(at) ? 1 : dim));
  return shape.filter((_, at) => !axes.includes(at));
}
