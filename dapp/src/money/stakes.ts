/** Shares of a pool, what a slash can take, and the time that leaving needs. Wei and bps, rounded as the contracts do. */

export interface DelegationFact {
  shares: bigint;
  amountWei: bigint;
}

/** Shares that an amount of a delegation is, rounded down; all of them for all of it. */
export function sharesFor(held: DelegationFact, amountWei: bigint): bigint {
  if (amountWei >= held.amountWei) return held.shares;
  return held.amountWei === 0n ? 0n : (held.shares * amountWei) / held.amountWei;
}

export interface SlashRates {
  stakeSlashBps: bigint;
  forgerySlashBps: bigint;
}
/** Parts of delegated stake that no vote moves: for forged numbers, and the largest commission. */
export const DELEGATED_FORGERY_BPS = 1_000n;
export const COMMISSION_MAX_BPS = 3_000;
/** Own stake behind one seat in an auditor pool. */
export const SEAT_WEI = 1_000n * 10n ** 18n;

/** Most that one verdict can take of own stake, beside the locks of its job. */
export const ownAtRisk = (ownWei: bigint, rates: SlashRates): bigint => (ownWei * (rates.forgerySlashBps > rates.stakeSlashBps ? rates.forgerySlashBps : rates.stakeSlashBps)) / 10_000n;

/** Most that one verdict can take of a delegation. */
export const delegatedAtRisk = (amountWei: bigint, rates: SlashRates): bigint => (amountWei * (DELEGATED_FORGERY_BPS > rates.stakeSlashBps ? DELEGATED_FORGERY_BPS : rates.stakeSlashBps)) / 10_000n;

/** Unix seconds at which something is due, or undefined where it is not yet asked for. */
export const isDue = (readyAtS: bigint, nowS: number): boolean => readyAtS > 0n && Number(readyAtS) <= nowS;

/** What of own stake can unbond: neither locked nor behind a seat. */
export function unbondable(ownWei: bigint, lockedWei: bigint, seats: number): bigint {
  const held = lockedWei > BigInt(seats) * SEAT_WEI ? lockedWei : BigInt(seats) * SEAT_WEI;
  return ownWei > held ? ownWei - held : 0n;
}

/** What is wrong with an amount that somebody typed; undefined when it can be used. */
export function amountFault(wei: bigint, mostWei: bigint | undefined, most: string): string | undefined {
  if (wei === 0n) return "The amount must be above zero.";
  if (mostWei !== undefined && wei > mostWei) return `That is more than ${most}.`;
  return undefined;
}
