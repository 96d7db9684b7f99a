import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeFunctionData, parseAbi } from "viem/utils";
import {
  auditorCommitment, distanceSq, exactAnswer, inTau, isNearTie, isReAudited, isWithin, normSq,
  OUTCOMES, outcomeOf, rangeFault, seatIndex, seedOfRound, unpackInts,
} from "./audit.ts"; // prettier-ignore
import { outputRoot } from "./canonical.ts";
import { bindingOf, commitmentOf, isAudited, openingOfInput, seedOf } from "./commitment.ts";
import { made, vectors } from "./testing.ts";

const JOBS = vectors("job");
const AUDIT = vectors("audit");

function openingOf(job: any): any {
  const { out_root, envelope_cid, result_key, shift, salt } = job.opening;
  return { outRoot: out_root, envelopeCid: envelope_cid, resultKey: result_key, shift, salt };
}

test("commitment, seed, binding and draw are those of the contracts", () => {
  for (const job of JOBS.jobs) {
    const place = { chainId: BigInt(job.chain_id), market: job.market, jobId: job.job_id, provider: job.provider };
    assert.equal(commitmentOf(place, openingOf(job)), job.commitment);
    assert.equal(seedOf(job.beacon, place, job.commitment), job.seed0);
    assert.equal(bindingOf(job.commitment, job.seed0), job.binding);
    assert.equal(isAudited(job.seed0, 5_000), job.is_audited_at_5000_bps);
    assert.ok(isAudited(job.seed0, 10_000) && !isAudited(job.seed0, 0));
  }
  for (const { hashes, root } of JOBS.output_root) assert.equal(outputRoot(hashes), root);
});

test("an opening is read from the transaction that revealed", () => {
  const job = JOBS.jobs[1];
  const tuple = "(bytes32,bytes32,bytes,bytes32,int8,bytes32)";
  const { outRoot, envelopeCid, resultKey, shift, salt } = openingOf(job);
  const given = [job.seed0, outRoot, envelopeCid, resultKey, shift, salt] as any;
  for (const name of ["reveal", "drawAndReveal"]) {
    const abi = parseAbi([`function ${name}(bytes32 jobId, ${tuple} opening)`]) as any;
    const input = encodeFunctionData({ abi, functionName: name, args: [job.job_id, given] });
    assert.deepEqual(openingOfInput(input), openingOf(job));
  }
  for (const bad of ["0x", "0x12345678", "0xzz"]) assert.equal(openingOfInput(bad as any), null);
});

test("distances and outcomes are those of the contracts", () => {
  for (const one of AUDIT.distances) {
    const [z0, z1] = [unpackInts(one.z0), unpackInts(one.z1)];
    const [d, n, tauSq] = [distanceSq(z0, z1), normSq(z0), BigInt(one.tau_sq)];
    assert.equal(d, BigInt(one.distance_sq), one.name);
    assert.equal(n, BigInt(one.norm_sq), one.name);
    assert.equal(outcomeOf(d, n, tauSq, one.flags), one.outcome, one.name);
    const fault = rangeFault(z0, one.shift);
    assert.equal(fault !== null, one.clamped || one.too_small, one.name);
    if (one.flags === 0) assert.equal(isWithin(d, n, tauSq), one.outcome === "PASS");
  }
});

test("distances in tau are those of the Python client", () => {
  for (const [d, n, tauSq, text] of made("distances")) {
    assert.equal(inTau(BigInt(d), BigInt(n), BigInt(tauSq)), text);
  }
  assert.ok(isNearTie("0.500") && isNearTie("2.000") && !isNearTie("2.001") && !isNearTie("inf"));
});

test("seeds, seats and answers of rounds are those of the contracts", () => {
  for (const { seed0, round, value } of AUDIT.rounds) assert.equal(seedOfRound(seed0, round), value);
  for (const { seed, slot, attempt, length, value } of AUDIT.seats) {
    assert.equal(seatIndex(seed, slot, attempt, length), value);
  }
  for (const { seed0, slot, bps, value } of AUDIT.re_audits) {
    assert.equal(isReAudited(seed0, slot, bps), value);
  }
  const { seed, out_root, value } = AUDIT.exact_answer;
  assert.deepEqual(exactAnswer(seed, out_root), value);
  assert.deepEqual(unpackInts(AUDIT.packing.words).map(Number), AUDIT.packing.z);
  for (const one of AUDIT.audit_commitments) {
    const found = auditorCommitment({
      chainId: BigInt(one.chain_id),
      auditCourt: one.audit_court,
      jobId: one.job_id,
      slot: Number(one.slot),
      round: Number(one.round_number),
      auditor: one.auditor,
      z1: one.z1,
      flags: Number(one.flags),
      salt: one.salt,
    });
    assert.equal(found, one.value);
  }
  assert.equal(OUTCOMES.length, 4);
});
