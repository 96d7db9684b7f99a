import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeAbiParameters, encodeFunctionData, encodeEventTopics } from "viem";
import { stakeManagerAbi, standardGovernorAbi } from "../generated/abis.ts";
import { contractAt, decodeCall, decodeLog } from "./decode.ts";

const STAKES = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0";
const GOVERNOR = "0x9A9f2CCfdE556A7E9Ff0848998Aa4a0CFD8863AE";
const WHO = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const CONTRACTS = { stake_manager: STAKES, standard_governor: GOVERNOR } as const;

test("a call is read with the names of its arguments", () => {
  const input = encodeFunctionData({ abi: stakeManagerAbi, functionName: "delegate", args: [WHO, 5n] });
  const found = decodeCall(CONTRACTS, STAKES.toLowerCase() as `0x${string}`, input);
  assert.deepEqual([found.contract, found.name], ["stake_manager", "delegate"]);
  assert.deepEqual(found.values.map(({ name, type, value }) => [name, type, value]), [["provider", "address", WHO], ["amount", "uint256", 5n]]);
});

test("of functions with one name the one that was called is shown", () => {
  const input = encodeFunctionData({ abi: standardGovernorAbi, functionName: "castVote", args: [7n, 1] });
  assert.deepEqual(decodeCall(CONTRACTS, GOVERNOR, input).values.map(({ name }) => name), ["proposalId", "support"]);
});

test("an event is read in the order of its fields, indexed ones too", () => {
  const topics = encodeEventTopics({ abi: stakeManagerAbi, eventName: "Delegated", args: { provider: WHO, delegator: STAKES } }) as `0x${string}`[];
  const data = encodeAbiParameters([{ type: "uint256" }, { type: "uint256" }], [9n, 8n]);
  const found = decodeLog(CONTRACTS, { address: STAKES, topics, data });
  assert.equal(found.name, "Delegated");
  assert.deepEqual(found.values.map(({ name, value }) => [name, value]), [["provider", WHO], ["delegator", STAKES], ["amount", 9n], ["shares", 8n]]);
});

test("what is not of this network stays unread", () => {
  assert.deepEqual(decodeCall(CONTRACTS, WHO, "0x12345678"), { contract: undefined, name: undefined, values: [] });
  assert.equal(decodeCall(CONTRACTS, STAKES, "0x12345678").name, undefined);
  assert.equal(decodeLog(CONTRACTS, { address: STAKES, topics: [`0x${"11".repeat(32)}`], data: "0x" }).name, undefined);
  assert.equal(contractAt(CONTRACTS, null), undefined);
});
