/**
 * What vests when, and what leaving early costs: integers of wei throughout.
 *
 * Twin of `neurovoyance.tokenomics.vesting`; the contract's views are the truth that is shown and
 * signed, this tells how they go on. Divisions round down unless `ceil` is written. Never: a float.
 */

import { SHOWN_LEAST_WEI } from "../lib/format.ts";

const WAD = 10n ** 18n;
export const BPS = 10_000n;
export const WEEKS = 26;

export const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

/** An account's buckets in raw units that are worth `scale / 1e18` wei each. */
export interface Buckets {
  rate: bigint;
  weekWeight: bigint;
  scale: bigint;
  heldWei: bigint;
  releasableWei: bigint;
  lastEpoch: number;
  /** Raw units whose last week an epoch is. */
  ends: ReadonlyMap<number, bigint>;
}

export const emptyBuckets = (epoch: number): Buckets => ({ rate: 0n, weekWeight: 0n, scale: WAD, heldWei: 0n, releasableWei: 0n, lastEpoch: epoch, ends: new Map() });

/** The buckets after epochs have passed; 26 at most matter, no bucket ends later. */
export function passTo(from: Buckets, present: number): Buckets {
  const ends = new Map(from.ends);
  let { rate, weekWeight, releasableWei, scale } = from;
  for (let epoch = from.lastEpoch + 1; epoch <= Math.min(present, from.lastEpoch + WEEKS) && rate !== 0n; epoch += 1) {
    releasableWei += (rate * scale) / WAD;
    weekWeight -= rate;
    rate -= ends.get(epoch) ?? 0n;
    ends.delete(epoch);
  }
  if (rate === 0n) [releasableWei, scale] = [from.heldWei, WAD]; // dust leaves with the last bucket
  return { ...from, rate, weekWeight, releasableWei, scale, ends, lastEpoch: present };
}

/** Add an amount that vests from the next epoch on; the buckets are settled. */
export function credit(to: Buckets, amountWei: bigint, vestEpochs: number): Buckets {
  const weight = BigInt(vestEpochs) * to.scale;
  const q = (amountWei * WAD) / weight;
  const heldWei = to.heldWei + amountWei;
  const rate = to.rate + q;
  const ends = new Map(to.ends);
  if (q !== 0n) ends.set(to.lastEpoch + vestEpochs, (ends.get(to.lastEpoch + vestEpochs) ?? 0n) + q);
  const releasableWei = rate === 0n ? heldWei : to.releasableWei + amountWei - ceilDiv(q * weight, WAD);
  return { ...to, heldWei, rate, ends, releasableWei, weekWeight: to.weekWeight + q * BigInt(vestEpochs) };
}

/** What becomes releasable in each of the next 26 epochs. */
export function scheduleOf(from: Buckets): bigint[] {
  const schedule: bigint[] = [];
  let now = from;
  for (let week = 1; week <= WEEKS; week += 1) {
    const next = passTo(now, from.lastEpoch + week);
    schedule.push(next.releasableWei - now.releasableWei);
    now = next;
  }
  return schedule;
}

/** Penalty of an exit, rounded up; `baseBps` always, `slopeBps` at 26 weeks left. */
export function penaltyOf(buckets: Pick<Buckets, "rate" | "weekWeight">, amountWei: bigint, baseBps: bigint, slopeBps: bigint): bigint {
  if (amountWei === 0n) return 0n;
  const weeks = BigInt(WEEKS) * buckets.rate;
  return ceilDiv(amountWei * (baseBps * weeks + slopeBps * buckets.weekWeight), BPS * weeks);
}

/** Smallest penalty that a call has to accept for this one, in bps, as the contract compares them. */
export const penaltyBps = (penaltyWei: bigint, amountWei: bigint): bigint => (amountWei === 0n ? 0n : ceilDiv(penaltyWei * BPS, amountWei));

/**
 * Why there is nothing worth a transaction to release, or undefined where there is.
 *
 * The fee is ETH and has no price in NVY here, so it cannot be weighed; what the page cannot even show is not
 * released alone. It is not lost: the vault adds it to the next part.
 */
export function releaseFault(releasableWei: bigint): string | undefined {
  if (releasableWei === 0n) return "Nothing can be released yet.";
  if (releasableWei < SHOWN_LEAST_WEI) return "Less than 0.000001 NVY, the least that is shown: it comes with the next part.";
  return undefined;
}

export interface Point {
  /** Weeks from now; 0 is now. */
  week: number;
  /** Vested in all by then, what was released included. */
  vestedWei: bigint;
  unvestedWei: bigint;
}

/** The curve from what the vault says: what is vested by each of the next weeks. */
export function curveOf(releasedWei: bigint, releasableWei: bigint, scheduleWei: readonly bigint[]): Point[] {
  let vestedWei = releasedWei + releasableWei;
  let unvestedWei = scheduleWei.reduce((sum, wei) => sum + wei, 0n);
  const points: Point[] = [{ week: 0, vestedWei, unvestedWei }];
  for (const [index, wei] of scheduleWei.entries()) {
    vestedWei += wei;
    unvestedWei -= wei;
    points.push({ week: index + 1, vestedWei, unvestedWei });
    if (unvestedWei === 0n) break;
  }
  return points;
}

/**
 * Penalty of leaving with everything after some weeks, were nothing added meanwhile.
 *
 * The mean time left is what the schedule says; the vault's own rounding differs by some wei.
 */
export function penaltyAfter(weeks: number, scheduleWei: readonly bigint[], baseBps: bigint, slopeBps: bigint): bigint {
  const left = scheduleWei.slice(weeks);
  const unvestedWei = left.reduce((sum, wei) => sum + wei, 0n);
  const rate = left[0] ?? 0n;
  if (unvestedWei === 0n || rate === 0n) return 0n;
  return penaltyOf({ rate, weekWeight: unvestedWei }, unvestedWei, baseBps, slopeBps);
}
