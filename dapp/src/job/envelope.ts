/**
 * The encrypted container: results, and private inputs, have a CID only in this form.
 *
 * Place: between fetched bytes and tensors. Twin of `neurovoyance.ipfs.encryption`. AES-256-GCM in
 * segments of one MiB, STREAM construction: nonce = 7 random bytes, 4-byte counter, last-segment
 * flag; the header, with the context, is authenticated with every segment. Format: docs/spec/storage.md.
 * Never: return a byte of an object that was not authenticated to its end, or tell why it was not.
 */

import { breathe, join, owned, same, utf8, type Bytes } from "./bytes.ts";
import { JobError } from "./errors.ts";

export const KEY_BYTES = 32;
export const SEGMENT_BYTES = 1 << 20;
const PREFIX_BYTES = 7;
const TAG_BYTES = 16;
const MAX_CONTEXT_BYTES = 1_024;
const MAGIC = Uint8Array.from([...utf8("NVENC"), 1]);
const CONTEXT_AT = MAGIC.length + PREFIX_BYTES + 2;

/** What {@link openContainer} reports. */
export interface OpenOptions {
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal;
}

/** Seals or opens one segment. */
interface Cipher {
  encrypt(nonce: Bytes, data: Bytes, header: Bytes): Promise<Bytes>;
  decrypt(nonce: Bytes, data: Bytes, header: Bytes): Promise<Bytes>;
}

/** Return a random 256-bit key; use it for one object only. */
export function newKey(): Bytes {
  return crypto.getRandomValues(new Uint8Array(KEY_BYTES));
}

/**
 * Return the plaintext of a whole container.
 *
 * @param container bytes, or a Blob that is read segment by segment.
 * @param context what the object has to belong to: for a result the job id, 32 bytes.
 * @throws JobError `storage.decrypt`: truncated, reordered, altered, wrong key or wrong context; one
 *   error for all of them. `spec` if key or context have the wrong size.
 */
export async function openContainer(
  container: Bytes | Blob,
  key: Uint8Array,
  context: Uint8Array,
  options: OpenOptions = {},
): Promise<Bytes> {
  const cipher = await cipherOf(key);
  const size = container instanceof Blob ? container.size : container.length;
  const headerBytes = headerOf(new Uint8Array(PREFIX_BYTES), context).length;
  const header = await piece(container, 0, headerBytes);
  const prefix = header.slice(MAGIC.length, MAGIC.length + PREFIX_BYTES);
  if (prefix.length !== PREFIX_BYTES || !same(header, headerOf(prefix, context))) throw refused();
  const parts: Bytes[] = [];
  const step = SEGMENT_BYTES + TAG_BYTES;
  for (let at = headerBytes, counter = 0; counter === 0 || at < size; at += step, counter++) {
    options.signal?.throwIfAborted();
    const sealed = await piece(container, at, at + step);
    const nonce = nonceOf(prefix, counter, at + step >= size);
    parts.push(await cipher.decrypt(nonce, sealed, header).catch(() => Promise.reject(refused())));
    options.onProgress?.(Math.min(at + step, size), size);
    await breathe();
  }
  return join(...parts);
}

/** Return the container of a plaintext under a key that is used for it alone. */
export function sealContainer(plain: Bytes, key: Uint8Array, context: Uint8Array): Promise<Bytes> {
  const prefix = crypto.getRandomValues(new Uint8Array(PREFIX_BYTES));
  return sealWithPrefix(plain, key, context, prefix);
}

/** Encrypt with a given nonce prefix: for test vectors alone, since repeating one leaks. */
export async function sealWithPrefix(
  plain: Bytes,
  key: Uint8Array,
  context: Uint8Array,
  prefix: Uint8Array,
): Promise<Bytes> {
  const cipher = await cipherOf(key);
  const header = headerOf(prefix, context);
  const parts = [header];
  for (let at = 0, counter = 0; counter === 0 || at < plain.length; counter++) {
    const end = at + SEGMENT_BYTES;
    const nonce = nonceOf(prefix, counter, end >= plain.length);
    parts.push(await cipher.encrypt(nonce, plain.slice(at, end), header));
    at = end;
    await breathe();
  }
  return join(...parts);
}

/** Return whether a file is a container, by its first bytes; no safetensors file starts so. */
export function isContainer(head: Uint8Array): boolean {
  return same(head.subarray(0, MAGIC.length), MAGIC);
}

/** Return the context that a container states, unchecked; null if it is none or cut short. */
export function statedContext(head: Uint8Array): Bytes | null {
  if (!isContainer(head) || head.length < CONTEXT_AT) return null;
  const length = (head[CONTEXT_AT - 2]! << 8) | head[CONTEXT_AT - 1]!;
  if (head.length < CONTEXT_AT + length) return null;
  return owned(head.slice(CONTEXT_AT, CONTEXT_AT + length));
}

/** The one error for everything that can be wrong with an encrypted object. */
export function refused(): JobError {
  return new JobError(
    "storage.decrypt",
    "The encrypted object cannot be opened. Nothing of it may be used.",
    "Check that key and context belong to this object, and fetch it again.",
  );
}

/** Return AES-256-GCM under a key; WebCrypto, or noble's where a page is not in a secure context. */
export async function cipherOf(key: Uint8Array): Promise<Cipher> {
  if (key.length !== KEY_BYTES) throw new JobError("spec", `The key has ${key.length} bytes, not 32.`);
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) return plainCipher(key);
  const held = await subtle.importKey("raw", owned(key), "AES-GCM", false, ["encrypt", "decrypt"]);
  const how = (iv: Bytes, additionalData: Bytes) => ({ name: "AES-GCM", iv, additionalData });
  return {
    encrypt: async (nonce, data, header) =>
      new Uint8Array(await subtle.encrypt(how(nonce, header), held, data)),
    decrypt: async (nonce, data, header) =>
      new Uint8Array(await subtle.decrypt(how(nonce, header), held, data)),
  };
}

/** Return the same cipher without WebCrypto; slower, and loaded only then. */
export async function plainCipher(key: Uint8Array): Promise<Cipher> {
  const { gcm } = await import("@noble/ciphers/aes.js");
  return {
    encrypt: async (nonce, data, header) => owned(gcm(key, nonce, header).encrypt(data)),
    decrypt: async (nonce, data, header) => owned(gcm(key, nonce, header).decrypt(data)),
  };
}

function headerOf(prefix: Uint8Array, context: Uint8Array): Bytes {
  if (context.length > MAX_CONTEXT_BYTES) {
    throw new JobError("spec", `The context has ${context.length} bytes; at most 1,024 are accepted.`);
  }
  return join(MAGIC, prefix, Uint8Array.of(context.length >> 8, context.length & 255), context);
}

function nonceOf(prefix: Uint8Array, counter: number, isLast: boolean): Bytes {
  const nonce = new Uint8Array(12);
  nonce.set(prefix);
  new DataView(nonce.buffer).setUint32(PREFIX_BYTES, counter);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

async function piece(container: Bytes | Blob, start: number, end: number): Promise<Bytes> {
  if (!(container instanceof Blob)) return container.slice(start, end);
  return new Uint8Array(await container.slice(start, end).arrayBuffer());
}
