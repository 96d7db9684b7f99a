import assert from "node:assert/strict";
import { test } from "node:test";
import { LASTS_MAX_S, burnOf } from "./burn.ts";

const NVY = 10n ** 18n;

test("the last day decides where something was spent in it", () => {
  assert.deepEqual(burnOf(3n * NVY, { dayWei: 2n * NVY, weekWei: 9n * NVY }), { perDayWei: 2n * NVY, of: "day", lastsS: 129_600 });
});

test("a quiet day falls back on the week", () => {
  assert.deepEqual(burnOf(2n * NVY, { dayWei: 0n, weekWei: 7n * NVY }), { perDayWei: NVY, of: "week", lastsS: 172_800 });
});

test("whoever spends nothing runs out of nothing", () => {
  assert.equal(burnOf(NVY, { dayWei: 0n, weekWei: 0n }), undefined);
  assert.equal(burnOf(0n, { dayWei: 0n, weekWei: 0n }), undefined);
});

test("nothing looks longer than it is, to the wei", () => {
  assert.equal(burnOf(0n, { dayWei: 1n, weekWei: 1n })?.lastsS, 0);
  assert.equal(burnOf(2n ** 200n, { dayWei: 1n, weekWei: 1n })?.lastsS, LASTS_MAX_S);
  for (let wei = 1n; wei < 50n; wei += 1n) {
    const burn = burnOf(wei * 7n, { dayWei: 0n, weekWei: wei * 3n + 1n });
    assert.ok(burn && burn.perDayWei * 7n >= wei * 3n + 1n);
    assert.ok(BigInt(burn.lastsS) * burn.perDayWei <= wei * 7n * 86_400n);
  }
});
