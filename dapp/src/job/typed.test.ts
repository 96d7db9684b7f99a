import assert from "node:assert/strict";
import { test } from "node:test";
import { SPEC_DEFAULTS, specFromJson, specToJson } from "./spec.ts";
import { typedSpec } from "./typed.ts";

const ID = `0x${"ab".repeat(32)}`;
const CID = `0x01551220${"00".repeat(32)}`;
const current = specFromJson({ ...SPEC_DEFAULTS, model_id: ID, input_cid: CID, job_class: "TENSOR", batch: 3 });
const changed = (change: object): string => JSON.stringify({ ...specToJson(current), ...change });
const typed = (change: object) => typedSpec(changed(change), current);

test("what the form can hold is taken over, with defaults for what is left out", () => {
  assert.deepEqual(typed({ max_runtime_s: 7 }), { ...current, maxRuntimeS: 7 });
  const short = typedSpec(JSON.stringify({ model_id: ID, input_cid: CID }), undefined);
  assert.deepEqual(short, specFromJson({ ...SPEC_DEFAULTS, model_id: ID, input_cid: CID }));
  assert.deepEqual(typed({ job_class: 1 }), current, "a class by its number is the same class");
});

test("what the form cannot hold is refused by name, and never dropped", () => {
  for (const [change, field] of [
    [{ window_s: 1_230 }, "window_s"],
    [{ seed: `0x${"01".repeat(32)}` }, "seed"],
    [{ client_key: `0x${"01".repeat(32)}` }, "client_key"],
    [{ job_class: "EXACT" }, "job_class"],
    [{ batch: 4 }, "batch"],
  ] as const) {
    const said = typed(change);
    assert.equal(typeof said, "string");
    assert.ok((said as string).startsWith(field), String(said));
  }
});

test("another model or input brings its own class and batch", () => {
  assert.notEqual(typeof typed({ model_id: `0x${"cd".repeat(32)}`, job_class: "EXACT" }), "string");
  assert.notEqual(typeof typed({ input_cid: `${CID.slice(0, -2)}01`, batch: 9 }), "string");
  assert.notEqual(typeof typedSpec(changed({ job_class: "EXACT", batch: 9 }), undefined), "string");
});

test("what is no spec is said to be none", () => {
  assert.equal(typedSpec("{", current), "This is not JSON yet.");
  assert.match(String(typed({ window_s: 5 })), /challenge window/);
});
