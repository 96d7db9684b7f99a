/**
 * Values of parameters in words: "4.5 percent", "3 days 12 hours", "1,000 NVY"; exact, as the command line writes them.
 *
 * Pure twin of governance.values. Never: a float, a rounded value, or a guess at a unit that was left
 * out; 4 could mean four per cent or four hundredths of one.
 */
const NUMBER = String.raw`(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?`;
const PERCENT = new RegExp(String.raw`^(${NUMBER})\s*(?:%|per\s?cent)$`);
const MONEY = new RegExp(String.raw`^(${NUMBER})\s*(thousand|million|billion|)\s*(nvy|wei)$`);
const COUNT = new RegExp(String.raw`^(${NUMBER})\s*([a-z ]*)$`);
const TIME_PART = new RegExp(String.raw`^(${NUMBER})\s*([a-z]+)\s*`);
const TIMES: readonly (readonly [string, bigint])[] = [["week", 604_800n], ["day", 86_400n], ["hour", 3_600n], ["minute", 60n], ["second", 1n]];
const TIMES_S = new Map(TIMES);
const SHORT: Record<string, string> = { w: "week", d: "day", h: "hour", min: "minute", s: "second", sec: "second", hr: "hour", m: "minute" };
const SCALES: Record<string, bigint> = { "": 1n, thousand: 10n ** 3n, million: 10n ** 6n, billion: 10n ** 9n };
const NOUNS: Record<string, readonly string[]> = { multiple: ["x", "times"], epochs: ["epochs", "weeks", "epoch"] };
const WEI_PER_NVY = 10n ** 18n;
const WAD = 10n ** 18n;

const words = (text: string): string => text.toLowerCase().split(/\s+/).filter(Boolean).join(" ");

/** Return a value in the unit of its parameter; undefined if the text is none or lacks its unit. */
export function parseValue(text: string, unit: string): bigint | undefined {
  const said = words(text);
  if (unit === "bps" || unit === "wad") return parsePart(said, unit);
  if (unit === "s") return parseTime(said);
  if (unit === "wei") return parseMoney(said);
  const found = COUNT.exec(said);
  if (!found) return undefined;
  const noun = (found[2] ?? "").trim();
  const known = ["", unit, ...(NOUNS[unit.split(" ")[0] ?? ""] ?? [])];
  return known.includes(noun) ? scaled(found[1] ?? "", 1n) : undefined;
}

/** Return a value with its unit, exactly, as parseValue reads it. */
export function formatValue(value: bigint, unit: string): string {
  if (unit === "bps") return `${decimal(value, 2)} percent`;
  if (unit === "wad") return `${decimal(value, 16)} percent`;
  if (unit === "s") return formatTime(value);
  if (unit === "wei") return formatMoney(value);
  return unit.startsWith("multiple") ? `${grouped(value)} times` : `${grouped(value)} ${unit}`;
}

/** Wei of "1.5 million NVY"; undefined if the text is no amount. */
export function parseMoney(text: string): bigint | undefined {
  const found = MONEY.exec(words(text));
  return found ? scaled(found[1] ?? "", (SCALES[found[2] ?? ""] ?? 1n) * (found[3] === "nvy" ? WEI_PER_NVY : 1n)) : undefined;
}

export const formatMoney = (wei: bigint): string => `${decimal(wei, 18)} NVY`;

/** Seconds of "1 day 12 hours" or "1.5 days"; undefined if the text is no time. */
export function parseTime(text: string): bigint | undefined {
  let rest = text.trim().toLowerCase();
  if (!rest) return undefined;
  let total = 0n;
  while (rest) {
    const found = TIME_PART.exec(rest);
    const noun = found?.[2] ?? "";
    const unitS = TIMES_S.get(Object.hasOwn(SHORT, noun) ? (SHORT[noun] ?? "") : noun.replace(/s$/, ""));
    const part = found && unitS !== undefined ? scaled(found[1] ?? "", unitS) : undefined;
    if (!found || part === undefined) return undefined;
    total += part;
    rest = rest.slice(found[0].length);
  }
  return total;
}

/** "28 days", "1 minute 30 seconds". */
export function formatTime(timeS: bigint): string {
  const parts: string[] = [];
  let rest = timeS;
  for (const [name, lengthS] of TIMES.slice(1)) {
    const count = rest / lengthS;
    rest %= lengthS;
    if (count) parts.push(`${count} ${name}${count === 1n ? "" : "s"}`);
  }
  return parts.join(" ") || "0 seconds";
}

function parsePart(said: string, unit: string): bigint | undefined {
  const percent = PERCENT.exec(said);
  if (percent) return scaled(percent[1] ?? "", unit === "bps" ? 100n : WAD / 100n);
  const plain = new RegExp(`^(${NUMBER})\\s*${unit}$`).exec(said);
  return plain ? scaled(plain[1] ?? "", 1n) : undefined;
}

/** number * factor, if that is whole. */
function scaled(number: string, factor: bigint): bigint | undefined {
  const [whole = "", fraction = ""] = number.replaceAll(",", "").split(".");
  const scale = 10n ** BigInt(fraction.length);
  const product = BigInt(whole + fraction) * factor;
  return product % scale === 0n ? product / scale : undefined;
}

function decimal(value: bigint, places: number): string {
  const unit = 10n ** BigInt(places);
  const digits = (value % unit).toString().padStart(places, "0").replace(/0+$/, "");
  return digits ? `${grouped(value / unit)}.${digits}` : grouped(value / unit);
}

const grouped = (value: bigint): string => value.toLocaleString("en-US");
