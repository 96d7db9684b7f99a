import assert from "node:assert/strict";
import { test } from "node:test";
import { kindOf, spaced } from "./words.ts";

test("values are shown by what they are", () => {
  assert.equal(kindOf("amount", "uint256"), "wei");
  assert.equal(kindOf("maxPrice", "uint96"), "wei");
  assert.equal(kindOf("toClient", "uint256"), "wei");
  assert.equal(kindOf("readyAt", "uint256"), "time");
  assert.equal(kindOf("deadline", "uint40"), "time");
  assert.equal(kindOf("maxPenaltyBps", "uint256"), "bps");
  assert.equal(kindOf("jobId", "bytes32"), "job");
  assert.equal(kindOf("lockMultiple", "uint8"), "number");
  assert.equal(kindOf("shares", "uint256"), "number");
  assert.equal(kindOf("epoch", "uint256"), "number");
  assert.equal(kindOf("endpoint", "string"), "text");
});

test("names are words", () => {
  assert.equal(spaced("requestUnbonding"), "Request unbonding");
  assert.equal(spaced("stake_manager"), "Stake manager");
  assert.equal(spaced("maxPenaltyBps"), "Max penalty");
});
