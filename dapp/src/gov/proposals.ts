/**
 * Proposals: ids, states in words, what quorum and majority need.
 *
 * Pure. The state itself is the governor's `state()`, never worked out here. Votes are wei.
 */
import { type Address, type Hex, encodeAbiParameters, keccak256, stringToHex } from "viem";

/** As IGovernor.ProposalState counts. */
export const STATES = ["Pending", "Active", "Canceled", "Defeated", "Succeeded", "Queued", "Expired", "Executed"] as const;
export type State = (typeof STATES)[number];

interface Words {
  title: string;
  now: string;
  tone: "neutral" | "good" | "warn" | "bad" | "info";
}

export const STATE_WORDS: Readonly<Record<State, Words>> = {
  Pending: { title: "Pending", now: "It waits for its snapshot; nobody votes yet.", tone: "neutral" },
  Active: { title: "Voting", now: "It is being voted on.", tone: "info" },
  Canceled: { title: "Cancelled", now: "It was cancelled.", tone: "neutral" },
  Defeated: { title: "Defeated", now: "It was defeated: too few votes, or too few of them For.", tone: "bad" },
  Succeeded: { title: "Succeeded", now: "It succeeded; anybody may queue it.", tone: "good" },
  Queued: { title: "Queued", now: "It waits in the timelock.", tone: "warn" },
  Expired: { title: "Expired", now: "It expired.", tone: "neutral" },
  Executed: { title: "Executed", now: "It was executed.", tone: "good" },
};

export const stateOf = (code: number | bigint): State | undefined => STATES[Number(code)];

/** As GovernorCountingSimple counts. */
export const SUPPORTS = ["against", "for", "abstain"] as const;
export type Support = (typeof SUPPORTS)[number];
export const SUPPORT_WORDS: Readonly<Record<Support, string>> = { for: "For", against: "Against", abstain: "Abstain" };
export const supportOf = (code: number): Support | undefined => SUPPORTS[code];

export interface Actions {
  targets: readonly Address[];
  values: readonly bigint[];
  calldatas: readonly Hex[];
  description: string;
}

export const descriptionHash = (description: string): Hex => keccak256(stringToHex(description));

/** The id that a governor gives: the hash of calls and text, so that a copy can be checked anywhere. */
export function proposalId({ targets, values, calldatas, description }: Actions): bigint {
  const types = [{ type: "address[]" }, { type: "uint256[]" }, { type: "bytes[]" }, { type: "bytes32" }] as const;
  return BigInt(keccak256(encodeAbiParameters(types, [targets, values, calldatas, descriptionHash(description)])));
}

export const idHex = (id: bigint): Hex => `0x${id.toString(16).padStart(64, "0")}`;

/** An id in an address line: decimal or 0x and up to 64 digits; undefined if it is none. */
export function parseId(text: string): bigint | undefined {
  if (/^[0-9]{1,78}$/.test(text)) {
    const id = BigInt(text);
    return id < 1n << 256n ? id : undefined;
  }
  return /^0x[0-9a-fA-F]{64}$/.test(text) ? BigInt(text) : undefined;
}

/** First line of a text, without marks; what a proposer wrote, not what it does. */
export function headingOf(description: string): string {
  const first = description.trim().split("\n", 1)[0] ?? "";
  return first.replace(/^[#\s]+/, "").replace(/[*_`]/g, "").trim() || "(no title)";
}

export interface Tally {
  forWei: bigint;
  againstWei: bigint;
  abstainWei: bigint;
}

const BPS = 10_000n;

/** Votes that count towards the quorum. */
export const countedWei = ({ forWei, abstainWei }: Tally): bigint => forWei + abstainWei;

/** Votes For that the majority needs beside the present votes Against; undefined where no number suffices. */
export function forNeededWei({ againstWei, forWei }: Tally, majorityBps: bigint): bigint | undefined {
  if (majorityBps >= BPS) return againstWei === 0n ? forWei : undefined;
  const rest = BPS - majorityBps;
  const least = (againstWei * majorityBps + rest - 1n) / rest;
  return least > againstWei ? least : againstWei + 1n;
}

/** Twenty-eight bytes that pin the code of the targets; the twin of ProtocolGovernor._digestOf. */
export function codeDigest(codeHashes: readonly Hex[]): Hex {
  let digest: Hex = `0x${"0".repeat(64)}`;
  for (const hash of codeHashes) digest = keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "bytes32" }], [digest, hash]));
  return digest.slice(0, 58) as Hex;
}
