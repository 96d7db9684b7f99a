/** What somebody typed about a job: kept in this browser until the job is on chain, checked as it is typed. */
import { isAddress, isHex } from "viem";
import { parseNvy } from "../job/money";
import { load, save } from "../lib/storage";

export type Preset = "cheapest" | "fastest" | "reliable";
export type Hire = "offer" | "listing";

/** Texts as typed: a draft may be wrong, and is kept all the same. */
export interface Draft {
  modelId: string;
  /** JSON text of each input, by name. */
  inputs: Record<string, string>;
  /** An input file that was uploaded, in place of the texts. */
  inputFile?: { cidHex: string; cid: string; name: string; sizeBytes: number; batch: number };
  maxPrice: string;
  maxRuntimeS: string;
  windowMin: string;
  auditSlots: string;
  declaredGain: string;
  preset: Preset;
  hire: Hire;
  /** 32 random bytes that make the job's id; the same submission twice is one job. */
  salt: string;
}

export const PRESETS: readonly (readonly [Preset, string, string])[] = [
  ["cheapest", "Cheapest", "lowest price first"],
  ["fastest", "Fastest", "shortest expected time: load, queue, measured speed"],
  ["reliable", "Most reliable", "best record, with its uncertainty counted"],
];

export function newSalt(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

export const emptyDraft = (modelId = ""): Draft => ({
  modelId,
  inputs: {},
  maxPrice: "1",
  maxRuntimeS: "60",
  windowMin: "30",
  auditSlots: "1",
  declaredGain: "0",
  preset: "cheapest",
  hire: "offer",
  salt: newSalt(),
});

const ENTRY = "draft:job";

const isDraft = (value: unknown): value is Draft => {
  const draft = value as Partial<Draft> | null;
  return (
    typeof draft === "object" && draft !== null &&
    [draft.modelId, draft.maxPrice, draft.maxRuntimeS, draft.windowMin, draft.auditSlots, draft.declaredGain, draft.salt].every((field) => typeof field === "string") &&
    typeof draft.inputs === "object" && draft.inputs !== null &&
    PRESETS.some(([preset]) => preset === draft.preset) &&
    (draft.hire === "offer" || draft.hire === "listing")
  );
};

export const loadDraft = (): Draft | undefined => load(ENTRY, isDraft);
export const keepDraft = (draft: Draft): boolean => save(ENTRY, draft);

export type Faults = Partial<Record<"modelId" | "maxPrice" | "maxRuntimeS" | "windowMin" | "auditSlots" | "declaredGain", string>>;

/** What is wrong with a draft, a sentence a field; the inputs are judged with the model's manifest. */
export function faultsOf(draft: Draft): Faults {
  const faults: Faults = {};
  if (!isHex(draft.modelId) || draft.modelId.length !== 66) faults.modelId = draft.modelId === "" ? "Choose a model first." : "A model id is 0x and 64 hexadecimal digits.";
  const price = parseNvy(draft.maxPrice, "The maximum price");
  if (!price.ok) faults.maxPrice = price.message;
  else if (price.wei === 0n) faults.maxPrice = "The maximum price must be above zero: nobody computes for nothing here.";
  const gain = parseNvy(draft.declaredGain, "The declared gain");
  if (!gain.ok) faults.declaredGain = gain.message;
  const runtime = whole(draft.maxRuntimeS, 1, 14_400);
  if (runtime === undefined) faults.maxRuntimeS = "Seconds from 1 to 14,400, a whole number.";
  if (whole(draft.windowMin, 10, 1_440) === undefined) faults.windowMin = "Minutes from 10 to 1,440, a whole number.";
  if (whole(draft.auditSlots, 1, 8) === undefined) faults.auditSlots = "A number from 1 to 8.";
  return faults;
}

/** A whole number within bounds in a text; undefined when it is none. */
export function whole(text: string, least: number, most: number): number | undefined {
  if (!/^[0-9]{1,9}$/.test(text.trim())) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

/** Address-like texts of strangers are compared without case. */
export const sameAddress = (a: string | undefined, b: string | undefined): boolean => a !== undefined && b !== undefined && isAddress(a, { strict: false }) && a.toLowerCase() === b.toLowerCase();
