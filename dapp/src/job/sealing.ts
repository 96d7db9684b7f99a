/**
 * Keys that only one reader can open, and what private jobs bind them to.
 *
 * Place: beside `envelope`. Twins: `neurovoyance.ipfs.sealing`, `ipfs.private_input`,
 * `protocol.privacy`. X25519, HKDF-SHA256, AES-256-GCM; formats: docs/spec/storage.md, privacy.md.
 * A sealed key does not prove who sealed it. Never: reuse a sender key, or keep a key in the clear.
 */

import { x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { getAddress, hashTypedData } from "viem/utils";
import { hexOf, join, same, utf8, bytesOf, type Bytes, type Hex } from "./bytes.ts";
import { cipherOf, KEY_BYTES, newKey, openContainer, refused, sealContainer, statedContext } from "./envelope.ts";
import { JobError } from "./errors.ts";
import { hashAbi } from "./hashing.ts";
import { recoverOneForm } from "./offer.ts";

export const SEALED_KEY_BYTES = 80;
const PUBLIC_KEY_BYTES = 32;
const INFO = utf8("neurovoyance sealed key v1");
const NONCE = new Uint8Array(12); // constant: the wrapping key is used once
const INPUT_TAG = keccak_256(utf8("NVY/input/1"));
const KEY_TAG = utf8("NVY/input-key/1");

/** An X25519 key pair, raw bytes. */
export interface KeyPair {
  readonly privateKey: Bytes;
  readonly publicKey: Bytes;
}

/** Return a random X25519 key pair, such as the `clientKey` of a private job. */
export function newKeyPair(): KeyPair {
  const privateKey = newKey();
  return { privateKey, publicKey: new Uint8Array(x25519.getPublicKey(privateKey)) };
}

/**
 * Return 80 bytes that only the holder of the recipient's private key can open.
 *
 * @param key the object's key, 32 bytes.
 * @param recipient X25519 public key, 32 bytes.
 * @param context bound to the sealed key and demanded again on opening.
 * @throws JobError `spec` if key or recipient are not what they should be.
 */
export function sealKey(key: Uint8Array, recipient: Uint8Array, context: Uint8Array): Promise<Bytes> {
  return sealKeyFrom(newKey(), key, recipient, context);
}

/** Seal with a given sender key: for test vectors alone, since one must never be reused. */
export async function sealKeyFrom(
  sender: Uint8Array,
  key: Uint8Array,
  recipient: Uint8Array,
  context: Uint8Array,
): Promise<Bytes> {
  if (key.length !== KEY_BYTES || recipient.length !== PUBLIC_KEY_BYTES) {
    throw new JobError("spec", "A sealed key needs a 32-byte key and a 32-byte X25519 public key.");
  }
  const publicKey = x25519.getPublicKey(sender);
  let shared: Uint8Array;
  try {
    shared = x25519.getSharedSecret(sender, recipient);
  } catch {
    throw new JobError("spec", "The recipient's public key is not a usable X25519 key.");
  }
  const cipher = await cipherOf(wrappingKey(shared, publicKey, recipient));
  const sealed = await cipher.encrypt(NONCE, new Uint8Array(key), new Uint8Array(context));
  return join(publicKey, sealed);
}

/**
 * Return the key that was sealed.
 *
 * @throws JobError `storage.decrypt`: altered, for somebody else, or of another context.
 */
export async function openKey(
  sealed: Uint8Array,
  privateKey: Uint8Array,
  context: Uint8Array,
): Promise<Bytes> {
  if (sealed.length !== SEALED_KEY_BYTES) throw refused();
  const sender = sealed.slice(0, PUBLIC_KEY_BYTES);
  try {
    const shared = x25519.getSharedSecret(privateKey, sender);
    const wrapping = wrappingKey(shared, sender, x25519.getPublicKey(privateKey));
    const cipher = await cipherOf(wrapping);
    const data = new Uint8Array(sealed.slice(PUBLIC_KEY_BYTES));
    return await cipher.decrypt(NONCE, data, new Uint8Array(context));
  } catch {
    throw refused();
  }
}

function wrappingKey(shared: Uint8Array, sender: Uint8Array, recipient: Uint8Array): Uint8Array {
  return hkdf(sha256, shared, join(sender, recipient), INFO, KEY_BYTES);
}

// --- private inputs -----------------------------------------------------------------------------

/** Return the context of an input's container: tag and commitment to the key, 64 bytes. */
export function inputContext(key: Uint8Array): Bytes {
  return join(INPUT_TAG, keccak_256(join(KEY_TAG, key)));
}

/** Return the container of an input's safetensors bytes; the CID of the job is that of this. */
export function sealInput(plain: Bytes, key: Uint8Array): Promise<Bytes> {
  return sealContainer(plain, key, inputContext(key));
}

/**
 * Return the input inside a container.
 *
 * @throws JobError `storage.decrypt`: the key is another one, or the container was altered.
 */
export async function openInput(container: Bytes, key: Uint8Array): Promise<Bytes> {
  const stated = statedContext(container);
  if (stated === null || !same(stated, inputContext(key))) throw refused();
  return openContainer(container, key, stated);
}

// --- what a sealed key is for -------------------------------------------------------------------

/** Return what a key in a request for an offer is bound to, 32 bytes. */
export function offerContext(specHash: Hex, client: string, provider: string): Bytes {
  const types = ["string", "bytes32", "address", "address"];
  const values = ["NVY/key/offer/1", specHash, getAddress(client), getAddress(provider)];
  return bytesOf(hashAbi(types, values));
}

/** Return what a key for an auditor or referee is bound to, 32 bytes. */
export function drawnContext(jobId: Hex, owner: string): Bytes {
  const types = ["string", "bytes32", "address"];
  return bytesOf(hashAbi(types, ["NVY/key/drawn/1", jobId, getAddress(owner)]));
}

/** Return what a result's key for its client is bound to, 32 bytes. */
export function resultContext(jobId: Hex): Bytes {
  return bytesOf(hashAbi(["string", "bytes32"], ["NVY/key/result/1", jobId]));
}

/**
 * Return who signed a node's X25519 key for a provider; compare it with the provider's operator.
 *
 * @param publicKey `input_key.public_key` of the node's `GET /v1/status`, 32 bytes.
 * @throws JobError `signature` if the bytes are no signature in the one form.
 */
export function recoverNodeKeySigner(
  publicKey: Hex,
  signature: Hex,
  provider: string,
  chainId: number,
  market: string,
): Promise<Hex> {
  const digest = hashTypedData({
    domain: {
      name: "Neurovoyance Keys",
      version: "1",
      chainId,
      verifyingContract: getAddress(market),
    },
    types: {
      NodeKey: [
        { name: "provider", type: "address" },
        { name: "publicKey", type: "bytes32" },
      ],
    },
    primaryType: "NodeKey",
    message: { provider: getAddress(provider), publicKey },
  });
  return recoverOneForm(digest, signature, "signature of the node's key");
}

/** An input encrypted for one node, ready to be uploaded and asked about. */
export interface SealedInput {
  /** What gets a CID and is uploaded. */
  readonly container: Bytes;
  /** Keep it: auditors get it from the provider, nobody can restore it. */
  readonly key: Bytes;
}

/** Return an input encrypted under a new key; seal the key to each node that is asked. */
export async function encryptInput(plain: Bytes): Promise<SealedInput> {
  const key = newKey();
  return { container: await sealInput(plain, key), key };
}

/** Return the `sealed_key` of a request for an offer to one provider's node, `0x` hex. */
export async function sealForOffer(
  key: Uint8Array,
  nodeKey: Hex,
  asked: { readonly specHash: Hex; readonly client: string; readonly provider: string },
): Promise<Hex> {
  const context = offerContext(asked.specHash, asked.client, asked.provider);
  return hexOf(await sealKey(key, bytesOf(nodeKey), context));
}
