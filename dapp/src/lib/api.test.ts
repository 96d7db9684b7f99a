import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, CHAIN_AWAY, chainAway } from "./api.ts";

const named = (name: string, cause?: unknown): Error => Object.assign(new Error("said", { cause }), { name });

test("a chain that is away is found however deep it is wrapped", () => {
  const found = chainAway(named("ContractFunctionExecutionError", named("CallExecutionError", named("HttpRequestError"))));
  assert.equal(found?.code, CHAIN_AWAY);
  assert.match(found?.hint ?? "", /what you typed is kept/);
  assert.equal(chainAway(named("TimeoutError"))?.code, CHAIN_AWAY);
});

test("what the chain did answer is no absence", () => {
  assert.equal(chainAway(named("ContractFunctionRevertedError")), undefined);
  assert.equal(chainAway(new ApiError("no", { code: "dapp.refused" })), undefined);
  assert.equal(chainAway("text"), undefined);
  assert.equal(chainAway(new ApiError("away", { code: CHAIN_AWAY }))?.message, "away");
});
