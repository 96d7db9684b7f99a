import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, utf8, type Hex } from "./bytes.ts";
import { checkJob, moneyOf, summaryOf, type Evidence } from "./checks.ts";
import { openingOfInput } from "./commitment.ts";
import { Story } from "./events.ts";
import { jobFacts } from "./facts.ts";
import { parseManifest } from "./manifest.ts";
import { buildReceipt, chainFaults, parseReceipt, receiptFaults, receiptText, signatureFaults, signReceipt } from "./receipt.ts";
import { checkResult, revealedOf, uncheckedResult } from "./result.ts";
import { numbersOf } from "./tensor.ts";
import { made } from "./testing.ts";

/** A job that a Python client and a provider settled on a devnet, with its signed receipt. */
const JOB = made("settled");
const TIMES = new Map<number, number>(JOB.events.map((one: any) => [one.block_number, one.time_s]));
const SOURCES = {
  chainId: JOB.chain_id,
  market: JOB.market,
  state: JOB.receipt.state,
  events: [...JOB.events].reverse(),
  timeOf: (block: number) => TIMES.get(block)!,
};
const MANIFEST = parseManifest(utf8(JOB.manifest), JOB.model_id);
const EVIDENCE: Evidence = { chainId: JOB.chain_id, market: JOB.market, jobId: JOB.receipt.job_id };
const REVEALED = revealedOf(new Story(JOB.events).last("JobRevealed")!.data);

test("facts and receipt are those of the Python client", () => {
  assert.deepEqual(jobFacts(SOURCES), JOB.receipt.facts);
  const { signature, signed_by: _, ...unsigned } = JOB.receipt;
  assert.deepEqual(buildReceipt(SOURCES, MANIFEST.model_cid), unsigned);
  assert.ok(signature);
});

test("a receipt of the Python client holds; a changed one does not", async () => {
  const receipt = parseReceipt(receiptText(JOB.receipt));
  assert.deepEqual(await signatureFaults(receipt), []);
  assert.deepEqual(receiptFaults(receipt), []);
  assert.deepEqual(chainFaults(receipt, jobFacts(SOURCES)), []);
  for (const change of [{ salt: `0x${"11".repeat(32)}` }, { paid_wei: "1" }, { state: "Open" }, { steps: [] }]) {
    const changed = { ...receipt, ...change };
    assert.ok((await signatureFaults(changed)).length && receiptFaults(changed).length);
  }
  for (const facts of [{ price_wei: "1" }, { out_root: "0x00" }, { chain_id: 2 }]) {
    const changed = { ...receipt, facts: { ...JOB.receipt.facts, ...facts } };
    assert.equal(chainFaults(changed, jobFacts(SOURCES)).length, 1);
  }
});

test("an early receipt holds after the chain went on", () => {
  const events = JOB.events.slice(0, 4);
  const early = buildReceipt({ ...SOURCES, events, state: "Assigned" }, MANIFEST.model_cid);
  assert.deepEqual(chainFaults(early, jobFacts(SOURCES)), []);
  const lying = { ...early, facts: { ...(early.facts as object), client: JOB.market } };
  assert.equal(chainFaults(lying, jobFacts(SOURCES)).length, 1);
});

test("a receipt of a page is signed as the Python client signs", async () => {
  const { signature, signed_by, ...unsigned } = JOB.receipt;
  const signed = await signReceipt(unsigned, signed_by, async () => signature);
  assert.deepEqual(signed, JOB.receipt);
  for (const bad of ["", "0x12", "zz", null]) {
    const [fault] = await signatureFaults({ ...JOB.receipt, signature: bad });
    assert.match(fault!, /\.$/);
  }
});

test("files that are no receipts are refused in a sentence", () => {
  for (const text of ["", "[]", "{", "null"]) assert.throws(() => parseReceipt(text), { code: "spec" });
  assert.match(receiptFaults({})[0]!, /incomplete or malformed/);
});

test("every link of a settled job holds", async () => {
  const { outRoot, outputs } = await checkResult(bytesOf(JOB.envelope), REVEALED, MANIFEST);
  assert.deepEqual([...outputs.keys()], MANIFEST.tensors.map((tensor) => tensor.name));
  assert.deepEqual([...numbersOf(outputs.get("y")!)], [3, 3]);
  const opening = openingOfInput(JOB.reveal_input);
  const evidence = { ...EVIDENCE, opening, outRoot, manifest: MANIFEST };
  const checks = checkJob(JOB.events, evidence);
  const open = checks.filter((one) => one.ok === null).map((one) => one.id);
  assert.deepEqual(checks.filter((one) => one.ok === false), []);
  assert.deepEqual(open, ["seed", "binding"], "the beacon and the record were not read");
  assert.match(summaryOf(checks), /hold, 2 are open$/);
  assert.equal(moneyOf(new Story(JOB.events)).paidWei, BigInt(JOB.receipt.paid_wei));
});

test("a lie about any link shows", () => {
  const evidence = { ...EVIDENCE, opening: openingOfInput(JOB.reveal_input), outRoot: REVEALED.outRoot };
  const lies: [string, string, unknown, string][] = [
    ["JobPosted", "salt", `0x${"22".repeat(32)}`, "job_id"],
    ["JobAssigned", "price_wei", "99999999999999999999999", "terms"],
    ["JobCommitted", "commitment", `0x${"22".repeat(32)}`, "commitment"],
    ["JobRevealed", "result_key", `0x${"22".repeat(32)}`, "commitment"],
    ["JobRevealed", "out_root", `0x${"22".repeat(32)}`, "output"],
    ["JobRevealed", "seed0", `0x${"22".repeat(32)}`, "same_seed"],
    ["SeedDrawn", "audited", true, "draw"],
    ["JobSettled", "paid_wei", "1", "money"],
    ["JobPosted", "spec", null, "spec_events"],
  ];
  for (const [name, field, value, id] of lies) {
    const events = JOB.events.map((one: any) =>
      one.name === name ? { ...one, data: { ...one.data, [field]: value } } : one,
    );
    const failed = checkJob(events, evidence).filter((one) => one.ok === false);
    assert.ok(failed.some((one) => one.id === id), `${name}.${field}: ${failed.map((one) => one.id)}`);
  }
  assert.equal(checkJob([], EVIDENCE)[0]!.ok, null);
});

test("a result that is not the one committed to is never kept", async () => {
  const envelope = bytesOf(JOB.envelope);
  const MISMATCH = { code: "result.mismatch" };
  const other = `0x${"22".repeat(32)}` as Hex;
  await assert.rejects(checkResult(envelope, { ...REVEALED, outRoot: other }, MANIFEST), MISMATCH);
  await assert.rejects(checkResult(envelope, { ...REVEALED, resultKey: other }, MANIFEST), MISMATCH);
  await assert.rejects(checkResult(envelope.slice(1), REVEALED, MANIFEST), MISMATCH);
  const tensors = [{ ...MANIFEST.tensors[0]!, dtype: "int64" as const }];
  await assert.rejects(checkResult(envelope, REVEALED, { ...MANIFEST, tensors }), MISMATCH);
  const early = await uncheckedResult(new Blob([envelope]), { ...REVEALED, outRoot: "0x" }, MANIFEST);
  assert.equal(early.size, 1);
});
