/** A provider's income by day and by job, from rows of the index; wei, days of UTC. Never: a float. */

const DAY_S = 86_400;

export interface Paid {
  provider: string;
  state: string;
  paid_wei: string;
  changed_at_s: number;
}

export interface EarningDay {
  dayS: number;
  jobs: number;
  feesWei: bigint;
}

/** Fees of settled jobs by day, oldest first, without gaps between the first and the last. */
export function earningsByDay(rows: readonly Paid[]): EarningDay[] {
  const days = new Map<number, EarningDay>();
  for (const row of rows) {
    if (row.state !== "Settled" || !/^[0-9]+$/.test(row.paid_wei)) continue;
    const dayS = Math.floor(row.changed_at_s / DAY_S) * DAY_S;
    const day = days.get(dayS) ?? { dayS, jobs: 0, feesWei: 0n };
    days.set(dayS, { dayS, jobs: day.jobs + 1, feesWei: day.feesWei + BigInt(row.paid_wei) });
  }
  const known = [...days.keys()].sort((a, b) => a - b);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return [];
  return Array.from({ length: (last - first) / DAY_S + 1 }, (_, index) => days.get(first + index * DAY_S) ?? { dayS: first + index * DAY_S, jobs: 0, feesWei: 0n });
}
