/**
 * Byte strings: hexadecimal, joining, comparing, letting the page breathe.
 *
 * Place: under every format of this folder. Never: a Node.js API; all of this runs in a browser.
 */

import { JobError } from "./errors.ts";

export type Hex = `0x${string}`;
/** Bytes over a buffer that WebCrypto and Blob accept. */
export type Bytes = Uint8Array<ArrayBuffer>;

export const EMPTY: Bytes = new Uint8Array(0);
/** 32 zero bytes. */
export const ZERO_32: Hex = `0x${"00".repeat(32)}`;
export const ZERO_ADDRESS: Hex = `0x${"00".repeat(20)}`;

const DIGITS = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"));

/** Return `0x` and the lower-case hexadecimal digits of bytes. */
export function hexOf(data: Uint8Array): Hex {
  let text = "0x";
  for (const value of data) text += DIGITS[value];
  return text as Hex;
}

/**
 * Return the bytes written as hexadecimal digits, with or without `0x`.
 *
 * @throws JobError `spec` if the text is anything else.
 */
export function bytesOf(text: string): Bytes {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  if (digits.length % 2 || !/^[0-9a-fA-F]*$/.test(digits)) {
    throw new JobError("spec", "A byte string is 0x and an even number of hexadecimal digits.");
  }
  const out = new Uint8Array(digits.length / 2);
  for (let at = 0; at < out.length; at++) {
    out[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  }
  return out;
}

/** Return whether a value is `0x` and hexadecimal digits of so many bytes. */
export function isHex(value: unknown, sizeBytes?: number): value is Hex {
  if (typeof value !== "string" || !/^0x([0-9a-fA-F]{2})*$/.test(value)) return false;
  return sizeBytes === undefined || value.length === 2 + 2 * sizeBytes;
}

/** Return byte strings joined. */
export function join(...parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Return whether two byte strings are equal; for public values only, not constant in time. */
export function same(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((value, at) => value === right[at]);
}

/** Return the UTF-8 bytes of a text. */
export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text) as Bytes;
}

/**
 * Return the text in UTF-8 bytes.
 *
 * @throws TypeError if the bytes are not UTF-8.
 */
export function textOf(data: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
}

/** Return bytes over a buffer of their own if theirs is shared, else themselves. */
export function owned(data: Uint8Array): Bytes {
  return data.buffer instanceof ArrayBuffer ? (data as Bytes) : new Uint8Array(data);
}

/** Let the browser draw and handle input before the work goes on. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(0);
  });
}

/**
 * Return a value of the API as an integer; it writes large ones as decimal text.
 *
 * @throws JobError `spec` if the value is no integer.
 */
export function bigOf(value: unknown): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^-?[0-9]{1,78}$/.test(value)) return BigInt(value);
  throw new JobError("spec", "A number is not an integer in decimal digits.");
}
