/**
 * The tail of a model: from the verify tensors to the graph outputs, computed in the page.
 *
 * Place: after a certified result was checked. Twin of `neurovoyance.verification.tail`: reals in
 * binary64, rounded once an operator; results equal the twin's, but for the last bit of functions
 * that no standard defines to the bit. Never: an operator that a tail may not hold.
 */

import { JobError, shown } from "./errors.ts";
import type { TailNode } from "./manifest.ts";
import { limited, ndOf, rounded, toTensor, cannot, count, type Nd } from "./nd.ts";
import { Case, type Attribute, type RuleOf } from "./tailCase.ts";
import { MATH_RULES } from "./tailMath.ts";
import { REDUCE_RULES } from "./tailReduce.ts";
import { SHAPE_RULES } from "./tailShape.ts";
import { DTYPES, isFloat, type DType, type Tensor } from "./tensor.ts";

const RULES: Readonly<Record<string, RuleOf>> = { ...MATH_RULES, ...REDUCE_RULES, ...SHAPE_RULES };
/** Every operator that a tail may hold; the same set as the Python client's. */
export const TAIL_OPERATORS: readonly string[] = ["Constant", ...Object.keys(RULES)].sort();
const OPSET_MIN = 7;
const OPSET_MAX = 21;

const INT = new Set([
  "axis", "keepdims", "to", "largest", "sorted", "select_last_index", "allowzero", "start", "end",
  "noop_with_empty_axes", "k", "fmod", "num_outputs",
]); // prettier-ignore
const INTS = new Set(["axes", "perm", "starts", "ends", "split"]);
const REAL = new Set(["alpha", "beta", "min", "max"]);

/**
 * Return the graph outputs that follow from the verify tensors, in order.
 *
 * @param tail as the certificate lists it.
 * @param verify revealed verify tensors by name.
 * @param outputs names of the graph outputs.
 * @throws JobError `spec`: an operator that a tail may not hold, a value used before it is defined
 *   or defined twice, an output that nothing defines. `verification`: tensors do not fit.
 */
export function evaluateTail(
  tail: readonly TailNode[],
  verify: ReadonlyMap<string, Tensor>,
  outputs: readonly string[],
  opset: number,
): Map<string, Tensor> {
  const found = new Map<string, Nd>();
  const defined = new Set(verify.keys());
  const valueOf = (name: string): Nd => {
    let value = found.get(name);
    if (!value) found.set(name, (value = ndOf(verify.get(name)!)));
    return value;
  };
  for (const node of tail) {
    const twice = node.outputs.find((name) => name && defined.has(name));
    if (twice !== undefined) throw wrong(node, `defines ${shown(twice)} a second time`);
    const missing = node.inputs.find((name) => name && !defined.has(name));
    if (missing !== undefined) throw wrong(node, `uses ${shown(missing)} before anything defines it`);
    const results = computed(node, valueOf, opset);
    for (const [at, name] of node.outputs.entries()) {
      const value = results[at];
      if (!name || !value) continue;
      found.set(name, value);
      defined.add(name);
    }
  }
  const absent = outputs.find((name) => !defined.has(name));
  if (absent !== undefined) {
    throw new JobError("spec", `The tail does not define the output ${shown(absent)}.`);
  }
  const tensors = outputs.map((name) => verify.get(name) ?? toTensor(valueOf(name)));
  return new Map(outputs.map((name, at) => [name, tensors[at]!]));
}

function computed(node: TailNode, valueOf: (name: string) => Nd, opset: number): Nd[] {
  if (opset < OPSET_MIN || opset > OPSET_MAX) throw wrong(node, `has no rule in opset ${opset}`);
  if (node.op === "Constant") return [constant(node)];
  const rule = Object.hasOwn(RULES, node.op) ? RULES[node.op] : undefined;
  if (!rule) throw wrong(node, "is no operator that a tail may hold");
  const attributes = new Map(
    Object.entries(node.attributes).map(([name, text]) => [name, attribute(node, name, text)]),
  );
  const inputs = node.inputs.map((name) => (name ? valueOf(name) : null));
  return rule(new Case(node.op, inputs, node.outputs.length, opset, attributes));
}

function attribute(node: TailNode, name: string, text: string | readonly string[]): Attribute {
  if (typeof text === "string") {
    if (INT.has(name)) return integer(node, text);
    if (REAL.has(name)) return real(node, text);
    if (name === "mode") return text;
  } else {
    if (INTS.has(name)) return text.map((one) => integer(node, one));
    if (name === "value" && text.length === 2) return array(node, text[0]!, [1], text.slice(1));
  }
  throw wrong(node, `holds the attribute ${shown(name)} in a form that no tail has`);
}

function constant(node: TailNode): Nd {
  const { dtype, shape, values } = node.attributes;
  if (typeof dtype !== "string" || !Array.isArray(shape) || !Array.isArray(values)) {
    throw wrong(node, "needs dtype, shape and values");
  }
  return array(node, dtype, shape.map((dim) => integer(node, dim)), values);
}

function array(node: TailNode, dtype: string, shape: number[], values: readonly string[]): Nd {
  if (!(DTYPES as readonly string[]).includes(dtype)) throw wrong(node, "is of an unknown type");
  const size = limited(shape);
  if (count(size) !== values.length) throw wrong(node, "holds values that do not fit its shape");
  const read = isFloat(dtype as DType) ? real : integer;
  const data = Float64Array.from(values, (one) => read(node, one));
  if (dtype === "int64") return { dtype, shape: size, data };
  const fits = rounded(dtype as DType, size, data);
  if (!isFloat(dtype as DType) && dtype !== "bool" && fits.data.some((one, at) => one !== data[at])) {
    throw wrong(node, "holds values that do not fit its type");
  }
  return fits;
}

function integer(node: TailNode, text: string): number {
  if (!/^-?[0-9]{1,19}$/.test(text)) throw wrong(node, "holds another text where an integer belongs");
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  // What exporters write for "to the end"; infinite here, so that it clamps and cannot be an output.
  if (text === "9223372036854775807") return Infinity;
  if (text === "-9223372036854775808") return -Infinity;
  throw cannot("an integer exceeds what this page computes with");
}

function real(node: TailNode, text: string): number {
  const named: Readonly<Record<string, number>> = { inf: Infinity, "-inf": -Infinity, nan: NaN };
  if (Object.hasOwn(named, text)) return named[text]!;
  if (/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(text)) return Number(text);
  throw wrong(node, "holds another text where a number belongs");
}

function wrong(node: TailNode, problem: string): JobError {
  return new JobError(
    "spec",
    `The tail's ${shown(node.op)} ${problem}; no output was computed.`,
    "The certificate is wrong; nobody can use the model's outputs.",
  );
}
