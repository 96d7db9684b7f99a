import assert from "node:assert/strict";
import { test } from "node:test";
import { meaningOf } from "./history.ts";

const ME = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const OTHER = "0x976EA74026E726554dB657fA54763abd0C3a0aa9";
const NO_JOB = { client: null, provider: null };

test("the same payment is income of one side and a cost of the other", () => {
  const row = { name: "JobSettled", client: OTHER, provider: ME, data: { job_id: "0x01", provider: ME, paid_wei: "100000000000000000" } };
  const [mine, theirs] = [meaningOf(row, ME.toLowerCase(), true), meaningOf(row, OTHER, true)];
  assert.deepEqual([mine.direction, mine.amountWei, mine.counterparty], ["in", 10n ** 17n, OTHER]);
  assert.deepEqual([theirs.direction, theirs.counterparty, theirs.jobId], ["out", ME, "0x01"]);
});

test("moves between one's own places are neither earned nor spent", () => {
  const found = meaningOf({ ...NO_JOB, name: "Delegated", data: { provider: OTHER, delegator: ME, amount_wei: 5, shares: 5 } }, ME, true);
  assert.deepEqual([found.direction, found.amountWei, found.counterparty], ["moved", 5n, OTHER]);
});

test("a split counts all its sinks", () => {
  const data = { provider: ME, burned_wei: 4, to_treasury_wei: "3", to_insurance_wei: 2, to_audits_wei: 1 };
  assert.equal(meaningOf({ ...NO_JOB, name: "FeesSplit", data }, ME, true).amountWei, 10n);
});

test("an amount that is not there is unknown, not zero", () => {
  assert.equal(meaningOf({ ...NO_JOB, name: "Deposited", data: {} }, ME, true).amountWei, undefined);
  assert.equal(meaningOf({ ...NO_JOB, name: "Deposited", data: null }, ME, true).amountWei, undefined);
});

test("the money of one side of a job is not the other's, and unknown events have words", () => {
  const job = { client: ME, provider: OTHER };
  const posted = { ...job, name: "JobPosted", data: { client: ME, max_price_wei: 7 } };
  assert.deepEqual([meaningOf(posted, ME, true).amountWei, meaningOf(posted, OTHER, true).amountWei], [7n, undefined]);
  assert.equal(meaningOf({ ...job, name: "StakeLocked", data: { provider: OTHER, amount_wei: 5 } }, ME, true).amountWei, undefined);
  assert.equal(meaningOf({ ...NO_JOB, name: "WindowDoubled", data: {} }, ME, true).words, "Window doubled");
});

test("what is harvested from the market is new money only where fees go through the router", () => {
  const row = { ...NO_JOB, name: "Harvested", data: { provider: ME, amount_wei: 5 } };
  assert.deepEqual([meaningOf(row, ME, true).direction, meaningOf(row, ME, false).direction], ["in", "moved"]);
});

test("a transfer is sent by one account and received by the other, for reasons unknown", () => {
  const row = { ...NO_JOB, name: "Transfer", data: { from: ME, to: OTHER, value_wei: "7" } };
  const [mine, theirs] = [meaningOf(row, ME, true), meaningOf(row, OTHER, true)];
  assert.deepEqual([mine.words, mine.direction, mine.amountWei, mine.counterparty], ["Sent", undefined, 7n, OTHER]);
  assert.deepEqual([theirs.words, theirs.direction, theirs.counterparty], ["Received", undefined, ME]);
});

test("a voucher pays its payee out of the client's channel, and the rest comes back", () => {
  const row = { ...NO_JOB, name: "VoucherRedeemed", data: { channel_id: "0x01", payee: OTHER, amount_wei: 5 } };
  assert.deepEqual([meaningOf(row, OTHER, true).direction, meaningOf(row, ME, true).direction], ["in", "out"]);
  assert.equal(meaningOf(row, ME, true).counterparty, OTHER);
  const back = meaningOf({ ...NO_JOB, name: "ReserveReturned", data: { channel_id: "0x01", payee: OTHER, returned_wei: 3 } }, ME, true);
  assert.deepEqual([back.direction, back.amountWei], ["moved", 3n]);
});
