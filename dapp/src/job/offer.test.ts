import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hex } from "./bytes.ts";
import { hasOneForm, offerDigest, offerFromJson, offerToJson, recoverOfferSigner, termsFault } from "./offer.ts";
import { vectors } from "./testing.ts";

const JOBS = vectors("job").jobs;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

function mirrored(signature: Hex): Hex {
  const s = ORDER - BigInt(`0x${signature.slice(66, 130)}`);
  const v = signature.endsWith("1b") ? "1c" : "1b";
  return `${signature.slice(0, 66)}${s.toString(16).padStart(64, "0")}${v}` as Hex;
}

test("digest and signer are those of the contracts", async () => {
  // A time that no JSON number holds is none that an offer may have.
  const [far, ...near] = [...JOBS].reverse();
  assert.throws(() => offerFromJson(far.offer), { code: "spec" });
  for (const job of near) {
    const offer = offerFromJson(job.offer);
    assert.deepEqual(offerToJson(offer), job.offer);
    assert.equal(offerDigest(offer, Number(job.chain_id), job.market), job.offer_digest);
    const signer = await recoverOfferSigner(offer, job.signature, Number(job.chain_id), job.market);
    assert.equal(signer, job.operator);
  }
});

test("a signature has one form", async () => {
  const { offer, signature, chain_id, market } = JOBS[1];
  assert.ok(hasOneForm(signature));
  for (const other of [mirrored(signature), `${signature.slice(0, -2)}00`, "0x12", "0x", "zz"]) {
    assert.ok(!hasOneForm(other as Hex));
    await assert.rejects(
      recoverOfferSigner(offerFromJson(offer), other as Hex, Number(chain_id), market),
      { code: "signature" },
    );
  }
});

test("offers of another form are refused", () => {
  const good = JOBS[1].offer;
  for (const change of [
    { provider: "0x12" },
    { price_wei: "-1" },
    { price_wei: 1.5 },
    { lock_wei: (2n ** 96n).toString() },
    { valid_until_s: "x" },
    { nonce: null },
    { extra: 1 },
  ]) {
    assert.throws(() => offerFromJson({ ...good, ...change }), { code: "spec" });
  }
  assert.throws(() => offerFromJson(null), { code: "spec" });
});

test("terms that were not asked for are named by their cause", () => {
  const job = JOBS[1];
  const offer = offerFromJson(job.offer);
  const asked = {
    specHash: job.spec_hash,
    client: job.client,
    maxPriceWei: offer.priceWei,
    provider: job.provider,
    nowS: offer.validUntilS - 100,
  };
  assert.equal(termsFault(offer, asked), null);
  assert.equal(termsFault(offer, { ...asked, client: job.client.toLowerCase() }), null);
  const causes = [
    [{ specHash: job.job_id }, "spec"],
    [{ client: job.market }, "spec"],
    [{ provider: job.market }, "spec"],
    [{ maxPriceWei: offer.priceWei - 1n }, "price"],
    [{ lockMinMultiple: 11n }, "stake"],
    [{ nowS: offer.validUntilS - 4 }, "time"],
    [{ nowS: offer.validUntilS - 601 }, "time"],
  ] as const;
  for (const [change, cause] of causes) {
    assert.equal(termsFault(offer, { ...asked, ...change })?.field, cause);
  }
});
