/**
 * Whether the contracts would accept what is wanted; if not, why, and what they would accept when.
 *
 * Pure twin of tokenomics.governing and governance.refusals. The conditions are those of ProtocolParams,
 * looked at for the earliest second in which the proposal could be executed. Never: a refusal without
 * the bounds and the next step.
 */
import { type Intention, isConstitutional } from "./calls.ts";
import { CLASS_WORDS, type Parameter, stepOf } from "./params.ts";
import { type GovernorTimes, type PathStep, ifProposed, pathTo } from "./timeline.ts";
import { formatMoney, formatValue } from "./values.ts";

/** A parameter as it stands on chain. */
export interface Reading {
  parameter: Parameter;
  /** What applies now. */
  value: bigint;
  /** What was set last; equals `value` unless a change waits. */
  next: bigint;
  /** When `next` applies, if it waits; else 0. */
  sinceS: number;
  /** When the parameter may move again; 0 if it never moved. */
  readyAtS: number;
}

export type Reason = "OutOfBounds" | "CoolingDown" | "StepTooLarge";

/** Lowest and highest value that one change can lead to. */
export function reachOf(parameter: Parameter, current: bigint): readonly [bigint, bigint] {
  const step = stepOf(parameter);
  const low = current - step;
  const high = current + step;
  return [low < parameter.min ? parameter.min : low, high > parameter.max ? parameter.max : high];
}

/** Why ProtocolParams.set would refuse at a second, in the order in which it looks. */
export function checkChange(reading: Reading, value: bigint, executeS: number): Reason | undefined {
  const { parameter, next, readyAtS } = reading;
  if (value < parameter.min || value > parameter.max) return "OutOfBounds";
  if (executeS < readyAtS) return "CoolingDown";
  const distance = value > next ? value - next : next - value;
  return distance > stepOf(parameter) ? "StepTooLarge" : undefined;
}

/** Refuse a change in words: what is wrong, the bounds, the reach of one proposal, the earliest path; undefined if it is fine. */
export function refusalOf(reading: Reading, value: bigint, times: GovernorTimes, nowS: number): { message: string; hint: string } | undefined {
  const { parameter, next } = reading;
  const { key, unit, min, max } = parameter;
  const say = (wei: bigint): string => formatValue(wei, unit);
  if (value === next) return { message: `${key} is ${say(next)} already.`, hint: "Nothing to propose." };
  const reason = checkChange(reading, value, ifProposed(nowS, times).executableS);
  if (reason === undefined) return undefined;
  const target = value < min ? min : value > max ? max : value;
  const path = pathTo(parameter, next, target, { nowS, readyAtS: reading.readyAtS, times });
  const why = {
    OutOfBounds: "it is outside its bounds, which no vote can move",
    StepTooLarge: "it is more than one proposal may change",
    CoolingDown: `the parameter rests until ${dateOf(reading.readyAtS)}`,
  }[reason];
  const [low, high] = reachOf(parameter, next);
  return {
    message:
      `${key} cannot be set to ${say(value)}: ${why}. It is ${say(next)}; bounds ${say(min)} to ${say(max)}; ` +
      `one proposal reaches ${say(low)} to ${say(high)} (class ${parameter.class}, ${CLASS_WORDS[parameter.class]}).`,
    hint: pathWords(path, unit),
  };
}

/** The steps of a long change as one sentence with dates (UTC). */
export function pathWords(path: readonly PathStep[], unit: string): string {
  if (path.length === 0) return "It stands at that bound already.";
  const parts = path
    .slice(0, 8)
    .map((step, at) => `${at + 1}. propose ${formatValue(step.value, unit)} on ${dateOf(step.proposeS)}, execute from ${dateOf(step.executeS)}, applies from ${dateOf(step.appliesS)}`);
  const more = path.length > 8 ? `; and ${path.length - 8} more` : "";
  return `Earliest path: ${parts.join("; ")}${more}.`;
}

/** A time as a date and minute in UTC. */
export const dateOf = (timeS: number): string => `${new Date(timeS * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** What each vote may still pay from the treasury at once, wei. */
export interface TreasuryLeft {
  standardWei: bigint;
  constitutionalWei: bigint;
}

const STANDARD_ALONE: ReadonlySet<Intention["kind"]> = new Set(["slash", "canary", "suspension", "ruling"]);

export type Picked = { isConstitutional: boolean } | { message: string; hint: string };

/** The governor that decides a proposal, the Standard one where it can; or why none may. Twin of governance.refusals.pick_governor. */
export function pickGovernor(intentions: readonly Intention[], left: TreasuryLeft): Picked {
  const guardians = intentions.filter(({ kind }) => kind === "renewal").length;
  if (guardians > 0 && guardians !== intentions.length) return { message: "A proposal about the guardian holds nothing else: the guardian cannot cancel it.", hint: "Make two proposals." };
  const wei = intentions.reduce((sum, item) => (item.kind === "payment" && item.fund === "treasury" ? sum + item.amountWei : sum), 0n);
  const { standardWei, constitutionalWei } = left;
  if (wei > standardWei && wei > constitutionalWei) {
    return {
      message: `The treasury may pay ${formatMoney(standardWei)} by a Standard and ${formatMoney(constitutionalWei)} by a Constitutional vote now, not ${formatMoney(wei)}.`,
      hint: "Ask for less, or spread it: the limits count the last 30 days.",
    };
  }
  const needsC = wei > standardWei || intentions.some(isConstitutional);
  if (needsC && intentions.some(({ kind }) => STANDARD_ALONE.has(kind))) {
    return { message: "No governor may do all of this: a part needs the Constitutional governor, another part belongs to the Standard one alone.", hint: "Make two proposals." };
  }
  return { isConstitutional: needsC };
}
