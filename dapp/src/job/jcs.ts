/**
 * RFC 8785 canonical JSON: one text for one value.
 *
 * Place: under manifests, receipts and signed offers; twin of the Python package `rfc8785`. Integers
 * alone: no document of this project holds a fraction. Never: a number that JavaScript rounds.
 */

import { utf8, type Bytes } from "./bytes.ts";
import { JobError } from "./errors.ts";

/** Values that a document may hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * Return the canonical text: members sorted by UTF-16 code units, no blanks.
 *
 * @throws JobError `spec` for a value that no document holds, or one nested deeper than 64.
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > 64) throw new JobError("spec", "The document is nested deeper than 64 levels.");
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value + 0);
  if (Array.isArray(value)) {
    return `[${value.map((one) => canonicalJson(one, depth + 1)).join(",")}]`;
  }
  if (typeof value === "object") {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const texts = members.map(([name, one]) => `${quoted(name)}:${canonicalJson(one, depth + 1)}`);
    return `{${texts.join(",")}}`;
  }
  throw new JobError("spec", "The document holds a value that its form does not allow.");
}

/** Return the UTF-8 bytes of the canonical text. */
export function canonicalBytes(value: unknown): Bytes {
  return utf8(canonicalJson(value));
}

function quoted(text: string): string {
  if (!text.isWellFormed()) throw new JobError("spec", "The document holds text that is not Unicode.");
  return JSON.stringify(text);
}
