import assert from "node:assert/strict";
import { test } from "node:test";
import { exactAnswer, OUTCOMES, seedOfRound } from "./audit.ts";
import { auditRounds, roundWords } from "./auditChecks.ts";
import { checkJob, probabilityOf } from "./checks.ts";
import { Story, type ApiEvent } from "./events.ts";
import { jobFacts } from "./facts.ts";
import { made, vectors } from "./testing.ts";

/** A settled job whose events are given an audit of the contracts' vectors. */
const JOB = made("settled");
const DISTANCES = vectors("audit").distances;
const AUDITOR = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";

function dataOf(name: string): any {
  return JOB.events.find((one: ApiEvent) => one.name === name).data;
}

function factsOf(jobClass: number, tauSq: string, shift: number): Record<string, unknown> {
  const [posted, assigned] = [dataOf("JobPosted"), dataOf("JobAssigned")];
  return {
    job_id: JOB.receipt.job_id,
    model_id: posted.spec.model_id,
    c0: dataOf("JobCommitted").commitment,
    seed0: dataOf("SeedDrawn").seed0,
    provider: assigned.provider,
    client: assigned.client,
    price_wei: assigned.price_wei,
    pay_wei: assigned.price_wei,
    tau_sq: tauSq,
    pool: "0x637075000000000000000000",
    job_class: jobClass,
    slots: 1,
    shift,
  };
}

function audited(facts: Record<string, unknown>, answer: object, reveal: object): ApiEvent[] {
  const added = [
    ["AuditOpened", { job_id: JOB.receipt.job_id, facts }],
    ["AuditAnswered", { slot: 0, round: 1, deadline_s: 1, ...answer }],
    ["AuditRevealed", { slot: 0, round: 1, auditor: AUDITOR, paid_wei: "5", flags: 0, ...reveal }],
  ] as const;
  const block = JOB.events.find((one: ApiEvent) => one.name === "SeedDrawn").block_number;
  const events = added.map(([name, data], at) => {
    return { name, data, block_number: block, log_index: 100 + at, tx_hash: "0x" } as ApiEvent;
  });
  const shift = { ...dataOf("JobCommitted"), shift: facts.shift };
  const others = JOB.events.map((one: ApiEvent) =>
    one.name === "JobCommitted" ? { ...one, data: shift } : one,
  );
  return [...others, ...events];
}

function checkOf(events: ApiEvent[], id: string): boolean | null | undefined {
  const evidence = { chainId: JOB.chain_id, market: JOB.market, jobId: JOB.receipt.job_id };
  return checkJob(events, evidence).find((one) => one.id === id)?.ok;
}

function tensorAudit(one: any, change: object = {}): ApiEvent[] {
  const { distance_sq, norm_sq, flags } = one;
  const outcome = OUTCOMES.indexOf(one.outcome);
  const reveal = { outcome, flags, distance_sq, norm_sq, ...change };
  return audited(factsOf(1, one.tau_sq, one.shift), { z0: one.z0 }, reveal);
}

test("every auditor's comparison is repeated", () => {
  for (const one of DISTANCES) {
    const events = tensorAudit(one);
    assert.equal(checkOf(events, "audit_facts"), true, one.name);
    // A contract would have refused a clamped or too small answer.
    assert.equal(checkOf(events, "audit_0_1"), !(one.clamped || one.too_small), one.name);
    const other = OUTCOMES.indexOf(one.outcome === "PASS" ? "FAIL" : "PASS");
    assert.equal(checkOf(tensorAudit(one, { outcome: other }), "audit_0_1"), false, one.name);
  }
  const [first] = DISTANCES;
  assert.equal(checkOf(tensorAudit(first, { norm_sq: "7" }), "audit_0_1"), false);
  const unanswered = tensorAudit(first).filter((one) => one.name !== "AuditAnswered");
  assert.equal(checkOf(unanswered, "audit_0_1"), null);
});

test("an audit of another job shows", () => {
  for (const change of [{ c0: "0x11" }, { provider: AUDITOR }, { price_wei: "1" }, { job_id: "0x" }]) {
    const [one] = DISTANCES;
    const facts = { ...factsOf(1, one.tau_sq, one.shift), ...change };
    const reveal = { outcome: 1, distance_sq: one.distance_sq, norm_sq: one.norm_sq };
    assert.equal(checkOf(audited(facts, { z0: one.z0 }, reveal), "audit_facts"), false);
  }
});

test("an exact answer follows from the revealed result", () => {
  const seed = seedOfRound(dataOf("SeedDrawn").seed0, 1);
  const z0 = exactAnswer(seed, dataOf("JobRevealed").out_root);
  const reveal = { outcome: 1, distance_sq: 0, norm_sq: 0 };
  const facts = factsOf(0, "0", 0);
  assert.equal(checkOf(audited(facts, { z0 }, reveal), "audit_0_1"), true);
  assert.equal(checkOf(audited(facts, { z0: z0.toReversed() }, reveal), "audit_0_1"), false);
  const [round] = auditRounds(new Story(audited(facts, { z0 }, reveal)));
  assert.match(roundWords(round!), /got the same bits: the result passes\.$/);
});

test("rounds are told in words and in a receipt's facts", () => {
  const near = DISTANCES.find((one: any) => one.name === "exactly on the limit");
  const events = tensorAudit(near);
  const [round] = auditRounds(new Story(events));
  assert.equal(round!.distanceInTau, "1.000");
  assert.match(roundWords(round!), /1\.000 tau apart, where 1 tau is allowed.*near tie\.$/);
  const sources = { chainId: 1, market: JOB.market, state: "Settled", events, timeOf: () => 1 };
  const { audit } = jobFacts(sources) as { audit: any };
  assert.equal(audit.rounds[0].distance_in_tau, "1.000");
  assert.equal(audit.rounds[0].outcome, "PASS");
  const flagged = auditRounds(new Story(tensorAudit(near, { flags: 4, outcome: 3 })))[0]!;
  assert.equal(flagged.distanceInTau, null);
  assert.match(roundWords(flagged), /no finite output\.$/);
});

test("a lapsed round of the beacon makes the audit certain", () => {
  const frozen = { name: "AuditTermsFrozen", data: { p_bps: 250 } };
  const at = { block_number: 1, log_index: 1, tx_hash: "0x" };
  const events = [{ ...frozen, ...at }];
  assert.equal(probabilityOf(new Story(events)), 250);
  const renewed = { name: "DrawRenewed", data: { round: 2 }, ...at, log_index: 2 };
  assert.equal(probabilityOf(new Story([...events, renewed])), 10_000);
  assert.equal(probabilityOf(new Story([])), 0);
});
