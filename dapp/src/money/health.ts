/**
 * Whether a provider works: one line a fact, the worst first in words, each with what to do.
 *
 * Place: under `/provider` and the live check of the setup. Twin in spirit of `node status`. A fact
 * that is not known yet is "unknown", never well and never ill.
 */

export type Verdict = "good" | "warn" | "bad" | "unknown";

export interface Check {
  key: string;
  verdict: Verdict;
  title: string;
  words: string;
  advice?: string;
}

export interface Facts {
  isRegistered: boolean | undefined;
  endpoint: string | undefined;
  /** Of the nodes of this machine, where it is one of them. */
  node: { isUp: boolean; reason: string | null; isPaused: boolean | null; isDraining: boolean | null; failedTurns: number | null } | undefined;
  /** Unix seconds at which the standing offer ends; 0 without one, undefined where not known. */
  offerExpiresS: number | undefined;
  ownWei: bigint | undefined;
  lockedWei: bigint | undefined;
  minimumWei: bigint | undefined;
  operatorGasWei: bigint | undefined;
  jobs: { settled: number; failed: number; missed: number; slashes: number } | undefined;
}

/** Under this an operator cannot pay for the transactions of some jobs. */
export const GAS_LOW_WEI = 10n ** 16n;

export function checksOf(facts: Facts, nowS: number): Check[] {
  return [registered(facts), endpoint(facts), node(facts), offer(facts, nowS), stake(facts), gas(facts), record(facts)].filter((check) => check !== undefined);
}

function registered({ isRegistered }: Facts): Check {
  const title = "Registered on chain";
  if (isRegistered === undefined) return unknown("registered", title);
  return isRegistered
    ? { key: "registered", verdict: "good", title, words: "The contracts know this provider and its operator." }
    : { key: "registered", verdict: "bad", title, words: "The contracts do not know this address as a provider.", advice: "Run `neurovoyance node init`, or register below." };
}

function endpoint({ endpoint: announced }: Facts): Check {
  const title = "Address announced";
  if (announced === undefined) return unknown("endpoint", title);
  return announced === ""
    ? { key: "endpoint", verdict: "bad", title, words: "Nobody knows where its node answers.", advice: "`neurovoyance node start` announces it." }
    : { key: "endpoint", verdict: "good", title, words: `Clients ask it at ${announced}.` };
}

function node({ node: seen }: Facts): Check | undefined {
  const title = "Node of this machine";
  if (seen === undefined) return undefined;
  if (!seen.isUp) return { key: "node", verdict: "bad", title, words: seen.reason ?? "It does not answer.", advice: "Start it with `neurovoyance node start`; its log says why it ended." };
  if (seen.isDraining) return { key: "node", verdict: "warn", title, words: "It takes nothing new and finishes what stake depends on." };
  if (seen.isPaused) return { key: "node", verdict: "warn", title, words: "It rests: its owner uses the machine, or paused it.", advice: "`neurovoyance node resume` ends a pause." };
  if (seen.failedTurns) return { key: "node", verdict: "warn", title, words: `It answers, with ${seen.failedTurns} failed turns since its start.`, advice: "Its log tells each." };
  return { key: "node", verdict: "good", title, words: "It answers and takes jobs." };
}

function offer({ offerExpiresS }: Facts, nowS: number): Check {
  const title = "Price list";
  if (offerExpiresS === undefined) return unknown("offer", title);
  return offerExpiresS > nowS
    ? { key: "offer", verdict: "good", title, words: "Its signed price list is fresh, so clients find it." }
    : { key: "offer", verdict: "warn", title, words: "It has no fresh price list, so clients who compare do not see it.", advice: "A running node publishes one every few minutes." };
}

function stake({ ownWei, lockedWei, minimumWei }: Facts): Check {
  const title = "Stake";
  if (ownWei === undefined || lockedWei === undefined || minimumWei === undefined) return unknown("stake", title);
  if (ownWei < minimumWei) return { key: "stake", verdict: "bad", title, words: "Its own stake is under the minimum: it can take no job.", advice: "Stake more." };
  if (lockedWei >= ownWei) return { key: "stake", verdict: "warn", title, words: "All of its stake is locked behind work: no further job can be backed.", advice: "Stake more, or wait for jobs to end." };
  return { key: "stake", verdict: "good", title, words: "Above the minimum, with some free to back jobs." };
}

function gas({ operatorGasWei }: Facts): Check {
  const title = "Network fees";
  if (operatorGasWei === undefined) return unknown("gas", title);
  if (operatorGasWei === 0n) return { key: "gas", verdict: "bad", title, words: "The operator has no ETH: it cannot send anything.", advice: "Send some ETH to the operator's address." };
  return operatorGasWei < GAS_LOW_WEI
    ? { key: "gas", verdict: "warn", title, words: "The operator has little ETH left.", advice: "Send some ETH to the operator's address." }
    : { key: "gas", verdict: "good", title, words: "The operator can pay for its transactions." };
}

function record({ jobs }: Facts): Check {
  const title = "Jobs";
  if (jobs === undefined) return unknown("jobs", title);
  if (jobs.slashes > 0) return { key: "jobs", verdict: "bad", title, words: `${jobs.settled} done, ${jobs.failed} failed, ${jobs.missed} missed; slashed ${jobs.slashes} times.`, advice: "Look at the failed jobs below." };
  if (jobs.failed + jobs.missed > 0) return { key: "jobs", verdict: "warn", title, words: `${jobs.settled} done, ${jobs.failed} failed, ${jobs.missed} missed.`, advice: "Look at the failed jobs below." };
  return { key: "jobs", verdict: "good", title, words: jobs.settled === 0 ? "None failed; none is done yet." : `${jobs.settled} done, none failed.` };
}

const unknown = (key: string, title: string): Check => ({ key, verdict: "unknown", title, words: "Not known yet." });

/** The worst of all checks; unknown only where nothing worse is known. */
export function worst(checks: readonly Check[]): Verdict {
  for (const verdict of ["bad", "warn", "unknown"] as const) if (checks.some((check) => check.verdict === verdict)) return verdict;
  return "good";
}
