/**
 * Every protocol parameter with unit, bounds, class and meaning: params.json, the one source of contracts, twins and docs.
 *
 * Pure. Values and bounds that are signed or judged are read from ProtocolParams; from here come the
 * names, units and meanings, which no contract keeps.
 */
import rows from "../../../tokenomics/neurovoyance/tokenomics/params.json" with { type: "json" };

/** S: either governor may move it; C: the Constitutional one alone. */
export type Class = "S" | "C";

export interface Parameter {
  key: string;
  unit: string;
  default: bigint;
  min: bigint;
  max: bigint;
  class: Class;
  /** Name of the packed word that holds it. */
  word: string;
  meaning: string;
}

export type Values = Readonly<Record<string, bigint>>;

const STEPS = 8n;
const WIDTHS: Record<string, bigint> = { wei: 96n, wad: 64n, s: 32n };

/** What a governor can move, in the order of the file. */
export const PARAMETERS: readonly Parameter[] = rows
  .filter((row) => row.class !== "-")
  .map((row) => ({
    key: row.key,
    unit: row.unit,
    default: BigInt(row.default),
    min: BigInt(row.min),
    max: BigInt(row.max),
    class: row.class as Class,
    word: row.word ?? "",
    meaning: row.meaning,
  }));

const BY_KEY = new Map(PARAMETERS.map((parameter) => [parameter.key, parameter]));
export const parameterOf = (key: string): Parameter | undefined => BY_KEY.get(key);

/** Names of the packed words; the place of a name is its id in ProtocolParams. */
export const WORDS: readonly string[] = [...new Set(PARAMETERS.map(({ word }) => word))];

/** Most that one proposal may change: an eighth of the range, rounded up. */
export const stepOf = ({ min, max }: Pick<Parameter, "min" | "max">): bigint => (max - min + STEPS - 1n) / STEPS;

/** Values of all parameters out of the packed words, in the order of WORDS. */
export function unpack(words: readonly bigint[]): Record<string, bigint> {
  const values: Record<string, bigint> = {};
  WORDS.forEach((word, id) => {
    let rest = words[id] ?? 0n;
    for (const parameter of PARAMETERS) {
      if (parameter.word !== word) continue;
      const width = WIDTHS[parameter.unit] ?? 16n;
      values[parameter.key] = rest & ((1n << width) - 1n);
      rest >>= width;
    }
  });
  return values;
}

export const defaults = (): Record<string, bigint> => Object.fromEntries(PARAMETERS.map((parameter) => [parameter.key, parameter.default]));

export const WORD_TITLES: Readonly<Record<string, string>> = {
  hiring: "Hiring and audits",
  slashing: "Slashing and unbonding",
  fees: "Fees",
  vesting: "Vesting and early exit",
  emission: "Emission",
  funds: "Funds, windows, canaries",
  standard: "Standard governor",
  constitutional: "Constitutional governor",
};

export const CLASS_WORDS: Record<Class, string> = { S: "the Standard governor", C: "the Constitutional governor" };

/** Rest of a parameter between two changes, by its class, seconds. */
export const COOLDOWN_S = { S: 7 * 86_400, C: 28 * 86_400 } as const;
