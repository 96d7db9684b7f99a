/**
 * Every link from a job's spec to its money, recomputed in the page.
 *
 * Place: the panel "verification details". Data flow: events of the index, and evidence from the
 * chain's RPC and the result -> a list of named checks. An index could lie: a check shows that events
 * fit each other and what was computed here, so read the evidence from the chain, not from the index.
 * Never: a check that passes for want of evidence; it is open.
 */

import { alike, Story, textIn, wei, type ApiEvent } from "./events.ts";
import { auditChecks } from "./auditChecks.ts";
import type { Hex } from "./bytes.ts";
import { check, type Check, type Evidence } from "./check.ts";
import { cidFromHex } from "./cid.ts";
import { bindingOf, commitmentOf, drawnNumber, isAudited, seedOf } from "./commitment.ts";
import { sentenceOf } from "./errors.ts";
import { percentOfBps } from "../lib/format.ts";
import { exactNvy } from "./money.ts";
import { jobIdOf, specFromJson, specHash } from "./spec.ts";

export type { Check, Evidence } from "./check.ts";

/** Return the checks of a job, in the order of its life; those that do not apply are left out. */
export function checkJob(events: readonly ApiEvent[], evidence: Evidence): Check[] {
  const story = new Story(events);
  if (!story.last("JobPosted")) {
    return [check("posted", "The job is on the chain", null, "The index has no such job yet.")];
  }
  return GROUPS.flatMap(([id, group]) => {
    try {
      return group(story, evidence);
    } catch (error) {
      const detail = `What the index says cannot be read: ${sentenceOf(error)}`;
      return [check(id, "The events can be read", false, detail)];
    }
  });
}

/** Return one line over all checks, such as `11 of 12 hold, 1 is open`. */
export function summaryOf(checks: readonly Check[]): string {
  const hold = checks.filter((one) => one.ok === true).length;
  const fail = checks.filter((one) => one.ok === false).length;
  const open = checks.length - hold - fail;
  const parts = [`${hold} of ${checks.length} hold`];
  if (fail) parts.push(`${fail} ${fail === 1 ? "does" : "do"} not hold`);
  if (open) parts.push(`${open} ${open === 1 ? "is" : "are"} open`);
  return parts.join(", ");
}

function specChecks(story: Story, evidence: Evidence): Check[] {
  const posted = story.last("JobPosted")!.data;
  const spec = specFromJson(posted.spec);
  const hash = specHash(spec);
  const id = jobIdOf(evidence.chainId, evidence.market, posted.client as string, posted.salt as Hex, hash);
  const found = [
    check(
      "job_id",
      "The job id follows from the spec",
      alike(id, evidence.jobId) && alike(id, posted.job_id),
      `Spec hash ${hash}, with salt, client, market and chain, gives the id ${id}.`,
    ),
  ];
  const { inputCid } = evidence;
  if (inputCid) {
    const named = cidFromHex(spec.inputCid).text;
    found.push(check("input", "The input is the one that was sent", named === inputCid, `It is ${named}.`));
  }
  const { manifest } = evidence;
  if (manifest) {
    found.push(
      check(
        "model",
        "The model is the one that the spec names",
        alike(manifest.modelId, spec.modelId),
        `The manifest hashes to ${manifest.modelId}; the model's content is ${manifest.model_cid}.`,
      ),
    );
  }
  return found;
}

function hireChecks(story: Story): Check[] {
  const [posted, assigned] = [story.last("JobPosted")!, story.last("JobAssigned")];
  if (!assigned) return [];
  const [price, max] = [wei(assigned, "price_wei"), wei(posted, "max_price_wei")];
  const [lock, least] = [wei(assigned, "lock_wei"), wei(posted, "min_lock_wei")];
  const isSame = alike(posted.data.client, assigned.data.client);
  return [
    check(
      "terms",
      "The provider took the job on the client's terms",
      isSame && price <= max && lock >= least,
      `Price ${exactNvy(price)} NVY of at most ${exactNvy(max)}, with ${exactNvy(lock)} NVY of stake ` +
        "behind it.",
    ),
  ];
}

function commitChecks(story: Story, evidence: Evidence): Check[] {
  const committed = story.last("JobCommitted");
  const shown = story.last("JobRevealed", "AuditContested");
  if (!committed) return [];
  const name = "What was revealed is what was committed to";
  if (!shown) return [check("commitment", name, null, "Nothing is revealed yet.")];
  const { opening } = evidence;
  if (!opening) {
    return [check("commitment", name, null, "The transaction that revealed was not read.")];
  }
  const provider = textIn(story.last("JobAssigned"), "provider");
  const c0 = commitmentOf({ ...evidence, provider }, opening);
  const isSame =
    alike(c0, committed.data.commitment) &&
    opening.shift === committed.data.shift &&
    alike(opening.outRoot, shown.data.out_root) &&
    alike(opening.resultKey, shown.data.result_key) &&
    alike(opening.envelopeCid, shown.data.envelope_cid);
  return [check("commitment", name, isSame, `The opening hashes to ${c0}.`)];
}

