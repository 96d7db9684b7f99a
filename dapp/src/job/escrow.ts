/**
 * What a job costs at most: its price, and what is held beside it for audits.
 *
 * Place: before a job is signed. Twin of `neurovoyance.tokenomics.audits` and of
 * `neurovoyance.client.audit_costs`; the contract computes the same. Amounts in wei, probabilities
 * in 1/10,000 (bps). Probabilities come from the chain (`AuditCourt.terms`), which refuses what it
 * would refuse later; {@link termsOf} repeats them for estimates before an offer is there.
 * Never: a float, or a division that does not name the way it rounds.
 */

import { bpsUp } from "./money.ts";
import type { Fault } from "./errors.ts";

const BPS = 10_000n;

/** Parameters of the economy that the arithmetic needs; as the chain's registry has them. */
export interface AuditParameters {
  /** Pay of one auditor, as a part of the price. */
  readonly auditPayBps: bigint;
  /** Chance that an audit finds a wrong output. */
  readonly detectBps: bigint;
  /** Part of the audit pool that one job's pay may be without being held whole. */
  readonly auditEscrowPoolBps: bigint;
  /** Risk from which a job needs two slots, wei. */
  readonly twoSlotsRiskWei: bigint;
  /** Smallest probability of an audit. */
  readonly minBps: bigint;
  /** Passed audits of a provider with a model before its probability falls. */
  readonly firstJobs: bigint;
}

/** Values at genesis; `tokenomics/params.json`. */
export const DEFAULT_PARAMETERS: AuditParameters = {
  auditPayBps: 10_000n,
  detectBps: 7_600n,
  auditEscrowPoolBps: 500n,
  twoSlotsRiskWei: 10n ** 22n,
  minBps: 200n,
  firstJobs: 10n,
};

/** What is frozen when a job is assigned. */
export interface AuditTerms {
  /** Share of the probability that the client pays for. */
  readonly pEconBps: bigint;
  /** What the draw uses, at least `pEconBps`. */
  readonly pBps: bigint;
}

/** What a job takes out of the free balance. */
export interface Escrow {
  readonly priceWei: bigint;
  /** Escrowed beside the price, for audits. */
  readonly heldWei: bigint;
  /** Whether that is the whole pay of all slots, since the pool is too small to carry it. */
  readonly isWhole: boolean;
  /** What audits cost the client on average; never more than `heldWei`. */
  readonly premiumWei: bigint;
  /** Price and what is held: the most that the job can cost. */
  readonly maxCostWei: bigint;
}

/** Return the pay of one auditor: `ceil(F * auditPayBps / 1e4)`. */
export function payOf(priceWei: bigint, rules = DEFAULT_PARAMETERS): bigint {
  return bpsUp(priceWei, rules.auditPayBps);
}

/** What the probabilities of a job follow from. */
export interface RiskInputs {
  readonly priceWei: bigint;
  readonly lockWei: bigint;
  readonly declaredGainWei: bigint;
  readonly slots: number;
  /** Passed audits in a row of the provider with the model; `AuditCourt.streakOf`. */
  readonly passes: bigint;
}

/**
 * Return the audit probabilities of a job, or the fault for which the chain would refuse it.
 *
 * `ceil(risk * 1e8 / ((lock + risk) * detectBps))`, at least the minimum; raised by a short record.
 */
export function termsOf(job: RiskInputs, rules = DEFAULT_PARAMETERS): AuditTerms | Fault {
  const risk = job.priceWei + job.declaredGainWei;
  const needsSlots = risk > rules.twoSlotsRiskWei ? 2 : 1;
  if (job.slots < needsSlots) {
    const message = `A job of this risk needs ${needsSlots} audit slots, not ${job.slots}.`;
    return { field: "audit_slots", message };
  }
  const whole = (job.lockWei + risk) * rules.detectBps;
  const needed = whole ? (risk * BPS * BPS + whole - 1n) / whole : 0n;
  if (needed > BPS) {
    const message =
      "The declared gain is too high: no audit rate makes honesty pay at this lock. " +
      "Declare a smaller gain, or choose an offer with a larger lock.";
    return { field: "declared_gain_wei", message };
  }
  const pEconBps = needed > rules.minBps ? needed : rules.minBps;
  const byRecord = job.passes < rules.firstJobs ? BPS : BPS / (1n + job.passes);
  return { pEconBps, pBps: pEconBps > byRecord ? pEconBps : byRecord };
}

/** Return what a short record costs the provider: the part above `pEconBps`, at most the price. */
export function surchargeOf(
  priceWei: bigint,
  terms: AuditTerms,
  rules = DEFAULT_PARAMETERS,
): bigint {
  const pay = payOf(priceWei, rules);
  const surcharge = bpsUp(pay, terms.pBps) - bpsUp(pay, terms.pEconBps);
  return surcharge < priceWei ? surcharge : priceWei;
}

/** Return what the client pays for audits: `ceil(a * slots * pBps / 1e4) - surcharge`. */
export function premiumOf(
  priceWei: bigint,
  slots: number,
  terms: AuditTerms,
  rules = DEFAULT_PARAMETERS,
): bigint {
  const whole = payOf(priceWei, rules) * BigInt(slots);
  return bpsUp(whole, terms.pBps) - surchargeOf(priceWei, terms, rules);
}

/**
 * Return what taking an offer escrows.
 *
 * @param terms of `AuditCourt.terms`; null where the deployment has no audits.
 * @param poolWei free balance of the AuditCourt in the market.
 */
export function escrowOfOffer(
  priceWei: bigint,
  slots: number,
  terms: AuditTerms | null,
  poolWei: bigint,
  rules = DEFAULT_PARAMETERS,
): Escrow {
  if (terms === null) return escrow(priceWei, 0n, false, 0n);
  const whole = payOf(priceWei, rules) * BigInt(slots);
  const premium = premiumOf(priceWei, slots, terms, rules);
  const isWhole = whole * BPS > poolWei * rules.auditEscrowPoolBps;
  return escrow(priceWei, isWhole ? whole : premium, isWhole, premium);
}

/**
 * Return what a listing escrows: the maximum price and the whole audit pay at it.
 *
 * What a provider does not need of it returns when it accepts.
 */
export function escrowOfListing(
  maxPriceWei: bigint,
  slots: number,
  hasAudits: boolean,
  rules = DEFAULT_PARAMETERS,
): Escrow {
  const held = hasAudits ? payOf(maxPriceWei, rules) * BigInt(slots) : 0n;
  return escrow(maxPriceWei, held, hasAudits, held);
}

function escrow(priceWei: bigint, heldWei: bigint, isWhole: boolean, premiumWei: bigint): Escrow {
  return { priceWei, heldWei, isWhole, premiumWei, maxCostWei: priceWei + heldWei };
}
