/**
 * Whether a result can be challenged now, until when, with which claims, and for what bond.
 *
 * Pure twin of DisputeCourt's conditions (`_windowOf`, `_fillModel`) and bond. Amounts are wei, times chain time in
 * unix seconds; a call in the last second itself is in time.
 */
import type { JobState } from "./lifecycle.ts";
import type { JobClass } from "./spec.ts";

/** Params.CHALLENGE_BOND_BPS, .CHALLENGE_BOND_MIN_WEI and .LATE_WINDOW_S. */
export const CHALLENGE_BOND_BPS = 15_000n;
export const CHALLENGE_BOND_MIN_WEI = 20n * 10n ** 18n;
export const LATE_WINDOW_S = 604_800;
const BPS = 10_000n;

/** The bond of a challenge: one and a half times the price, rounded up, with a floor. */
export function challengeBond(priceWei: bigint): bigint {
  const share = (priceWei * CHALLENGE_BOND_BPS + BPS - 1n) / BPS;
  return share > CHALLENGE_BOND_MIN_WEI ? share : CHALLENGE_BOND_MIN_WEI;
}

/** As the command line names them. */
export type Claim = "wrong-output" | "bad-envelope" | "unavailable" | "forged-answer";

export const CLAIM_WORDS: Readonly<Record<Claim, string>> = {
  "wrong-output": "The output is not what the model computes.",
  "bad-envelope": "The envelope does not hold the result that was committed to.",
  unavailable: "The provider does not serve the result or the input.",
  "forged-answer": "An answer to the audit is not that of the result.",
};

export interface Contestable {
  state: JobState;
  jobClass: JobClass;
  /** The market's deadline of the state. */
  deadlineS: number;
  /** End of the window of a disputed job, as its dispute was opened with. */
  disputedWindowEndS: number | undefined;
  /** A dispute about it ended with a conviction. */
  isConvicted: boolean;
  isAudited: boolean;
  /** The model's certificate covers the job's class. */
  isCertified: boolean;
}

export interface Contest {
  /** Last second. */
  untilS: number;
  /** The provider was paid: its client gets nothing back. */
  isLate: boolean;
  claims: Claim[];
}

/** What can be challenged at a second; undefined where the court would refuse. */
export function contestOf(job: Contestable, nowS: number): Contest | undefined {
  const isLate = job.state === "Settled";
  const windowEndS = job.state === "Disputed" ? job.disputedWindowEndS : job.deadlineS;
  const isOpen = job.state === "Revealed" || job.state === "Disputed" || (isLate && !job.isConvicted);
  if (!isOpen || windowEndS === undefined || !job.isCertified || (job.jobClass !== "EXACT" && job.jobClass !== "TENSOR")) return undefined;
  const untilS = windowEndS + (isLate ? LATE_WINDOW_S : 0);
  if (nowS > untilS) return undefined;
  const claims: Claim[] = ["wrong-output", "bad-envelope", ...(isLate ? [] : ["unavailable" as const]), ...(job.isAudited ? ["forged-answer" as const] : [])];
  return { untilS, isLate, claims };
}

/** What is typed in a terminal. */
export const contestCommand = (jobId: string, claim: Claim): string => `neurovoyance audit challenge ${jobId} --kind ${claim}`;
