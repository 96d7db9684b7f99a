/**
 * Elementwise operators of a tail: arithmetic, comparisons, functions, casts.
 *
 * Place: rules of `tail`. Twins of `arithmetic` and `activation` in
 * `neurovoyance.verification.operators`: reals in binary64, rounded once an operator.
 */

import { broadcast, cannot, count, expanded, fitted, rounded, zeros, type Nd } from "./nd.ts";
import type { Case, RuleOf } from "./tailCase.ts";
import { isFloat, type DType } from "./tensor.ts";

/** dtypes by their ONNX codes; others have no canonical form here. */
const BY_CODE: Readonly<Record<number, DType>> = {
  1: "float32",
  2: "uint8",
  6: "int32",
  7: "int64",
  9: "bool",
  10: "float16",
  16: "bfloat16",
};

function unary(compute: (value: number) => number, allowsBool = false): RuleOf {
  return (one) => {
    const data = one.need(0);
    if (data.dtype === "bool" && !allowsBool) throw cannot(`${one.op} of bool has no rule`);
    return [rounded(data.dtype, data.shape, data.data.map(compute))];
  };
}

function real(compute: (value: number) => number): RuleOf {
  return (one) => {
    const data = one.needFloat();
    return [rounded(data.dtype, data.shape, data.data.map(compute))];
  };
}

type Pair = (left: number, right: number) => number;

function paired(left: Nd, right: Nd, dtype: DType, compute: Pair): Nd {
  const shape = broadcast(left.shape, right.shape);
  const [a, b] = [expanded(left, shape).data, expanded(right, shape).data];
  const out = zeros(dtype, shape);
  for (let at = 0; at < out.data.length; at++) out.data[at] = fitted(dtype, compute(a[at]!, b[at]!));
  return out;
}

function alike(one: Case): [Nd, Nd] {
  const [left, right] = [one.need(0), one.need(1)];
  if (left.dtype !== right.dtype) throw cannot(`${one.op} of two dtypes has no rule`);
  return [left, right];
}

function arithmetic(compute: Pair): RuleOf {
  return (one) => {
    const [left, right] = alike(one);
    if (left.dtype === "bool") throw cannot(`${one.op} of bool has no rule`);
    return [paired(left, right, left.dtype, compute)];
  };
}

function logical(compute: (left: number, right: number) => boolean): RuleOf {
  return (one) => {
    const [left, right] = alike(one);
    return [paired(left, right, "bool", (a, b) => Number(compute(a, b)))];
  };
}

function fold(compute: Pair): RuleOf {
  return (one) => {
    const [first, ...rest] = one.present() as [Nd, ...Nd[]];
    return [rest.reduce((found, next) => paired(found, next, first.dtype, compute), first)];
  };
}

function multiply(one: Case): Nd[] {
  const [left, right] = alike(one);
  if (left.dtype === "bool") throw cannot("Mul of bool has no rule");
  const compute: Pair = left.dtype === "int32" ? Math.imul : (a, b) => a * b;
  return [paired(left, right, left.dtype, compute)];
}

function divide(one: Case): Nd[] {
  const [left, right] = alike(one);
  if (left.dtype === "bool") throw cannot("Div of bool has no rule");
  if (isFloat(left.dtype)) return [paired(left, right, left.dtype, (a, b) => a / b)];
  if (right.data.includes(0)) throw cannot("it divides an integer by zero");
  return [paired(left, right, left.dtype, (a, b) => Math.trunc(a / b))];
}

function power(one: Case): Nd[] {
  const [data, exponent] = [one.needFloat(), one.need(1)];
  // IEEE 754 says 1 in both cases; JavaScript says NaN.
  const compute: Pair = (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b);
  return [paired(data, exponent, data.dtype, compute)];
}

