/**
 * Amounts of NVY: reading what people type, and writing what can be read back; integers of wei throughout.
 *
 * Place: under every page that asks for money; how amounts are shown is `lib/format`. Twin of
 * `neurovoyance.protocol.units`.
 * Never: a float.
 */

import { JobError, shown } from "./errors.ts";

export const WEI_PER_NVY = 10n ** 18n;
const DECIMALS = 18;
/** Most digits before the point that are read. */
const WHOLE_MAX = 30;

/** What {@link parseNvy} found: an amount, or a sentence that says why there is none. */
export type ParsedAmount =
  | { readonly ok: true; readonly wei: bigint }
  | { readonly ok: false; readonly message: string };

/**
 * Return the wei of a decimal amount of NVY as a person types it.
 *
 * Commas as thousands separators are read where they stand right; a comma as decimal sign is not.
 *
 * @param what the amount in words, such as `The maximum price`; begins the sentence of a refusal.
 */
export function parseNvy(text: string, what = "The amount"): ParsedAmount {
  const bare = text.trim();
  if (!bare) return refused(`${what} is missing.`);
  if (bare.startsWith("-")) return refused(`${what} must not be negative.`);
  if (/e/i.test(bare)) return refused(`${what} must be written without an exponent.`);
  const match = /^(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?$/.exec(bare);
  if (!match) return refused(`${what} must be a decimal number such as 12 or 0.05.`);
  const whole = match[1]!.replaceAll(",", "");
  const fraction = match[2] ?? "";
  if (fraction.length > DECIMALS) return refused(`${what} has more than 18 decimals.`);
  if (whole.length > WHOLE_MAX) return refused(`${what} is larger than any amount there is.`);
  const wei = BigInt(whole) * WEI_PER_NVY + BigInt(fraction.padEnd(DECIMALS, "0"));
  return { ok: true, wei };
}

/**
 * Return the wei of a decimal amount, twin of `units.nvy`.
 *
 * @throws JobError `spec` if the text is no amount.
 */
export function nvy(text: string): bigint {
  const found = parseNvy(text);
  if (!found.ok) throw new JobError("spec", `${shown(text)} is not an amount of NVY.`);
  return found.wei;
}

/** Return wei as decimal NVY without loss, shortest form, no separators: what a field may hold. */
export function exactNvy(wei: bigint): string {
  const [sign, whole, fraction] = parts(wei);
  const digits = fraction.replace(/0+$/, "");
  return `${sign}${whole}${digits ? `.${digits}` : ""}`;
}

/** Return the share of an amount in 1/10,000, rounded up, wei. */
export function bpsUp(wei: bigint, shareBps: bigint): bigint {
  return (wei * shareBps + 9_999n) / 10_000n;
}

function parts(wei: bigint): [string, string, string] {
  const size = wei < 0n ? -wei : wei;
  const fraction = (size % WEI_PER_NVY).toString().padStart(DECIMALS, "0");
  return [wei < 0n ? "-" : "", (size / WEI_PER_NVY).toString(), fraction];
}

function refused(message: string): ParsedAmount {
  return { ok: false, message };
}