function drawChecks(story: Story, evidence: Evidence): Check[] {
  const [committed, drawn] = [story.last("JobCommitted"), story.last("SeedDrawn")];
  if (!committed || !drawn) return [];
  const c0 = committed.data.commitment as Hex;
  const seed0 = drawn.data.seed0 as Hex;
  const { beacon } = evidence;
  const seed = beacon ? seedOf(beacon, evidence, c0) : null;
  const pBps = probabilityOf(story);
  const isDrawn = isAudited(seed0, pBps);
  const number = drawnNumber(seed0);
  const said = `The number drawn is ${number}; an audit is drawn below ${pBps} (${percentOfBps(pBps)}).`;
  return [
    check(
      "seed",
      "The seed was drawn after the commitment",
      seed && alike(seed, seed0),
      seed ? `Beacon and commitment give ${seed}.` : "The beacon's value was not read.",
    ),
    check("draw", "Chance decided whether to audit", isDrawn === drawn.data.audited, said),
    check(
      "binding",
      "The chain keeps commitment and seed together",
      evidence.binding ? alike(evidence.binding, bindingOf(c0, seed0)) : null,
      `The job's record on the chain has to hold ${bindingOf(c0, seed0)}.`,
    ),
  ];
}

/** Return the probability of an audit that the draw used, in 1/10,000. */
export function probabilityOf(story: Story): number {
  const frozen = story.last("AuditTermsFrozen");
  if (!frozen) return 0;
  return story.last("DrawRenewed") ? 10_000 : Number(wei(frozen, "p_bps"));
}

function revealChecks(story: Story, evidence: Evidence): Check[] {
  const [shown, committed] = [story.last("JobRevealed", "AuditContested"), story.last("JobCommitted")];
  if (!shown) return [];
  const isSame = alike(shown.data.envelope_cid, textIn(committed, "envelope_cid"));
  const cid = cidFromHex(shown.data.envelope_cid as Hex).text;
  const drawn = textIn(story.last("SeedDrawn"), "seed0");
  const root = evidence.outRoot;
  return [
    check("envelope", "The result is the file committed to", isSame, `It is ${cid}.`),
    check("same_seed", "The reveal is of the seed drawn", alike(shown.data.seed0, drawn), `Seed ${drawn}.`),
    check(
      "output",
      "The output is the one committed to",
      root ? alike(root, shown.data.out_root) : null,
      root ? `Its tensors hash to ${root}.` : "The result was not downloaded and opened yet.",
    ),
  ];
}

const REFUNDS = ["JobExpired", "JobCancelled", "JobInvalid", "JobMoved"];

/** Where the escrow of a job went, wei. */
export interface Money {
  readonly escrowWei: bigint;
  readonly paidWei: bigint;
  readonly refundedWei: bigint;
  readonly auditsWei: bigint;
  readonly compensationWei: bigint;
}

/** Return what was escrowed, paid, refunded (unused escrow included), spent on audits; wei. */
export function moneyOf(story: Story): Money {
  const [posted, assigned] = [story.last("JobPosted"), story.last("JobAssigned")];
  const [frozen, settled] = [story.last("AuditTermsFrozen"), story.last("JobSettled")];
  const offered = posted ? wei(posted, "max_price_wei") : 0n;
  const refunds = REFUNDS.reduce((sum, name) => sum + story.sum(name, "refund_wei"), 0n);
  return {
    escrowWei: offered + (frozen ? wei(frozen, "held_wei") : 0n),
    paidWei: settled ? wei(settled, "paid_wei") : 0n,
    refundedWei:
      (assigned ? offered - wei(assigned, "price_wei") : 0n) +
      refunds +
      story.sum("AuditFeesPaid", "returned_wei"),
    auditsWei: story.sum("AuditFeesPaid", "to_pool_wei"),
    compensationWei: story.sum("SlashShareCredited", "amount_wei"),
  };
}

function moneyChecks(story: Story): Check[] {
  if (!story.last("JobSettled")) return [];
  const money = moneyOf(story);
  const spent = money.paidWei + money.refundedWei + money.auditsWei;
  const price = wei(story.last("JobAssigned")!, "price_wei");
  const [paid, back, audits] = [money.paidWei, money.refundedWei, money.auditsWei].map(exactNvy);
  return [
    check(
      "money",
      "Every wei of the escrow is accounted for",
      spent === money.escrowWei && money.paidWei <= price,
      `Of ${exactNvy(money.escrowWei)} NVY, ${paid} went to the provider, ${audits} to audits, ` +
        `${back} came back.`,
    ),
  ];
}

/** Groups of checks in the order of a job's life, with the id that stands for unreadable events. */
const GROUPS: readonly (readonly [string, (story: Story, evidence: Evidence) => Check[]])[] = [
  ["spec_events", specChecks],
  ["hire_events", hireChecks],
  ["commit_events", commitChecks],
  ["draw_events", drawChecks],
  ["audit_events", auditChecks],
  ["reveal_events", revealChecks],
  ["money_events", moneyChecks],
];
