import assert from "node:assert/strict";
import { test } from "node:test";
import { escrowOfListing, escrowOfOffer, payOf, premiumOf, surchargeOf, termsOf } from "./escrow.ts";
import { exactNvy, nvy, parseNvy } from "./money.ts";
import { made } from "./testing.ts";

const TWIN = made("money");

test("amounts are written as the Python client writes them, and read back", () => {
  for (const [wei, text] of TWIN.amounts) {
    assert.equal(exactNvy(BigInt(wei)), text);
    assert.equal(nvy(text), BigInt(wei));
  }
  assert.equal(exactNvy(-1_500_000_000_000_000_000n), "-1.5");
});

test("what a person types is read, or refused in a sentence", () => {
  for (const [text, wei] of [
    [" 12 ", nvy("12")],
    ["1,234.5", nvy("1234.5")],
    ["0.000000000000000001", 1n],
    ["007", nvy("7")],
  ] as const) {
    const found = parseNvy(text);
    assert.ok(found.ok && found.wei === wei, text);
  }
  const bad = ["", " ", "-1", "1e5", "1E-3", "abc", "1,2", "1,5000", "1.", ".5", "0x10", "1 000"];
  bad.push("1.0000000000000000001", "9".repeat(31), "１２", "NaN", "Infinity");
  for (const text of bad) {
    const found = parseNvy(text, "The maximum price");
    assert.ok(!found.ok, text);
    assert.match(found.message, /^The maximum price .*\.$/);
  }
  assert.throws(() => nvy("x"), { code: "spec" });
});

test("escrows are those of the contracts", () => {
  for (const row of TWIN.escrows) {
    const price = BigInt(row.price_wei);
    const slots = Number(row.slots);
    const terms = termsOf({
      priceWei: price,
      lockWei: BigInt(row.lock_wei),
      declaredGainWei: BigInt(row.declared_gain_wei),
      slots,
      passes: BigInt(row.passes),
    });
    if ("field" in terms) {
      const error = terms.field === "audit_slots" ? "SlotsTooFew" : "RiskTooHigh";
      assert.equal(`AuditCourt__${error}`, row.refused);
      continue;
    }
    assert.equal(row.refused, undefined);
    assert.deepEqual(terms, { pEconBps: BigInt(row.p_econ_bps), pBps: BigInt(row.p_bps) });
    assert.equal(surchargeOf(price, terms), BigInt(row.surcharge_wei));
    assert.equal(premiumOf(price, slots, terms), BigInt(row.premium_wei));
    assert.equal(payOf(price), BigInt(row.pay_wei));
    const escrow = escrowOfOffer(price, slots, terms, BigInt(row.pool_wei));
    assert.deepEqual([escrow.heldWei, escrow.isWhole], [BigInt(row.held_wei), row.is_whole]);
    assert.equal(escrow.maxCostWei, price + escrow.heldWei);
    assert.ok(escrow.premiumWei <= escrow.heldWei);
  }
});

test("a listing escrows the whole audit pay, a deployment without audits nothing", () => {
  assert.equal(escrowOfListing(100n, 2, true).maxCostWei, 300n);
  assert.equal(escrowOfListing(100n, 2, false).maxCostWei, 100n);
  assert.equal(escrowOfOffer(100n, 2, null, 0n).maxCostWei, 100n);
});
