import assert from "node:assert/strict";
import { test } from "node:test";
import { parameterOf } from "./params.ts";
import { reachOf, refusalOf } from "./rules.ts";
import { made } from "./testing.ts";
import { ifProposed, nextEpochS } from "./timeline.ts";

const TIMES = {
  S: { delayS: 172_800, periodS: 432_000, timelockS: 259_200 },
  C: { delayS: 259_200, periodS: 864_000, timelockS: 2_419_200 },
} as const;

test("what the contracts would refuse is refused in the command line's words, with the earliest path", () => {
  const { now_s: nowS, cases } = made("refusals");
  for (const { key, current, ready_s: readyAtS, value, said } of cases) {
    const parameter = parameterOf(key);
    assert.ok(parameter);
    const reading = { parameter, value: BigInt(current), next: BigInt(current), sinceS: 0, readyAtS };
    const found = refusalOf(reading, BigInt(value), TIMES[parameter.class], nowS);
    assert.deepEqual(found ? [found.message, found.hint] : null, said, `${key} ${current} -> ${value}`);
  }
});

test("dates follow the ticks of the clock", () => {
  const [nowS, snapshotS, votesFromS, votesUntilS, executableS] = made("dates");
  assert.deepEqual(ifProposed(nowS, TIMES.S), { snapshotS, votesFromS, votesUntilS, executableS });
  assert.equal(nextEpochS(executableS) % 604_800, 0);
  assert.ok(nextEpochS(executableS) > executableS);
});

test("one proposal reaches a step in both directions, never past a bound", () => {
  const burn = parameterOf("burnBps");
  assert.ok(burn);
  assert.deepEqual(reachOf(burn, 400n), [337n, 463n]);
  assert.deepEqual(reachOf(burn, 590n), [527n, 600n]);
});
