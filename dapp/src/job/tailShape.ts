/**
 * Operators of a tail that only move or make data.
 *
 * Place: rules of `tail`. Twins of `movement` and `indexing` in `neurovoyance.verification.operators`.
 */

import { axisOf, broadcast, cannot, count, expanded, limited, permuted, take, zeros, type Nd } from "./nd.ts";
import type { Case, RuleOf } from "./tailCase.ts";

function reshaped(nd: Nd, shape: readonly number[]): Nd {
  const open = shape.indexOf(-1);
  const known = shape.filter((dim) => dim !== -1);
  let full = [...shape];
  if (open >= 0) {
    const size = nd.data.length / count(known);
    if (known.length !== shape.length - 1 || !Number.isInteger(size)) throw cannot("the shape does not fit");
    full = shape.map((dim, at) => (at === open ? size : dim));
  }
  if (full.some((dim) => dim < 0) || count(full) !== nd.data.length) throw cannot("the shape does not fit");
  return { ...nd, shape: full };
}

function reshape(one: Case): Nd[] {
  const data = one.need(0);
  const shape = one.ints(1);
  if (!shape) throw cannot("Reshape names no shape");
  if (one.number("allowzero", 0)) return [reshaped(data, shape)];
  if (shape.some((dim, at) => dim === 0 && at >= data.shape.length)) throw cannot("the shape does not fit");
  return [reshaped(data, shape.map((dim, at) => (dim === 0 ? data.shape[at]! : dim)))];
}

function flatten(one: Case): Nd[] {
  const data = one.need(0);
  const given = one.number("axis", 1);
  const axis = given < 0 ? given + data.shape.length : given;
  if (axis < 0 || axis > data.shape.length) throw cannot("the axis of Flatten does not exist");
  const head = count(data.shape.slice(0, axis));
  return [{ ...data, shape: [head, count(data.shape.slice(axis))] }];
}

function transpose(one: Case): Nd[] {
  const data = one.need(0);
  const rank = data.shape.length;
  const order = one.list("perm")?.map((axis) => axisOf(axis, rank)) ?? data.shape.map((_, at) => rank - 1 - at);
  if (order.length !== rank || new Set(order).size !== rank) throw cannot("perm is no order of the axes");
  return [permuted(data, order)];
}

function concat(one: Case): Nd[] {
  const parts = one.present();
  const [first] = parts as [Nd];
  const axis = axisOf(one.number("axis", 0), first.shape.length);
  const fits = (nd: Nd): boolean =>
    nd.shape.length === first.shape.length &&
    nd.shape.every((dim, at) => at === axis || dim === first.shape[at]);
  if (!first.shape.length || !parts.every(fits)) throw cannot("the parts of Concat do not fit");
  const total = parts.reduce((sum, nd) => sum + nd.shape[axis]!, 0);
  const out = zeros(first.dtype, first.shape.map((dim, at) => (at === axis ? total : dim)));
  const inner = count(first.shape.slice(axis + 1));
  const outer = count(first.shape.slice(0, axis));
  for (let block = 0, to = 0; block < outer; block++) {
    for (const nd of parts) {
      const size = nd.shape[axis]! * inner;
      out.data.set(nd.data.subarray(block * size, (block + 1) * size), to);
      to += size;
    }
  }
  return [out];
}

function range(start: number, length: number, step = 1): number[] {
  return Array.from({ length }, (_, at) => start + at * step);
}

function split(one: Case): Nd[] {
  const data = one.need(0);
  const axis = axisOf(one.number("axis", 0), data.shape.length);
  const size = data.shape[axis]!;
  const listed = one.opset >= 13 ? one.ints(1) : one.list("split");
  const each = Math.ceil(size / one.outputs);
  const sizes = listed ?? range(0, one.outputs).map((at) => Math.max(0, Math.min(each, size - each * at)));
  if (sizes.some((part) => part < 0) || sizes.reduce((sum, part) => sum + part, 0) !== size) {
    throw cannot("the parts of Split do not add up");
  }
  let at = 0;
  return sizes.map((part) => {
    at += part;
    return take(data, axis, range(at - part, part));
  });
}

function squeeze(one: Case): Nd[] {
  const data = one.need(0);
  const axes = one.axes(1, data.shape.length, 13) ?? range(0, data.shape.length).filter((at) => data.shape[at] === 1);
  if (axes.some((axis) => data.shape[axis] !== 1)) throw cannot("Squeeze of an axis that is not 1");
  return [{ ...data, shape: data.shape.filter((_, at) => !axes.includes(at)) }];
}

function unsqueeze(one: Case): Nd[] {
  const data = one.need(0);
  const listed = (one.opset >= 13 ? one.ints(1) : one.list("axes")) ?? [];
  const rank = data.shape.length + listed.length;
  const axes = listed.map((axis) => axisOf(axis, rank));
  if (new Set(axes).size !== axes.length) throw cannot("an axis is named twice");
  const rest = [...data.shape];
  return [{ ...data, shape: range(0, rank).map((at) => (axes.includes(at) ? 1 : rest.shift()!)) }];
}

function expand(one: Case): Nd[] {
  const data = one.need(0);
  return [expanded(data, limited(broadcast(data.shape, limited(one.ints(1) ?? []))))];
}

