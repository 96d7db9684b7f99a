/**
 * What votes can do about a model: whether the registry would take it, and what it leads to, in words.
 *
 * Pure twin of ModelRegistry's conditions, looked at for the earliest second in which a vote could be executed.
 */
import type { Intention } from "./calls.ts";
import { dateOf } from "./rules.ts";
import { formatMoney } from "./values.ts";

/** As the contract numbers them. */
export const MODEL_STATES = ["unregistered", "registered", "challenged", "suspended"] as const;
export type ModelState = (typeof MODEL_STATES)[number];

/** A model as the registry has it. */
export interface Registered {
  state: ModelState;
  /** Unix seconds of its first job. */
  activeAtS: number;
  registrant: string;
  /** What is left of the registrant's bond. */
  bondWei: bigint;
  /** Classes of jobs that its certificate covers. */
  certified: ("EXACT" | "TENSOR")[];
  /** Last second to rule on its challenge; undefined without one, or while the index does not tell. */
  deadlineS: number | undefined;
}

/** What a challenger puts down; Params.REGISTRANT_BOND_WEI. */
export const CHALLENGER_BOND_WEI = 100n * 10n ** 18n;

export type AboutModel = Extract<Intention, { kind: "suspension" | "ruling" }>;
export const isAboutModel = (intention: Intention): intention is AboutModel => intention.kind === "suspension" || intention.kind === "ruling";

/**
 * Why the registry would refuse, or undefined.
 *
 * @param executeS earliest second in which the vote could be executed.
 */
export function modelFault(intention: AboutModel, { state, deadlineS }: Registered, executeS: number): string | undefined {
  if (state === "unregistered") return "No model with this id is registered, so it takes no audited job.";
  if (state === "suspended") return "This model is suspended already, for ever.";
  if (intention.kind === "suspension") return undefined;
  if (state !== "challenged") return "Nobody challenges its certificate now, so there is nothing to rule on.";
  if (deadlineS !== undefined && executeS > deadlineS) return `Its challenge ends on ${dateOf(deadlineS)}; this vote could be executed on ${dateOf(executeS)} at the earliest.`;
  return undefined;
}

/** What it leads to, a sentence each. */
export function modelEffects(intention: AboutModel, { state, bondWei, deadlineS }: Registered): string[] {
  const both = formatMoney(CHALLENGER_BOND_WEI + bondWei);
  const stop = ["New jobs of it are refused at once, whatever a node offers.", "Live jobs may be voided by anybody: their clients get everything back, and nobody is slashed.", "No vote can lift it."];
  if (intention.kind === "suspension") {
    const bonds = [bondWei > 0n ? `Its registrant may take ${formatMoney(bondWei)} of bond back.` : "", state === "challenged" ? `Who challenged it gets ${formatMoney(CHALLENGER_BOND_WEI)} back; nobody rules on the challenge.` : ""];
    return [...stop, ...bonds.filter((one) => one !== "")];
  }
  const until = deadlineS === undefined ? [] : [`It has to be executed by ${dateOf(deadlineS)}; later anybody may end the challenge.`];
  if (intention.isUpheld) return [...stop, `Who challenged it gets ${both}: both bonds.`, ...until];
  return ["The model works on.", `Its registrant gets the challenger's bond, ${formatMoney(CHALLENGER_BOND_WEI)}.`, ...until];
}
