/**
 * What the chain says about one job, as facts that anybody can check.
 *
 * Place: under `receipt`. Twin of `neurovoyance.client.job_story`: the same events give the same
 * facts, so that the command line can compare a receipt of this page with the chain. Wei and other
 * large numbers are decimal texts. Never: a judgement of its own.
 */

import { auditRounds } from "./auditChecks.ts";
import { OUTCOMES } from "./audit.ts";
import { bigOf, type Hex } from "./bytes.ts";
import { cidFromHex } from "./cid.ts";
import { Story, textIn, wei, type ApiEvent } from "./events.ts";
import { JobError } from "./errors.ts";
import { FINAL, isState } from "./lifecycle.ts";
import { JOB_CLASSES, specFromJson, specToJson } from "./spec.ts";

export type Facts = Record<string, unknown>;

const DISPUTE_KINDS = ["WRONG_OUTPUT", "FORGED_ANSWER", "BAD_ENVELOPE", "UNAVAILABLE"];
const POINT_KINDS = ["OPERATOR", "MISSING_ROW", "FORGED_PROJECTION", "WRONG_SOURCE"];
const VOTES = ["NONE", "GUILTY", "CLEAR", "UNAVAILABLE", "ABSTAIN"];
const PHASES = [
  "NONE", "TRACE", "POINT", "SEATING", "VOTE", "VOTE_REVEAL", "APPEAL", "GUILTY", "CLEAR",
  "DROPPED", "UNDECIDED",
]; // prettier-ignore

/** What the facts of a job follow from. */
export interface FactSources {
  readonly chainId: number;
  /** Address of the JobMarket, checksummed. */
  readonly market: string;
  /** `JobMarket.stateOf`, its label. */
  readonly state: string;
  /** All pages of `/v1/events?subject=<job id>`. */
  readonly events: readonly ApiEvent[];
  /** All pages of `/v1/events?subject=<dispute id>`, by dispute id. */
  readonly disputes?: ReadonlyMap<string, readonly ApiEvent[]>;
  /** Unix seconds of a block. */
  readonly timeOf: (blockNumber: number) => number;
}

/**
 * Return every fact about a job.
 *
 * @throws JobError `spec` if there is no such job among the events.
 */
export function jobFacts(sources: FactSources): Facts {
  const story = new Story(sources.events);
  const posted = story.last("JobPosted");
  if (!posted) throw new JobError("spec", "The index has no such job yet.");
  return {
    job_id: textIn(posted, "job_id"),
    chain_id: sources.chainId,
    market: sources.market,
    state: sources.state,
    client: textIn(posted, "client"),
    salt: textIn(posted, "salt"),
    spec: specToJson(specFromJson(posted.data.spec)),
    ...assignment(story),
    ...resultOf(story),
    audit: auditOf(story),
    disputes: story.all("DisputeOpened").map((opened) => disputeOf(opened, sources)),
    money: moneyFacts(story),
    slashes: slashesOf(story),
    steps: story.events.map((event) => stepOf(event, sources.timeOf)),
  };
}

/** Return whether nothing about the job can change any more but the split of a slash. */
export function isOver(facts: Facts): boolean {
  return isState(String(facts.state)) && FINAL.has(facts.state as never);
}

/** Return one line of a receipt's steps. */
export function stepOf(event: ApiEvent, timeOf: (blockNumber: number) => number): Facts {
  return {
    event: event.name,
    time_s: timeOf(event.block_number),
    block: event.block_number,
    tx: event.tx_hash,
  };
}

/** Return a value of an event as decimal text; `0` if there is no event. */
export function amountIn(event: ApiEvent | null, field: string): string {
  return event ? wei(event, field).toString() : "0";
}

function numberIn(event: ApiEvent | null, field: string): number {
  return event ? Number(wei(event, field)) : 0;
}

function assignment(story: Story): Facts {
  const [assigned, frozen] = [story.last("JobAssigned"), story.last("AuditTermsFrozen")];
  return {
    provider: textIn(assigned, "provider"),
    price_wei: amountIn(assigned, "price_wei"),
    lock_wei: amountIn(assigned, "lock_wei"),
    audit_bps: numberIn(frozen, "p_bps"),
    audit_paid_by_client_bps: numberIn(frozen, "p_econ_bps"),
  };
}

function resultOf(story: Story): Facts {
  const [committed, drawn] = [story.last("JobCommitted"), story.last("SeedDrawn")];
  const shown = story.last("JobRevealed", "AuditContested");
  return {
    commitment: textIn(committed, "commitment"),
    shift: numberIn(committed, "shift"),
    seed0: textIn(drawn, "seed0"),
    is_audited: drawn?.data.audited === true,
    out_root: textIn(shown, "out_root"),
    result_cid: shown ? cidFromHex(textIn(shown, "envelope_cid") as Hex).text : "",
  };
}