function tile(one: Case): Nd[] {
  const data = one.need(0);
  const repeats = one.ints(1) ?? [];
  if (repeats.length !== data.shape.length) throw cannot("Tile names another number of repeats than axes");
  limited(data.shape.map((dim, at) => dim * repeats[at]!));
  const along = (nd: Nd, times: number, axis: number): Nd =>
    take(nd, axis, range(0, nd.shape[axis]! * times).map((at) => at % nd.shape[axis]!));
  return [repeats.reduce(along, data)];
}

function shapeOf(one: Case): Nd[] {
  const { shape } = one.need(0);
  const cut = one.opset >= 15 ? shape.slice(one.number("start", 0), one.number("end", shape.length)) : shape;
  return [{ dtype: "int64", shape: [cut.length], data: Float64Array.from(cut) }];
}

function constantOfShape(one: Case): Nd[] {
  const value = one.array("value");
  const out = zeros(value?.dtype ?? "float32", one.ints(0) ?? []);
  out.data.fill(value?.data[0] ?? 0);
  return [out];
}

function slice(one: Case): Nd[] {
  const data = one.need(0);
  const isNew = one.opset >= 10;
  const starts = (isNew ? one.ints(1) : one.list("starts")) ?? [];
  const ends = (isNew ? one.ints(2) : one.list("ends")) ?? [];
  const axes = (isNew ? one.ints(3) : one.list("axes")) ?? range(0, starts.length);
  const steps = (isNew ? one.ints(4) : null) ?? starts.map(() => 1);
  if ([ends, axes, steps].some((list) => list.length !== starts.length)) {
    throw cannot("Slice lists different numbers of bounds");
  }
  const cut = (nd: Nd, start: number, at: number): Nd => {
    const axis = axisOf(axes[at]!, data.shape.length);
    // The last of two cuts of one axis counts, as in the twin, so each cuts the tensor itself.
    if (axes.slice(at + 1).some((other) => axisOf(other, data.shape.length) === axis)) return nd;
    return take(nd, axis, positions(start, ends[at]!, steps[at]!, data.shape[axis]!));
  };
  return [starts.reduce(cut, data)];
}

/** Return the positions of an ONNX slice: bounds are clamped. */
function positions(start: number, end: number, step: number, size: number): number[] {
  if (step === 0) throw cannot("the step of Slice is zero");
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (at: number, least: number): number => Math.min(Math.max(at < 0 ? at + size : at, least), high);
  const [from, to] = [clamp(start, 0), clamp(end, low)];
  const length = size ? Math.max(0, Math.ceil((to - from) / step)) : 0;
  return range(from, length, step);
}

function indices(one: Case, size: number): Float64Array {
  const { data, dtype } = one.need(1);
  if (dtype.includes("float")) throw cannot("indices are not whole numbers");
  if (data.some((at) => at < -size || at >= size)) throw cannot("an index is outside the tensor");
  return data.map((at) => (at < 0 ? at + size : at));
}

function gather(one: Case): Nd[] {
  const data = one.need(0);
  const axis = axisOf(one.number("axis", 0), data.shape.length);
  if (!data.shape.length) throw cannot("Gather from a scalar has no rule");
  const found = take(data, axis, indices(one, data.shape[axis]!));
  const shape = [...data.shape.slice(0, axis), ...one.need(1).shape, ...data.shape.slice(axis + 1)];
  return [{ ...found, shape }];
}

function gatherElements(one: Case): Nd[] {
  const [data, { shape }] = [one.need(0), one.need(1)];
  const axis = axisOf(one.number("axis", 0), data.shape.length);
  const isInside = shape.every((dim, at) => at === axis || dim <= data.shape[at]!);
  if (shape.length !== data.shape.length || !isInside) throw cannot("an index is outside the tensor");
  const along = indices(one, data.shape[axis]!);
  const out = zeros(data.dtype, shape);
  for (let to = 0; to < out.data.length; to++) {
    let [rest, from, step] = [to, 0, 1];
    for (let at = shape.length - 1; at >= 0; at--) {
      const here = rest % shape[at]!;
      rest = (rest - here) / shape[at]!;
      from += (at === axis ? along[to]! : here) * step;
      step *= data.shape[at]!;
    }
    out.data[to] = data.data[from]!;
  }
  return [out];
}

function dropout(one: Case): Nd[] {
  if (one.get(2)?.data[0]) throw cannot("Dropout in training mode draws random numbers");
  const data = one.need(0);
  const mask: Nd = { dtype: "bool", shape: data.shape, data: new Float64Array(data.data.length).fill(1) };
  return [data, mask];
}

/** Rules by the name of the operator. */
export const SHAPE_RULES: Readonly<Record<string, RuleOf>> = {
  Concat: concat,
  ConstantOfShape: constantOfShape,
  Dropout: dropout,
  Expand: expand,
  Flatten: flatten,
  Gather: gather,
  GatherElements: gatherElements,
  Identity: (one) => [one.need(0)],
  Reshape: reshape,
  Shape: shapeOf,
  Slice: slice,
  Split: split,
  Squeeze: squeeze,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};
