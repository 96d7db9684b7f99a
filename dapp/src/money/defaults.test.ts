import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DEFAULTS } from "./defaults.ts";
import { COMMISSION_MAX_BPS, DELEGATED_FORGERY_BPS, SEAT_WEI } from "./stakes.ts";

const rows = JSON.parse(readFileSync(new URL("../../../tokenomics/neurovoyance/tokenomics/params.json", import.meta.url), "utf-8")) as { key: string; default: string }[];
const defaultOf = (key: string): bigint => BigInt(rows.find((row) => row.key === key)!.default);

test("defaults are those that the contracts are compiled with", () => {
  for (const [key, value] of Object.entries(DEFAULTS)) assert.equal(value, defaultOf(key), key);
  assert.equal(DELEGATED_FORGERY_BPS, defaultOf("delegatedForgeryBps"));
  assert.equal(SEAT_WEI, defaultOf("seatWei"));
  assert.equal(BigInt(COMMISSION_MAX_BPS), defaultOf("commissionMaxBps"));
});
