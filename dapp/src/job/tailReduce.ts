/**
 * Operators of a tail that go along axes: sums, extremes, softmax, choices.
 *
 * Place: rules of `tail`. Twins of `reduction`, `softmax` and `selection` in
 * `neurovoyance.verification.operators`. Sums are taken in binary64.
 */

import { axisOf, cannot, inverse, permuted, reducedShape, rounded, rowsOf, zeros, type Nd } from "./nd.ts";
import type { Case, RuleOf } from "./tailCase.ts";
import { isFloat } from "./tensor.ts";

type Row = Float64Array;

function axesOf(one: Case, since: number): number[] | null {
  const rank = one.need(0).shape.length;
  const axes = one.axes(1, rank, since);
  if (axes?.length) return axes;
  if (one.number("noop_with_empty_axes", 0) && one.opset >= since) return null;
  return Array.from({ length: rank }, (_, at) => at);
}

function reduced(data: Nd, axes: readonly number[], keep: boolean, compute: (row: Row) => number): Nd {
  const rows = rowsOf(data, axes);
  const values = zeros("float32", rows.outer).data;
  for (let at = 0; at < values.length; at++) {
    values[at] = compute(rows.data.subarray(at * rows.length, (at + 1) * rows.length));
  }
  return rounded(data.dtype, reducedShape(data.shape, axes, keep), values);
}

function reduction(compute: (row: Row) => number, since: number, allowsIntegers: boolean): RuleOf {
  return (one) => {
    const data = one.need(0);
    const axes = axesOf(one, since);
    if (axes === null) throw cannot("a reduction over no axes has no rule");
    if (!isFloat(data.dtype) && (!allowsIntegers || data.dtype === "bool")) {
      throw cannot(`${one.op} of ${data.dtype} has no rule`);
    }
    return [reduced(data, axes, Boolean(one.number("keepdims", 1)), compute)];
  };
}

function extreme(compute: (a: number, b: number) => number): RuleOf {
  const along = (row: Row): number => {
    if (!row.length) throw cannot("an empty tensor has no extreme");
    return row.reduce((found, value) => compute(found, value));
  };
  return (one) => {
    const data = one.need(0);
    const axes = axesOf(one, 18);
    return [axes === null ? data : reduced(data, axes, Boolean(one.number("keepdims", 1)), along)];
  };
}

const sum = (row: Row): number => row.reduce((total, value) => total + value, 0);
const largest = (row: Row): number => row.reduce((found, value) => Math.max(found, value), -Infinity);

function softmax(isLog: boolean): RuleOf {
  return (one) => {
    const data = one.needFloat();
    const rank = data.shape.length;
    const rows = rowsOf(data, softmaxAxes(one, rank));
    const out = new Float64Array(rows.data.length);
    for (let at = 0; rows.length && at < out.length; at += rows.length) {
      const row = rows.data.subarray(at, at + rows.length);
      const top = largest(row);
      const shifted = row.map((value) => value - top);
      const total = shifted.reduce((whole, value) => whole + Math.exp(value), 0);
      out.set(shifted.map((value) => (isLog ? value - Math.log(total) : Math.exp(value) / total)), at);
    }
    const moved = { ...data, shape: rows.order.map((axis) => data.shape[axis]!), data: out };
    const back = permuted(moved, inverse(rows.order));
    return [rounded(data.dtype, data.shape, back.data)];
  };
}

/** Up to opset 12 the tensor is a matrix at `axis` (default 1), then one axis (default the last). */
function softmaxAxes(one: Case, rank: number): number[] {
  if (one.opset >= 13) return [axisOf(one.number("axis", -1), rank)].slice(0, rank);
  const given = one.number("axis", 1);
  const first = given < 0 ? given + rank : given;
  return Array.from({ length: Math.max(0, rank - first) }, (_, at) => first + at);
}

function ordered(data: Nd): Nd {
  if (data.data.some(Number.isNaN)) throw cannot("no order is defined among tensors that hold NaN");
  return data;
}

function chosen(isBetter: (value: number, found: number) => boolean): RuleOf {
  return (one) => {
    const data = ordered(one.need(0));
    const axis = axisOf(one.number("axis", 0), data.shape.length);
    const takesLast = Boolean(one.number("select_last_index", 0));
    const pick = (row: Row): number => {
      if (!row.length) throw cannot("an empty tensor has no extreme");
      let best = 0;
      for (let at = 1; at < row.length; at++) {
        if (isBetter(row[at]!, row[best]!) || (takesLast && row[at] === row[best])) best = at;
      }
      return best;
    };
    const source: Nd = { ...data, dtype: "int64" };
    const axes = data.shape.length ? [axis] : [];
    return [reduced(source, axes, Boolean(one.number("keepdims", 1)), pick)];
  };
}

function topK(one: Case): Nd[] {
  const data = ordered(one.need(0));
  if (!one.number("sorted", 1)) throw cannot("TopK in no order may give any order");
  const listed = one.opset >= 10 ? one.ints(1) : [one.number("k", 0)];
  const [axis, k] = [axisOf(one.number("axis", -1), data.shape.length), listed?.[0] ?? 0];
  if (!data.shape.length || k < 0 || k > data.shape[axis]!) {
    throw cannot("TopK asks for more elements than there are");
  }
  const sign = one.number("largest", 1) ? -1 : 1;
  const rows = rowsOf(data, [axis]);
  const shape = [...rows.outer, k];
  const [values, indices] = [zeros(data.dtype, shape), zeros("int64", shape)];
  const total = rows.outer.reduce((product, dim) => product * dim, 1);
  for (let at = 0; at < total; at++) {
    const row = rows.data.subarray(at * rows.length, (at + 1) * rows.length);
    const order = [...row.keys()].sort((a, b) => sign * (row[a]! - row[b]!) || a - b).slice(0, k);
    indices.data.set(order, at * k);
    values.data.set(order.map((index) => row[index]!), at * k);
  }
  return [values, indices].map((nd) => permuted(nd, inverse(rows.order)));
}

/** Rules by the name of the operator. */
export const REDUCE_RULES: Readonly<Record<string, RuleOf>> = {
  ArgMax: chosen((value, found) => value > found),
  ArgMin: chosen((value, found) => value < found),
  LogSoftmax: softmax(true),
  ReduceL2: reduction((row) => Math.sqrt(sum(row.map((value) => value * value))), 18, false),
  ReduceMax: extreme(Math.max),
  ReduceMean: reduction((row) => sum(row) / row.length, 18, false),
  ReduceMin: extreme(Math.min),
  ReduceSum: reduction(sum, 13, true),
  Softmax: softmax(false),
  TopK: topK,
};
