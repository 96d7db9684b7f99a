/** How long money lasts at the rate at which it was spent. Wei are bigint; never a float. */

const DAY_S = 86_400n;
const WEEK_DAYS = 7n;
/** Nobody plans further ahead; longer is told as "more than". */
export const LASTS_MAX_S = 365 * 86_400;

export interface Spent {
  /** In the last 24 hours and the last 7 days, rolling, by chain time. */
  dayWei: bigint;
  weekWei: bigint;
}

export interface Burn {
  /** Wei a day. */
  perDayWei: bigint;
  /** Which span the rate is of. */
  of: "day" | "week";
  /** Seconds that the money lasts, at most {@link LASTS_MAX_S}. */
  lastsS: number;
}

/**
 * The rate at which money is spent, and how long what is free lasts.
 *
 * The rate of the last 24 hours; where nothing was spent in them, that of the last 7 days. It is rounded up and
 * the time down, so that nothing looks longer than it is.
 *
 * @returns undefined where nothing was spent: then nothing runs out.
 */
export function burnOf(freeWei: bigint, { dayWei, weekWei }: Spent): Burn | undefined {
  const of = dayWei > 0n ? "day" : "week";
  const perDayWei = of === "day" ? dayWei : (weekWei + WEEK_DAYS - 1n) / WEEK_DAYS;
  if (perDayWei <= 0n) return undefined;
  const seconds = ((freeWei < 0n ? 0n : freeWei) * DAY_S) / perDayWei;
  return { perDayWei, of, lastsS: seconds > BigInt(LASTS_MAX_S) ? LASTS_MAX_S : Number(seconds) };
}
