import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { nvy } from "../lib/format.ts";
import { type Buckets, credit, curveOf, emptyBuckets, passTo, penaltyAfter, penaltyBps, penaltyOf, releaseFault, scheduleOf } from "./vesting.ts";

interface Look {
  weeks: number;
  releasable: string;
  unvested: string;
  schedule: string[];
  penalty: string;
  penalty_of_third: string;
}
interface Case {
  deposits: { epoch: number; wei: string; weeks: number }[];
  base_bps: number;
  slope_bps: number;
  later: Look[];
}

const cases = JSON.parse(readFileSync(new URL("./vectors/vesting.json", import.meta.url), "utf-8")) as Case[];

const bucketsOf = (found: Case): Buckets =>
  found.deposits.reduce((now, { epoch, wei, weeks }) => credit(passTo(now, epoch), BigInt(wei), weeks), emptyBuckets(found.deposits[0]!.epoch));

test("buckets, schedule and penalty are the Python twin's to the wei, now and later", () => {
  for (const found of cases) {
    const [base, slope] = [BigInt(found.base_bps), BigInt(found.slope_bps)];
    const start = bucketsOf(found);
    for (const look of found.later) {
      const then = passTo(start, start.lastEpoch + look.weeks);
      const unvested = then.heldWei - then.releasableWei;
      assert.equal(then.releasableWei, BigInt(look.releasable));
      assert.equal(unvested, BigInt(look.unvested));
      assert.deepEqual(scheduleOf(then), look.schedule.map(BigInt));
      assert.equal(penaltyOf(then, unvested, base, slope), BigInt(look.penalty));
      assert.equal(penaltyOf(then, unvested / 3n, base, slope), BigInt(look.penalty_of_third));
    }
  }
});

test("the curve of today's schedule is what the vault says later", () => {
  for (const { later } of cases) {
    const [now] = later;
    const points = curveOf(0n, BigInt(now!.releasable), now!.schedule.map(BigInt));
    for (const look of later) {
      const point = points[Math.min(look.weeks, points.length - 1)]!;
      assert.equal(point.vestedWei, BigInt(look.releasable));
      assert.equal(point.unvestedWei, BigInt(look.unvested));
    }
  }
});

test("the penalty of waiting is the vault's but for the dust of rounding", () => {
  for (const { later, base_bps, slope_bps } of cases) {
    const schedule = later[0]!.schedule.map(BigInt);
    for (const look of later) {
      const said = penaltyAfter(look.weeks, schedule, BigInt(base_bps), BigInt(slope_bps));
      const off = said - BigInt(look.penalty);
      assert.ok(off >= -100n && off <= 100n, `${look.weeks} weeks: ${said} against ${look.penalty}`);
    }
  }
});

test("what a call accepts is never less than what the contract computes", () => {
  assert.equal(penaltyBps(0n, 0n), 0n);
  assert.equal(penaltyBps(1n, 10_001n), 1n);
  assert.equal(penaltyBps(5_615n, 10_000n), 5_615n);
});

test("what a page cannot show is not released alone", () => {
  assert.match(releaseFault(0n) ?? "", /^Nothing/);
  for (const dust of [1n, 10n ** 12n - 1n]) {
    assert.match(releaseFault(dust) ?? "", /next part/);
    assert.equal(nvy(dust), "<0.000001");
  }
  assert.equal(nvy(10n ** 12n), "0.000001");
  assert.equal(releaseFault(10n ** 12n), undefined);
});
