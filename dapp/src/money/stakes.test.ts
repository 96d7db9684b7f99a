import assert from "node:assert/strict";
import { test } from "node:test";
import { SEAT_WEI, amountFault, delegatedAtRisk, isDue, ownAtRisk, sharesFor, unbondable } from "./stakes.ts";

test("shares round down, and all of it is all shares", () => {
  const held = { shares: 10n, amountWei: 9n };
  assert.equal(sharesFor(held, 8n), 8n);
  assert.equal(sharesFor(held, 9n), 10n);
  assert.equal(sharesFor(held, 99n), 10n);
  assert.equal(sharesFor({ shares: 0n, amountWei: 0n }, 5n), 0n);
});

test("the worse of two verdicts is what is at risk", () => {
  const rates = { stakeSlashBps: 500n, forgerySlashBps: 5_000n };
  assert.equal(ownAtRisk(1_000n, rates), 500n);
  assert.equal(delegatedAtRisk(1_000n, rates), 100n);
  assert.equal(delegatedAtRisk(1_000n, { ...rates, stakeSlashBps: 1_500n }), 150n);
});

test("due is asked for and over", () => {
  assert.equal(isDue(0n, 5), false);
  assert.equal(isDue(6n, 5), false);
  assert.equal(isDue(5n, 5), true);
});

test("what is locked and what backs seats may be the same stake", () => {
  assert.equal(unbondable(5n * SEAT_WEI, SEAT_WEI, 4), SEAT_WEI);
  assert.equal(unbondable(5n * SEAT_WEI, 5n * SEAT_WEI - 1n, 4), 1n);
  assert.equal(unbondable(SEAT_WEI, 0n, 4), 0n);
});

test("amounts that cannot be used say why", () => {
  assert.equal(amountFault(0n, 5n, "your stake"), "The amount must be above zero.");
  assert.equal(amountFault(6n, 5n, "your stake"), "That is more than your stake.");
  assert.equal(amountFault(5n, 5n, "your stake"), undefined);
});
