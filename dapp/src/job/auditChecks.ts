/**
 * Checks of a job's audit: its facts, and every auditor's comparison repeated.
 *
 * Place: under `checks`. Data flow: `AuditOpened`, `AuditAnswered`, `AuditRevealed` -> checks, each
 * with the distance in units of the tolerance. Rules: docs/spec/audit.md.
 */

import {
  FLAG_WORDS, inTau, isNearTie, normSq, OUTCOMES, outcomeOf, rangeFault, seedOfRound, unpackInts,
  exactAnswer, type Outcome,
} from "./audit.ts"; // prettier-ignore
import type { Hex } from "./bytes.ts";
import { check, type Check, type Evidence } from "./check.ts";
import { alike, Story, textIn, wei, type ApiEvent } from "./events.ts";

/** One auditor's finding, for a table. */
export interface AuditRound {
  readonly slot: number;
  readonly round: number;
  readonly auditor: string;
  readonly outcome: Outcome;
  readonly flags: number;
  readonly paidWei: bigint;
  /** Distance in units of tau, rounded up; null where nothing was measured (EXACT, flags). */
  readonly distanceInTau: string | null;
  readonly isNearTie: boolean;
}

type Facts = Readonly<Record<string, unknown>>;

/** Return the rounds of a job's audit, oldest first. */
export function auditRounds(story: Story): AuditRound[] {
  const facts = story.last("AuditOpened")?.data.facts as Facts | undefined;
  if (!facts) return [];
  return story.all("AuditRevealed").map((event) => {
    const flags = Number(wei(event, "flags"));
    const isMeasured = facts.job_class !== 0 && flags === 0;
    const tauSq = BigInt(facts.tau_sq as string);
    const distance = isMeasured ? inTau(wei(event, "distance_sq"), wei(event, "norm_sq"), tauSq) : null;
    return {
      slot: Number(event.data.slot),
      round: Number(event.data.round),
      auditor: textIn(event, "auditor"),
      outcome: OUTCOMES[Number(event.data.outcome)] ?? "NONE",
      flags,
      paidWei: wei(event, "paid_wei"),
      distanceInTau: distance,
      isNearTie: distance !== null && isNearTie(distance),
    };
  });
}

/** Return what an auditor found, a sentence. */
export function roundWords(one: AuditRound): string {
  const who = `Auditor ${one.auditor.slice(0, 10)}`;
  if (one.flags) return `${who} reported that ${FLAG_WORDS[one.flags] ?? "it failed"}.`;
  const verdict = one.outcome === "PASS" ? "passes" : "fails";
  if (one.distanceInTau === null) {
    return `${who} got ${one.outcome === "PASS" ? "the same" : "other"} bits: the result ${verdict}.`;
  }
  const near = one.isNearTie ? " That is a near tie." : "";
  return (
    `${who} repeated the job: the results are ${one.distanceInTau} tau apart, where 1 tau is ` +
    `allowed: the result ${verdict}.${near}`
  );
}

/** Return the checks of a job's audit; none if it was not audited. */
export function auditChecks(story: Story, evidence: Evidence): Check[] {
  const opened = story.last("AuditOpened");
  if (!opened) return [];
  const facts = opened.data.facts as Facts;
  const rounds = auditRounds(story);
  const reveals = story.all("AuditRevealed");
  return [
    factsCheck(story, facts, evidence),
    ...reveals.map((event, at) => {
      const answer = answerOf(story, event);
      const words = roundWords(rounds[at]!);
      const id = `audit_${event.data.slot}_${event.data.round}`;
      const fault = answer ? faultOf(event, answer, facts, story) : "";
      if (fault === "") return check(id, "An auditor compared", null, `${words} The answer is missing.`);
      return check(id, "An auditor compared", fault === null, fault ?? words);
    }),
  ];
}

function factsCheck(story: Story, facts: Facts, evidence: Evidence): Check {
  const assigned = story.last("JobAssigned");
  const tauSq = evidence.manifest?.terms.tauSq;
  const needed: [string, unknown][] = [
    ["job_id", evidence.jobId],
    ["c0", textIn(story.last("JobCommitted"), "commitment")],
    ["seed0", textIn(story.last("SeedDrawn"), "seed0")],
    ["provider", textIn(assigned, "provider")],
    ["client", textIn(assigned, "client")],
    ["price_wei", textIn(assigned, "price_wei")],
    ["model_id", (story.last("JobPosted")!.data.spec as Facts).model_id],
    ["shift", textIn(story.last("JobCommitted"), "shift")],
  ];
  if (tauSq !== undefined && facts.job_class === 1) needed.push(["tau_sq", tauSq]);
  const wrong = needed.filter(([name, value]) => !alike(facts[name], value)).map(([name]) => name);
  const detail = wrong.length
    ? `The audit was opened with another ${wrong.join(", ")}.`
    : "Commitment, seed, parties, price and tolerance are those of the job and its model.";
  return check("audit_facts", "The audit is about this job", !wrong.length, detail);
}

function answerOf(story: Story, event: ApiEvent): ApiEvent | null {
  const { slot, round } = event.data;
  return story.all("AuditAnswered").find((one) => one.data.slot === slot && one.data.round === round) ?? null;
}

/** Return why an auditor's reveal does not follow from the rules, or null if it does. */
function faultOf(event: ApiEvent, answer: ApiEvent, facts: Facts, story: Story): string | null {
  const z0 = answer.data.z0 as Hex[];
  const outcome = OUTCOMES[Number(event.data.outcome)];
  const flags = Number(event.data.flags);
  if (facts.job_class === 0) return exactFault(event, z0, outcome, story);
  const values = unpackInts(z0);
  const [distance, norm] = [wei(event, "distance_sq"), wei(event, "norm_sq")];
  if (normSq(values) !== norm) return "The norm is not that of the provider's answer.";
  const range = rangeFault(values, Number(facts.shift));
  if (range) return range;
  const needed = outcomeOf(distance, norm, BigInt(facts.tau_sq as string), flags);
  return needed === outcome ? null : `The outcome should have been ${needed}, not ${outcome}.`;
}

function exactFault(event: ApiEvent, z0: Hex[], outcome: Outcome | undefined, story: Story): string | null {
  const root = textIn(story.last("JobRevealed", "AuditContested"), "out_root");
  if (!root || outcome !== "PASS") return null;
  const seed = seedOfRound(textIn(story.last("SeedDrawn"), "seed0") as Hex, Number(event.data.round));
  const needed = exactAnswer(seed, root as Hex);
  const isSame = needed.every((word, at) => alike(word, z0[at]));
  return isSame ? null : "The provider's answer does not follow from its revealed result.";
}
