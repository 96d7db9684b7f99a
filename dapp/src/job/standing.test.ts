import assert from "node:assert/strict";
import { test } from "node:test";
import { keccak256 } from "viem/utils";
import { textOf } from "./bytes.ts";
import {
  parseStandingOffer, recoverStandingSigner, standingBytes, standingDigest, standingLockWei,
  standingPriceWei,
} from "./standing.ts"; // prettier-ignore
import { vectors } from "./testing.ts";

const CASES = vectors("offers");

test("canonical bytes, digests and signers are those of the Python side", async () => {
  for (const one of CASES.offers) {
    const signed = parseStandingOffer({ offer: one.offer, signature: one.signature });
    const chainId = Number(one.chain_id);
    assert.equal(textOf(standingBytes(signed.offer)), one.canonical);
    assert.equal(keccak256(standingBytes(signed.offer)), one.body_hash);
    assert.equal(standingDigest(signed.offer, chainId, one.market), one.digest);
    assert.equal(await recoverStandingSigner(signed, chainId, one.market), one.signer);
  }
});

test("offers of another form are refused", () => {
  for (const { why, signed } of CASES.refused) {
    assert.throws(() => parseStandingOffer(signed), { code: "spec" }, why);
  }
  const { offer, signature } = CASES.offers[0];
  for (const change of [
    { endpoint: "ftp://x" },
    { endpoint: "https://é.example" },
    { provider: "0x12" },
    { held: [offer.held[0], offer.held[0]] },
    { job_classes: ["TENSOR", "TENSOR"] },
    { slots: 0 },
    { occupied: null },
    { expires_s: offer.issued_s },
  ]) {
    const changed = { offer: { ...offer, ...change }, signature };
    assert.throws(() => parseStandingOffer(changed), { code: "spec" }, JSON.stringify(change));
  }
  for (const value of [null, [], 7, {}]) assert.throws(() => parseStandingOffer(value), { code: "spec" });
});

test("prices and locks follow the list", () => {
  const { offer } = CASES.offers[0];
  assert.equal(standingPriceWei(offer, 60), 10n ** 16n + 60n * 10n ** 15n);
  assert.equal(standingPriceWei(offer, 60, 0, "quantum"), null);
  assert.equal(standingLockWei(offer, 100n), 2000n);
  assert.equal(standingLockWei({ ...offer, min_lock_wei: "5000" }, 100n), 5000n);
});
