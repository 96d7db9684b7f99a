import assert from "node:assert/strict";
import { test } from "node:test";
import { EPOCH_S, claimEndsS, claimableEpochs, epochOf, epochStartS } from "./epochs.ts";

test("what a week earns can be claimed from the second to the ninth week after", () => {
  const epochs = claimableEpochs(20 * EPOCH_S + 5);
  assert.deepEqual([epochs[0], epochs.at(-1), epochs.length], [11, 18, 8]);
  assert.deepEqual(claimableEpochs(EPOCH_S), []);
  assert.equal(epochOf(claimEndsS(11)), 20);
  assert.equal(epochOf(claimEndsS(11) + 1), 21);
  assert.equal(epochStartS(epochOf(20 * EPOCH_S + 5)), 20 * EPOCH_S);
});
