/** Plain text of amounts, times and sizes. Amounts are bigint from the chain to the last pixel. */

const WEI_PER_NVY = 10n ** 18n;
/** The least amount of which a page shows a digit. */
export const SHOWN_LEAST_WEI = WEI_PER_NVY / 1_000_000n;
const group = new Intl.NumberFormat("en-US");

/**
 * Write an amount of wei in NVY: separators, two decimals, six below 0.01, never an exponent.
 *
 * Rounds down, so that nothing looks larger than it is; an amount too small to show reads "<0.000001".
 */
export function nvy(wei: bigint, decimals?: number): string {
  if (wei < 0n) return `−${nvy(-wei, decimals)}`;
  const places = decimals ?? (wei !== 0n && wei < WEI_PER_NVY / 100n ? 6 : 2);
  const unit = WEI_PER_NVY / 10n ** BigInt(places);
  const scaled = wei / unit;
  if (scaled === 0n && wei > 0n) return places === 0 ? "<1" : `<0.${"0".repeat(places - 1)}1`;
  const whole = group.format(scaled / 10n ** BigInt(places));
  return places === 0 ? whole : `${whole}.${(scaled % 10n ** BigInt(places)).toString().padStart(places, "0")}`;
}

/** Every digit of an amount, for titles and copies. */
export function nvyExact(wei: bigint): string {
  const sign = wei < 0n ? "−" : "";
  const value = wei < 0n ? -wei : wei;
  const rest = (value % WEI_PER_NVY).toString().padStart(18, "0").replace(/0+$/, "");
  return `${sign}${group.format(value / WEI_PER_NVY)}${rest ? `.${rest}` : ""}`;
}

export const count = (value: number | bigint): string => group.format(value);

/** Basis points as a percentage: 450 is "4.5 %". */
export function percentOfBps(bps: number | bigint): string {
  return `${(Number(bps) / 100).toLocaleString("en-US", { maximumFractionDigits: 2 })} %`;
}

/** A share of a whole in per cent; undefined where there is no whole. */
export function share(part: bigint, whole: bigint): string | undefined {
  if (whole === 0n) return undefined;
  return percentOfBps((part * 10_000n) / whole);
}

/** Spell out a span: "42 s", "3 min 5 s", "2 h 10 min", "5 d 3 h". */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3_600) return two(Math.floor(s / 60), "min", s % 60, "s");
  if (s < 86_400) return two(Math.floor(s / 3_600), "h", Math.floor((s % 3_600) / 60), "min");
  return two(Math.floor(s / 86_400), "d", Math.floor((s % 86_400) / 3_600), "h");
}

const two = (a: number, unitA: string, b: number, unitB: string): string =>
  b === 0 ? `${a} ${unitA}` : `${a} ${unitA} ${b} ${unitB}`;

/** Unix seconds as local date and time, with seconds left out. */
export function dateTime(unixS: number): string {
  return new Date(unixS * 1000).toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** Bytes in binary units. */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let scaled = value;
  let index = 0;
  while (scaled >= 1024 && index < units.length - 1) {
    scaled /= 1024;
    index += 1;
  }
  return `${index === 0 ? scaled : scaled.toFixed(1)} ${units[index]}`;
}

/** Middle-cut hex, for addresses and hashes. */
export function shortHex(hex: string, head = 6, tail = 4): string {
  return hex.length <= head + tail + 3 ? hex : `${hex.slice(0, head)}…${hex.slice(-tail)}`;
}

/** Text of strangers, for one line: control and direction characters gone, cut to a length. */
export function plain(text: string, max = 200): string {
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g, " ").trim();
  return clean.length <= max ? clean : `${clean.slice(0, max - 1)}…`;
}