function auditOf(story: Story): Facts | null {
  const opened = story.last("AuditOpened");
  if (!opened) return null;
  const facts = opened.data.facts as Facts;
  const closed = story.last("AuditClosed");
  return {
    model_id: facts.model_id,
    job_class: JOB_CLASSES[Number(facts.job_class)],
    tau_sq: bigOf(facts.tau_sq).toString(),
    pool: facts.pool,
    slots: facts.slots,
    outcome: closed ? OUTCOMES[numberIn(closed, "outcome")] : "",
    conceded: story.last("AuditConceded") !== null,
    contested: story.last("AuditContested") !== null,
    rounds: roundsOf(story),
    late: story.all("AuditorLate").map((event) => ({
      slot: event.data.slot,
      round: event.data.round,
      auditor: event.data.auditor,
      slashed_wei: amountIn(event, "slashed_wei"),
    })),
    skipped_slots: story.all("SlotSkipped").map((event) => event.data.slot),
    votes: story.all("VoteClosed").map((event) => ({
      slot: event.data.slot,
      auditor: event.data.auditor,
      was_right: event.data.is_right,
      slashed_wei: amountIn(event, "slashed_wei"),
    })),
  };
}

function roundsOf(story: Story): Facts[] {
  const events = story.all("AuditRevealed");
  return auditRounds(story).map((one, at) => ({
    slot: one.slot,
    round: one.round,
    auditor: one.auditor,
    outcome: one.outcome,
    flags: one.flags,
    distance_sq: amountIn(events[at]!, "distance_sq"),
    norm_sq: amountIn(events[at]!, "norm_sq"),
    paid_wei: one.paidWei.toString(),
    ...(one.distanceInTau === null
      ? {}
      : { distance_in_tau: one.distanceInTau, is_near_tie: one.isNearTie }),
  }));
}

function disputeOf(opened: ApiEvent, sources: FactSources): Facts {
  const facts = opened.data.facts as Facts;
  const id = bigOf(opened.data.dispute_id);
  const story = new Story(sources.disputes?.get(id.toString()) ?? []);
  const [pointed, closed] = [story.last("Pointed"), story.last("DisputeClosed")];
  const row = pointed?.data.row as Facts | undefined;
  return {
    dispute_id: opened.data.dispute_id,
    kind: DISPUTE_KINDS[Number(facts.kind)],
    challenger: facts.challenger,
    bond_wei: bigOf(facts.bond_wei).toString(),
    is_contest: facts.is_contest,
    pointed_at: row ? { kind: POINT_KINDS[numberIn(pointed, "kind")], row: row.index } : null,
    levels: story.all("Tallied").map(({ data }) => ({
      level: data.level,
      verdict: VOTES[Number(data.verdict)],
      guilty: data.guilty,
      clear: data.clear,
      abstain: data.abstain,
    })),
    appeals: story.all("Appealed").length,
    ended: closed ? PHASES[numberIn(closed, "phase")] : "",
    referees: story.all("RefereePaid").map((event) => ({
      referee: event.data.referee,
      paid_wei: amountIn(event, "paid_wei"),
      slashed_wei: amountIn(event, "slashed_wei"),
    })),
  };
}

function moneyFacts(story: Story): Facts {
  const refunds = ["JobExpired", "JobCancelled", "JobInvalid", "JobMoved"];
  const refunded = refunds.reduce((sum, name) => sum + story.sum(name, "refund_wei"), 0n);
  const shares = story.sum("SlashShareCredited", "amount_wei") + story.sum("SlashSplit", "to_client_wei");
  return {
    paid_wei: amountIn(story.last("JobSettled"), "paid_wei"),
    refunded_wei: refunded.toString(),
    audit_pool_wei: story.sum("AuditFeesPaid", "to_pool_wei").toString(),
    surcharge_wei: story.sum("AuditFeesPaid", "surcharge_wei").toString(),
    returned_wei: story.sum("AuditFeesPaid", "returned_wei").toString(),
    compensation_wei: shares.toString(),
  };
}

function slashesOf(story: Story): Facts[] {
  const parts = (event: ApiEvent, names: readonly string[]): Facts =>
    Object.fromEntries(names.map((name) => [name, amountIn(event, name)]));
  return story.events.flatMap((event) => {
    if (event.name === "Slashed") {
      const why = "a deadline was missed";
      const names = ["amount_wei", "burned_wei", "to_client_wei", "to_insurance_wei"];
      return [{ provider: event.data.provider, why, ...parts(event, names) }];
    }
    if (event.name !== "SlashBooked") return [];
    const [split, final] = [story.last("SlashSplit"), story.last("SlashFinalized")];
    const names = ["burned_wei", "to_client_wei", "to_finder_wei", "to_judges_wei", "to_insurance_wei"];
    return [
      {
        provider: event.data.provider,
        why: "a verdict found the result wrong",
        amount_wei: amountIn(event, "amount_wei"),
        split_from_s: event.data.ready_at_s,
        ...(split && final ? { ...parts(final, names), finder: split.data.finder } : {}),
      },
    ];
  });
}
