import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type AboutModel, CHALLENGER_BOND_WEI, MODEL_STATES, type ModelState, type Registered, modelEffects, modelFault } from "./models.ts";

const modelId = `0x${"cd".repeat(32)}` as const;
const suspension: AboutModel = { kind: "suspension", modelId };
const upheld: AboutModel = { kind: "ruling", modelId, isUpheld: true };
const dismissed: AboutModel = { kind: "ruling", modelId, isUpheld: false };
const as = (state: ModelState, deadlineS?: number): Registered => ({ state, activeAtS: 5, registrant: "0x1", bondWei: 60n * 10n ** 18n, certified: [], deadlineS });
const contract = (name: string): string => readFileSync(new URL(`../../../contracts/${name}`, import.meta.url), "utf-8");

test("what is suspended, unknown or not challenged is refused", () => {
  const refused = (intention: AboutModel): ModelState[] => MODEL_STATES.filter((state) => modelFault(intention, as(state, 100), 50) !== undefined);
  assert.deepEqual(refused(suspension), ["unregistered", "suspended"]);
  for (const ruling of [upheld, dismissed]) assert.deepEqual(refused(ruling), ["unregistered", "registered", "suspended"]);
});

test("a ruling comes in time or not at all", () => {
  assert.equal(modelFault(upheld, as("challenged", 100), 100), undefined);
  assert.match(modelFault(upheld, as("challenged", 100), 101) ?? "", /challenge ends on 1970/);
  assert.equal(modelFault(suspension, as("challenged", 100), 101), undefined);
});

test("bonds go where the contract sends them", () => {
  const said = (intention: AboutModel, state: ModelState): string => modelEffects(intention, as(state)).join(" ");
  assert.match(said(suspension, "registered"), /registrant may take 60 NVY/);
  assert.doesNotMatch(said(suspension, "registered"), /challenged/);
  assert.match(said(suspension, "challenged"), /Who challenged it gets 100 NVY back/);
  assert.match(said(upheld, "challenged"), /No vote can lift it.*gets 160 NVY/);
  assert.match(said(dismissed, "challenged"), /works on.*registrant gets the challenger's bond, 100 NVY/);
});

test("bond and states are the contracts'", () => {
  assert.ok(contract("libraries/Params.sol").includes(`REGISTRANT_BOND_WEI = ${CHALLENGER_BOND_WEI};`));
  const states = /enum ModelState \{([^}]*)\}/.exec(contract("types/Audit.sol"))?.[1] ?? "";
  assert.deepEqual([...states.matchAll(/^\s*(\w+)/gm)].map((found) => found[1]), ["None", "Registered", "Challenged", "Suspended"]);
});