function clip(one: Case): Nd[] {
  let result = one.need(0);
  const bound = (name: string, position: number): Nd | null => {
    if (one.opset >= 11) return one.get(position);
    if (!one.has(name)) return null;
    const { dtype } = result;
    return { dtype, shape: [], data: Float64Array.of(fitted(dtype, one.number(name, 0))) };
  };
  const [low, high] = [bound("min", 1), bound("max", 2)];
  for (const [limit, compute] of [[low, Math.max], [high, Math.min]] as const) {
    if (!limit) continue;
    if (limit.data.length !== 1 || limit.dtype !== result.dtype) throw cannot("Clip has a wrong bound");
    result = paired(result, { ...limit, shape: [] }, result.dtype, compute);
  }
  return [result];
}

function hardSigmoid(one: Case): Nd[] {
  const data = one.needFloat();
  const [alpha, beta] = [one.number("alpha", 0.2), one.number("beta", 0.5)];
  const compute = (x: number): number => Math.min(Math.max(alpha * x + beta, 0), 1);
  return [rounded(data.dtype, data.shape, data.data.map(compute))];
}

function cast(one: Case): Nd[] {
  const data = one.need(0);
  const dtype = BY_CODE[one.number("to", 0)];
  if (!dtype) throw cannot("the Cast is to a type that has no canonical form");
  if (!isFloat(data.dtype) || isFloat(dtype) || dtype === "bool") {
    return [rounded(dtype, data.shape, data.data)];
  }
  const [low, high] = RANGES[dtype]!;
  // Reals outside the range are not defined; the twin writes 0 there.
  const inside = (x: number): number => (x > low - 1 && x < high + 1 ? Math.trunc(x) : 0);
  return [rounded(dtype, data.shape, data.data.map(inside))];
}

const RANGES: Partial<Record<DType, readonly [number, number]>> = {
  uint8: [0, 255],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63],
};

function where(one: Case): Nd[] {
  const [condition, yes, no] = [one.need(0), one.need(1), one.need(2)];
  if (yes.dtype !== no.dtype) throw cannot("Where of two dtypes has no rule");
  const shape = broadcast(condition.shape, yes.shape, no.shape);
  const [c, a, b] = [condition, yes, no].map((nd) => expanded(nd, shape).data) as [
    Float64Array, Float64Array, Float64Array,
  ]; // prettier-ignore
  const data = new Float64Array(count(shape)).map((_, at) => (c[at] ? a[at]! : b[at]!));
  return [{ dtype: yes.dtype, shape, data }];
}

/** Round half to even, as numpy's `rint`. */
function rint(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

const softplus = (x: number): number => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)));

/** Rules by the name of the operator. */
export const MATH_RULES: Readonly<Record<string, RuleOf>> = {
  Abs: unary(Math.abs),
  Ceil: unary(Math.ceil),
  Floor: unary(Math.floor),
  Neg: unary((x) => -x),
  Not: unary((x) => Number(!x), true),
  Relu: unary((x) => Math.max(x, 0)),
  Round: unary(rint),
  Sign: unary((x) => Math.sign(x) + 0),
  Sqrt: real(Math.sqrt),
  Exp: real(Math.exp),
  Log: real(Math.log),
  Sigmoid: real((x) => 1 / (1 + Math.exp(-x))),
  Softplus: real(softplus),
  Tanh: real(Math.tanh),
  Add: arithmetic((a, b) => a + b),
  Sub: arithmetic((a, b) => a - b),
  Mul: multiply,
  Div: divide,
  Pow: power,
  Max: fold(Math.max),
  Min: fold(Math.min),
  Equal: logical((a, b) => a === b),
  Greater: logical((a, b) => a > b),
  GreaterOrEqual: logical((a, b) => a >= b),
  Less: logical((a, b) => a < b),
  LessOrEqual: logical((a, b) => a <= b),
  And: logical((a, b) => a !== 0 && b !== 0),
  Or: logical((a, b) => a !== 0 || b !== 0),
  Clip: clip,
  HardSigmoid: hardSigmoid,
  Cast: cast,
  Where: where,
};
