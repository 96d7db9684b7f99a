import assert from "node:assert/strict";
import { test } from "node:test";
import { hashTypedData, recoverAddress } from "viem";
import { ballotCall, ballotJson, parseBallot, typedBallot } from "./ballot.ts";
import { callOf, decodeCall, descriptionOf } from "./calls.ts";
import { codeDigest, forNeededWei, headingOf, idHex, parseId, proposalId } from "./proposals.ts";
import { made } from "./testing.ts";

const { contracts, cases, digest } = made("proposals");

test("calldata is read as the command line reads it, and written back the same", () => {
  for (const { targets, calldatas, words, notes, reason } of cases) {
    targets.forEach((target: `0x${string}`, at: number) => {
      const call = decodeCall(contracts, { target, calldata: calldatas[at] });
      assert.equal(call.words, words[at]);
      assert.equal(call.note, notes[at]);
      assert.ok(call.intention);
      assert.deepEqual(callOf(contracts, call.intention, reason), { target, calldata: calldatas[at] });
    });
  }
});

test("the same wish is the same proposal here and on the command line", () => {
  for (const { targets, calldatas, description, reason, id } of cases) {
    const intentions = calldatas.map((calldata: `0x${string}`, at: number) => decodeCall(contracts, { target: targets[at], calldata }).intention);
    assert.equal(descriptionOf(intentions, reason), description);
    assert.equal(idHex(proposalId({ targets, values: targets.map(() => 0n), calldatas, description })), id);
  }
});

test("what is not understood is not put into words", () => {
  const [{ targets, calldatas }] = cases;
  const hidden = decodeCall(contracts, { target: targets[0], calldata: `${calldatas[0]}ff` as `0x${string}` });
  assert.equal(hidden.intention, undefined);
  assert.match(hidden.words, /^calls ProtocolParams\.set\(/);
  assert.match(decodeCall(contracts, { target: targets[0], calldata: "0x12345678" }).words, /cannot be read/);
  assert.match(decodeCall(contracts, { target: `0x${"99".repeat(20)}`, calldata: "0x12345678" }).words, /not part of this network/);
});

test("code is pinned as the governor pins it", () => {
  assert.equal(codeDigest(digest[0]), digest[1]);
});

test("signed ballots of the command line are read, and are what a wallet would sign", async () => {
  for (const { name, json } of made("ballots")) {
    const found = parseBallot(JSON.stringify(json));
    assert.ok("ballot" in found);
    const { ballot } = found;
    assert.equal(await recoverAddress({ hash: hashTypedData(typedBallot(ballot, name)), signature: ballot.signature }), json.voter);
    assert.deepEqual(JSON.parse(ballotJson(ballot)), json);
    assert.equal(ballotCall(ballot).functionName, json.reason ? "castVoteWithReasonAndParamsBySig" : "castVoteBySig");
  }
});

test("texts that are no ballots are refused, the field named", () => {
  const [{ json }] = made("ballots");
  for (const [field, value] of [["chain_id", "x"], ["governor", "0x1"], ["support", "maybe"], ["nonce", -1], ["signature", "0xzz"], ["reason", 4], ["proposal_id", "12"], ["voter", null]] as [string, unknown][]) {
    const found = parseBallot(JSON.stringify({ ...json, [field]: value }));
    assert.ok("fault" in found && found.fault.includes(field), field);
  }
  assert.ok("fault" in parseBallot("{"));
  assert.ok("fault" in parseBallot("null"));
  assert.ok("fault" in parseBallot("{}"));
});

test("a majority needs more For than Against, and its part", () => {
  const tally = (forWei: bigint, againstWei: bigint) => ({ forWei, againstWei, abstainWei: 0n });
  assert.equal(forNeededWei(tally(0n, 100n), 5_000n), 101n);
  assert.equal(forNeededWei(tally(0n, 100n), 6_667n), 201n);
  assert.equal(forNeededWei(tally(5n, 1n), 10_000n), undefined);
});

test("ids are read in both forms, headings lose their marks", () => {
  assert.equal(parseId(idHex(77n)), 77n);
  assert.equal(parseId("77"), 77n);
  assert.equal(parseId("0x77"), undefined);
  assert.equal(parseId((2n ** 256n).toString()), undefined);
  assert.equal(headingOf("# Set **burn**\n\nmore"), "Set burn");
  assert.equal(headingOf("\n"), "(no title)");
});
