import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, hexOf, utf8 } from "./bytes.ts";
import {
  isContainer, newKey, openContainer, plainCipher, sealContainer, sealWithPrefix, SEGMENT_BYTES,
  statedContext, cipherOf,
} from "./envelope.ts"; // prettier-ignore
import {
  drawnContext, encryptInput, inputContext, newKeyPair, offerContext, openInput, openKey,
  recoverNodeKeySigner, resultContext, sealForOffer, sealKey, sealKeyFrom,
} from "./sealing.ts"; // prettier-ignore
import { made, vectors } from "./testing.ts";

const CASES = vectors("encryption");
const DECRYPT = { code: "storage.decrypt" };
const NONE = new Uint8Array(0);

test("containers are those of the Python side", async () => {
  for (const { key, prefix, context, plaintext, container } of CASES.containers) {
    const [k, c] = [bytesOf(key), bytesOf(context)];
    const sealed = await sealWithPrefix(bytesOf(plaintext), k, c, bytesOf(prefix));
    assert.equal(hexOf(sealed), `0x${container}`);
    assert.equal(hexOf(await openContainer(sealed, k, c)), `0x${plaintext}`);
    assert.equal(hexOf(statedContext(sealed)!), `0x${context}`);
  }
});

test("several segments are opened from a Blob, with progress", async () => {
  for (const size of [SEGMENT_BYTES, SEGMENT_BYTES + 1]) {
    const plain = new Uint8Array(size).map((_, at) => at % 251);
    const key = newKey();
    const sealed = await sealContainer(plain, key, utf8("job"));
    const told: number[] = [];
    const options = { onProgress: (done: number) => told.push(done) };
    const found = await openContainer(new Blob([sealed]), key, utf8("job"), options);
    assert.deepEqual(found, plain);
    assert.equal(told.at(-1), sealed.length);
    await assert.rejects(openContainer(sealed.slice(0, -17), key, utf8("job")), DECRYPT);
  }
});

test("whatever is wrong, the error is one", async () => {
  const key = newKey();
  const sealed = await sealContainer(utf8("hello"), key, utf8("job"));
  const messages = new Set<string>();
  const tries = [...Array(sealed.length).keys()].map((at) => {
    const changed = sealed.slice();
    changed[at]! ^= 1;
    return () => openContainer(changed, key, utf8("job"));
  });
  tries.push(() => openContainer(sealed, newKey(), utf8("job")));
  tries.push(() => openContainer(sealed, key, utf8("jobs")));
  tries.push(() => openContainer(NONE, key, utf8("job")));
  tries.push(() => openContainer(sealed.slice(0, 9), key, NONE));
  for (const one of tries) {
    await assert.rejects(one, (error: Error) => messages.add(error.message) && true);
  }
  assert.equal(messages.size, 1);
  await assert.rejects(openContainer(sealed, NONE, NONE), { code: "spec" });
  assert.ok(isContainer(sealed) && !isContainer(utf8("hello world")));
  assert.equal(statedContext(utf8("NVENC")), null);
});

test("a page without WebCrypto gets the same bytes", async () => {
  const [key, nonce, data, header] = [newKey(), new Uint8Array(12), utf8("x"), utf8("h")];
  const [slow, fast] = [await plainCipher(key), await cipherOf(key)];
  const sealed = await slow.encrypt(nonce, data, header);
  assert.deepEqual(await fast.encrypt(nonce, data, header), sealed);
  assert.deepEqual(await slow.decrypt(nonce, sealed, header), data);
});

test("sealed keys are those of the Python side", async () => {
  for (const one of CASES.sealed_keys) {
    const [key, context] = [bytesOf(one.key), bytesOf(one.context)];
    const sender = bytesOf(one.sender_private);
    const sealed = await sealKeyFrom(sender, key, bytesOf(one.recipient_public), context);
    assert.equal(hexOf(sealed), `0x${one.sealed}`);
    assert.deepEqual(await openKey(sealed, bytesOf(one.recipient_private), context), key);
  }
});

test("a sealed key opens for its reader and purpose alone", async () => {
  const [reader, other, key] = [newKeyPair(), newKeyPair(), newKey()];
  const sealed = await sealKey(key, reader.publicKey, utf8("a"));
  assert.deepEqual(await openKey(sealed, reader.privateKey, utf8("a")), key);
  await assert.rejects(openKey(sealed, reader.privateKey, utf8("b")), DECRYPT);
  await assert.rejects(openKey(sealed, other.privateKey, utf8("a")), DECRYPT);
  await assert.rejects(openKey(sealed.slice(1), reader.privateKey, utf8("a")), DECRYPT);
  await assert.rejects(sealKey(key, new Uint8Array(32), utf8("a")), { code: "spec" });
  await assert.rejects(sealKey(key, NONE, utf8("a")), { code: "spec" });
});

test("contexts and a node's signed key are those of the Python side", async () => {
  const twin = made("privacy");
  assert.equal(hexOf(inputContext(bytesOf(twin.key))), twin.input_context);
  assert.equal(hexOf(offerContext(twin.spec_hash, twin.client, twin.provider)), twin.offer_context);
  assert.equal(hexOf(drawnContext(twin.spec_hash, twin.client)), twin.drawn_context);
  assert.equal(hexOf(resultContext(twin.spec_hash)), twin.result_context);
  const signer = await recoverNodeKeySigner(
    twin.key, twin.signature, twin.provider, twin.chain_id, twin.market,
  ); // prettier-ignore
  assert.equal(signer, twin.signer);
});

test("a private input opens with its own key alone", async () => {
  const { container, key } = await encryptInput(utf8("tensors"));
  assert.deepEqual(await openInput(container, key), utf8("tensors"));
  await assert.rejects(openInput(container, newKey()), DECRYPT);
  const node = newKeyPair();
  const { spec_hash: specHash, client, provider } = made("privacy");
  const asked = { specHash, client, provider };
  const sealed = await sealForOffer(key, hexOf(node.publicKey), asked);
  const context = offerContext(specHash, client, provider);
  assert.deepEqual(await openKey(bytesOf(sealed), node.privateKey, context), key);
});
