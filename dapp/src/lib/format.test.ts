import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, nvy, nvyExact, percentOfBps, plain, share, shortHex, span } from "./format.ts";

const NVY = 10n ** 18n;

test("amounts have separators, and no exponent however large", () => {
  assert.equal(nvy(1_234_567n * NVY), "1,234,567.00");
  assert.equal(nvy(10n ** 40n), "10,000,000,000,000,000,000,000.00");
});

test("amounts round down and small ones keep six decimals", () => {
  assert.equal(nvy(NVY - 1n), "0.99");
  assert.equal(nvy(NVY / 1000n), "0.001000");
  assert.equal(nvy(1n), "<0.000001");
  assert.equal(nvy(0n), "0.00");
  assert.equal(nvy(-3n * NVY), "−3.00");
});

test("every digit is there when asked", () => {
  assert.equal(nvyExact(1n), "0.000000000000000001");
  assert.equal(nvyExact(1_500n * NVY + NVY / 2n), "1,500.5");
});

test("shares of nothing are unknown, not zero", () => {
  assert.equal(share(1n, 0n), undefined);
  assert.equal(share(1n, 3n), "33.33 %");
  assert.equal(percentOfBps(450), "4.5 %");
});

test("spans are spelt out", () => {
  assert.deepEqual([0, 59, 60, 3_661, 90_000].map(span), ["0 s", "59 s", "1 min", "1 h 1 min", "1 d 1 h"]);
});

test("text of strangers loses what could disguise it", () => {
  assert.equal(plain("a\u202eb\u0000c"), "a b c");
  assert.equal(plain("x".repeat(300)).length, 200);
});

test("sizes and hashes are short", () => {
  assert.equal(bytes(1536), "1.5 KiB");
  assert.equal(shortHex("0x1234567890abcdef1234"), "0x1234…1234");
});
