import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AFTER_DEADLINE, effectiveState, eventsOf, isFinal, isRefunded, isState, isWarm, JOB_STATES,
  nextState, STATE_WORDS, stateOf, TRANSITIONS, wordsOf,
} from "./lifecycle.ts"; // prettier-ignore
import { made } from "./testing.ts";

const TWIN = made("lifecycle");

test("the table is the one of the contracts", () => {
  assert.deepEqual([...JOB_STATES], TWIN.states);
  assert.deepEqual(JOB_STATES.filter(isFinal).sort(), TWIN.final);
  assert.deepEqual(JOB_STATES.filter(isRefunded).sort(), TWIN.refunded);
  assert.deepEqual(JOB_STATES.filter(isWarm).sort(), TWIN.warm);
  assert.deepEqual({ ...AFTER_DEADLINE }, TWIN.after_deadline);
  const table = TRANSITIONS.map((row) => [...row]).sort((a, b) => (a.join() < b.join() ? -1 : 1));
  const twin = [...TWIN.transitions].sort((a, b) => (a.join() < b.join() ? -1 : 1));
  assert.deepEqual(table, twin);
});

test("a call in the deadline's own second is in time", () => {
  assert.equal(effectiveState("Revealed", 100, 100), "Revealed");
  assert.equal(effectiveState("Revealed", 100, 101), "Accepted");
  assert.equal(effectiveState("Settled", 100, 101), "Settled");
});

test("every state is told in words", () => {
  for (const state of JOB_STATES) {
    const words = STATE_WORDS[state];
    assert.match(words.now, /^[A-Z].*\.$/);
    if (isWarm(state)) assert.ok(words.next && words.mover !== "nobody", state);
    assert.equal(stateOf(JOB_STATES.indexOf(state)), state);
  }
  assert.equal(stateOf(99), null);
  assert.ok(isState("Drawn") && !isState("drawn"));
});

test("a cancelled job that has a provider was handed back", () => {
  assert.equal(wordsOf("Cancelled", "0x01").title, "Handed back");
  for (const state of JOB_STATES) assert.equal(wordsOf(state, ""), STATE_WORDS[state]);
  assert.equal(wordsOf("Settled", "0x01"), STATE_WORDS.Settled);
});

test("events follow the table", () => {
  assert.equal(nextState("Revealed", "confirm"), "Settled");
  assert.equal(nextState("Settled", "confirm"), null);
  assert.deepEqual(eventsOf("Open"), ["accept", "cancel"]);
});
