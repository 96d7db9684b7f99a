import assert from "node:assert/strict";
import { test } from "node:test";
import { auditBps, effectsOf, exitSplit, feeSplit, withoutCase } from "./effects.ts";
import { PARAMETERS, defaults } from "./params.ts";
import { bigints, made } from "./testing.ts";

const { splits, exits } = made("money");
const NVY = 10n ** 18n;

test("fees are split as FeeRouter splits them", () => {
  for (const { values, amount, has_audits, parts } of splits) {
    assert.deepEqual(feeSplit(BigInt(amount), bigints(values), has_audits), bigints(parts));
  }
});

test("penalties are those of VestingVault, and their parts sum to them", () => {
  for (const { values, amount, penalty } of exits) {
    const found = exitSplit(BigInt(amount), bigints(values));
    assert.equal(found.penalty, BigInt(penalty));
    assert.equal(found.holders + found.burned + found.insurance, found.penalty);
  }
});

test("a proposal shows what it moves, before and after, and nothing else", () => {
  const [one, ...more] = effectsOf(defaults(), { burnBps: 450n }, {}, true);
  assert.equal(more.length, 0);
  assert.ok(one);
  const burned = one.lines.find(({ label }) => label === "Burned");
  assert.deepEqual([burned?.before, burned?.after], [{ wei: NVY / 25n }, { wei: (NVY * 45n) / 1000n }]);
  assert.equal(one.lines.find(({ label }) => label === "Treasury")?.isSame, true);
  assert.deepEqual(effectsOf(defaults(), { burnBps: 400n }, {}, true), []);
});

test("a case without its fact is left out, never shown with zero", () => {
  assert.deepEqual(effectsOf(defaults(), { rhoWad: 10n ** 15n }, {}, true), []);
  const [week] = effectsOf(defaults(), { rhoWad: 10n ** 15n }, { reserveWei: 600_000_000n * NVY }, true);
  assert.deepEqual(week?.lines[0]?.after, { wei: 600_000n * NVY });
});

test("the quorum has its floor", () => {
  const [governor] = effectsOf(defaults(), { standardQuorumBps: 900n }, { totalVotesWei: 1_000n * NVY }, true);
  const line = governor?.lines.find(({ label }) => label === "Quorum");
  assert.deepEqual([line?.before, line?.isSame], [{ wei: 5_000_000n * NVY }, true]);
});

test("a smaller lock means more audits", () => {
  const values = defaults();
  assert.equal(auditBps(NVY, 5n * NVY, values), 2_193n);
  assert.ok(auditBps(NVY, 2n * NVY, values) > auditBps(NVY, 20n * NVY, values));
});

test("what no case shows is named", () => {
  assert.deepEqual(withoutCase(["burnBps", "stakeBandBps"]), ["stakeBandBps"]);
  assert.ok(withoutCase(PARAMETERS.map(({ key }) => key)).length < 15);
});
