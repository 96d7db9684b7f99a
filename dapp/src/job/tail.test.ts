import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, hexOf } from "./bytes.ts";
import { JobError } from "./errors.ts";
import { evaluateTail, TAIL_OPERATORS } from "./tail.ts";
import { isFloat, numbersOf, type Tensor } from "./tensor.ts";
import { made } from "./testing.ts";

const CASES = made("tails");
/** Functions that no standard defines to the bit, with what rests on them. */
const LOOSE = new Set([
  "Exp", "Log", "Sigmoid", "Softplus", "Tanh", "Pow", "Softmax", "LogSoftmax", "ReduceSum",
  "ReduceMean", "ReduceL2",
]); // prettier-ignore

function unpacked([dtype, shape, bytes]: [Tensor["dtype"], number[], string]): Tensor {
  return { dtype, shape, bytes: bytesOf(bytes) };
}

/** Return whether two words of a float tensor are neighbours or equal; NaN equals NaN. */
function isNear(left: Tensor, right: Tensor, isLoose: boolean): boolean {
  const slack = { float32: 2 ** -22, float16: 2 ** -9, bfloat16: 2 ** -6 }[left.dtype as "float32"];
  const [a, b] = [numbersOf(left), numbersOf(right)];
  return a.every((x, at) => {
    const y = b[at]!;
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) return true;
    return isLoose && Math.abs(x - y) <= slack * Math.abs(x) + 1e-40;
  });
}

test("the operators are those of the Python client", () => {
  assert.deepEqual([...TAIL_OPERATORS], made("tail_operators"));
  const covered = new Set(CASES.flatMap((one: any) => one.tail.map((node: any) => node.op)));
  for (const op of TAIL_OPERATORS) assert.ok(covered.has(op), op);
});

test("outputs are what the Python client computes", () => {
  let compared = 0;
  for (const { tail, verify, outputs, opset, found, refused } of CASES) {
    const tensors = new Map(Object.entries(verify).map(([name, one]) => [name, unpacked(one as any)]));
    const what = `${JSON.stringify(tail).slice(0, 300)} opset ${opset}`;
    if (refused) {
      assert.throws(() => evaluateTail(tail, tensors, outputs, opset), JobError, what);
      continue;
    }
    const results = evaluateTail(tail, tensors, outputs, opset);
    assert.deepEqual([...results.keys()], outputs);
    for (const [at, name] of outputs.entries()) {
      const [mine, twin] = [results.get(name)!, unpacked(found[at])];
      assert.deepEqual([mine.dtype, mine.shape], [twin.dtype, twin.shape], what);
      const isLoose = LOOSE.has(tail.at(-1).op) || outputs.length > 1;
      if (isFloat(twin.dtype)) assert.ok(isNear(twin, mine, isLoose), `${what} ${numbersOf(mine)}`);
      else assert.equal(hexOf(mine.bytes), hexOf(twin.bytes), what);
      compared += 1;
    }
  }
  assert.ok(compared > 200);
});

test("a verify tensor that is an output stays as it is", () => {
  const tensor: Tensor = { dtype: "int64", shape: [1], bytes: bytesOf("ffffffffffffff7f") };
  assert.equal(evaluateTail([], new Map([["x", tensor]]), ["x"], 17).get("x"), tensor);
});

test("integers beyond what a page computes with are refused, not rounded", () => {
  const tensor: Tensor = { dtype: "int64", shape: [1], bytes: bytesOf("ffffffffffffff7f") };
  const node = { op: "Neg", inputs: ["x"], outputs: ["y"], attributes: {} };
  const run = (): unknown => evaluateTail([node], new Map([["x", tensor]]), ["y"], 17);
  assert.throws(run, { code: "verification" });
});
