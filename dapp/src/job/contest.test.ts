import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CHALLENGE_BOND_BPS, CHALLENGE_BOND_MIN_WEI, type Contestable, LATE_WINDOW_S, challengeBond, contestOf } from "./contest.ts";
import { JOB_STATES } from "./lifecycle.ts";

const NVY = 10n ** 18n;
const revealed: Contestable = { state: "Revealed", jobClass: "TENSOR", deadlineS: 1_000, disputedWindowEndS: undefined, isConvicted: false, isAudited: false, isCertified: true };

test("the bond rounds up and has a floor", () => {
  assert.equal(challengeBond(0n), 20n * NVY);
  assert.equal(challengeBond((40n * NVY) / 3n), 20n * NVY);
  assert.equal(challengeBond(14n * NVY + 1n), 21n * NVY + 2n);
});

test("only what was revealed, is disputed or was paid can be challenged", () => {
  const open = JOB_STATES.filter((state) => contestOf({ ...revealed, state, disputedWindowEndS: 1_000 }, 900));
  assert.deepEqual(open, ["Revealed", "Disputed", "Settled"]);
});

test("the last second is in time, the next is not", () => {
  assert.equal(contestOf(revealed, 1_000)?.untilS, 1_000);
  assert.equal(contestOf(revealed, 1_001), undefined);
  const paid: Contestable = { ...revealed, state: "Settled" };
  assert.deepEqual(contestOf(paid, 1_000 + LATE_WINDOW_S), { untilS: 1_000 + LATE_WINDOW_S, isLate: true, claims: ["wrong-output", "bad-envelope"] });
  assert.equal(contestOf(paid, 1_001 + LATE_WINDOW_S), undefined);
  // The deadline of a disputed job is another one.
  const disputed: Contestable = { ...revealed, state: "Disputed", deadlineS: 9_000, disputedWindowEndS: 1_000 };
  assert.equal(contestOf(disputed, 1_000)?.untilS, 1_000);
  assert.equal(contestOf(disputed, 1_001), undefined);
  assert.equal(contestOf({ ...disputed, disputedWindowEndS: undefined }, 5), undefined);
});

test("what has no rules for referees, or was convicted after its payment, is closed", () => {
  for (const jobClass of ["GENERATION", "TRAINING"] as const) assert.equal(contestOf({ ...revealed, jobClass }, 5), undefined);
  assert.equal(contestOf({ ...revealed, isCertified: false }, 5), undefined);
  assert.equal(contestOf({ ...revealed, state: "Settled", isConvicted: true }, 5), undefined);
  assert.ok(contestOf({ ...revealed, isConvicted: true }, 5));
});

test("an audited job knows one claim more, a paid one one less", () => {
  assert.deepEqual(contestOf({ ...revealed, isAudited: true }, 5)?.claims, ["wrong-output", "bad-envelope", "unavailable", "forged-answer"]);
  assert.ok(!contestOf({ ...revealed, state: "Settled" }, 5)?.claims.includes("unavailable"));
});

test("numbers are the contracts'", () => {
  const params = readFileSync(new URL("../../../contracts/libraries/Params.sol", import.meta.url), "utf-8");
  for (const [name, value] of Object.entries({ CHALLENGE_BOND_BPS, CHALLENGE_BOND_MIN_WEI, LATE_WINDOW_S })) assert.ok(params.includes(` ${name} = ${value};`), name);
});
