import assert from "node:assert/strict";
import { test } from "node:test";
import { type Intention, callOf, clauseOf, decodeCall } from "./calls.ts";
import { pickGovernor } from "./rules.ts";
import { made } from "./testing.ts";
import { FORMS, formsOf, readWish, wishOf } from "./wishes.ts";

const { contracts } = made("proposals");
const WHO = `0x${"ab".repeat(20)}`;
const HASH = `0x${"cd".repeat(32)}`;
const GOOD: Record<string, Record<string, string>> = {
  payment: { fund: "insurance fund", amountWei: " 1.5 thousand NVY ", to: WHO },
  renewal: { holder: WHO },
  slash: { slashId: HASH, amountWei: "0 NVY" },
  canary: { modelId: HASH, pool: "cpu", batch: "4", runtimeS: "1 minute" },
  unlist: { modelId: HASH },
  suspension: { modelId: HASH },
  ruling: { modelId: HASH, ruling: "dismissed" },
};

test("every form comes to a call that is read back as the same words", () => {
  assert.deepEqual(Object.keys(FORMS), Object.keys(GOOD));
  for (const [form, texts] of Object.entries(GOOD)) {
    const found = readWish({ form, texts });
    assert.ok("intention" in found, form);
    const call = callOf(contracts, found.intention, "why");
    assert.deepEqual(decodeCall(contracts, call).intention, found.intention);
    assert.equal(decodeCall(contracts, call).words, clauseOf(found.intention));
  }
  assert.deepEqual(formsOf({ ...contracts, registry: undefined }).map(([form]) => form), ["payment", "renewal", "slash", "canary", "unlist"]);
  assert.equal(clauseOf((readWish({ form: "slash", texts: GOOD.slash ?? {} }) as { intention: Intention }).intention), `reduce slash ${HASH} to 0 NVY`);
});

test("a blank form names all its fields, a bad one those that cannot be read", () => {
  for (const form of Object.keys(FORMS)) {
    const found = readWish(wishOf(form));
    assert.ok("faults" in found && found.faults.length === Object.keys(GOOD[form] ?? {}).length - Object.values(FORMS[form]?.fields ?? {}).filter(({ options }) => options).length, form);
  }
  const bad: [string, string, string][] = [
    ["payment", "amountWei", "50"], ["payment", "amountWei", "0 NVY"], ["payment", "to", "0x12"], ["payment", "to", `0x${"0".repeat(40)}`], ["payment", "to", `0x${"aB".repeat(20)}`], ["payment", "fund", "my pocket"],
    ["slash", "amountWei", ""], ["slash", "slashId", "0xcd"], ["ruling", "ruling", "perhaps"], ["suspension", "modelId", "0xcd"], ["canary", "batch", "0"], ["canary", "pool", "CPU"], ["canary", "runtimeS", "60"], ["canary", "runtimeS", "0 seconds"],
  ];
  for (const [form, key, text] of bad) assert.deepEqual(readWish({ form, texts: { ...GOOD[form], [key]: text } }), { faults: [key] }, `${key} ${text}`);
});

test("the governor is the one that the command line picks, and a refusal has its words", () => {
  for (const { targets, calldatas, is_constitutional, said } of made("picks")) {
    const intentions = targets.map((target: `0x${string}`, at: number) => decodeCall(contracts, { target, calldata: calldatas[at] }).intention);
    const found = pickGovernor(intentions, { standardWei: 100n * 10n ** 18n, constitutionalWei: 10n ** 21n });
    assert.deepEqual(found, said ? { message: said[0], hint: said[1] } : { isConstitutional: is_constitutional });
  }
});
