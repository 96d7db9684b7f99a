import assert from "node:assert/strict";
import { test } from "node:test";
import { quoted, waysOf } from "./elsewhere.ts";
import { SPEC_DEFAULTS, specFromJson } from "./spec.ts";

const spec = specFromJson({ ...SPEC_DEFAULTS, model_id: `0x${"ab".repeat(32)}`, input_cid: `0x01551220${"00".repeat(32)}`, job_class: "TENSOR", window_s: 600, declared_gain_wei: "1500000000000000000" });
const job = { spec, maxPriceWei: 10n ** 17n, preset: "fastest", isListing: false, client: `0x${"11".repeat(20)}`, origin: "http://127.0.0.1:1" };
const textOf = (name: string, more: Partial<typeof job> = {}): string => waysOf({ ...job, ...more }).find((way) => way.name === name)?.text ?? "";

test("an argument of a shell stays one argument", () => {
  assert.equal(quoted("a.b/c"), "a.b/c");
  assert.equal(quoted("it's $HOME"), `'it'\\''s $HOME'`);
});

test("the request holds the job as the service reads it, amounts as text", () => {
  const body = JSON.parse(/-d '(.*)'$/.exec(textOf("cURL"))?.[1] ?? "null") as Record<string, unknown>;
  assert.equal(body.max_price_wei, "100000000000000000");
  assert.equal(body.client, job.client);
  assert.equal((body.spec as Record<string, unknown>).window_s, 600);
});

test("every term of the form is in both texts that hire", () => {
  for (const part of ["--max-price 0.1 ", "--declared-gain 1.5 ", "--window 600 ", "--class TENSOR ", "--preset fastest"]) assert.ok(textOf("CLI").includes(part), part);
  for (const part of ['nvy("0.1")', 'nvy("1.5")', "window_s=600", "JobClass.TENSOR", 'preset="fastest"', 'hire="offer"']) assert.ok(textOf("Python").includes(part), part);
  assert.ok(textOf("CLI", { isListing: true }).endsWith(" --listing"));
  assert.ok(textOf("Python", { isListing: true }).includes('hire="listing"'));
});

test("nothing is left to be filled in", () => {
  for (const { text } of waysOf(job)) assert.doesNotMatch(text, /[A-Z]{3,}_[A-Z]|undefined|\.\.\./);
});
