import assert from "node:assert/strict";
import { test } from "node:test";
import { JobError } from "./errors.ts";
import { jobIdOf, specFaults, specFromJson, specFromText, specHash, specToJson } from "./spec.ts";
import { vectors } from "./testing.ts";

const JOBS = vectors("job").jobs;

test("hashes and ids are those of the contracts", () => {
  for (const job of JOBS) {
    const spec = specFromJson(job.spec);
    assert.deepEqual({ ...specToJson(spec) }, job.spec);
    assert.equal(specHash(spec), job.spec_hash);
    const id = jobIdOf(BigInt(job.chain_id), job.market, job.client, job.salt, job.spec_hash);
    assert.equal(id, job.job_id);
  }
});

test("an event's spec, with a number for the class, is the same spec", () => {
  const { spec } = JOBS[1];
  assert.equal(specHash(specFromJson({ ...spec, job_class: 3 })), JOBS[1].spec_hash);
});

test("every field out of range is named in a sentence", () => {
  const bad: Record<string, unknown> = {
    model_id: "0x12",
    input_cid: "0x010203",
    job_class: "FAST",
    batch: 0,
    seed: null,
    declared_gain_wei: (2n ** 96n).toString(),
    max_runtime_s: 14_401,
    window_s: 599.5,
    client_key: `0x${"g".repeat(64)}`,
    audit_slots: 9,
    colour: "red",
  };
  for (const [field, value] of Object.entries(bad)) {
    const faults = specFaults({ ...JOBS[0].spec, [field]: value });
    assert.deepEqual(faults.map((fault) => fault.field), [field]);
    assert.match(faults[0]!.message, /^[A-Z].*\.$/);
  }
  assert.equal(specFaults(bad).length, Object.keys(bad).length);
  for (const value of [null, 7, "x", []]) assert.equal(specFaults(value)[0]!.field, "spec");
});

test("text of an untrusted source is bounded and has to be JSON", () => {
  assert.equal(specHash(specFromText(JSON.stringify(JOBS[0].spec))), JOBS[0].spec_hash);
  assert.throws(() => specFromText("{"), JobError);
  assert.throws(() => specFromText(" ".repeat(16_385)), /16,384 is the most/);
});
