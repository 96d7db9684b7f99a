import assert from "node:assert/strict";
import { test } from "node:test";
import { type Facts, checksOf, worst } from "./health.ts";

const WELL: Facts = {
  isRegistered: true,
  endpoint: "http://127.0.0.1:8420",
  node: { isUp: true, reason: null, isPaused: false, isDraining: false, failedTurns: 0 },
  offerExpiresS: 1_100,
  ownWei: 10n,
  lockedWei: 1n,
  minimumWei: 5n,
  operatorGasWei: 10n ** 18n,
  jobs: { settled: 3, failed: 0, missed: 0, slashes: 0 },
};
const verdictOf = (key: string, change: Partial<Facts>): string | undefined => checksOf({ ...WELL, ...change }, 1_000).find((check) => check.key === key)?.verdict;

test("a provider with everything in order is well", () => {
  assert.equal(worst(checksOf(WELL, 1_000)), "good");
});

test("each fact turns its own line, and the worst decides", () => {
  assert.equal(verdictOf("registered", { isRegistered: false }), "bad");
  assert.equal(verdictOf("endpoint", { endpoint: "" }), "bad");
  assert.equal(verdictOf("node", { node: { ...WELL.node!, isPaused: true } }), "warn");
  assert.equal(verdictOf("node", { node: { ...WELL.node!, isUp: false } }), "bad");
  assert.equal(verdictOf("offer", { offerExpiresS: 1_000 }), "warn");
  assert.equal(verdictOf("stake", { ownWei: 4n }), "bad");
  assert.equal(verdictOf("stake", { lockedWei: 10n }), "warn");
  assert.equal(verdictOf("gas", { operatorGasWei: 0n }), "bad");
  assert.equal(verdictOf("jobs", { jobs: { settled: 9, failed: 0, missed: 1, slashes: 0 } }), "warn");
  assert.equal(worst(checksOf({ ...WELL, ownWei: 4n, offerExpiresS: 0 }, 1_000)), "bad");
});

test("what is not known is neither well nor ill; a node elsewhere has no line", () => {
  assert.equal(verdictOf("gas", { operatorGasWei: undefined }), "unknown");
  assert.equal(worst(checksOf({ ...WELL, operatorGasWei: undefined }, 1_000)), "unknown");
  assert.equal(verdictOf("node", { node: undefined }), undefined);
});
