import assert from "node:assert/strict";
import { test } from "node:test";
import { earningsByDay } from "./earnings.ts";

const row = (state: string, paid_wei: string, changed_at_s: number) => ({ provider: "0x", state, paid_wei, changed_at_s });

test("days without income stand between days with some, and only settled jobs count", () => {
  const days = earningsByDay([row("Settled", "5", 86_400 * 3 + 7), row("Settled", "2", 86_400 * 3), row("Revealed", "9", 86_400 * 2), row("Settled", "1", 86_400)]);
  assert.deepEqual(days.map(({ dayS, jobs, feesWei }) => [dayS / 86_400, jobs, feesWei]), [[1, 1, 1n], [2, 0, 0n], [3, 2, 7n]]);
});

test("nothing earned is no day at all", () => {
  assert.deepEqual(earningsByDay([]), []);
});
