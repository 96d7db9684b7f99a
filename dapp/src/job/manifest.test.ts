import assert from "node:assert/strict";
import { test } from "node:test";
import { keccak256 } from "viem/utils";
import { bytesOf, utf8 } from "./bytes.ts";
import { JobError } from "./errors.ts";
import { batchOf, encodeInputs, inputFaults } from "./inputs.ts";
import { canonicalJson } from "./jcs.ts";
import { allows, committedTensors, encodeManifest, parseManifest } from "./manifest.ts";
import { readOnnxHeader } from "./onnx.ts";
import { draftModel } from "./publish.ts";
import { readSafetensors } from "./safetensors.ts";
import { decodeTerms, encodeTerms, NO_TERMS, poolName, tauSqOf, tauText } from "./terms.ts";
import { tensorOf, type Tensor } from "./tensor.ts";
import { made } from "./testing.ts";
import { encodeVarint } from "./varint.ts";

const TWIN = made("manifests");
const MANIFEST = parseManifest(utf8(TWIN.raw), TWIN.model_id);

test("a manifest is the bytes of its id", () => {
  assert.equal(encodeManifest(JSON.parse(TWIN.raw)).modelId, TWIN.model_id);
  assert.deepEqual(committedTensors(MANIFEST).map((one) => one.name), ["logits", "kept"]);
  assert.ok(allows(MANIFEST, "TENSOR") && allows(MANIFEST, "EXACT"));
  assert.ok(!allows(MANIFEST, "TRAINING"));
  const other = `0x${"11".repeat(32)}` as const;
  assert.throws(() => parseManifest(utf8(TWIN.raw), other), /not the one that the model id names/);
  const spaced = utf8(TWIN.raw.replace(",", ", "));
  assert.throws(() => parseManifest(spaced, keccak256(spaced)), /canonical form/);
});

test("manifests of another form are refused", () => {
  const changes: [string, (json: any) => void][] = [
    ["unknown member", (json) => (json.colour = "red")],
    ["missing member", (json) => delete json.name],
    ["other tolerance", (json) => (json.certificate.tau = "2.6e-5")],
    ["other rows", (json) => (json.certificate.verify[0].row = "5")],
    ["terms without certificate", (json) => (json.certificate = null)],
    ["number", (json) => (json.opset = 17)],
    ["dtype", (json) => (json.inputs[0].dtype = "float64")],
    ["no input", (json) => (json.inputs = [])],
    ["attribute", (json) => (json.certificate.tail[0].attributes.axis = 1)],
    ["format", (json) => (json.format = "pickle")],
  ];
  for (const [why, change] of changes) {
    const json = JSON.parse(TWIN.raw);
    change(json);
    const raw = utf8(canonicalJson(json));
    assert.throws(() => parseManifest(raw, keccak256(raw)), { code: "spec" }, why);
  }
  for (const text of ["null", "[]", "{"]) {
    assert.throws(() => parseManifest(utf8(text), keccak256(utf8(text))), { code: "spec" });
  }
});

test("terms and tolerances are those of the contracts", () => {
  assert.equal(encodeTerms(MANIFEST.terms), MANIFEST.$terms);
  assert.equal(decodeTerms(NO_TERMS).rows, 0);
  for (const [tau, square] of TWIN.taus) assert.equal(tauSqOf(tau), BigInt(square), tau);
  for (const tau of TWIN.refused_taus) assert.throws(() => tauSqOf(tau), { code: "spec" });
  assert.throws(() => tauSqOf("0.1"), { code: "spec" });
  assert.equal(tauText(MANIFEST.terms.tauSq), "0.0025 %");
  assert.equal(tauText(0n), "none");
  assert.equal(poolName(MANIFEST.terms.tensorPool), "cpu");
  assert.equal(poolName(MANIFEST.terms.exactPool), "numeric class 00010203");
});

test("canonical JSON sorts names and refuses what JavaScript would round", () => {
  assert.equal(canonicalJson({ b: [1, null, true], a: "é\n", "￿": 1, "😀": -0 }), '{"a":"é\\n","b":[1,null,true],"😀":0,"￿":1}');
  for (const value of [0.5, NaN, 2 ** 53, undefined, () => 1, "\ud800"]) {
    assert.throws(() => canonicalJson({ value }), JobError);
  }
});

test("inputs are held against the manifest, every fault at once", () => {
  const good = new Map([["x", tensorOf("float32", [2, 3], [1, 2, 3, 4, 5, 6])]]);
  assert.deepEqual(inputFaults(MANIFEST, good), []);
  assert.equal(batchOf(MANIFEST, good), 2);
  assert.deepEqual([...readSafetensors(encodeInputs(MANIFEST, good)).keys()], ["x"]);
  const faults = (name: string, tensor: Tensor): string[] =>
    inputFaults(MANIFEST, new Map([[name, tensor]])).map((fault) => fault.message);
  assert.deepEqual(faults("z", good.get("x")!), [
    "'z' is no input of the model.",
    "Input 'x' is missing.",
  ]);
  assert.match(faults("x", tensorOf("int32", [2, 4], Array(8).fill(0))).join(" "), /is int32, not float32.*\[2, 4\], not \[batch, 3\]/);
  assert.match(faults("x", tensorOf("float32", [3], [1, 2, 3]))[0]!, /has 1 dimensions, not 2/);
  assert.match(faults("x", tensorOf("float32", [0, 3], []))[0]!, /is empty/);
  assert.throws(() => encodeInputs(MANIFEST, new Map()), { code: "spec.input" });
});

test("ONNX files say what the Python client reads", async () => {
  for (const one of made("onnx")) {
    const file = new File([bytesOf(one.file)], "tiny.onnx");
    if (one.inputs === undefined) {
      const found = await readOnnxHeader(file).then(() => "", (error: Error) => error.message);
      assert.match(found, /^The model file .*; nothing was published\.$/);
      if (one.refused) assert.equal(found.replaceAll("'", ""), one.refused.replaceAll("'", ""));
      continue;
    }
    const header = await readOnnxHeader(file);
    assert.deepEqual(header.inputs, one.inputs);
    assert.deepEqual(header.outputs, one.outputs);
    assert.deepEqual([header.opset, header.irVersion], [one.opset, one.ir_version]);
    assert.deepEqual(header.externalFiles, one.external);
    if (one.external.length) await assert.rejects(draftModel(file), { code: "spec.model" });
    else assert.equal((await draftModel(file)).modelId, one.model_id);
  }
});

test("weights of a large model are skipped, not read", async () => {
  const [{ file }] = made("onnx");
  // A document string of 8 MiB, a field that nobody reads, stands for weights.
  const size = 8 << 20;
  const head = Uint8Array.from([6 << 3 | 2, ...encodeVarint(size)]);
  const blob = new File([head, new Uint8Array(size), bytesOf(file)], "x.onnx");
  const slice = blob.slice.bind(blob);
  let read = 0;
  blob.slice = (start?: number, end?: number) => {
    read += Math.min(end!, blob.size) - start!;
    return slice(start, end);
  };
  assert.equal((await readOnnxHeader(blob)).opset, 17);
  assert.ok(read < 200_000, `${read} bytes were read`);
});
