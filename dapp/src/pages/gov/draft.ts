/** What somebody typed about a proposal: kept in this browser, judged as it is typed. */
import { load, save } from "../../lib/storage";
import { type Intention, clauseOf } from "../../gov/calls";
import { CLASS_WORDS, parameterOf } from "../../gov/params";
import { type Reading, reachOf, refusalOf } from "../../gov/rules";
import { FORMS, type Wish } from "../../gov/wishes";
import type { GovernorTimes } from "../../gov/timeline";
import { formatValue, parseValue } from "../../gov/values";

export interface Change {
  key: string;
  /** As typed, with its unit. */
  text: string;
}

export interface Draft {
  changes: Change[];
  /** What is no parameter. */
  wishes: Wish[];
  reason: string;
  /** Nobody else may make the same proposal. */
  isMine: boolean;
}

export const countOf = ({ changes, wishes }: Draft): number => changes.length + wishes.length;

export const CHANGES_MAX = 16;
export const REASON_MAX = 4_000;
const ENTRY = "draft:gov";

export const emptyDraft = (): Draft => ({ changes: [], wishes: [], reason: "", isMine: true });

const isDraft = (value: unknown): value is Draft => {
  const draft = value as Partial<Draft> | null;
  return typeof draft === "object" && draft !== null && typeof draft.reason === "string" && typeof draft.isMine === "boolean" && Array.isArray(draft.changes) && draft.changes.every((change) => typeof change?.key === "string" && typeof change.text === "string" && parameterOf(change.key) !== undefined) && Array.isArray(draft.wishes) && draft.wishes.every(isWish);
};

const isWish = (value: unknown): value is Wish => {
  const wish = value as Partial<Wish> | null;
  return typeof wish === "object" && wish !== null && typeof wish.form === "string" && FORMS[wish.form] !== undefined && typeof wish.texts === "object" && wish.texts !== null && Object.values(wish.texts).every((text) => typeof text === "string");
};

export const loadDraft = (): Draft | undefined => load(ENTRY, isDraft);
export const keepDraft = (draft: Draft): boolean => save(ENTRY, draft);

export interface Judged {
  value?: bigint;
  fault?: { message: string; hint: string };
}

/** Read one change and hold it against the rules of the contracts. */
export function judge(change: Change, reading: Reading, times: GovernorTimes, nowS: number): Judged {
  const { parameter } = reading;
  const value = parseValue(change.text, parameter.unit);
  if (value === undefined) return { fault: { message: change.text.trim() === "" ? "Type the new value with its unit." : `That is not a value of ${parameter.key}.`, hint: `For example: ${formatValue(parameter.default, parameter.unit)}.` } };
  const fault = refusalOf(reading, value, times, nowS);
  return fault ? { value, fault } : { value };
}

/** The sentence that the command line would read as the same proposal. */
export const sentenceOf = (intentions: readonly Intention[], reason: string): string => `${intentions.map(clauseOf).join(" and ")} because ${reason}`;

/** In the words of the form: what may be typed. */
export function reachWords(reading: Reading): string {
  const { parameter, next } = reading;
  const [low, high] = reachOf(parameter, next);
  const say = (value: bigint): string => formatValue(value, parameter.unit);
  return `Now ${say(next)}. One vote reaches ${say(low)} to ${say(high)}, by ${CLASS_WORDS[parameter.class]}.`;
}
